"""Meshes that cannot be used are refused with a reason; those that can keep their numbering."""

import meshio
import numpy as np
import pytest

import meshes
from solvers.domain import build_domain
from solvers.fenics import ufl
from solvers.sampling import sample
from vcnn import InputError
from vcnn.mesh import boundary_facets, named_mesh

WALLS, ENDS = ("bottom", "top"), ("inlet", "outlet")


def rebuilt(mesh, points=None, cells=None, boundaries=None):
    volume = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    points = mesh.points if points is None else points
    return named_mesh(points, cells or volume, boundaries or boundary_facets(mesh))


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_values_return_in_the_order_of_the_mesh_given(kind):
    mesh = meshes.periodic_hill(1.0, cells=(9, 5), kind=kind)
    shuffle = np.random.default_rng(0).permutation(len(mesh.cells[0].data))
    mesh = rebuilt(mesh, cells=[(mesh.cells[0].type, mesh.cells[0].data[shuffle])])
    domain = build_domain(mesh, WALLS, ENDS)
    np.testing.assert_array_equal(domain.at_vertices(mesh.points[domain.vertices]), mesh.points)
    index = domain.mesh.topology.original_cell_index
    centres = mesh.points[domain.vertices].mean(axis=1)
    np.testing.assert_allclose(domain.at_cells(centres), mesh.points[mesh.cells[0].data].mean(axis=1))
    assert sorted(index) == list(range(len(index)))
    np.testing.assert_allclose(domain.period, [9, 0], atol=1e-12)


def test_values_at_vertices_become_a_function_and_come_back():
    mesh = meshes.periodic_hill(1.0, cells=(9, 5))
    domain = build_domain(mesh, WALLS, ENDS)
    values = np.sin(2 * np.pi * mesh.points[:, 0] / 9) + mesh.points[:, 1]
    f = domain.function(values, "vertex", "f")
    fields = sample(domain, "vertex", {"f": f}, {"slope": ufl.grad(f)[1]})
    np.testing.assert_allclose(fields["f"], values, atol=1e-14)
    vertical = mesh.points[:, 0] == 4.5   # a symmetry line
    np.testing.assert_allclose(fields["slope"][vertical], 1, atol=1e-10)


def test_periodic_sides_must_match():
    mesh = meshes.channel(cells=(4, 4))
    points = mesh.points.copy()
    points[np.flatnonzero((points[:, 0] == 1) & (points[:, 1] == 0.5))] += [0, 0.05]
    with pytest.raises(InputError, match=r"'inlet' and 'outlet' do not match.*\(1, 0\.55\) of 'outlet' is 0\.0[45]"):
        build_domain(rebuilt(mesh, points), WALLS, ENDS)
    named = boundary_facets(mesh)
    named["top"] = [("line", np.concatenate([named["top"][0][1], named["outlet"][0][1][-1:]]))]
    named["outlet"] = [("line", named["outlet"][0][1][:-1])]
    with pytest.raises(InputError, match="'inlet' has 5 vertices, 'outlet' has 4"):
        build_domain(rebuilt(mesh, boundaries=named), WALLS, ENDS)


def test_too_few_cells_along_the_period():
    with pytest.raises(InputError, match="at least 3"):
        build_domain(meshes.channel(cells=(2, 4)), WALLS, ENDS)


def test_inverted_cell():
    mesh = meshes.channel(cells=(4, 4))
    points = mesh.points.copy()
    points[7] += [0.35, 0]   # past its neighbour
    with pytest.raises(InputError, match="2 cells are inverted or degenerate, first is number 2"):
        build_domain(rebuilt(mesh, points), WALLS, ENDS)


def test_hanging_vertex():
    mesh = meshes.channel(cells=(4, 4), kind="triangle")
    cells = mesh.cells[0].data
    a, b, c = cells[12]
    points = np.vstack([mesh.points, (mesh.points[a] + mesh.points[b]) / 2])
    new = len(points) - 1
    cells = np.vstack([np.delete(cells, 12, axis=0), [[a, new, c], [new, b, c]]])
    with pytest.raises(InputError, match=r"3 facets on its outside belong to no named boundary.*hanging vertex"):
        build_domain(rebuilt(mesh, points, [("triangle", cells)]), WALLS, ENDS)


def test_stray_point():
    mesh = meshes.channel(cells=(4, 4))
    with pytest.raises(InputError, match="1 points belong to no cell, first is number 25"):
        build_domain(rebuilt(mesh, np.vstack([mesh.points, [[5, 5]]])), WALLS, ENDS)


def test_named_facets_inside_the_mesh():
    mesh = meshes.channel(cells=(4, 4))
    named = {**boundary_facets(mesh), "fence": [("line", [[6, 7]])]}
    with pytest.raises(InputError, match="1 facets of its named boundaries are not on its outside"):
        build_domain(rebuilt(mesh, boundaries=named), (*WALLS, "fence"), ENDS)


def test_cells_of_one_type_only():
    points = [[0, 0], [1, 0], [1, 1], [0, 1], [2, 0.5]]
    mesh = meshio.Mesh(np.array(points), [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 4, 2]])])
    mesh = rebuilt(mesh, boundaries={"wall": [("line", [[0, 1], [1, 4], [4, 2], [2, 3], [3, 0]])]})
    with pytest.raises(InputError, match=r"expected cells of one type.*it has quad, triangle"):
        build_domain(mesh, ("wall",))
