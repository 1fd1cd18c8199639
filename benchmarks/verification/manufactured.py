"""Manufactured solutions: known fields that solvers must find, and how fast their errors fall."""

from __future__ import annotations

from itertools import product

import meshio
import numpy as np

import meshes
from meshes.generate.structured import KINDS
from solvers import FlowProblem, Periodic, ScalarTransport, Wall
from solvers.fem.domain import Domain
from solvers.fenics import MPI, fem, ufl
from solvers.flow.incompressible import solve_incompressible
from solvers.flow.start import Start
from vcnn import FlowField
from vcnn.flow.mesh import named_mesh

SIDES = ("bottom", "top", "inlet", "outlet")
THEORY = {"u": 3, "∇u": 2, "p": 2, "c": 3, "∇c": 2}
# Cells a side. Simplices need the finer ones: before, their pressure falls faster than its order.
SIZES = {
    "quadrilateral": (8, 16, 32, 64),
    "triangle": (8, 16, 32, 64),
    "hexahedron": (4, 8, 12),
    "tetrahedron": (4, 8, 12, 16),
}
PI = np.pi


def name_of(kind: str, periodic: bool, n: int) -> str:
    """The name of a measurement."""
    return f"{label(kind, periodic)}, {n}"


def label(kind: str, periodic: bool) -> str:
    """The name of a series of measurements."""
    return f"{kind}, periodic" if periodic else kind


def square(n: int, kind: str) -> meshio.Mesh:
    """The unit square in n x n cells, none of them regular."""
    mesh = meshes.channel(1.0, 1.0, cells=(n, n), kind=kind)
    x, y = mesh.points.T
    bump = 0.06 * np.sin(2 * PI * x) * np.sin(2 * PI * y)
    mesh.points = np.stack([x + bump, y - bump], axis=-1)
    return mesh


def cube(n: int, kind: str) -> meshio.Mesh:
    """The unit cube in n³ hexahedra, none of them regular, or in 6 n³ tetrahedra."""
    line = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(3 * [n + 1])
    corner = [
        number[i : n + i, j : n + j, k : n + k].ravel() for i, j, k in product((0, 1), repeat=3)
    ]
    if kind == "hexahedron":
        of_cells, of_facets = "hexahedron", "quad"
        cells = np.stack([corner[c] for c in (0, 4, 6, 2, 1, 5, 7, 3)], axis=-1)
        sides = [0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]
    else:
        of_cells, of_facets = "tetra", "triangle"
        paths = [(1, 3), (5, 1), (3, 2), (2, 6), (4, 5), (6, 4)]  # of one orientation
        cells = np.concatenate(
            [np.stack([corner[c] for c in (0, a, b, 7)], axis=-1) for a, b in paths]
        )
        sides = [0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]
    facets = np.concatenate([cells[:, side] for side in sides])

    def on(axis, value):
        return of_facets, facets[(points[facets][:, :, axis] == value).all(axis=1)]

    planes = dict(zip(SIDES, ((1, 0), (1, 1), (0, 0), (0, 1)), strict=True))
    planes |= {"back": (2, 0), "front": (2, 1)}
    bump = 0.04 * np.sin(2 * PI * points).prod(axis=1, keepdims=True)
    return named_mesh(
        points + bump * [1, -1, 1],
        [(of_cells, cells)],
        {name: [on(*plane)] for name, plane in planes.items()},
    )


def unit_mesh(n: int, kind: str) -> meshio.Mesh:
    """The unit square or cube in cells of one kind, n a side."""
    return square(n, kind) if kind in KINDS else cube(n, kind)


def around(mesh: meshio.Mesh, periodic: bool) -> tuple[tuple, tuple | None]:
    """Names of the walls, and of the periodic pair if there is one."""
    sides = [name for name in mesh.cell_sets if not (periodic and name in ("inlet", "outlet"))]
    return tuple(sides), ("inlet", "outlet") if periodic else None


def flow_errors(mesh: meshio.Mesh, periodic: bool, viscosity: float = 0.2) -> dict[str, float]:
    """L2 errors of u, ∇u, p where the walls slide: u·n = 0, and nothing is symmetric or developed.

    The exact solution is held by the stress a = 2νS − u⊗u − pI, handed to the solver of laminar
    flow and RANS as what its closure leaves to the anisotropy. The solver starts from the exact
    solution at the nodes, to save steps.
    """

    def exact(x, lib):
        depth = 1 + x[2] ** 2 if len(x) == 3 else 1.0
        if periodic:
            along = lib.cos(PI * x[1]) * (2 + lib.sin(2 * PI * x[0]))
            across = -2 * lib.cos(2 * PI * x[0]) * lib.sin(PI * x[1])
        else:
            along = lib.sin(PI * x[0]) * lib.cos(PI * x[1])
            across = -lib.cos(PI * x[0]) * lib.sin(PI * x[1])
        return [along * depth, across * depth, 0 * x[0]][: len(x)]

    walls, ends = around(mesh, periodic)
    conditions = dict.fromkeys(walls, Wall(velocity=lambda x: np.stack(exact(x, np))))
    if ends:
        conditions[ends[0]] = Periodic(ends[1])
    problem = FlowProblem(mesh, viscosity, conditions=conditions)
    domain = problem.boundary_conditions.build_domain(mesh, MPI.COMM_WORLD)
    u = ufl.as_vector(exact(tuple(ufl.SpatialCoordinate(domain.mesh)), ufl))
    # A pressure large enough for its own error to outweigh what it takes over from the velocity.
    p = 2 * u[0]
    stress = (
        2 * viscosity * ufl.sym(ufl.grad(u)) - ufl.outer(u, u) - p * ufl.Identity(domain.dimension)
    )
    nodal = Start(domain, at_nodes(domain, u, 2), at_nodes(domain, p, 1))
    result = solve_incompressible(
        problem,
        domain,
        name="manufactured flow",
        picard_steps=0,
        anisotropy=stress,
        start=nodal,
    )
    return {
        "u": norm(domain, result.velocity - u),
        "∇u": norm(domain, ufl.grad(result.velocity - u)),
        "p": norm(domain, result.pressure - p),
    }


def transport_errors(
    mesh: meshio.Mesh, periodic: bool, diffusivity: float = 0.1, decay: float = 3.0
) -> dict[str, float]:
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
        convection = (
            (1 + x[1]) * slope * across + (0 if periodic else x[0]) * along * rise
        ) * depth
        laplacian = bend * across * depth - (len(x) - 1) * PI**2 * c
        return convection - diffusivity * laplacian + decay * np.abs(c) * c

    walls, ends = around(mesh, periodic)
    velocity = np.zeros_like(mesh.points)
    velocity[:, 0] = 1 + mesh.points[:, 1]
    velocity[:, 1] = 0 if periodic else mesh.points[:, 0]
    result = ScalarTransport(
        mesh,
        FlowField(mesh.points, velocity, mesh=mesh),
        diffusivity,
        decay,
        1.0,
        source,
        walls,
        ends,
    ).solve()
    domain, c = result.carrier.domain, result.concentration
    error = c - exact(tuple(ufl.SpatialCoordinate(domain.mesh)), ufl)
    return {"c": norm(domain, error), "∇c": norm(domain, ufl.grad(error))}


def norm(domain: Domain, field: ufl.core.expr.Expr) -> float:
    """L2 norm."""
    squared = ufl.inner(field, field) * ufl.dx(domain.mesh, degree=8)
    return np.sqrt(domain.comm.allreduce(fem.assemble_scalar(fem.form(squared))))


def at_nodes(domain: Domain, expression: ufl.core.expr.Expr, degree: int) -> fem.Function:
    """A UFL expression, interpolated."""
    function = fem.Function(
        fem.functionspace(domain.mesh, ("Lagrange", degree, expression.ufl_shape))
    )
    function.interpolate(
        fem.Expression(expression, function.function_space.element.interpolation_points)
    )
    return function


def errors(kind: str, periodic: bool, n: int) -> dict[str, float]:
    """L2 errors by the names of `THEORY`."""
    mesh = unit_mesh(n, kind)
    return flow_errors(mesh, periodic) | transport_errors(mesh, periodic)


def order(coarse: float, fine: float, refinement: float) -> float:
    """Observed order between two errors, of cells that became ``refinement`` times smaller."""
    return float(np.log(coarse / fine) / np.log(refinement))
