"""Meshes as meshers leave them: cells of either orientation, of several types, unused points."""

import numpy as np
import pytest

import meshes
from solvers import RANS, Inlet, LaminarFlow, Outlet, Symmetry, Wall
from solvers.fem.build import build_domain
from tests.meshes.test_split import layered
from tests.support.boxes import box
from tests.support.channels import parabola
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh

THROUGH = {"inlet": Inlet((1.0, 0.0)), "outlet": Outlet(), "bottom": Wall(), "top": Wall()}
TURNED = {  # the same cell, its vertices in the opposite sense
    "triangle": [0, 2, 1],
    "quad": [0, 3, 2, 1],
    "tetra": [0, 2, 1, 3],
    "hexahedron": [4, 5, 6, 7, 0, 1, 2, 3],
}


def turned(mesh, share=0.5):
    """The mesh with some of its cells listed the other way round."""
    d = mesh.points.shape[1]
    block = next(block for block in mesh.cells if block.dim == d)
    cells = block.data.copy()
    which = np.random.default_rng(0).random(len(cells)) < share
    cells[which] = cells[which][:, TURNED[block.type]]
    return named_mesh(mesh.points, [(block.type, cells)], boundary_facets(mesh))


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_plane_cells_may_be_listed_either_way_round(kind):
    mesh = meshes.channel(2.0, 1.0, cells=(9, 5), kind=kind)
    flows = [
        LaminarFlow(m, 0.02, conditions=THROUGH).solve().flow("vertex")
        for m in (mesh, turned(mesh), turned(mesh, 1.1))
    ]
    for flow in flows[1:]:
        np.testing.assert_allclose(flow.velocity, flows[0].velocity, atol=1e-10)
        np.testing.assert_allclose(
            flow.scalars["strain_rate"], flows[0].scalars["strain_rate"], atol=1e-9
        )


@pytest.mark.parametrize("kind", ["tetra", "hexahedron"])
def test_cells_in_space_may_be_listed_either_way_round(kind):
    conditions = {"wall": Wall(), "inlet": Inlet((1.0, 0.0, 0.0)), "outlet": Outlet()}
    mesh = box(3, kind)
    flows = [LaminarFlow(m, 0.1, conditions=conditions).solve() for m in (mesh, turned(mesh))]
    ours, theirs = (flow.flow("cell").velocity for flow in flows)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_cells_that_overlap_are_refused_whichever_way_they_are_listed(kind):
    """A vertex is drawn over the cells beyond it, or a row of them is folded over another."""
    mesh = meshes.channel(2.0, 1.0, cells=(6, 4), kind=kind)
    mesh.points[2 * 7 + 3] += [0.7, 0.1]
    with pytest.raises(InputError, match=r"overlap|inverted"):
        build_domain(turned(mesh), ("bottom", "top"), openings=("inlet", "outlet"))
    folded = meshes.channel(2.0, 1.0, cells=(6, 4), kind=kind)
    y = folded.points[:, 1]
    y[y == 0.5] = 0.9
    with pytest.raises(InputError, match=r"pairs of cells overlap, first are numbers \d+ and \d+"):
        build_domain(turned(folded), ("bottom", "top"), openings=("inlet", "outlet"))


def test_overlaps_in_space_are_found():
    mesh = box(3, "tetra")
    inside = np.flatnonzero(np.isclose(mesh.points, 1 / 3).all(axis=1))
    mesh.points[inside] += 0.5
    with pytest.raises(InputError, match="overlap"):
        build_domain(turned(mesh), ("wall",), openings=("inlet", "outlet"))


def test_points_of_no_cell_are_left_out(caplog):
    mesh = meshes.channel(2.0, 1.0, cells=(6, 4))
    points = np.insert(mesh.points, 11, [7.0, 7.0], axis=0)
    points = np.vstack([[0.5, 0.5], points])

    def moved(v):
        return 1 + v + (v >= 11)

    cells = [("quad", moved(mesh.cells[0].data))]
    named = {n: [(k, moved(f)) for k, f in blocks] for n, blocks in boundary_facets(mesh).items()}
    strange = named_mesh(points, cells, named)
    problem = LaminarFlow(strange, 0.1, conditions=THROUGH)
    assert [r.getMessage() for r in caplog.records] == [
        "mesh: 2 points belong to no cell and are left out"
    ]
    np.testing.assert_array_equal(problem.mesh.points, mesh.points)
    np.testing.assert_array_equal(
        problem.solve().flow("vertex").velocity,
        LaminarFlow(mesh, 0.1, conditions=THROUGH).solve().flow("vertex").velocity,
    )
    # what is given at vertices is given at those that are left
    given = np.full(len(mesh.points), 0.05)
    RANS(strange, 0.1, conditions=THROUGH, closure=given, location="vertex").solve()
    with pytest.raises(InputError, match="expected 35 values, one for each vertex, got 37"):
        RANS(strange, 0.1, conditions=THROUGH, closure=np.ones(37), location="vertex").solve()
    named["fence"] = [("line", np.array([[1, 0]]))]
    with pytest.raises(InputError, match="'fence': has point 0, which belongs to no cell"):
        LaminarFlow(named_mesh(points, cells, named), 0.1, conditions=THROUGH)


@pytest.mark.parametrize("second_order", [False, True])
def test_mixed_meshes_are_refused_with_the_way_on_and_solved_once_split(second_order):
    mesh = layered((12, 6), second_order)
    listed = "quad8, triangle6" if second_order else "quad, triangle"
    with pytest.raises(InputError, match=rf"it has {listed}; meshes\.split \(split = true"):
        LaminarFlow(mesh, 0.1, 1.0)
    flow = LaminarFlow(meshes.split(mesh), 0.1, 1.0).solve().flow("vertex")
    np.testing.assert_allclose(flow.velocity[:, 0], parabola(flow.points[:, 1]), atol=1e-10)


def test_a_section_with_cells_turned():
    from solvers import Developed

    conditions = {
        "bottom": Symmetry(),
        "inlet": Symmetry(),
        "top": Wall(),
        "outlet": Wall(),
        "along": Developed((1, 0, 0), bulk_velocity=1.0),
    }
    plain = meshes.channel(1.0, 1.0, cells=(5, 4), kind="triangle")
    flows = [
        LaminarFlow(meshes.section(m), 0.1, conditions=conditions).solve().flow("vertex")
        for m in (plain, turned(plain))
    ]
    np.testing.assert_allclose(flows[1].velocity, flows[0].velocity, atol=1e-10)
