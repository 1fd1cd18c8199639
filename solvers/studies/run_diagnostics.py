"""Read off a solved case what its report shows; what fails is named, and the rest is kept."""

from __future__ import annotations

import numpy as np

from meshes.report.attempts import Attempts
from meshes.report.bands import Bands, Readings
from meshes.report.quantities import WallQuantities
from meshes.report.records import ClosureRecord
from meshes.report.reference import Comparison, compare, wall_frictions
from meshes.report.summary import FlowSummary
from solvers.coupling.members import FlowEnsemble
from solvers.diagnostics.boundaries import boundary_fluxes, reynolds_number
from solvers.diagnostics.profiles import station_profiles
from solvers.diagnostics.wall_units import wall_units
from solvers.diagnostics.walls import along_wall, wall_force
from solvers.fem.fields import function_from
from solvers.fem.points import evaluate
from solvers.fem.sampling import average_at_vertices
from solvers.flow.boundary_conditions import conditions_from
from solvers.flow.conditions import Inlet, Wall
from solvers.flow.result import FlowResult
from solvers.studies.case import BASELINES, Case
from solvers.studies.run_words import boundary_kinds, first_cells, run_progress
from vcnn.closure.closure import Closure
from vcnn.errors import InputError, naming
from vcnn.flow.mesh import boundary_facets


def summarise(
    case: Case,
    result: FlowResult,
    closure: Closure | None,
    name: str,
    resumed: bool,
    members: FlowEnsemble | None = None,
) -> FlowSummary:
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
    members : FlowEnsemble, optional
        The flow with each member of the closure.

    Returns
    -------
    FlowSummary
        Its ``failures`` name what could not be made.
    """
    flow, vertices, domain = result.flow(), result.flow("vertex"), result.domain
    speed, plane = _speed(case, flow), domain.dimension == 2
    model = name if closure is None else BASELINES.get(closure.usage.get("baseline"), name)
    attempt = Attempts(domain.comm.rank, domain.comm.size)
    profiles, walls, extrapolation, comparison = (), {}, None, Comparison()
    if plane:
        profiles = attempt(
            "velocity profiles", lambda: tuple(station_profiles(result, case.stations)), ()
        )
        walls = attempt("wall quantities", lambda: _along_walls(result, speed), {})
    if case.reference is not None:
        comparison = attempt(
            "comparison with the reference",
            lambda: _compare(case, result, profiles, walls, speed),
            comparison,
        )
    if closure is not None and closure.training_range is not None:
        points = flow if case.location == "cell" else vertices
        extrapolation = attempt(
            "extrapolation", lambda: result.problem.closure.extrapolation(points), None
        )
    bands = attempt("bands", lambda: _bands(case, members, speed), None) if members else None
    record = None
    if result.history is not None:
        record = ClosureRecord(case.location, extrapolation, result.clipped)
    return FlowSummary(
        closure=name,
        viscosity=case.viscosity,
        method="with quadratic velocities",
        flow=flow,
        vertices=vertices.with_fields(_further_fields(case, result, extrapolation, bands)),
        progress=run_progress(result, record, resumed),
        boundaries=boundary_kinds(conditions_from(case.conditions)),
        speed=speed,
        forces=attempt("forces", lambda: {w: wall_force(result, w) for w in domain.walls}, {}),
        walls=walls,
        profiles=profiles,
        record=record,
        reference=case.reference,
        comparison=comparison,
        bands=bands,
        fluxes=attempt("fluxes", lambda: boundary_fluxes(result), {}),
        reynolds=attempt("Reynolds number", lambda: reynolds_number(result), None),
        first_cells=attempt(
            "wall units",
            lambda: first_cells({w: wall_units(result, w) for w in domain.walls}, model),
            first_cells({}, model),
        ),
        notes=result.notes,
        failures=attempt.failures,
    )


def _compare(case, result, profiles, walls, speed) -> Comparison:
    reference, friction = case.reference.flow, {}
    with naming(f"[reference]: {case.reference.name}"):
        velocity = evaluate(result.velocity, reference.points)
        if profiles:
            conditions = case.conditions.items()
            at_rest = [name for name, c in conditions if isinstance(c, Wall) and c.velocity is None]
            friction = wall_frictions(reference, walls, at_rest, case.viscosity, speed)
        return compare(reference, velocity, profiles, friction)


def _further_fields(case, result, extrapolation, bands) -> dict[str, np.ndarray]:
    """At the vertices: where a closure was clipped and extrapolates, and how members differ."""
    fields = {"clipped": result.clipped, "extrapolation": extrapolation}
    fields = {name: values for name, values in fields.items() if values is not None}
    if case.location == "cell":
        domain = result.domain
        functions = {name: function_from(domain, v, "cell", name) for name, v in fields.items()}
        fields = average_at_vertices(domain, functions)
    return fields if bands is None else {**fields, **bands.fields}


def _bands(case, members, speed) -> Bands:
    readings = []
    for result in members.results:
        profiles, walls = (), {}
        if result.domain.dimension == 2:
            profiles = station_profiles(result, case.stations)
            walls = _along_walls(result, speed)
        readings.append(Readings(result.flow(), result.flow("vertex"), profiles, walls))
    return Bands.of(readings, members.factor, members.seconds)


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
