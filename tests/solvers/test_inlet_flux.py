"""What enters by an inlet is what is asked for, whatever holds at its corners and on which mesh."""

import numpy as np
import pytest

import meshes
from solvers import (
    RANS,
    Inlet,
    LaminarFlow,
    MixingLength,
    OneEquationKL,
    Outlet,
    SpalartAllmaras,
    Symmetry,
    Wall,
)
from solvers.diagnostics.boundaries import boundary_fluxes
from tests.support.boxes import box
from tests.support.channels import turned
from tests.support.mpi import mpirun
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh

WALLS = {"bottom": Wall(), "top": Wall()}
EXACT = 1e-10


def through(value, **others):
    return {**WALLS, "inlet": Inlet(value), "outlet": Outlet(), **others}


def carried(mesh, conditions, model=LaminarFlow, viscosity=0.05, **options):
    """Fluxes by boundary, once they are seen to balance."""
    fluxes = boundary_fluxes(model(mesh, viscosity, conditions=conditions, **options).solve())
    assert abs(sum(fluxes.values())) < EXACT * max(map(abs, fluxes.values()))
    return fluxes


def channel(rows=5, kind="triangle", height=0.5):
    return meshes.channel(1.5, height, cells=(6, rows), kind=kind)


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
@pytest.mark.parametrize("rows", [2, 5, 10])
@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_a_uniform_inlet_between_walls(rows, kind, angle):
    mesh, R = turned(channel(rows, kind), angle)
    fluxes = carried(mesh, through(tuple(R @ [1.0, 0.0])))
    assert fluxes["inlet"] == pytest.approx(-0.5, rel=EXACT)
    assert fluxes["outlet"] == pytest.approx(0.5, rel=EXACT)
    assert abs(fluxes["bottom"]) + abs(fluxes["top"]) < 1e-14


def test_an_oblique_inlet_keeps_its_direction():
    flow = LaminarFlow(channel(), 0.05, conditions=through((1.0, 0.4))).solve()
    assert boundary_fluxes(flow)["inlet"] == pytest.approx(-0.5, rel=EXACT)
    field = flow.flow("vertex")
    inside = (field.points[:, 0] == 0) & (field.points[:, 1] % 0.5 > 1e-9)
    u, v = field.velocity[inside].T
    np.testing.assert_allclose(v, 0.4 * u, rtol=1e-12)
    np.testing.assert_allclose(u, 15 / 14, rtol=1e-12)  # 1/6 of two of five edges are made up for


@pytest.mark.parametrize("model", [MixingLength, SpalartAllmaras, OneEquationKL])
def test_turbulence_models_carry_it(model):
    mesh = meshes.channel(1.0, 1.0, cells=(6, 16), grading=20.0)
    fluxes = carried(mesh, through((1.0, 0.0)), model, viscosity=1e-3)
    assert fluxes["inlet"] == pytest.approx(-1.0, rel=EXACT)


def test_closures_carry_it():
    class Wall2:
        def predict(self, flow):
            return 0.01 * flow.scalars["wall_distance"]

    fluxes = carried(channel(), through((1.0, 0.0)), RANS, closure=Wall2())
    assert fluxes["inlet"] == pytest.approx(-0.5, rel=EXACT)


@pytest.mark.parametrize("kind", ["tetra", "hexahedron"])
def test_inlets_of_flows_in_space(kind):
    conditions = {"wall": Wall(), "inlet": Inlet((1.0, 0.1, 0.0)), "outlet": Outlet()}
    fluxes = carried(box(3, kind), conditions, viscosity=0.2)
    assert fluxes["inlet"] == pytest.approx(-1.0, rel=EXACT)
    assert fluxes["outlet"] == pytest.approx(1.0, rel=EXACT)


def profile(x, power):
    """A power of the distance to the walls at y = 0 and 0.5, of flux 0.5."""
    eta = np.clip(1 - np.abs(4 * x[1] - 1), 0, None)
    return np.array([(power + 1) * eta**power, 0 * x[0]])


@pytest.mark.parametrize("power", [0.5, 1 / 7])
def test_profiles_that_fall_steeply_to_the_wall(power):
    """Within what Gauss' rule makes of the root at the wall, far less than its nodes do."""
    fluxes = carried(channel(6), through(lambda x: profile(x, power)))
    assert fluxes["inlet"] == pytest.approx(-0.5, rel=1e-3)


def test_values_at_vertices_are_linear_between_them():
    mesh = channel(5)
    y = mesh.points[:, 1]
    values = np.stack([1 + y, 0 * y], axis=-1)  # not 0 at walls
    assert carried(mesh, through(values))["inlet"] == pytest.approx(-0.625, rel=EXACT)


def test_a_velocity_that_the_walls_agree_with_stays_as_it_is():
    def parabola(x):
        return np.array([6 * x[1] * (0.5 - x[1]), 0 * x[0]])

    from solvers.flow.momentum import MomentumBalance

    problem = LaminarFlow(channel(), 0.05, conditions=through(parabola))
    domain = problem.boundary_conditions.build_domain(problem.facts, comm())
    balance = MomentumBalance(domain, problem.boundary_conditions)
    V, dofs = balance.space.sub(0).collapse()
    held = domain.boundary_dofs(V, "inlet")
    x = V.tabulate_dof_coordinates()[held].T
    velocity = balance.w.x.array[dofs[0]].reshape(-1, 2)[held]
    inside = (x[1] > 1e-9) & (x[1] < 0.5 - 1e-9)
    np.testing.assert_array_equal(velocity[inside, 0], parabola(x)[0][inside])


def comm():
    from solvers.fenics import MPI

    return MPI.COMM_WORLD


def test_walls_that_move_carry_their_part():
    """At the corner the wall holds, here a velocity through the inlet; Couette flow fits as is."""
    conditions = through((1.0, 0.0), top=Wall((0.5, 0.0)))
    assert carried(channel(), conditions)["inlet"] == pytest.approx(-0.5, rel=EXACT)
    couette = through(lambda x: np.array([2 * x[1], 0 * x[0]]), top=Wall((1.0, 0.0)))
    flow = LaminarFlow(channel(), 0.05, conditions=couette).solve().flow("vertex")
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1], atol=1e-9)


def split_ends(mesh, at):
    """The inlet in two parts, below and above a height."""
    named = boundary_facets(mesh)
    facets = named.pop("inlet")[0][1]
    below = mesh.points[facets][..., 1].mean(axis=1) < at
    named |= {"low": [("line", facets[below])], "high": [("line", facets[~below])]}
    cells = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    return named_mesh(mesh.points, cells, named)


def test_inlets_that_meet():
    conditions = {
        **WALLS,
        "low": Inlet((1.0, 0.0)),
        "high": Inlet((3.0, 0.0)),
        "outlet": Outlet(),
    }
    fluxes = carried(split_ends(channel(6), 0.25), conditions)
    assert fluxes["low"] == pytest.approx(-0.25, rel=EXACT)
    assert fluxes["high"] == pytest.approx(-0.75, rel=EXACT)


def test_a_jet_stays_where_it_is():
    """Where nothing enters nothing is added."""

    def jet(x):
        return np.array([1.0 * (abs(x[1] - 0.25) < 0.15), 0 * x[0]])

    flow = LaminarFlow(channel(20), 0.05, conditions=through(jet)).solve()
    field = flow.flow("vertex")
    outside = (field.points[:, 0] == 0) & (abs(field.points[:, 1] - 0.25) > 0.16)
    assert (field.velocity[outside] == 0).all()
    assert boundary_fluxes(flow)["inlet"] == pytest.approx(-0.3, rel=0.01)


def test_an_inlet_that_lets_out_as_well():
    """Shear: in above, out below, and the walls take from both."""

    def shear(x):
        return np.array([0.2 + np.sign(x[1] - 0.25), 0 * x[0]])

    fluxes = carried(channel(6), through(shear))
    assert fluxes["inlet"] == pytest.approx(-0.1, rel=EXACT)


def test_beside_a_plane_of_symmetry_nothing_is_lost():
    conditions = through((1.0, 0.0), top=Symmetry(), bottom=Symmetry())
    flow = LaminarFlow(channel(), 0.05, conditions=conditions).solve()
    np.testing.assert_allclose(flow.flow("vertex").velocity, [[1.0, 0.0]] * 42, atol=1e-12)


def test_an_inlet_too_coarse_for_its_flux_is_refused():
    corner = box(2, "tetra")
    named = boundary_facets(corner)
    facets = named["inlet"][0][1]
    named["wall"] = [*named["wall"], ("triangle", facets[1:])]
    named["inlet"] = [("triangle", facets[:1])]  # all its edges are the wall's
    mesh = named_mesh(corner.points, [("tetra", corner.cells[0].data)], named)
    conditions = {"wall": Wall(), "inlet": Inlet((1.0, 0.0, 0.0)), "outlet": Outlet()}
    with pytest.raises(InputError, match=r"'inlet': the flux -0\.\d+ .* cannot be held"):
        LaminarFlow(mesh, 0.1, conditions=conditions).solve()
    with pytest.raises(InputError, match="'inlet': holds NaN"):
        nan = through(lambda x: np.array([np.where(x[1] % 0.05 > 1e-9, np.nan, 1), 0 * x[0]]))
        LaminarFlow(channel(5, height=0.5), 0.1, conditions=nan).solve()


SOLVE = """
import sys
import numpy as np
from solvers.diagnostics.boundaries import boundary_fluxes
from solvers.fenics import MPI
from tests.solvers.test_inlet_flux import *
flow = LaminarFlow(channel(7), 0.05, conditions=through((1.0, 0.3))).solve()
space = LaminarFlow(box(3, "tetra"), 0.2, conditions={
    "wall": Wall(), "inlet": Inlet((1.0, 0.1, 0.0)), "outlet": Outlet()}).solve()
fluxes = [boundary_fluxes(f)["inlet"] for f in (flow, space)]
fields = [f.flow("vertex").velocity for f in (flow, space)]
if MPI.COMM_WORLD.rank == 0:
    np.savez(sys.argv[1], *fluxes, *fields)
"""


def test_any_number_of_ranks_lets_in_the_same(tmp_path):
    for ranks in (1, 3):
        run = mpirun(ranks, SOLVE, tmp_path / f"{ranks}.npz")
        assert run.returncode == 0, run.stderr
    with np.load(tmp_path / "1.npz") as one, np.load(tmp_path / "3.npz") as three:
        for name in one:
            np.testing.assert_allclose(three[name], one[name], atol=1e-11)
        assert three["arr_0"] == pytest.approx(-0.5, rel=EXACT)
        assert three["arr_1"] == pytest.approx(-1.0, rel=EXACT)
