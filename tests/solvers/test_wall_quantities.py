"""Friction, pressure, separation, forces and profiles: exact where the flow is, converging where it
is not.
"""

import numpy as np
import pytest

import meshes
from meshes.report.quantities import WallQuantities
from solvers import (
    RANS,
    FlowProblem,
    FlowResult,
    LaminarFlow,
    Wall,
    along_wall,
    station_profiles,
    wall_force,
)
from solvers.fenics import MPI, fem, ufl
from vcnn import InputError

WALLS, ENDS = ("bottom", "top"), ("inlet", "outlet")


def known(mesh, velocity, pressure, viscosity):
    """A result that holds given fields."""
    problem = FlowProblem(mesh, viscosity, conditions=dict.fromkeys((*WALLS, *ENDS), Wall()))
    domain = problem.boundary_conditions.build_domain(mesh, MPI.COMM_WORLD)
    u = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 2, (2,))))
    p = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 1)))
    u.interpolate(velocity)
    p.interpolate(pressure)
    return FlowResult(problem, domain, u, p, pressure_gradient=0.0, residuals=(0.0,))


@pytest.fixture(scope="module")
def fine():
    mesh = meshes.periodic_hill(1.0, cells=(90, 60), length=9.0000036, height=3.0357155)
    return LaminarFlow(mesh, viscosity=0.01, bulk_velocity=0.721039).solve()


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_poiseuille_flow(kind):
    """c_f = ν 3U/h / (U²/2) on both walls, which carry the driving force half each."""
    nu, U, h = 0.05, 0.7, 1.0
    mesh = meshes.channel(length=3.0, height=2 * h, cells=(5, 6), kind=kind, grading=2.0)
    result = LaminarFlow(mesh, nu, U).solve()
    for wall in WALLS:
        along = along_wall(result, wall)
        np.testing.assert_allclose(along.skin_friction, 6 * nu / (U * h), rtol=1e-9)
        np.testing.assert_allclose(along.pressure_coefficient, 0, atol=1e-9)
        np.testing.assert_allclose(along.tangent, [[1, 0]] * 5, atol=1e-12)
        np.testing.assert_allclose(
            along.normal, [[0, 1 if wall == "bottom" else -1]] * 5, atol=1e-12
        )
        np.testing.assert_allclose(along.arc, [0.3, 0.9, 1.5, 2.1, 2.7])
        assert len(along.separation) == len(along.reattachment) == 0
        np.testing.assert_allclose(
            wall_force(result, wall), [3 * nu * U / h**2 * 3.0, 0], atol=1e-10
        )
    profile, at_end = station_profiles(result, [1.1, 3.0], count=11)
    eta = profile.points[:, 1] / h - 1
    np.testing.assert_allclose(
        profile.points, np.stack([np.full(11, 1.1), np.linspace(0, 2, 11)], axis=-1)
    )
    np.testing.assert_allclose(profile.velocity[:, 0], 1.5 * U * (1 - eta**2), atol=1e-10)
    np.testing.assert_allclose(at_end.velocity, profile.velocity, atol=1e-10)
    np.testing.assert_allclose(profile.scalars["pressure"], 0, atol=1e-10)


def test_couette_flow_with_a_pressure_that_varies():
    """u = 2y, p = x - 1: c_f = ν 2 / (U²/2) below, the opposite above, in a frame turned by 30
    degrees.
    """
    turn = np.deg2rad(30)
    R = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    mesh = meshes.channel(2.0, 1.0, cells=(8, 4), kind="triangle")
    mesh.points = mesh.points @ R.T
    t, n = R.T
    result = known(
        mesh, lambda x: 2 * np.outer(t, n @ x[:2]), lambda x: t @ x[:2] - 1, viscosity=0.1
    )
    for wall, sign in (("bottom", 1), ("top", -1)):
        along = along_wall(result, wall, reference_velocity=0.5)
        np.testing.assert_allclose(along.skin_friction, sign * 0.2 / 0.125, rtol=1e-10)
        np.testing.assert_allclose(along.pressure_coefficient, (along.arc - 1) / 0.125, atol=1e-10)
        np.testing.assert_allclose(along.tangent, [t] * 8, atol=1e-12)
        np.testing.assert_allclose(along.normal, [sign * n] * 8, atol=1e-12)
    with pytest.raises(InputError, match="reference_velocity: needed"):
        along_wall(result, "bottom")


def test_separation_and_reattachment_are_where_the_friction_changes_sign():
    """u = y (x - 1)(x - 3): it separates at x = 1 and reattaches at x = 3."""
    result = known(
        meshes.channel(4.0, 1.0, cells=(81, 4)),
        lambda x: np.stack([x[1] * (x[0] - 1) * (x[0] - 3), 0 * x[1]]),
        lambda x: 0 * x[0],
        viscosity=1.0,
    )
    along = along_wall(result, "bottom", reference_velocity=1.0)
    np.testing.assert_allclose(along.separation, [[1, 0]], atol=2e-3)
    np.testing.assert_allclose(along.reattachment, [[3, 0]], atol=2e-3)


@pytest.mark.parametrize("turn", [90, 20])
def test_separation_at_a_corner_is_on_the_corner(turn):
    """Of facets of lengths 2 and 1 with friction 1 and -1; half-way where the wall is curved."""
    down = np.array([np.cos(np.radians(turn)), -np.sin(np.radians(turn))])
    tangent = np.array([[1, 0], down])
    wall = WallQuantities(
        points=np.array([[1, 0], [2, 0] + down / 2]),
        arc=np.array([1, 2.5]),
        lengths=np.array([2.0, 1.0]),
        tangent=tangent,
        normal=tangent[:, ::-1] * [-1, 1],
        skin_friction=np.array([1.0, -1.0]),
        pressure_coefficient=np.zeros(2),
        period=None,
    )
    wanted = (2, 0) if turn == 90 else wall.points.mean(axis=0)
    np.testing.assert_allclose(wall.separation, [wanted], atol=1e-12)


def test_a_change_of_sign_over_the_seam_is_found():
    mesh = meshes.channel(1.0, 1.0, cells=(8, 4))
    result = LaminarFlow(mesh, 1.0, 1.0).solve()
    V = fem.functionspace(result.domain.parent, ("Lagrange", 2, (2,)))
    parent = fem.Function(V)
    parent.interpolate(lambda x: np.stack([x[1] * np.sin(2 * np.pi * x[0]), 0 * x[0]]))
    cells = result.domain.cells
    result.velocity.interpolate(parent, cells, cells)
    along = along_wall(result, "bottom")
    np.testing.assert_allclose(along.separation, [[0.5, 0]], atol=1e-6)
    np.testing.assert_allclose(along.reattachment, [[1, 0]], atol=1e-6)


def test_hill_separates_and_reattaches_as_on_a_finer_mesh(hill, fine):
    coarse, truth = (along_wall(result, "bottom") for result in (hill[0], fine))
    for name in ("separation", "reattachment"):
        assert getattr(coarse, name).shape == (1, 2)
        assert (
            np.linalg.norm(getattr(coarse, name) - getattr(truth, name)) < coarse.lengths.max() / 3
        )
    for name, tolerance in (("skin_friction", 0.04), ("pressure_coefficient", 0.02)):
        a = getattr(coarse, name)
        b = np.interp(coarse.arc, truth.arc, getattr(truth, name))
        assert np.sqrt(((a - b) ** 2).sum() / (b**2).sum()) < tolerance
    assert len(along_wall(fine, "top").separation) == 0


def test_hill_profiles_agree_with_a_finer_mesh(hill, fine):
    stations = [0.5, 2.0, 4.0, 8.0]
    for a, b in zip(
        station_profiles(hill[0], stations), station_profiles(fine, stations), strict=True
    ):
        assert a.parameters["station"] in stations
        assert np.abs(a.velocity - b.velocity).max() < 0.01
        assert np.abs(a.velocity[[0, -1]]).max() < 0.01  # chords and arcs of the floor differ


class LinearStress:
    """A Reynolds stress from wall distance and velocity."""

    def predict(self, flow):
        d, u = flow.scalars["wall_distance"], flow.velocity
        return (
            0.01 * (d / (1 + d))[:, None, None] * (u[:, :, None] * u[:, None, :] + 0.1 * np.eye(2))
        )


def test_forces_balance_the_drive_whatever_the_turbulent_stress():
    mesh = meshes.periodic_hill(cells=(20, 14))
    given = 1e-3 * np.sin(np.arange(280))[:, None, None] * np.array([[1.0, 0.5], [0.5, -1.0]])
    for options in (
        {"closure": np.full(280, 0.01), "anisotropy": given},
        {"closure": LinearStress()},
    ):
        result = RANS(mesh, 1 / 300, 0.72, **options).solve()
        drive = result.pressure_gradient * result.domain.integral(1.0)
        convected = result.domain.integral(
            ufl.dot(ufl.grad(result.velocity)[0, :], result.velocity)
        )
        assert wall_force(result, *WALLS)[0] + convected == pytest.approx(drive, rel=1e-9)


def test_forces_on_the_hill_balance_the_drive(hill, fine):
    """The reaction balances to round-off, pressure and friction at the walls to second order."""
    defects = []
    for result in (hill[0], fine):
        drive = result.pressure_gradient * result.domain.integral(1.0)
        reaction = wall_force(result, *WALLS)
        convected = result.domain.integral(
            ufl.dot(ufl.grad(result.velocity)[0, :], result.velocity)
        )
        assert reaction[0] + convected == pytest.approx(drive, rel=1e-12)
        assert abs(convected) < 1e-4 * drive
        np.testing.assert_allclose(
            sum(wall_force(result, wall) for wall in WALLS), reaction, atol=1e-12
        )
        force = np.zeros(2)
        for along in (along_wall(result, wall, reference_velocity=2**0.5) for wall in WALLS):
            traction = (
                along.skin_friction[:, None] * along.tangent
                - along.pressure_coefficient[:, None] * along.normal
            )
            force += along.lengths @ traction
        defects.append(force[0] / drive - 1)
    assert abs(defects[0]) < 2e-3
    assert np.log(defects[0] / defects[1]) / np.log(1.5) > 1.7
