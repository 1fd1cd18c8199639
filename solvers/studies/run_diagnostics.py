"""Read off a solved case what its report shows; what fails is named, and the rest is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from solvers.diagnostics.boundaries import boundary_fluxes, reynolds_number
from solvers.diagnostics.profiles import station_profiles
from solvers.diagnostics.wall_units import wall_units
from solvers.diagnostics.walls import WallQuantities, along_wall, wall_force
from solvers.fem.fields import function_from
from solvers.fem.sampling import average_at_vertices
from solvers.fenics import MPI
from solvers.flow.conditions import Inlet, Wall
from solvers.flow.result import FlowResult
from solvers.studies.case import Case
from solvers.studies.run_reference import Comparison, compare
from solvers.studies.run_summary import RunSummary
from vcnn.closure.closure import Closure
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets

log = logging.getLogger("vcnn.solvers")


class Attempts:
    """Make what may fail: what fails is kept by its name, the log says so, and one goes on.

    On several ranks only an `InputError` is caught, which all of them meet; after another error on
    one of them the rest would wait for it.

    Attributes
    ----------
    failures : dict name -> str
    """

    def __init__(self, comm: MPI.Comm):
        self.failures: dict[str, str] = {}
        self._first, self._caught = comm.rank == 0, InputError if comm.size > 1 else Exception

    def __call__(self, name: str, make: Callable[[], object], otherwise: object) -> object:
        """What ``make`` gives, or if it fails what stands in its place."""
        try:
            return make()
        except self._caught as error:
            kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
            self.failures[name] = kind + " ".join(str(error).split())
            if self._first:
                log.warning("%s could not be made: %s", name, self.failures[name])
            return otherwise


def summarise(
    case: Case, result: FlowResult, closure: Closure | None, name: str, resumed: bool
) -> RunSummary:
    """Read off a solution what there is to report; call it on all ranks.

    Parameters
    ----------
    case : Case
    result : FlowResult
    closure : Closure, optional
        That the flow was solved with.
    name : str
        Of the closure or model.
    resumed : bool
        Whether the iteration went on from a checkpoint.

    Returns
    -------
    RunSummary
        Its ``failures`` name what could not be made.
    """
    flow, vertices, domain = result.flow(), result.flow("vertex"), result.domain
    speed, plane = _speed(case, flow), domain.dimension == 2
    attempt = Attempts(domain.comm)
    profiles, walls, extrapolation, comparison = (), {}, None, Comparison()
    if plane:
        profiles = attempt(
            "velocity profiles", lambda: tuple(station_profiles(result, case.stations)), ()
        )
        walls = attempt("wall quantities", lambda: _along_walls(result, speed), {})
    if case.reference is not None:
        comparison = attempt(
            "comparison with the reference",
            lambda: compare(case, result, profiles, walls, speed),
            comparison,
        )
    if closure is not None and closure.training_range is not None:
        points = flow if case.location == "cell" else vertices
        extrapolation = attempt("extrapolation", lambda: closure.extrapolation(points), None)
    of_closure = {"clipped": result.clipped, "extrapolation": extrapolation}
    of_closure = {name: v for name, v in of_closure.items() if v is not None}
    if case.location == "cell":
        functions = {name: function_from(domain, v, "cell", name) for name, v in of_closure.items()}
        of_closure = average_at_vertices(domain, functions)
    return RunSummary(
        case=case,
        closure=name,
        resumed=resumed,
        flow=flow,
        vertices=vertices.with_fields(scalars=of_closure),
        residuals=result.residuals,
        history={} if result.history is None else asdict(result.history),
        speed=speed,
        forces=attempt("forces", lambda: {w: wall_force(result, w) for w in domain.walls}, {}),
        walls=walls,
        profiles=profiles,
        comparison=comparison,
        extrapolation=extrapolation,
        clipped=result.clipped,
        fluxes=attempt("fluxes", lambda: boundary_fluxes(result), {}),
        reynolds=attempt("Reynolds number", lambda: reynolds_number(result), None),
        wall_units=attempt(
            "wall units", lambda: {w: wall_units(result, w) for w in domain.walls}, {}
        ),
        notes=result.notes,
        failures=attempt.failures,
    )


def _speed(case, flow) -> float:
    """The largest velocity given on the boundary, else the bulk velocity, else the largest one."""
    velocities = []
    for name, condition in case.conditions.items():
        if isinstance(condition, Wall) and condition.velocity is not None:
            velocities.append(condition.velocity)
        elif isinstance(condition, Inlet) and callable(condition.value):
            blocks = boundary_facets(case.mesh)[name]
            middles = [case.mesh.points[facets].mean(axis=1) for _, facets in blocks]
            velocities.extend(condition.value(np.concatenate(middles).T).T)
        elif isinstance(condition, Inlet):
            velocities.append(condition.value)
    largest = max((float(np.linalg.norm(velocity)) for velocity in velocities), default=0.0)
    bulk = abs(flow.parameters.get("bulk_velocity", 0.0))
    return largest or bulk or float(np.linalg.norm(flow.velocity, axis=1).max())


def _along_walls(result, speed) -> dict[str, WallQuantities]:
    walls = {}
    for name in result.domain.walls:
        try:
            walls[name] = along_wall(result, name, speed)
        except InputError:  # a closed line, or several
            continue
    return walls
