"""The velocity that carries a scalar, from whatever form it is known in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import meshio
import numpy as np

from solvers.fem.communicator import communicator
from solvers.fem.domain import Domain
from solvers.fem.fields import function_from
from solvers.fem.sampling import flow_field
from solvers.fenics import MPI, Expr, fem
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.momentum import strain_rate
from solvers.flow.result import FlowResult
from vcnn.errors import InputError
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class Carrier:
    """A velocity on a domain.

    Parameters
    ----------
    domain : Domain
    velocity : dolfinx Function of shape (d,)
    strain_rate : scalar UFL expression
        |S| = √2 |sym ∇u|.
    flow : callable location -> FlowField
    """

    domain: Domain
    velocity: fem.Function
    strain_rate: Expr
    flow: Callable[[str], FlowField]


def as_carrier(
    velocity: FlowResult | FlowField | fem.Function,
    mesh: meshio.Mesh | Domain,
    conditions: BoundaryConditions,
    comm: MPI.Comm,
) -> Carrier:
    """The carrier for a FlowResult, a FlowField or a dolfinx Function on ``mesh``.

    Raises
    ------
    InputError
        If the velocity belongs to another mesh, holds NaN, or lacks what a production needs.
    """
    if isinstance(velocity, FlowResult):
        return _from_result(velocity, mesh, conditions)
    domain = mesh if isinstance(mesh, Domain) else conditions.build_domain(mesh, comm)
    if isinstance(velocity, FlowField):
        return _from_flow(velocity, domain)
    if isinstance(velocity, fem.Function):
        return _from_function(velocity, domain)
    raise InputError(
        f"velocity: expected a FlowResult, FlowField or dolfinx Function, got {type(velocity)}"
    )


def _from_result(result, mesh, conditions):
    domain, walls, periodic = result.domain, conditions.walls, conditions.periodic
    if mesh is not domain and not _same_points(getattr(mesh, "points", None), domain.source):
        raise InputError("velocity: was solved on another mesh than the one given")
    if (set(walls), set(periodic)) != (set(domain.walls), set(domain.periodic)):
        raise InputError(
            f"velocity: was solved with walls {domain.walls} and periodic {domain.periodic}, "
            f"not {walls} and {periodic}"
        )
    if {*walls, *conditions.openings} != set(domain.facets):
        raise InputError(
            f"conditions: expected one for each of {tuple(domain.facets)}, "
            f"got {(*walls, *conditions.openings)}"
        )
    _check_finite(result.velocity)
    return Carrier(domain, result.velocity, strain_rate(result.velocity), result.flow)


def _from_flow(flow, domain):
    if flow.mesh is None or not _same_points(flow.mesh.points, domain.source):
        raise InputError("velocity: the flow does not live on the mesh given")
    u = function_from(domain, flow.velocity, flow.location, "velocity")
    if "strain_rate" in flow.scalars:
        strain = function_from(domain, flow.scalars["strain_rate"], flow.location, "strain_rate")
    elif flow.location == "vertex":
        strain = strain_rate(u)
    else:
        raise InputError("velocity: a flow at cells needs 'strain_rate' among its scalars")

    def same(location: str) -> FlowField:
        """The flow itself."""
        if location != flow.location:
            raise InputError(
                f"location: the velocity is known at {flow.location!r} only, got {location!r}"
            )
        return flow

    return Carrier(domain, u, strain, same)


def _from_function(u, domain):
    if u.function_space.mesh is not domain.mesh:
        raise InputError(
            "velocity: the Function must live on domain.mesh; pass the Domain as the mesh"
        )
    if u.ufl_shape != (domain.dimension,):
        raise InputError(
            f"velocity: expected a Function of shape ({domain.dimension},), got {u.ufl_shape}"
        )
    _check_finite(u)
    strain = strain_rate(u)

    def sample_at(location: str) -> FlowField:
        """What is known of the velocity there."""
        return flow_field(domain, location, u, expressions={"strain_rate": strain})

    return Carrier(domain, u, strain, sample_at)


def _check_finite(u):
    bad = communicator(u.function_space.mesh).allreduce(int((~np.isfinite(u.x.array)).sum()))
    if bad:
        raise InputError(f"velocity: {bad} values are NaN or infinite")


def _same_points(points, source):
    return np.shape(points) == source.points.shape and np.allclose(
        points, source.points, rtol=0, atol=1e-12
    )
