"""Scalar transport: the published case, orders of convergence, balance."""

from dataclasses import replace

import numpy as np
import pytest

import meshes
from solvers import Inlet, LaminarFlow, ScalarTransport, Symmetry, Wall, evaluate
from solvers.fenics import ufl
from tests.support.mpi import mpirun
from vcnn import FlowField, InputError

ALL = ("bottom", "top", "inlet", "outlet")


def test_hill_agrees_with_a_second_order_finite_volume_code(hill, reference):
    c = evaluate(hill[1].concentration, reference["centres"])
    weight, truth = reference["volume"], reference["concentration"]
    assert np.sqrt(weight @ (c - truth) ** 2 / (weight @ truth**2)) < 0.006


def test_exponent_of_the_sink(hill, reference):
    """The same production with the sink ζ√|c| c, which that code solved too with another scheme's
    flow.
    """
    result = ScalarTransport(hill[0].domain.source, hill[0], exponent=0.5).solve()
    c = evaluate(result.concentration, reference["centres"])
    weight, truth = reference["volume"], reference["concentration_sqrtsink"]
    assert np.sqrt(weight @ (c - truth) ** 2 / (weight @ truth**2)) < 0.006


def test_the_scalar_balances(hill):
    """What is produced decays or leaves through the walls, whatever divergence the velocity has in
    each point.
    """
    flow, transport = hill
    domain, n = flow.domain, ufl.FacetNormal(flow.domain.mesh)
    for result in (transport, ScalarTransport(domain.source, flow.flow("vertex")).solve()):
        balance = result.balance()
        assert abs(balance.defect) < 1e-11 * balance.production
        assert set(balance.fluxes) == {"bottom", "top"}
        assert sum(balance.fluxes.values()) == pytest.approx(0.19 * balance.production, rel=0.02)
    for wall, total in transport.boundary_fluxes().items():
        gradient = domain.boundary_integral(
            -0.1 * ufl.dot(ufl.grad(transport.concentration), n), wall
        )
        assert gradient == pytest.approx(total, rel=0.01)
        density = transport.diffusive_flux(wall)
        assert domain.boundary_integral(density, wall) == pytest.approx(total, rel=1e-10)
    with pytest.raises(
        InputError, match="boundary 'inlet': expected one that holds the scalar, bottom, top"
    ):
        transport.diffusive_flux("inlet")


def test_production_is_the_published_one(hill):
    flow = hill[1].flow("cell")
    length = np.minimum(0.41 * flow.scalars["wall_distance"], 0.09 * 1.5)
    strain = flow.scalars["strain_rate"]
    np.testing.assert_allclose(flow.scalars["mixing_length"], length, atol=2e-3)
    expected = 200 * flow.scalars["mixing_length"] * np.sqrt(0.001) * strain**2
    np.testing.assert_allclose(flow.scalars["production"], expected, rtol=1e-10)
    assert flow.parameters["diffusivity"] == 0.1
    assert flow.parameters["decay"] == 3.0
    assert flow.parameters["viscosity"] == 0.01


def manufactured(n, kind, periodic, exponent, D=0.1):
    """L2 error for c = (2 + sin 2πx) sin πy or sin πx sin πy, u = (1 + y², 0) or (1 + y, x),
    distorted cells.
    """
    mesh = meshes.channel(1.0, 1.0, cells=(n, n), kind=kind)
    x, y = mesh.points.T
    bump = 0.06 * np.sin(2 * np.pi * x) * np.sin(2 * np.pi * y)
    mesh.points = np.stack([x + bump, y - bump], axis=-1)
    zeta, pi = 3.0, np.pi

    def exact(x, lib):
        along = 2 + lib.sin(2 * pi * x[0]) if periodic else lib.sin(pi * x[0])
        return along * lib.sin(pi * x[1])

    def source(x):
        if periodic:
            along, slope, bend = (
                2 + np.sin(2 * pi * x[0]),
                2 * pi * np.cos(2 * pi * x[0]),
                np.sin(2 * pi * x[0]),
            )
            bend = -4 * pi**2 * bend
            u, v = 1 + 0 * x[1], 0
        else:
            along, slope, bend = (
                np.sin(pi * x[0]),
                pi * np.cos(pi * x[0]),
                -(pi**2) * np.sin(pi * x[0]),
            )
            u, v = 1 + x[1], x[0]
        across, rise = np.sin(pi * x[1]), pi * np.cos(pi * x[1])
        c = along * across
        convection = u * slope * across + v * along * rise
        return convection - D * (bend * across - pi**2 * c) + zeta * np.abs(c) ** exponent * c

    x, y = mesh.points.T
    u = np.stack([1 + 0 * y, 0 * x] if periodic else [1 + y, x], axis=-1)
    result = ScalarTransport(
        mesh,
        FlowField(mesh.points, u, mesh=mesh),
        diffusivity=D,
        decay=zeta,
        exponent=exponent,
        production=source,
        walls=("bottom", "top") if periodic else ALL,
        periodic=("inlet", "outlet") if periodic else None,
    ).solve()
    domain = result.carrier.domain
    x = ufl.SpatialCoordinate(domain.mesh)
    return np.sqrt(domain.integral((result.concentration - exact(x, ufl)) ** 2))


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_third_order_convergence(kind, periodic):
    coarse, fine = (manufactured(n, kind, periodic, exponent=1.0) for n in (12, 24))
    assert np.log2(coarse / fine) > 2.9
    assert fine < 1e-3


@pytest.mark.parametrize("exponent", [0.0, 0.5])
def test_third_order_convergence_for_other_sinks(exponent):
    coarse, fine = (manufactured(n, "quadrilateral", True, exponent) for n in (12, 24))
    assert np.log2(coarse / fine) > 2.9


def test_a_recovered_flux_is_more_accurate_than_the_gradient():
    """c given on all sides, not zero at the ends, so that the flux jumps at the corners; order 3 in
    total.
    """
    pi, D = np.pi, 0.1

    def exact(x, lib):
        return lib.sin(pi * x[1]) * (2 + lib.sin(2 * x[0]))

    def source(x):
        c, slope = exact(x, np), 2 * np.sin(pi * x[1]) * np.cos(2 * x[0])
        rise = pi * np.cos(pi * x[1]) * (2 + np.sin(2 * x[0]))
        bend = -4 * np.sin(pi * x[1]) * np.sin(2 * x[0]) - pi**2 * c
        return (1 + x[1]) * slope + x[0] * rise - D * bend + 3 * c**2

    def errors(n):
        mesh = meshes.channel(1.0, 1.0, cells=(n, n))
        x, y = mesh.points.T
        bump = 0.06 * np.sin(2 * pi * x) * np.sin(2 * pi * y)
        mesh.points = np.stack([x + bump, y - bump], axis=-1)
        x, y = mesh.points.T
        flow = FlowField(mesh.points, np.stack([1 + y, x], axis=-1), mesh=mesh)
        ends = dict.fromkeys(("inlet", "outlet"), Inlet(lambda x: exact(x, np)))
        walls = dict.fromkeys(("bottom", "top"), Wall())
        result = ScalarTransport(
            mesh, flow, diffusivity=D, production=source, conditions={**walls, **ends}
        ).solve()
        domain, fluxes = result.carrier.domain, result.boundary_fluxes()
        x, n = ufl.SpatialCoordinate(domain.mesh), ufl.FacetNormal(domain.mesh)
        gradient = -D * ufl.dot(ufl.grad(result.concentration), n)
        truth = -D * ufl.dot(ufl.grad(exact(x, ufl)), n)
        leaving = {"bottom": 0, "outlet": (1 + x[1]) * exact(x, ufl)}
        total = [
            abs(fluxes[k] - domain.boundary_integral(truth + carried, k))
            for k, carried in leaving.items()
        ]

        def distance(f, name):
            return domain.boundary_integral((f - truth) ** 2, name) ** 0.5

        recovered = [distance(result.diffusive_flux(name), name) for name in leaving]
        assert result.balance().defect == pytest.approx(0, abs=1e-12)
        plain = [distance(gradient, name) for name in leaving]
        return np.array(total), np.array(recovered), np.array(plain)

    coarse, fine = errors(12), errors(24)
    assert (np.log2(coarse[0] / fine[0]) > 2.9).all()
    assert (np.log2(coarse[1] / fine[1]) > 1.9).all()
    assert (fine[1] < 0.8 * fine[2]).all()


def test_balance_closes_on_two_ranks():
    code = """
import meshes
from solvers import Inlet, LaminarFlow, Outlet, ScalarTransport, Symmetry, Wall
from solvers.fenics import MPI

sides = {"bottom": Wall(), "top": Symmetry(), "inlet": Inlet((1.0, 0.0)), "outlet": Outlet()}
mesh = meshes.channel(3.0, 1.0, cells=(12, 5), kind="triangle")
flow = LaminarFlow(mesh, 0.05, conditions=sides).solve()
for velocity in (flow, flow.flow("vertex")):
    result = ScalarTransport(mesh, velocity, conditions={**sides, "inlet": Inlet(1.0)}).solve()
    balance = result.balance()
    assert abs(balance.defect) < 1e-11 * balance.production
    assert balance.fluxes["inlet"] < -0.5 and balance.fluxes["top"] == 0
    assert balance.fluxes["outlet"] > 0.1 and balance.fluxes["bottom"] > 0.1
if MPI.COMM_WORLD.rank == 0:
    print(*balance.fluxes.values())
"""
    runs = [mpirun(ranks, code) for ranks in (1, 2)]
    assert [run.returncode for run in runs] == [0, 0], runs[1].stderr
    one, two = (np.array(run.stdout.split(), dtype=float) for run in runs)
    np.testing.assert_allclose(two, one, rtol=1e-10)


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_a_layer_thinner_than_the_cells_makes_no_waves(kind):
    """c' − D c'' = 1 between c = 0 at both ends: c = x but for a layer at the outlet, a hundredth
    of a cell wide.
    """
    mesh = meshes.channel(1.0, 1.0, cells=(10, 10), kind=kind)
    flow = FlowField(mesh.points, np.tile([1.0, 0.0], (len(mesh.points), 1)), mesh=mesh)
    sides = {"inlet": Wall(), "outlet": Wall(), "bottom": Symmetry(), "top": Symmetry()}
    result = ScalarTransport(
        mesh, flow, diffusivity=1e-3, decay=0.0, production=lambda x: 1 + 0 * x[0], conditions=sides
    ).solve()
    x = np.stack(np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 31)), axis=-1).reshape(-1, 2)
    beyond = evaluate(result.concentration, x) - x[:, 0]
    assert beyond.max() < 0.06  # without upwinding 1.0 and 1.5
    assert np.abs(beyond[x[:, 0] < 0.8]).max() < 0.06
    balance = result.balance()
    assert abs(balance.defect) < 1e-12
    assert balance.fluxes["inlet"] + balance.fluxes["outlet"] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_upwinding_keeps_the_order(kind):
    """Third order for a smooth solution at cell Péclet numbers of hundreds; without upwinding it
    would be second.
    """
    coarse, fine = (manufactured(n, kind, True, exponent=1.0, D=1e-5) for n in (12, 24))
    assert np.log2(coarse / fine) > 2.7


@pytest.fixture(scope="module")
def small():
    mesh = meshes.channel(2.0, 1.0, cells=(8, 6))
    return mesh, LaminarFlow(mesh, 0.1, 1.0).solve()


def test_velocity_in_any_form_gives_the_same(small):
    """Poiseuille flow in a channel; as a flow at vertices it is interpolated linearly."""
    mesh, flow = small
    production = 1 + np.sin(np.pi * mesh.points[:, 0])

    def solve(mesh, velocity):
        return ScalarTransport(mesh, velocity, production=production).solve().flow("vertex")

    truth = solve(mesh, flow)
    again = solve(flow.domain, flow.velocity)
    np.testing.assert_array_equal(again.scalars["concentration"], truth.scalars["concentration"])
    nodal = solve(mesh, flow.flow("vertex"))
    difference = nodal.scalars["concentration"] - truth.scalars["concentration"]
    assert 0 < np.abs(difference).max() < 0.01 * truth.scalars["concentration"].max()
    still = solve(mesh, replace(flow.flow("vertex"), velocity=np.zeros_like(mesh.points)))
    difference = still.scalars["concentration"] - truth.scalars["concentration"]
    assert np.abs(difference).max() > 0.1 * truth.scalars["concentration"].max()


def test_a_constant_production_may_be_a_number(small):
    mesh, flow = small
    number, callable_, array = (
        ScalarTransport(mesh, flow, production=given).solve().concentration.x.array
        for given in (2.0, lambda x: 2 + 0 * x[0], np.full(len(mesh.points), 2.0))
    )
    assert number.max() > 0.1
    np.testing.assert_allclose(callable_, number, atol=1e-12)
    np.testing.assert_allclose(array, number, atol=1e-12)


def test_velocity_at_cells(hill):
    mesh = hill[0].domain.source
    flow = hill[0].flow("cell")
    truth = hill[1].flow("cell").scalars
    for production in ({}, {"production": truth["production"]}):
        result = ScalarTransport(mesh, flow, **production).solve()
        error = result.flow("cell").scalars["concentration"] - truth["concentration"]
        assert (
            np.sqrt(flow.weights @ error**2 / (flow.weights @ truth["concentration"] ** 2)) < 0.03
        )
    with pytest.raises(InputError, match="known at 'cell' only"):
        result.flow("vertex")


def test_iterative_solver_gives_the_direct_solution(hill):
    flow, direct = hill
    iterative = (
        ScalarTransport(flow.domain.source, flow, linear_solver="iterative")
        .solve()
        .concentration.x.array
    )
    reference = direct.concentration.x.array
    # both stop at a relative residual of 1e-11, the iterative one just below it
    np.testing.assert_allclose(iterative, reference, rtol=0, atol=1e-9 * np.abs(reference).max())
