"""The flux through an inlet, which is that of the velocity given there whatever the elements hold.

Quadratic elements hold the velocity g of an inlet at their nodes, and where the inlet meets a wall
the wall holds. A uniform g loses a sixth of the first and the last edge so. What is asked for is

    Φ = ∫ g·n ds

over the inlet's facets: exact for constants and for values at vertices, which are linear between
them; of a callable it is Gauss' rule with 6 points an edge (of degree 11), which meets no corner.
The nodes of the inlet that nothing else holds are scaled for the flux that is held to be Φ,

    u_i → (1 + λ s_i) u_i,    s_i = sign(u_i·n_i),    λ = (Φ − ∫ u·n ds) / ∫ Σ_i s_i φ_i u_i·n ds.

Where the fluid goes one way everywhere this is one factor for all of these nodes. Of all changes
δ_i of their normal velocities that make up for the flux it is the one with the least Σ w_i δ_i² /
|u_i·n_i|, w_i = ∫ φ_i ds: by Lagrange's multiplier δ_i ∝ |u_i·n_i|. It keeps the directions of the
velocity, leaves at rest what is at rest, and falls with the size of the facets; where the flux is
right nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solvers.fem.arguments import call_at
from solvers.fem.domain import Domain
from solvers.fenics import basix, dolfinx, fem, ufl
from solvers.flow.conditions import Inlet
from vcnn.errors import InputError

_DEGREE = 11  # of the quadrature of callables
_EQUAL = 1e-13  # of ∫ |g| ds: what counts as the same flux


def match_inlet_fluxes(
    domain: Domain, inlets: Mapping[str, Inlet], values: Mapping[str, fem.Function]
) -> None:
    """Scale the velocities that hold at inlets for their fluxes to be those asked for.

    Parameters
    ----------
    domain : Domain
    inlets : mapping boundary name -> Inlet
    values : mapping boundary name -> dolfinx Function
        That hold, of inlets and walls, in one space; where boundaries meet, the last one does.
        Those of inlets are changed.

    Raises
    ------
    InputError
        If there is something to correct and no node that could carry it.
    """
    if not inlets:
        return
    space = next(iter(values.values())).function_space
    nodes = {name: domain.boundary_dofs(space, name) for name in values}
    asked = {name: _asked_flux(domain, name, inlet, values[name]) for name, inlet in inlets.items()}
    effective = fem.Function(space)
    blocks = effective.x.array.reshape(-1, domain.dimension)
    holder = np.full(len(blocks), -1)
    shared = np.zeros(len(blocks), dtype=bool)
    for number, (name, function) in enumerate(values.items()):
        own = nodes[name]
        blocks[own] = function.x.array.reshape(blocks.shape)[own]
        shared[own] |= holder[own] >= 0
        holder[own] = number
    for name in inlets:
        free = nodes[name][~shared[nodes[name]]]
        factors = _correct(domain, name, asked[name], effective, free)
        if factors is not None:
            own = values[name].x.array.reshape(blocks.shape)
            own[free] = blocks[free] = blocks[free] * factors[:, None]


def _correct(domain, name, asked, effective, free) -> np.ndarray | None:
    """The factors of the velocities at free nodes of an inlet; None if its flux is right."""
    n = ufl.FacetNormal(domain.mesh)
    lost = asked - domain.boundary_integral(ufl.dot(effective, n), name)
    size = domain.boundary_integral(ufl.sqrt(ufl.dot(effective, effective)), name)
    if abs(lost) <= _EQUAL * max(abs(asked), size):
        return None
    velocity = effective.x.array.reshape(-1, domain.dimension)
    signs = np.sign(np.sum(velocity[free] * _directions(domain, name, effective)[free], axis=1))
    change = fem.Function(effective.function_space)
    change.x.array.reshape(velocity.shape)[free] = signs[:, None] * velocity[free]
    through = domain.boundary_integral(ufl.dot(change, n), name)
    if not abs(through) > _EQUAL * max(abs(asked), size):
        raise InputError(
            f"Inlet of boundary {name!r}: the flux {asked:.6g} of its velocity cannot be held, "
            "no node inside it carries any: refine the mesh there"
        )
    return 1 + lost / through * signs


def _directions(domain, name, function) -> np.ndarray:
    """∫ φ² n ds of the nodes of this rank: along the outer normal at those of a boundary."""
    space, n = function.function_space, ufl.FacetNormal(domain.mesh)
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    form = sum(n[i] * u[i] * v[i] for i in range(domain.dimension)) * domain.ds([name])
    matrix = fem.petsc.assemble_matrix(fem.form(form))
    matrix.assemble()
    directions = fem.Function(space)
    directions.x.petsc_vec.array[:] = matrix.getDiagonal().array
    directions.x.scatter_forward()
    return directions.x.array.reshape(-1, domain.dimension)


def _asked_flux(domain, name, inlet, interpolant) -> float:
    """∫ g·n ds over the facets of an inlet."""
    if not callable(inlet.value):
        return domain.boundary_integral(ufl.dot(interpolant, ufl.FacetNormal(domain.mesh)), name)
    points, areas = _quadrature(domain, name)
    flux = 0.0
    if len(points):
        velocity = call_at(inlet.value, points.T, f"Inlet of boundary {name!r}")
        flux = float(np.sum(velocity.T * areas))
    flux = domain.comm.allreduce(flux)
    if not np.isfinite(flux):
        raise InputError(f"Inlet of boundary {name!r}: holds NaN or infinite values")
    return flux


def _quadrature(domain, name) -> tuple[np.ndarray, np.ndarray]:
    """Points (k, d) on a boundary's facets on this rank, and their shares (k, d) of n ds."""
    mesh, facets = domain.mesh, domain.facets[name]
    dimension, d = mesh.topology.dim, domain.dimension
    if not len(facets):
        return np.empty((0, d)), np.empty((0, d))
    kind = basix.cell.sub_entity_type(mesh.basix_cell(), dimension - 1, 0)
    reference, weights = basix.make_quadrature(kind, _DEGREE)
    element = basix.create_element(basix.ElementFamily.P, kind, 1)
    basis, *slopes = element.tabulate(1, reference)[..., 0]
    corners = mesh.geometry.x[dolfinx.mesh.entities_to_geometry(mesh, dimension - 1, facets), :d]
    points = np.einsum("qn,fnd->fqd", basis, corners)
    tangents = np.einsum("jqn,fnd->jfqd", np.array(slopes), corners)
    cells = mesh.topology.connectivity(dimension - 1, dimension).array
    offsets = mesh.topology.connectivity(dimension - 1, dimension).offsets
    behind = mesh.geometry.x[mesh.geometry.dofmap[cells[offsets[facets]]], :d].mean(axis=1)
    outwards = corners.mean(axis=1)[:, None] - behind[:, None]
    if dimension == 3:
        normals = np.cross(*tangents)
    else:  # in the plane of the cell, across the edge and as long
        along = tangents[0] / np.linalg.norm(tangents[0], axis=-1, keepdims=True)
        normals = outwards - np.sum(outwards * along, axis=-1, keepdims=True) * along
        lengths = np.linalg.norm(tangents[0], axis=-1) / np.linalg.norm(normals, axis=-1)
        normals = normals * lengths[..., None]
    normals = normals * np.sign(np.sum(normals * outwards, axis=-1, keepdims=True))
    return points.reshape(-1, d), (weights[:, None] * normals).reshape(-1, d)
