"""Conditions by name give the flows known in closed form."""

import numpy as np
import pytest

import meshes
from solvers import RANS, Inlet, LaminarFlow, Outlet, ScalarTransport, Symmetry, evaluate
from solvers.fenics import ufl
from tests.support.channels import WALLS, exact_error, parabola
from vcnn import FlowField


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_flow_from_an_inlet_develops_into_poiseuille_flow(kind):
    """At Re = 20 the profile is developed within about 1.5 heights; the pressure then falls by 12 ν
    U / h².
    """
    mesh = meshes.channel(6.0, 1.0, cells=(48, 8), kind=kind)
    conditions = {**WALLS, "inlet": Inlet((1.0, 0.0)), "outlet": Outlet()}
    result = LaminarFlow(mesh, 0.05, conditions=conditions).solve()
    y = np.linspace(0, 1, 11)
    u = evaluate(result.velocity, np.stack([np.full(11, 5.0), y], axis=-1))
    leaving = result.domain.boundary_integral(result.velocity[0], "outlet")
    # The profile given jumps to 0 at the walls, within one quadratic facet on either side
    assert leaving == pytest.approx(
        result.domain.boundary_integral(result.velocity[0], "inlet"), rel=1e-10
    )
    np.testing.assert_allclose(u[:, 0], leaving * parabola(y), atol=2e-4)
    assert np.abs(u[:, 1]).max() < 1e-4
    p = evaluate(result.pressure, np.array([[4.0, 0.5], [5.0, 0.5]]))
    assert p[0] - p[1] == pytest.approx(12 * 0.05 * leaving, rel=2e-3)
    assert abs(evaluate(result.pressure, np.array([[6.0, 0.5]]))[0]) < 1e-4


@pytest.mark.parametrize("given", ["callable", "vertices"])
def test_a_developed_profile_passes_unchanged(given):
    mesh = meshes.channel(2.0, 1.0, cells=(6, 5))

    def profile(x):
        return np.stack([parabola(x[1]), 0 * x[1]])

    value = profile if given == "callable" else profile(mesh.points.T).T
    result = LaminarFlow(
        mesh, 0.05, conditions={**WALLS, "inlet": Inlet(value), "outlet": Outlet()}
    ).solve()
    if given == "callable":
        assert exact_error(result, parabola) < 1e-10
        x = ufl.SpatialCoordinate(result.domain.mesh)
        difference = result.pressure - 12 * 0.05 * (
            2 - x[0]
        )  # the stress at the outlet is the pressure alone
        assert result.domain.integral(difference**2) < 1e-18
    else:  # linear between vertices
        assert 1e-3 < exact_error(result, parabola) < 0.1


def test_a_profile_need_not_make_sense_elsewhere():
    mesh = meshes.channel(2.0, 1.0, cells=(6, 5))

    def profile(x):
        return np.stack([np.where(x[0] < 1e-9, parabola(x[1]), np.nan), 0 * x[1]])

    result = LaminarFlow(
        mesh, 0.05, conditions={**WALLS, "inlet": Inlet(profile), "outlet": Outlet()}
    ).solve()
    assert exact_error(result, parabola) < 1e-10


def test_the_outlet_lets_a_flow_of_varying_viscosity_pass():
    """The same profile within a periodic channel and from an inlet to an outlet."""
    mesh = meshes.channel(1.0, 1.0, cells=(4, 6))
    nu_t = mesh.points[:, 1] * (1 - mesh.points[:, 1])
    periodic = RANS(mesh, 0.1, 1.0, closure=nu_t, location="vertex").solve()

    def profile(x):
        inside = np.stack([np.full(x.shape[1], 0.5), x[1]], axis=-1)
        return evaluate(periodic.velocity, inside).T

    conditions = {**WALLS, "inlet": Inlet(profile), "outlet": Outlet()}
    opened = RANS(mesh, 0.1, closure=nu_t, location="vertex", conditions=conditions).solve()
    np.testing.assert_allclose(
        opened.flow("vertex").velocity, periodic.flow("vertex").velocity, atol=1e-9
    )


def test_the_pressure_at_an_outlet_is_that_outside():
    """A body of fluid carried along without strain: ∂p/∂y = −∂a₂₂/∂y, and the given p₀(y) is just
    what holds it.
    """
    mesh = meshes.channel(2.0, 1.0, cells=(6, 5))
    sides = {"bottom": Symmetry(), "top": Symmetry(), "inlet": Inlet((1.0, 0.0))}
    y = mesh.points[:, 1]
    a = y[:, None, None] * np.diag([0.0, -0.7])

    def outside(x):
        return np.where(x[0] > 2 - 1e-9, 3 + 0.7 * x[1], np.nan)  # it need not make sense elsewhere

    options = {"closure": 0 * y, "anisotropy": a, "location": "vertex"}
    result = RANS(mesh, 0.05, conditions={**sides, "outlet": Outlet(outside)}, **options).solve()
    assert exact_error(result, np.ones_like) < 1e-10
    np.testing.assert_allclose(result.flow("vertex").scalars["pressure"], 3 + 0.7 * y, atol=1e-9)
    free = RANS(mesh, 0.05, conditions={**sides, "outlet": Outlet(3.0)}, **options).solve()
    assert exact_error(free, np.ones_like) > 0.01


def test_scalar_from_an_inlet():
    """u c' − D c'' + ζ c = 0 with c = 1 at x = 0 and c' = 0 at x = 1, in a uniform flow between
    symmetry planes.
    """
    u, D, zeta = 1.0, 0.2, 2.0
    a, b = (u + np.array([1, -1]) * np.sqrt(u**2 + 4 * D * zeta)) / (2 * D)
    weight = -b * np.exp(b) / (a * np.exp(a))

    def error(n):
        mesh = meshes.channel(1.0, 1.0, cells=(n, 2))
        flow = FlowField(mesh.points, np.tile([u, 0.0], (len(mesh.points), 1)), mesh=mesh)
        sides = {"bottom": Symmetry(), "top": Symmetry()}
        result = ScalarTransport(
            mesh,
            flow,
            diffusivity=D,
            decay=zeta,
            exponent=0.0,
            production=lambda x: 0 * x[0],
            conditions={**sides, "inlet": Inlet(1.0), "outlet": Outlet()},
        ).solve()
        x = ufl.SpatialCoordinate(result.carrier.domain.mesh)
        exact = (weight * ufl.exp(a * x[0]) + ufl.exp(b * x[0])) / (weight + 1)
        return np.sqrt(result.carrier.domain.integral((result.concentration - exact) ** 2))

    coarse, fine = error(12), error(24)
    assert np.log2(coarse / fine) > 2.9
    assert fine < 1e-4
