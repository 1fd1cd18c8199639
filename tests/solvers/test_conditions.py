"""Conditions by name give the flows known in closed form."""

import numpy as np
import pytest

import meshes
from solvers import (
    RANS,
    Inlet,
    LaminarFlow,
    Outlet,
    Periodic,
    ScalarTransport,
    Symmetry,
    Wall,
    evaluate,
)
from solvers.fenics import ufl
from vcnn import FlowField
from vcnn.flow.mesh import named_mesh

WALLS = {"bottom": Wall(), "top": Wall()}


def parabola(y):
    """Poiseuille flow of bulk velocity 1 between y = 0 and 1."""
    return 6 * y * (1 - y)


def exact_error(result, u):
    """Largest difference at the vertices to the unidirectional flow (u(y), 0)."""
    flow = result.flow("vertex")
    return np.abs(
        flow.velocity - np.stack([u(flow.points[:, 1]), 0 * flow.points[:, 1]], axis=-1)
    ).max()


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
    profile = lambda x: np.stack([parabola(x[1]), 0 * x[1]])
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
    profile = lambda x: np.stack([np.where(x[0] < 1e-9, parabola(x[1]), np.nan), 0 * x[1]])
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
    outside = lambda x: np.where(
        x[0] > 2 - 1e-9, 3 + 0.7 * x[1], np.nan
    )  # it need not make sense elsewhere
    options = {"closure": 0 * y, "anisotropy": a, "location": "vertex"}
    result = RANS(mesh, 0.05, conditions={**sides, "outlet": Outlet(outside)}, **options).solve()
    assert exact_error(result, np.ones_like) < 1e-10
    np.testing.assert_allclose(result.flow("vertex").scalars["pressure"], 3 + 0.7 * y, atol=1e-9)
    free = RANS(mesh, 0.05, conditions={**sides, "outlet": Outlet(3.0)}, **options).solve()
    assert exact_error(free, np.ones_like) > 0.01


def test_a_flow_slips_along_a_curved_boundary():
    """Any solenoidal u along it is exact with p = 0 and a = 2 ν S − u u, where the stress at it, u
    (u·n), is none.

    u = (∂ψ/∂y, −∂ψ/∂x), ψ = y − h(x) (1 − y)²: of a ceiling y = 1 that moves, and along the wavy
    floor ψ = 0."""

    def exact(x, y):
        h, slope = 0.1 * np.sin(np.pi * x), 0.1 * np.pi * np.cos(np.pi * x)
        gradient = np.array(
            [[2 * slope * (1 - y), -(np.pi**2) * h * (1 - y) ** 2], [-2 * h, -2 * slope * (1 - y)]]
        )
        return np.stack([1 + 2 * h * (1 - y), slope * (1 - y) ** 2]), gradient

    def error(n):
        mesh = meshes.channel(2.0, 1.0, cells=(2 * n, n))
        x, y = mesh.points.T
        h = 0.1 * np.sin(np.pi * x)
        mesh.points[:, 1] += 2 * h / (1 + 2 * h + np.sqrt(1 + 4 * h)) * (1 - y)
        u, gradient = exact(*mesh.points.T)
        a = (0.1 * (gradient + gradient.swapaxes(0, 1)) - u * u[:, None]).transpose(2, 0, 1)
        sides = {"bottom": Symmetry(), "top": Wall((1.0, 0.0)), "inlet": Periodic("outlet")}
        result = RANS(
            mesh, 0.1, closure=0 * x, anisotropy=a, location="vertex", conditions=sides
        ).solve()
        through = ufl.dot(result.velocity, ufl.FacetNormal(result.domain.mesh))
        assert abs(result.domain.boundary_integral(through, "bottom")) < 1e-12
        flow = result.flow("vertex")
        return np.sqrt(flow.weights @ ((flow.velocity - u.T) ** 2).sum(axis=1))

    coarse, fine = error(8), error(16)
    assert np.log2(coarse / fine) > 1.9
    assert fine < 2e-3


def test_couette_flow_is_exact():
    mesh = meshes.channel(1.0, 2.0, cells=(4, 5))
    conditions = {"bottom": Wall(), "top": Wall(velocity=(3.0, 0.0)), "inlet": Periodic("outlet")}
    result = LaminarFlow(mesh, 0.01, conditions=conditions).solve()
    assert exact_error(result, lambda y: 1.5 * y) < 1e-10
    assert result.pressure_gradient == 0


@pytest.mark.parametrize("force", [0.3, -0.3])
def test_a_given_pressure_gradient_gives_the_bulk_velocity(force):
    """U = f h² / 12 ν, h the height."""
    mesh = meshes.channel(1.0, 2.0, cells=(4, 5))
    conditions = {**WALLS, "inlet": Periodic("outlet", pressure_gradient=force)}
    flow = LaminarFlow(mesh, 0.2, conditions=conditions).solve().flow()
    assert flow.parameters["bulk_velocity"] == pytest.approx(force * 2**2 / 12 / 0.2, rel=1e-10)
    assert flow.parameters["pressure_gradient"] == force


def test_bulk_velocity_and_pressure_gradient_are_inverse():
    mesh = meshes.periodic_hill(1.0, cells=(16, 10))
    driven = LaminarFlow(mesh, 0.02, 0.7).solve()
    ends = Periodic("outlet", pressure_gradient=driven.pressure_gradient)
    forced = LaminarFlow(mesh, 0.02, conditions={**WALLS, "inlet": ends}).solve()
    np.testing.assert_allclose(forced.flow().velocity, driven.flow().velocity, atol=1e-9)
    named = LaminarFlow(
        mesh, 0.02, conditions={**WALLS, "inlet": Periodic("outlet", bulk_velocity=0.7)}
    ).solve()
    np.testing.assert_array_equal(named.flow().velocity, driven.flow().velocity)


def bumpy(height, cells):
    """A channel with waves on the floor and their mirror image on what lies above y = 1."""
    mesh = meshes.channel(2.0, height, cells=cells)
    x, y = mesh.points.T
    mesh.points = np.stack([x, y + 0.1 * np.sin(np.pi * x) * (1 - y)], axis=-1)
    return mesh


def test_half_a_symmetric_channel_flows_like_all_of_it():
    whole = bumpy(2.0, cells=(12, 8))
    half = bumpy(1.0, cells=(12, 4))
    ends = {"inlet": Periodic("outlet", bulk_velocity=1.0)}
    full = LaminarFlow(whole, 0.05, conditions={**WALLS, **ends}).solve()
    part = LaminarFlow(half, 0.05, conditions={"bottom": Wall(), "top": Symmetry(), **ends}).solve()
    assert part.pressure_gradient == pytest.approx(full.pressure_gradient, rel=1e-9)
    points = np.stack([np.linspace(0.1, 1.9, 30), np.linspace(0.3, 0.95, 30)], axis=-1)
    np.testing.assert_allclose(
        evaluate(part.velocity, points), evaluate(full.velocity, points), atol=1e-9
    )
    scalars = [
        ScalarTransport(
            half, part, conditions={"bottom": Wall(), "top": Symmetry(), **ends}, production=one
        ),
        ScalarTransport(whole, full, conditions={**WALLS, **ends}, production=one),
    ]
    a, b = (evaluate(scalar.solve().concentration, points) for scalar in scalars)
    np.testing.assert_allclose(a, b, atol=1e-9)


def turned(mesh, angle):
    """The mesh in another frame, and its rotation matrix."""
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mesh.points = mesh.points @ R.T
    return mesh, R


def test_a_symmetry_plane_may_lie_in_any_direction():
    """Half a channel with waves, turned by 30 degrees with its flow, and half a straight one."""
    sides = {"bottom": Wall(), "top": Symmetry(), "inlet": Periodic("outlet", bulk_velocity=1.0)}
    mesh, R = turned(bumpy(1.0, cells=(12, 4)), np.pi / 6)
    aligned = LaminarFlow(bumpy(1.0, cells=(12, 4)), 0.05, conditions=sides).solve()
    result = LaminarFlow(mesh, 0.05, conditions=sides).solve()
    assert result.pressure_gradient == pytest.approx(aligned.pressure_gradient, rel=1e-10)
    np.testing.assert_allclose(
        result.flow("vertex").velocity, aligned.flow("vertex").velocity @ R.T, atol=1e-10
    )
    mesh, R = turned(meshes.channel(1.0, 1.0, cells=(4, 3), kind="triangle"), np.pi / 3)
    flow = LaminarFlow(mesh, 0.05, conditions=sides).solve().flow("vertex")
    y = (flow.points @ R)[:, 1]
    np.testing.assert_allclose(
        flow.velocity @ R, np.stack([1.5 * y * (2 - y), 0 * y], axis=-1), atol=1e-10
    )


def test_planes_of_symmetry_may_meet():
    """A quarter of a square duct, turned about two axes; U = 0.0351443 f a²/ν (White, Viscous Fluid
    Flow, eq. 3-48).
    """

    def quarter(R):
        mesh = box(3)
        mesh.points = mesh.points * [1, 0.5, 0.5] @ R.T
        sides = {"bottom": Wall(), "front": Wall(), "top": Symmetry(), "back": Symmetry()}
        ends = {"inlet": Periodic("outlet", bulk_velocity=1.0)}
        return LaminarFlow(mesh, 0.1, conditions={**sides, **ends}).solve()

    a, b = 0.4, 0.7
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    R = R @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    straight, tilted = quarter(np.eye(3)), quarter(R)
    assert 0.0351443 * straight.pressure_gradient / 0.1 == pytest.approx(1, rel=0.003)
    assert tilted.pressure_gradient == pytest.approx(straight.pressure_gradient, rel=1e-10)
    expected = straight.flow("vertex").velocity @ R.T
    np.testing.assert_allclose(tilted.flow("vertex").velocity, expected, atol=1e-10)


def one(x):
    return 1 + 0 * x[0]


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


def test_periodic_in_both_directions():
    """A manufactured scalar without any boundary left; the masses of the vertices add up to the
    area.
    """
    pi, D, zeta, u = np.pi, 0.1, 3.0, (1.0, 0.5)

    def exact(x, lib):
        return 2 + lib.sin(2 * pi * x[0]) * lib.cos(2 * pi * x[1])

    def production(x):
        sx, cx, sy, cy = (f(2 * pi * x[i]) for i in (0, 1) for f in (np.sin, np.cos))
        return (
            2 * pi * (u[0] * cx * cy - u[1] * sx * sy)
            + D * 8 * pi**2 * sx * cy
            + zeta * (2 + sx * cy)
        )

    def error(n):
        mesh = meshes.channel(1.0, 1.0, cells=(n, n), kind="triangle")
        flow = FlowField(mesh.points, np.tile(u, (len(mesh.points), 1)), mesh=mesh)
        conditions = {"inlet": Periodic("outlet"), "bottom": Periodic("top")}
        result = ScalarTransport(
            mesh,
            flow,
            diffusivity=D,
            decay=zeta,
            exponent=0.0,
            production=production,
            conditions=conditions,
        ).solve()
        domain = result.carrier.domain
        np.testing.assert_allclose(domain.periods, np.eye(2), atol=1e-14)
        return np.sqrt(
            domain.integral(
                (result.concentration - exact(ufl.SpatialCoordinate(domain.mesh), ufl)) ** 2
            )
        )

    coarse, fine = error(8), error(16)
    assert np.log2(coarse / fine) > 2.9


def box(n):
    """The unit cube in n³ hexahedra; walls at y = 0 and 1, ends at x and sides at z."""
    line = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(3 * [n + 1])
    corner = lambda i, j, k: number[i : n + i, j : n + j, k : n + k].ravel()
    cells = np.stack(
        [corner(i, j, k) for k in (0, 1) for i, j in [(0, 0), (1, 0), (1, 1), (0, 1)]], axis=-1
    )
    faces = np.concatenate(
        [
            cells[:, f]
            for f in (
                [0, 1, 2, 3],
                [4, 5, 6, 7],
                [0, 1, 5, 4],
                [1, 2, 6, 5],
                [2, 3, 7, 6],
                [3, 0, 4, 7],
            )
        ]
    )
    on = lambda axis, at: [("quad", faces[(points[faces][:, :, axis] == at).all(axis=1)])]
    names = [("inlet", "outlet"), ("bottom", "top"), ("front", "back")]
    boundaries = {
        name: on(axis, at) for axis, pair in enumerate(names) for at, name in enumerate(pair)
    }
    return named_mesh(points, [("hexahedron", cells)], boundaries)


def test_poiseuille_flow_periodic_in_two_of_three_directions():
    sides = {"front": Periodic("back"), "inlet": Periodic("outlet", bulk_velocity=1.0)}
    result = LaminarFlow(box(3), 0.1, conditions={**WALLS, **sides}).solve()
    assert result.pressure_gradient == pytest.approx(12 * 0.1, rel=1e-10)
    flow = result.flow("vertex")
    assert flow.weights.sum() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(
        flow.periods, [[1, 0, 0], [0, 0, 1]], atol=1e-14
    )  # first the one it is driven along
    assert flow.parameters["bulk_velocity"] == pytest.approx(1, rel=1e-10)
    y = flow.points[:, 1]
    np.testing.assert_allclose(
        flow.velocity, np.stack([parabola(y), 0 * y, 0 * y], axis=-1), atol=1e-10
    )
