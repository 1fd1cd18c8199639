"""Manufactured solutions: known fields that the solvers must find, and how fast their errors fall."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

import meshes
from solvers import Periodic, ScalarTransport, Wall
from solvers.conditions import roles
from solvers.domain import build_domain
from solvers.fenics import fem, ufl
from solvers.incompressible import solve_incompressible
from vcnn import FlowField
from vcnn.mesh import named_mesh

SIDES = ("bottom", "top", "inlet", "outlet")
THEORY = {"u": 3, "∇u": 2, "p": 2, "c": 3, "∇c": 2}
PLANE, SOLID = (8, 16, 32, 64), (4, 8, 12)
PI = np.pi


def square(n, kind):
    """The unit square in n x n cells, none of them regular."""
    mesh = meshes.channel(1.0, 1.0, cells=(n, n), kind=kind)
    x, y = mesh.points.T
    bump = 0.06 * np.sin(2 * PI * x) * np.sin(2 * PI * y)
    mesh.points = np.stack([x + bump, y - bump], axis=-1)
    return mesh


def cube(n):
    """The unit cube in 6 n³ tetrahedra."""
    line = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(3 * [n + 1])
    corner = [number[i : n + i, j : n + j, k : n + k].ravel() for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    paths = [(1, 3), (5, 1), (3, 2), (2, 6), (4, 5), (6, 4)]   # of one orientation
    cells = np.concatenate([np.stack([corner[c] for c in (0, a, b, 7)], axis=-1) for a, b in paths])
    facets = np.concatenate([cells[:, f] for f in ([0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3])])
    on = lambda axis, value: ("triangle", facets[(points[facets][:, :, axis] == value).all(axis=1)])
    names = dict(zip(SIDES, ((1, 0), (1, 1), (0, 0), (0, 1)), strict=True))
    boundaries = {name: [on(*place)] for name, place in names.items()}
    return named_mesh(points, [("tetra", cells)], {**boundaries, "back": [on(2, 0)], "front": [on(2, 1)]})


def around(mesh, periodic):
    """Names of the walls, and of the periodic pair if there is one."""
    sides = [name for name in mesh.cell_sets if not (periodic and name in ("inlet", "outlet"))]
    return tuple(sides), ("inlet", "outlet") if periodic else None


def flow_errors(mesh, periodic, viscosity=0.2):
    """L2 errors of u, ∇u, p where the walls slide: u·n = 0 there, and nothing is symmetric or developed.

    The exact solution is held by the stress a = 2νS − u⊗u − pI, handed to the solver of laminar flow and RANS as
    what its closure leaves to the anisotropy.
    """
    def exact(x, lib):
        depth = 1 + x[2] ** 2 if len(x) == 3 else 1.0
        if periodic:
            along, across = lib.cos(PI * x[1]) * (2 + lib.sin(2 * PI * x[0])), lib.cos(2 * PI * x[0])
            u = [along * depth, -2 * across * lib.sin(PI * x[1]) * depth]
            return [*u, 0 * x[0]][: len(x)], lib.sin(2 * PI * x[0]) * lib.cos(PI * x[1])
        u = [lib.sin(PI * x[0]) * lib.cos(PI * x[1]) * depth, -lib.cos(PI * x[0]) * lib.sin(PI * x[1]) * depth]
        return [*u, 0 * x[0]][: len(x)], lib.sin(PI * x[0]) * lib.cos(PI * x[1])

    walls, ends = around(mesh, periodic)
    conditions = dict.fromkeys(walls, Wall(velocity=lambda x: np.stack(exact(x, np)[0])))
    if ends:
        conditions[ends[0]] = Periodic(ends[1])
    domain = build_domain(mesh, **roles(conditions))
    u, p = exact(tuple(ufl.SpatialCoordinate(domain.mesh)), ufl)
    u = ufl.as_vector(u)
    stress = 2 * viscosity * ufl.sym(ufl.grad(u)) - ufl.outer(u, u) - p * ufl.Identity(domain.dimension)
    problem = SimpleNamespace(viscosity=viscosity)
    result = solve_incompressible(problem, domain, conditions, "manufactured flow", 3, anisotropy=stress)
    return {
        "u": norm(domain, result.velocity - u),
        "∇u": norm(domain, ufl.grad(result.velocity - u)),
        "p": norm(domain, result.pressure - p),
    }


def transport_errors(mesh, periodic, diffusivity=0.1, decay=3.0):
    """L2 errors of c and ∇c, c = 0 on walls, carried by a velocity linear in space."""
    def exact(x, lib):
        along = 2 + lib.sin(2 * PI * x[0]) if periodic else lib.sin(PI * x[0])
        depth = lib.sin(PI * x[2]) if len(x) == 3 else 1.0
        return along * lib.sin(PI * x[1]) * depth

    def source(x):
        wave = 2 * PI if periodic else PI
        c, depth = exact(x, np), np.sin(PI * x[2]) if len(x) == 3 else 1.0
        slope, bend = wave * np.cos(wave * x[0]), -(wave**2) * np.sin(wave * x[0])
        along = 2 + np.sin(wave * x[0]) if periodic else np.sin(wave * x[0])
        across, rise = np.sin(PI * x[1]), PI * np.cos(PI * x[1])
        convection = ((1 + x[1]) * slope * across + (0 if periodic else x[0]) * along * rise) * depth
        laplacian = bend * across * depth - (len(x) - 1) * PI**2 * c
        return convection - diffusivity * laplacian + decay * np.abs(c) * c

    walls, ends = around(mesh, periodic)
    velocity = np.zeros_like(mesh.points)
    velocity[:, 0] = 1 + mesh.points[:, 1]
    velocity[:, 1] = 0 if periodic else mesh.points[:, 0]
    result = ScalarTransport(
        mesh, FlowField(mesh.points, velocity, mesh=mesh), diffusivity, decay, 1.0, source, walls, ends
    ).solve()
    domain, c = result.carrier.domain, result.concentration
    error = c - exact(tuple(ufl.SpatialCoordinate(domain.mesh)), ufl)
    return {"c": norm(domain, error), "∇c": norm(domain, ufl.grad(error))}


def norm(domain, field):
    """L2 norm."""
    squared = ufl.inner(field, field) * ufl.dx(domain.mesh, degree=8)
    return np.sqrt(domain.mesh.comm.allreduce(fem.assemble_scalar(fem.form(squared))))


def convergence(progress):
    """(cells, periodic or not) -> (numbers of cells a side, name -> errors)."""
    table = {}
    for kind, sizes in (("quadrilateral", PLANE), ("triangle", PLANE), ("tetrahedron", SOLID)):
        for periodic in (False, True):
            errors = []
            for n in sizes:
                mesh = cube(n) if kind == "tetrahedron" else square(n, kind)
                progress(f"{kind}, {n} a side{', periodic' * periodic}")
                errors.append(flow_errors(mesh, periodic) | transport_errors(mesh, periodic))
            series = {name: np.array([error[name] for error in errors]) for name in THEORY}
            table[kind, periodic] = np.array(sizes), series
    return table


def order(sizes, errors):
    """Observed between the two finest meshes."""
    return np.log(errors[-2] / errors[-1]) / np.log(sizes[-1] / sizes[-2])
