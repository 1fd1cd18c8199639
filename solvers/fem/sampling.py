"""Finite-element functions as a `FlowField` at the cells or vertices of the mesh that was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from meshes.geometry.wall_distance import wall_distance
from solvers.fem.arguments import check_location
from solvers.fem.domain import Domain
from solvers.fem.fields import gather_cells, gather_vertices
from solvers.fenics import Expr, basix, dolfinx, fem, ufl
from vcnn.flow.field import FlowField


def flow_field(
    domain: Domain,
    location: str,
    velocity: fem.Function,
    *,
    functions: Mapping[str, Expr] | None = None,
    expressions: Mapping[str, Expr] | None = None,
    parameters: Mapping[str, float] | None = None,
    provenance: Mapping | None = None,
) -> FlowField:
    """The flow at cell midpoints (``"cell"``) or mesh vertices (``"vertex"``), whole on every rank.

    Parameters
    ----------
    domain : Domain
    location : {"cell", "vertex"}
    velocity : dolfinx Function of shape (d,)
    functions, expressions : mappings name -> scalar, optional
        As in :func:`sample`; ``"wall_distance"`` (if there are walls), ``"boundary"`` (1 at cells
        with a facet on a wall, or at vertices on one; else 0) and the tensor
        ``"velocity_gradient"``, ∂u_j/∂x_i at [i, j], are added.
    parameters, provenance : mappings, optional
        As in `FlowField`; the latter gets the names of the ``"walls"``.

    Raises
    ------
    InputError
        If the location is another one.
    """
    d = domain.dimension
    components = {f"u{i}": velocity[i] for i in range(d)}
    slopes = {f"d{i}u{j}": velocity[j].dx(i) for i in range(d) for j in range(d)}
    fields = sample(
        domain,
        location,
        functions={**components, **(functions or {})},
        expressions={**slopes, **(expressions or {})},
    )
    gradient = np.stack([fields.pop(name) for name in slopes], axis=-1).reshape(-1, d, d)
    velocity = np.stack([fields.pop(name) for name in components], axis=-1)
    places = _places(domain, location)
    return FlowField(
        places.points,
        velocity,
        places.weights,
        scalars={**fields, **places.scalars},
        tensors={"velocity_gradient": gradient},
        periods=domain.periods,
        parameters=parameters or {},
        mesh=domain.source,
        location=location,
        provenance={**(provenance or {}), "walls": list(domain.walls)},
    )


def sample(
    domain: Domain,
    location: str,
    *,
    functions: Mapping[str, Expr] | None = None,
    expressions: Mapping[str, Expr] | None = None,
) -> dict[str, np.ndarray]:
    """Scalar fields in the numbering of ``domain.source``.

    Parameters
    ----------
    domain : Domain
    location : {"cell", "vertex"}
        Cell: values at the midpoint of each cell (the mean of its vertices). Vertex: nodal values
        of ``functions``; of ``expressions``, which may jump from cell to cell, the lumped
        projections of :func:`average_at_vertices`.
    functions : mapping name -> scalar UFL expression, continuous
    expressions : mapping name -> scalar UFL expression

    Raises
    ------
    InputError
        If the location is another one.
    """
    functions, expressions = functions or {}, expressions or {}
    if location == "cell":
        together = {**functions, **expressions}
        values = gather_cells(
            domain, _tabulate(domain, list(together.values()), _midpoint(domain))[:, 0]
        )
        return dict(zip(together, values.T, strict=True))
    check_location(location)
    corners = basix.geometry(domain.mesh.basix_cell())
    values = gather_vertices(domain, _tabulate(domain, list(functions.values()), corners))
    return {
        **dict(zip(functions, values.T, strict=True)),
        **average_at_vertices(domain, expressions),
    }


def average_at_vertices(domain: Domain, expressions: Mapping[str, Expr]) -> dict[str, np.ndarray]:
    """Lumped projections ∫ φ s dx / ∫ φ dx of scalars at the vertices, φ the linear hats."""
    mass = _hat_integrals(domain, 1.0)
    return {name: _hat_integrals(domain, s) / mass for name, s in expressions.items()}


@dataclass(frozen=True, eq=False)
class _Places:
    """Points of a domain, their weights, and the scalars there that do not depend on a flow."""

    points: np.ndarray
    weights: np.ndarray
    scalars: Mapping[str, np.ndarray]


# A closure in the loop is asked at the same points in every round: they are looked for once.
_PLACES: WeakKeyDictionary[Domain, dict[str, _Places]] = WeakKeyDictionary()


def _places(domain, location) -> _Places:
    """Of each domain and location once."""
    places = _PLACES.setdefault(domain, {})
    if location not in places:
        places[location] = _find_places(domain, location)
    return places[location]


def _find_places(domain, location) -> _Places:
    points, weights = _cells(domain) if location == "cell" else _vertices(domain)
    scalars = {}
    if domain.walls:
        scalars["wall_distance"] = _wall_distance(domain, points)
    scalars["boundary"] = _at_wall(domain, location)
    return _Places(points, weights, scalars)


def _wall_distance(domain, points) -> np.ndarray:
    """(n,) at points that all ranks have; each computes a part."""
    comm = domain.comm
    share = np.array_split(points, comm.size)[comm.rank]
    part = wall_distance(domain.source, share, domain.walls, domain.periods)
    return np.concatenate(comm.allgather(part))


def _cells(domain) -> tuple[np.ndarray, np.ndarray]:
    """Midpoints and volumes."""
    x = ufl.SpatialCoordinate(domain.mesh)
    points = gather_cells(domain, _tabulate(domain, list(x), _midpoint(domain))[:, 0])
    constants = fem.functionspace(domain.mesh, ("DG", 0))
    volumes = fem.assemble_vector(fem.form(ufl.TestFunction(constants) * ufl.dx)).array
    return points, gather_cells(domain, volumes[constants.dofmap.list[domain.cells, 0]])


def _vertices(domain) -> tuple[np.ndarray, np.ndarray]:
    """Points and lumped masses; the mass of a seam point is shared by its copies."""
    merged = domain.seams.merged
    return domain.source.points, _hat_integrals(domain, 1.0) / np.bincount(merged)[merged]


def _hat_integrals(domain, integrand) -> np.ndarray:
    """∫ φ s dx at every vertex of the source, φ the hat functions of the (periodic) mesh."""
    hats = fem.functionspace(domain.mesh, ("Lagrange", 1))
    integrals = fem.assemble_vector(fem.form(integrand * ufl.TestFunction(hats) * ufl.dx(degree=5)))
    integrals.scatter_reverse(dolfinx.la.InsertMode.add)
    integrals.scatter_forward()
    return gather_vertices(domain, integrals.array[hats.dofmap.list[domain.cells]])


def _tabulate(domain, scalars, points) -> np.ndarray:
    """(cells on this rank, points, scalars) values at points of the reference cell."""
    expression = fem.Expression(ufl.as_vector(scalars), points)
    return expression.eval(domain.mesh, domain.cells).reshape(
        len(domain.cells), len(points), len(scalars)
    )


def _midpoint(domain) -> np.ndarray:
    """(1, topological dimension), of the reference cell."""
    return basix.geometry(domain.mesh.basix_cell()).mean(axis=0, keepdims=True)


def _at_wall(domain, location) -> np.ndarray:
    """1 at vertices on a wall, or cells with a facet on one; else 0."""
    if location == "vertex":
        values = np.zeros(len(domain.source.points))
        for name in domain.walls:
            values[domain.facts.boundary_vertices(name)] = 1
        return values
    tdim = domain.mesh.topology.dim
    touching = dolfinx.mesh.compute_incident_entities(
        domain.mesh.topology, domain.wall_facets, tdim - 1, tdim
    )
    return gather_cells(domain, np.isin(domain.cells, touching).astype(float))
