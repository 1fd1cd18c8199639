"""Where the iteration for a flow begins: at rest, or from a flow on this or another mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from solvers.fem.checkpoint import functions_in, load_checkpoint
from solvers.fem.domain import Domain
from solvers.fem.points import evaluate
from solvers.fenics import MPI, fem
from solvers.flow.momentum import MomentumBalance
from solvers.flow.result import FlowResult
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

if TYPE_CHECKING:
    from solvers.flow.problem import FlowProblem

# What a checkpoint may hold besides the scalars of a turbulence model: all but two are of coupling.
_NO_SCALARS = ("velocity", "pressure", "eddy_viscosity", "anisotropy", "concentration")


_BEYOND = 0.1  # of the mesh: how far its ends may be from the points of a flow to start from


@dataclass(frozen=True, eq=False)
class Start:
    """A flow to begin from, which need not solve anything.

    Parameters
    ----------
    domain : Domain
    velocity : dolfinx Function of shape (d,)
    pressure : dolfinx Function
        Kinematic.
    force : float
        That drives it, velocity²/length.
    scalars : mapping name -> dolfinx Function
        Of a turbulence model.
    """

    domain: Domain
    velocity: fem.Function
    pressure: fem.Function
    force: float = 0.0
    scalars: Mapping[str, fem.Function] = field(default_factory=dict)


def start_on(
    problem: FlowProblem,
    start: FlowResult | FlowField | Start | str | Path | None,
    comm: MPI.Comm,
) -> tuple[Domain, Start | None]:
    """The domain of a flow, and the start on that domain.

    Parameters
    ----------
    problem : FlowProblem
    start : FlowResult, FlowField, Start, path of a checkpoint, or None
        As in :meth:`solvers.LaminarFlow.solve`.
    comm : MPI communicator

    Raises
    ------
    InputError
        If the mesh or the conditions cannot be used, the start is something else or does not cover
        the mesh, or the file cannot be read or belongs to another mesh.
    """
    if isinstance(start, FlowResult):
        start = Start(
            start.domain, start.velocity, start.pressure, start.pressure_gradient, start.scalars
        )
    if isinstance(start, Start) and _is_domain_of(start.domain, problem):
        return start.domain, start
    domain = problem.boundary_conditions.build_domain(problem.facts, comm)
    if start is None:
        return domain, None
    if isinstance(start, Start):
        return domain, _interpolate(start, domain)
    if isinstance(start, FlowField):
        return domain, _from_points(start, domain)
    if isinstance(start, str | Path):
        return domain, _read(start, domain)
    raise InputError(
        "start: expected a FlowResult, a FlowField or the path of a checkpoint, got "
        f"{type(start).__name__}"
    )


def start_in(balance: MomentumBalance, start: Start) -> np.ndarray:
    """The unknowns of a `MomentumBalance` on the start's domain, made to satisfy its conditions."""
    guess, pressure = fem.Function(balance.space), start.pressure.copy()
    pressure.x.array[:] /= float(balance.speed)
    guess.sub(0).interpolate(start.velocity)
    guess.sub(1).interpolate(pressure)
    for bc in balance.bcs:
        bc.set(guess.x.array)
    if balance.blocked is not None:
        guess.x.petsc_vec.axpy(-1, balance.blocked * guess.x.petsc_vec)
        guess.x.scatter_forward()
    return guess.x.array


def _is_domain_of(domain, problem) -> bool:
    """Whether a domain is the one that the mesh of a problem makes under its conditions."""
    conditions = problem.boundary_conditions
    openings = set(domain.facets) - set(domain.walls)
    return (
        (domain.walls, domain.periodic) == (conditions.walls, conditions.periodic)
        and openings == set(conditions.openings)
        and problem.facts.is_same_mesh(domain.facts)
    )


def _read(path, domain) -> Start:
    scalars = [name for name in functions_in(path) if name not in _NO_SCALARS]
    functions = _functions(domain, scalars)
    numbers = load_checkpoint(path, domain, functions)
    if not {"pressure_gradient", "residual"} <= set(numbers):
        raise InputError(f"{path}: was not written by FlowResult.checkpoint")
    return _start(domain, functions, numbers["pressure_gradient"])


def _interpolate(start, domain) -> Start:
    """The start at the nodes of another mesh.

    Nodes beyond its own mesh are given what its nearest cells continue to.
    """
    if start.domain.dimension != domain.dimension:
        raise InputError(
            f"start: has {start.domain.dimension} dimensions, the mesh has {domain.dimension}"
        )
    functions = _functions(domain, start.scalars)
    sources = {"velocity": start.velocity, "pressure": start.pressure, **start.scalars}
    for name, new in functions.items():
        nodes = new.function_space.tabulate_dof_coordinates()[:, : domain.dimension]
        every = domain.comm.allgather(nodes)
        try:
            values = evaluate(sources[name], np.concatenate(every))
        except InputError as error:
            raise InputError(f"start: does not cover the mesh: {error}") from None
        first = sum(map(len, every[: domain.comm.rank]))
        new.x.array[:] = values[first : first + len(nodes)].ravel()
    return _start(domain, functions, start.force)


def _from_points(flow, domain) -> Start:
    """Velocity and pressure of a flow at points, linear between these; the nearest one's beyond.

    Without a pressure it is 0. Scalars of turbulence models are not taken: at points they are too
    coarse near walls.
    """
    if flow.dimension != domain.dimension:
        raise InputError(f"start: has {flow.dimension} dimensions, the mesh has {domain.dimension}")
    if domain.normal is not None:
        raise InputError("start: on a section give a FlowResult or the path of a checkpoint")
    low, high = domain.source.points.min(axis=0), domain.source.points.max(axis=0)
    reach = [flow.points.min(axis=0) - low, high - flow.points.max(axis=0)]
    if (np.max(reach, axis=0) > _BEYOND * (high - low)).any():
        raise InputError("start: the points of the flow do not reach over the mesh")
    pressure = flow.scalars.get("pressure", np.zeros(len(flow)))
    values = np.column_stack([flow.velocity, pressure])
    linear = LinearNDInterpolator(flow.points, values)
    nearest = NearestNDInterpolator(flow.points, values)
    functions = _functions(domain, ())
    for name, part in (("velocity", slice(None, -1)), ("pressure", slice(-1, None))):
        space = functions[name].function_space
        nodes = space.tabulate_dof_coordinates()[:, : domain.dimension]
        inside = linear(nodes)
        everywhere = np.where(np.isnan(inside), nearest(nodes), inside)
        functions[name].x.array[:] = everywhere[:, part].ravel()
    return _start(domain, functions, flow.parameters.get("pressure_gradient", 0.0))


def _functions(domain, scalars) -> dict[str, fem.Function]:
    """Velocity and pressure of Taylor-Hood elements, and linear scalars of these names."""
    shapes = {"velocity": ("Lagrange", 2, (domain.dimension,))}
    shapes |= dict.fromkeys(("pressure", *scalars), ("Lagrange", 1))
    return {
        name: fem.Function(fem.functionspace(domain.mesh, shape), name=name)
        for name, shape in shapes.items()
    }


def _start(domain, functions, force) -> Start:
    scalars = dict(functions)
    velocity, pressure = scalars.pop("velocity"), scalars.pop("pressure")
    return Start(domain, velocity, pressure, force, scalars)
