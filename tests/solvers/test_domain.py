"""Domains keep the numbering of the mesh they are made from."""

import subprocess
import sys

import numpy as np
import pytest

import meshes
from solvers.fem.build import build_domain
from solvers.fem.fields import (
    cell_vertices,
    function_from,
    gather_cells,
    gather_vertices,
    values_of,
)
from solvers.fem.sampling import sample
from solvers.fenics import MPI, fem, ufl
from vcnn.flow.mesh import boundary_facets, named_mesh

WALLS, ENDS = ("bottom", "top"), ("inlet", "outlet")


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_values_return_in_the_order_of_the_mesh_given(kind):
    mesh = meshes.periodic_hill(1.0, cells=(9, 5), kind=kind)
    shuffle = np.random.default_rng(0).permutation(len(mesh.cells[0].data))
    cells = [(mesh.cells[0].type, mesh.cells[0].data[shuffle])]
    mesh = named_mesh(mesh.points, cells, boundary_facets(mesh))
    domain = build_domain(mesh, WALLS, ENDS)
    np.testing.assert_array_equal(
        gather_vertices(domain, mesh.points[cell_vertices(domain)]), mesh.points
    )
    index = domain.mesh.topology.original_cell_index
    centres = mesh.points[cell_vertices(domain)].mean(axis=1)
    np.testing.assert_allclose(
        gather_cells(domain, centres), mesh.points[mesh.cells[0].data].mean(axis=1)
    )
    assert sorted(index) == list(range(len(index)))
    np.testing.assert_allclose(domain.period, [9, 0], atol=1e-12)


@pytest.mark.parametrize("location", ["cell", "vertex", "node"])
@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_values_go_into_a_function_and_come_back(location, kind):
    domain = build_domain(meshes.periodic_hill(1.0, cells=(9, 5), kind=kind), WALLS, ENDS)
    element = {"cell": ("DG", 0), "vertex": ("Lagrange", 1), "node": ("Lagrange", 2)}[location]
    f = fem.Function(fem.functionspace(domain.mesh, (*element, (2,))))
    f.x.array[:] = np.random.default_rng(0).normal(size=len(f.x.array))
    np.testing.assert_array_equal(
        function_from(domain, values_of(domain, f, location), location, "f").x.array, f.x.array
    )


def test_values_at_vertices_become_a_function_and_come_back():
    mesh = meshes.periodic_hill(1.0, cells=(9, 5))
    domain = build_domain(mesh, WALLS, ENDS)
    values = np.sin(2 * np.pi * mesh.points[:, 0] / 9) + mesh.points[:, 1]
    f = function_from(domain, values, "vertex", "f")
    fields = sample(domain, "vertex", functions={"f": f}, expressions={"slope": ufl.grad(f)[1]})
    np.testing.assert_allclose(fields["f"], values, atol=1e-14)
    vertical = mesh.points[:, 0] == 4.5  # a symmetry line
    np.testing.assert_allclose(fields["slope"][vertical], 1, atol=1e-10)


def test_flows_may_go_while_an_exception_passes():
    """The flow that was solved first goes with the exception, while other meshes come and go."""
    code = """
import meshes
from solvers import LaminarFlow

def solve(speed):
    return LaminarFlow(meshes.channel(1.0, 1.0, cells=(4, 4)), 1.0, speed).solve()

for _ in range(2):
    try:
        one, other = solve(1.0), solve(None or undefined)
    except NameError:
        solve(1.0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_communicators_outlive_meshes():
    mesh = meshes.channel(1.0, 1.0, cells=(4, 4))
    first, second = build_domain(mesh, WALLS, ENDS), build_domain(mesh, WALLS, ENDS)
    part = MPI.COMM_WORLD.Create(MPI.COMM_WORLD.group)
    third = build_domain(mesh, WALLS, ENDS, comm=part)
    assert first.comm is second.comm is third.comm is MPI.COMM_WORLD
    part.Free()
