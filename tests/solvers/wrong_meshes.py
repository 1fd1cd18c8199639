"""Meshes that cannot be solved on, for `test_wrong_setups.py`."""

from collections.abc import Callable
from dataclasses import dataclass

import meshio
import numpy as np

import meshes
from solvers import LaminarFlow, Periodic, Wall
from solvers.domain import build_domain
from vcnn import InputError
from vcnn.mesh import boundary_facets, named_mesh

MESH = meshes.channel(cells=(4, 4))
WALLS = {"bottom": Wall(), "top": Wall()}
DRIVEN = {"inlet": Periodic("outlet", bulk_velocity=1.0)}


@dataclass(frozen=True)
class Wrong:
    """A set-up by name, and words of the message it must give.

    ``build`` is given a small solved channel: its result ``flow``, its fields ``at_vertices`` and ``at_cells``, a
    result ``other`` on another mesh and the path ``checkpoint`` of a file that holds the velocity.
    """

    name: str
    build: Callable
    message: str
    error: type = InputError


def rebuilt(mesh=MESH, points=None, cells=None, boundaries=None):
    """The mesh with some of its parts replaced."""
    volume = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    points = mesh.points if points is None else points
    return named_mesh(points, cells or volume, boundaries or boundary_facets(mesh))


def laminar(mesh=MESH, viscosity=0.1, bulk_velocity=1.0, **options):
    return LaminarFlow(mesh, viscosity, bulk_velocity, **options).solve()


def bounded(conditions, mesh=MESH):
    return LaminarFlow(mesh, 0.1, conditions=conditions).solve()


def moved(vertex, by):
    points = MESH.points.copy()
    points[vertex] += by
    return rebuilt(points=points)


def hanging():
    """One triangle cut in two, its neighbour not."""
    mesh = meshes.channel(cells=(4, 4), kind="triangle")
    cells = mesh.cells[0].data
    a, b, c = cells[12]
    points = np.vstack([mesh.points, (mesh.points[a] + mesh.points[b]) / 2])
    new = len(mesh.points)
    return rebuilt(mesh, points, [("triangle", np.vstack([np.delete(cells, 12, axis=0), [[a, new, c], [new, b, c]]]))])


def of_two_kinds():
    cells = [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 4, 2]])]
    mesh = meshio.Mesh(np.array([[0, 0], [1, 0], [1, 1], [0, 1], [2, 0.5]]), cells)
    return rebuilt(mesh, boundaries={"wall": [("line", [[0, 1], [1, 4], [4, 2], [2, 3], [3, 0]])]})


def without(name):
    return rebuilt(boundaries={key: facets for key, facets in boundary_facets(MESH).items() if key != name})


def corner_given_to_the_top():
    named = boundary_facets(MESH)
    named["top"] = [("line", np.concatenate([named["top"][0][1], named["outlet"][0][1][-1:]]))]
    named["outlet"] = [("line", named["outlet"][0][1][:-1])]
    return rebuilt(boundaries=named)


MESHES = [
    Wrong(
        "inverted cell", lambda s: laminar(moved(7, [0.35, 0])),
        "mesh: 2 cells are inverted or degenerate, first is number 2",
    ),
    Wrong(
        "hanging vertex", lambda s: laminar(hanging()),
        "mesh: 3 facets on its outside belong to no named boundary, .*hanging vertex",
    ),
    Wrong(
        "point outside all cells", lambda s: laminar(rebuilt(points=np.vstack([MESH.points, [[5, 5]]]))),
        "mesh: 1 points belong to no cell, first is number 25",
    ),
    Wrong(
        "cells of two kinds", lambda s: build_domain(of_two_kinds(), ("wall",)),
        "mesh: expected cells of one type, .*; it has quad, triangle",
    ),
    Wrong(
        "outside without a name", lambda s: bounded({"bottom": Wall(), **DRIVEN}, without("top")),
        r"mesh: 4 facets on its outside belong to no named boundary, first at \(0\.\d+, 1\)",
    ),
    Wrong(
        "facets inside", lambda s: bounded(
            {**WALLS, "fence": Wall(), **DRIVEN},
            rebuilt(boundaries={**boundary_facets(MESH), "fence": [("line", [[6, 7]])]}),
        ), "mesh: 1 facets of its named boundaries are not on its outside",
    ),
    Wrong(
        "boundaries without names", lambda s: laminar(meshio.Mesh(MESH.points, [("quad", MESH.cells[0].data)])),
        "boundary 'bottom' is not in the mesh, which has: none",
    ),
    Wrong(
        "periodic boundaries that do not match", lambda s: laminar(moved(14, [0, 0.05])),
        r"'inlet' and 'outlet' do not match.*\(1, 0\.55\) of 'outlet' is 0\.0[45]",
    ),
    Wrong(
        "periodic boundaries of different size", lambda s: laminar(corner_given_to_the_top()),
        "periodic: boundary 'inlet' has 5 vertices, 'outlet' has 4",
    ),
    Wrong(
        "two cells along the period", lambda s: laminar(meshes.channel(cells=(2, 4))),
        "periodic: too few cells between 'inlet' and 'outlet', at least 3",
    ),
]  # fmt: skip
