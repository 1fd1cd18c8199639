"""Where the iteration for a flow begins: at rest, or from a flow on this or another mesh, or from a
checkpoint.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from solvers.fem.checkpoint import functions_in, load_checkpoint
from solvers.fem.domain import Domain
from solvers.fem.points import evaluate
from solvers.fenics import fem
from solvers.flow.incompressible import FlowResult
from vcnn.errors import InputError


def begun(problem, start, comm) -> tuple[Domain, FlowResult | None]:
    """The domain of a flow, and the start on that domain.

    Parameters
    ----------
    problem : FlowProblem
    start : FlowResult, path or None
        As in :meth:`solvers.LaminarFlow.solve`.
    comm : MPI communicator

    Raises
    ------
    InputError
        If the mesh or the conditions cannot be used, the start is something else or does not cover
        the mesh, or the file cannot be read or belongs to another mesh.
    """
    if isinstance(start, FlowResult) and _same(start.domain, problem):
        return start.domain, start
    domain = problem.boundary_conditions.build_domain(problem.facts, comm)
    if start is None:
        return domain, None
    if isinstance(start, FlowResult):
        return domain, _interpolated(problem, start, domain)
    if isinstance(start, str | Path):
        return domain, _read(problem, start, domain)
    raise InputError(
        f"start: expected a FlowResult or the path of a checkpoint, got {type(start).__name__}"
    )


def _same(domain, problem) -> bool:
    """Whether a domain is the one that the mesh of a problem makes under its conditions."""
    conditions = problem.boundary_conditions
    openings = set(domain.facets) - set(domain.walls)
    return (
        (domain.walls, domain.periodic) == (conditions.walls, conditions.periodic)
        and openings == set(conditions.openings)
        and problem.facts.is_same_mesh(domain.facts)
    )


def _read(problem, path, domain) -> FlowResult:
    others = (
        "velocity",
        "pressure",
        "eddy_viscosity",
        "anisotropy",
        "concentration",
    )  # all but two: of coupling
    scalars = [name for name in functions_in(path) if name not in others]
    functions = _functions(domain, scalars)
    numbers = load_checkpoint(path, domain, functions)
    if not {"pressure_gradient", "residual"} <= set(numbers):
        raise InputError(f"{path}: was not written by FlowResult.checkpoint")
    return _result(problem, domain, functions, numbers["pressure_gradient"], numbers["residual"])


def _interpolated(problem, start, domain) -> FlowResult:
    """The start at the nodes of another mesh; nodes beyond its own are given what its nearest cells
    continue to.
    """
    if start.domain.dimension != domain.dimension:
        raise InputError(
            f"start: has {start.domain.dimension} dimensions, the mesh has {domain.dimension}"
        )
    functions = _functions(domain, start.scalars)
    known = {"velocity": start.velocity, "pressure": start.pressure, **start.scalars}
    for name, new in functions.items():
        nodes = new.function_space.tabulate_dof_coordinates()[:, : domain.dimension]
        every = domain.mesh.comm.allgather(nodes)
        try:
            values = evaluate(known[name], np.concatenate(every))
        except InputError as error:
            raise InputError(f"start: does not cover the mesh: {error}") from None
        first = sum(map(len, every[: domain.mesh.comm.rank]))
        new.x.array[:] = values[first : first + len(nodes)].ravel()
    return _result(problem, domain, functions, start.pressure_gradient, np.inf)


def _functions(domain, scalars) -> dict[str, fem.Function]:
    """Velocity and pressure of Taylor-Hood elements, and linear scalars of these names."""
    shapes = {"velocity": ("Lagrange", 2, (domain.dimension,))} | dict.fromkeys(
        ("pressure", *scalars), ("Lagrange", 1)
    )
    return {
        name: fem.Function(fem.functionspace(domain.mesh, shape), name=name)
        for name, shape in shapes.items()
    }


def _result(problem, domain, functions, pressure_gradient, residual) -> FlowResult:
    scalars = dict(functions)
    velocity, pressure = scalars.pop("velocity"), scalars.pop("pressure")
    return FlowResult(
        problem, domain, velocity, pressure, pressure_gradient, (residual,), scalars=scalars
    )
