"""A scalar that moves the flow: exact where it can be, the same from everywhere, with the equation
or a closure.
"""

import math
from functools import partial

import numpy as np
import pytest

import meshes
from solvers import (
    ActiveScalar,
    Inlet,
    LaminarFlow,
    Outlet,
    ScalarTransport,
    Symmetry,
    along_wall,
    evaluate,
    wall_force,
)
from solvers.fenics import fem, ufl
from tests.support.active_scalars import (
    ACROSS,
    FLOW,
    HEIGHT,
    HILL,
    D,
    P,
    channel,
    relative_concentration,
)
from tests.support.hills import gap


def concentration(y):
    """D c'' = −P between walls."""
    return P * y * (HEIGHT - y) / (2 * D)


def error_of(result, velocity, count=1001):
    """Largest error of u(y) and c(y) on a line across."""
    y = np.linspace(0, HEIGHT, count)
    points = np.stack([np.full(count, 0.4), y], axis=-1)
    u, c = evaluate(result.velocity, points), evaluate(result.scalars["concentration"], points)
    exact = np.stack([velocity(y), 0 * y], axis=-1)
    return np.abs(u - exact).max(), np.abs(c - concentration(y)).max()


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_buoyancy_in_a_channel_makes_a_quartic_profile(kind):
    """ν u'' = −f − B c: with q = y⁴/12 − h y³/6 + h³ y/12, q'' = −y (h − y), and k = P/2D

    u = f/2ν y (h − y) + B k/ν q, and the mean U holds for f = 12 ν U/h² − B k h²/5.
    """
    nu, B, k, h = 0.1, 0.4, P / (2 * D), HEIGHT
    force = 12 * nu / h**2 - B * k * h**2 / 5

    def profile(y):
        return force / (2 * nu) * y * (h - y) + B * k / nu * (
            y**4 / 12 - h * y**3 / 6 + h**3 * y / 12
        )

    errors = []
    for n in (16, 32, 64):
        result = channel(n, nu, kind, buoyancy=(B, 0.0))
        in_u, in_c = error_of(result, profile)
        exact = (
            kind == "quadrilateral"
        )  # on triangles the discrete flow crosses the channel a little
        assert in_c < (1e-10 if exact else 0.5 / n**4)
        assert result.pressure_gradient == pytest.approx(force, rel=1e-11 if exact else 1e-7)
        errors.append(in_u)
    if exact:  # that of quadratic interpolation: u''' is at most B k/ν h, nodes are h/128 apart
        assert errors[-1] < 1.01 * B * k / nu * h * (h / 128) ** 3 / (9 * math.sqrt(3))
    assert np.log2(errors[0] / errors[1]) > 2.8 and np.log2(errors[1] / errors[2]) > 2.9
    whole = (
        result.domain.integral(result.scalars["concentration"]) * B + result.pressure_gradient * h
    )
    np.testing.assert_allclose(wall_force(result, "bottom", "top"), [whole, 0], atol=1e-8)


def test_viscosity_that_depends_on_the_scalar_in_a_channel():
    """ν(c) u' = f (h/2 − y): u by Gauss's rule, f by the mean U of it."""
    nu, h = lambda c: 0.05 * (1 + 0.5 * c), HEIGHT
    nodes, weights = np.polynomial.legendre.leggauss(40)

    def unit(y):
        s = np.multiply.outer(y, 1 + nodes) / 2
        return y / 2 * ((h / 2 - s) / nu(concentration(s)) @ weights)

    force = 1 / (weights @ unit(h * (1 + nodes) / 2) / 2)
    errors = []
    for n in (16, 32, 64):
        result = channel(n, nu)
        in_u, in_c = error_of(result, lambda y: force * unit(y))
        assert in_c < 1e-8
        errors.append(in_u)
    assert errors[-1] < 3e-5
    assert np.log2(errors[1] / errors[2]) > 2.8
    assert result.pressure_gradient == pytest.approx(force, rel=1e-6)
    flow = result.flow()
    np.testing.assert_allclose(
        flow.scalars["viscosity"], nu(flow.scalars["concentration"]), rtol=1e-12
    )
    assert "viscosity" not in flow.parameters
    np.testing.assert_allclose(
        along_wall(result, "bottom").skin_friction, force * h, rtol=0.02
    )  # τ = f h/2
    np.testing.assert_allclose(wall_force(result, "bottom"), [force * h / 2, 0], atol=1e-6)


def test_scalar_from_an_inlet_is_weighed_by_the_pressure():
    """A plug flow with c = 2 everywhere: p = c B (x − L) and the velocity stays."""
    sides = {"bottom": Symmetry(), "top": Symmetry(), "outlet": Outlet()}
    carried = partial(
        ScalarTransport, decay=0.0, production=0.0, conditions={**sides, "inlet": Inlet(2.0)}
    )
    mesh = meshes.channel(3.0, 1.0, cells=(6, 4))
    flowing = {**sides, "inlet": Inlet((1.0, 0.0))}
    result = ActiveScalar(
        mesh, 0.1, scalar=carried, buoyancy=(0.3, 0.0), conditions=flowing
    ).solve()
    flow = result.flow("vertex")
    np.testing.assert_allclose(flow.velocity, np.tile([1.0, 0.0], (len(flow), 1)), atol=1e-9)
    np.testing.assert_allclose(flow.scalars["concentration"], 2.0, atol=1e-9)
    np.testing.assert_allclose(flow.scalars["pressure"], 0.6 * (flow.points[:, 0] - 3), atol=1e-9)


def test_a_passive_scalar_leaves_the_flow():
    result, laminar = (
        ActiveScalar(**FLOW, scalar=ScalarTransport).solve(),
        LaminarFlow(**FLOW).solve(),
    )
    assert gap(result, laminar) < 1e-8
    carried = ScalarTransport(HILL, laminar).solve()
    assert relative_concentration(result, carried) < 1e-8


@pytest.fixture(scope="module")
def laminar():
    return LaminarFlow(**FLOW).solve()


@pytest.mark.parametrize(
    "options",
    [{"buoyancy": ACROSS}, {"buoyancy": (0.05, 0.05), "viscosity": lambda c: 0.01 / (1 + c)}],
)
def test_every_start_leads_to_a_solution_of_both_equations(options, laminar):
    problem = ActiveScalar(**{**FLOW, **options}, scalar=ScalarTransport)
    result = problem.solve()
    assert gap(result, laminar) > 0.03
    for start in (laminar, LaminarFlow(HILL, 0.05, 0.3).solve()):
        assert gap(problem.solve(start=start), result) < 1e-7
    carried = ScalarTransport(result.domain, result).solve()
    assert relative_concentration(result, carried) < 2e-9
    assert momentum_defect(result) < 2e-9


def momentum_defect(result):
    """Of the weak momentum balance at all nodes off the walls, relative to its viscous part."""
    u, p, c, domain = (
        result.velocity,
        result.pressure,
        result.scalars["concentration"],
        result.domain,
    )
    nu = result.problem.viscosity
    nu = nu(c) if callable(nu) else nu
    v, e = ufl.TestFunction(u.function_space), ufl.as_vector([1.0, 0.0])
    pull = result.pressure_gradient * e + c * ufl.as_vector(list(result.problem.buoyancy))
    viscous = nu * ufl.inner(ufl.grad(u) + ufl.grad(u).T, ufl.grad(v))
    inertia = ufl.inner(ufl.dot(ufl.grad(u), u) - pull, v) - p * ufl.div(v)
    free = np.ones((len(u.x.array) // 2, 2), dtype=bool)
    free[domain.wall_dofs(u.function_space)] = False
    parts = [
        fem.assemble_vector(fem.form(part * ufl.dx(degree=5))).array[free.ravel()]
        for part in (viscous + inertia, viscous)
    ]
    return np.linalg.norm(parts[0]) / np.linalg.norm(parts[1])


def test_the_loop_stops_at_the_tolerance_given(laminar):
    problem = ActiveScalar(**FLOW, scalar=ScalarTransport, buoyancy=ACROSS)
    rough, fine = problem.solve(tolerance=1e-3), problem.solve()
    assert len(rough.history) < len(fine.history)
    assert 1e-9 < rough.history.change[-1] <= 1e-3
    assert 1e-9 < gap(rough, fine) < 1e-3
