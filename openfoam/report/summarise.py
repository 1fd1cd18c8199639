"""Read off a solved case what its page shows; what fails is named, and the rest is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.at_vertices import between_vertices, vertex_means
from meshes.geometry.boundary_facets import find_boundary
from meshes.geometry.gradients import cell_gradient
from meshes.geometry.lines import line_across
from meshes.report.attempts import Attempts
from meshes.report.bands import Bands, Readings
from meshes.report.quantities import ReynoldsNumber, WallQuantities
from meshes.report.records import ClosureRecord, FirstCells
from meshes.report.reference import Comparison, Reference, compare, wall_frictions
from meshes.report.summary import FlowSummary
from openfoam.report.closure_history import read_history
from openfoam.report.closure_record import extrapolation, read_turbulence, velocity_factor
from openfoam.report.logs import read_logs
from openfoam.report.progress import case_progress
from openfoam.report.solved_case import SolvedCase
from openfoam.report.walls import along_wall, wall_stress
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets, cell_dimension

_COUNT = 101  # points of a profile
_SUBLAYER = 5.0  # y⁺ up to which the velocity is linear, and its slope at a wall that of one cell
_FIRST_CELLS = (
    "The distances of the middles of the first cells from walls times u_τ/ν, u_τ² being the shear "
    f"stress there, from the velocity in these cells: it is linear up to y⁺ = {_SUBLAYER:g}."
)


def summarise(
    case: SolvedCase,
    stations: Sequence[float] = (),
    reference: Reference | None = None,
    members: Sequence[SolvedCase] = (),
) -> FlowSummary:
    """Read off a case what there is to report.

    Parameters
    ----------
    case : SolvedCase
    stations : sequence of float
        The x of velocity profiles.
    reference : Reference, optional
        In place of a field of the case.
    members : sequence of SolvedCase
        The same case with the members of its ensemble, none or two at least.

    Returns
    -------
    FlowSummary
        Its ``failures`` name what could not be made.
    """
    attempt, flow, nu = Attempts(), case.flow, case.flow.parameters["viscosity"]
    turbulence, log = read_turbulence(case.folder), read_logs(case.folder)
    ends = [float(case.time), *(() if log is None else log.times[-1:])]
    history = read_history(case.folder, max(ends))
    speed, vertices = _speed(case), _at_vertices(case, attempt)
    record = _record(turbulence, case, history, attempt) if turbulence.model else None
    plane, profiles, walls = flow.dimension == 2, (), {}
    if plane:
        profiles = attempt("velocity profiles", lambda: _profiles(vertices, stations), ())
        walls = attempt("wall quantities", lambda: _along_walls(case, speed), {})
    bands = attempt("bands", lambda: _bands(members, case, stations, speed), None)
    reference, notes, comparison = reference or case.reference, case.notes, Comparison()
    if reference is not None:
        comparison, outside = attempt(
            "comparison with the reference",
            lambda: _compare(case, vertices, reference, profiles, walls, speed),
            (comparison, 0),
        )
        if outside:
            notes = (*notes, f"{outside} points of {reference.name} lie outside of the mesh.")
    stresses = attempt("forces", lambda: {w: wall_stress(case, w) for w in case.walls}, {})
    return FlowSummary(
        closure=turbulence.name,
        viscosity=nu,
        method=f"of the OpenFOAM case {case.folder.resolve().name} at time {case.time}",
        flow=flow,
        vertices=vertices.with_fields({} if bands is None else bands.fields),
        progress=case_progress(case.time, log, history, record is not None),
        boundaries=case.kinds,
        speed=speed,
        forces={wall: stress.force for wall, stress in stresses.items()},
        walls=walls,
        profiles=profiles,
        first_cells=FirstCells(
            {wall: stress.units(nu) for wall, stress in stresses.items()},
            _FIRST_CELLS,
            _SUBLAYER,
            "the shear stress on walls",
        ),
        fluxes=case.fluxes,
        reynolds=attempt("Reynolds number", lambda: _reynolds(case), None),
        record=record,
        reference=reference,
        comparison=comparison,
        bands=bands,
        notes=notes,
        failures=attempt.failures,
    )


def _speed(case) -> float:
    """The largest velocity of walls and inlets, else the bulk velocity, else the largest one."""
    flow = case.flow
    speeds = [float(np.linalg.norm(velocity)) for velocity in case.wall_velocities.values()]
    for name in (name for name, kind in case.kinds.items() if kind == "inlet"):
        behind = find_boundary(flow.mesh, name).cells
        speeds.append(float(np.linalg.norm(flow.velocity[behind], axis=1).max()))
    largest = float(np.linalg.norm(flow.velocity, axis=1).max())
    return max(speeds, default=0.0) or abs(flow.parameters.get("bulk_velocity", 0.0)) or largest


def _at_vertices(case, attempt) -> FlowField:
    """The flow at vertices: that of walls there, else means over the cells around."""
    flow, mesh = case.flow, case.flow.mesh
    gradients = attempt(
        "velocity gradients",
        lambda: cell_gradient(mesh, flow.velocity, flow.periods, case.wall_velocities),
        None,
    )
    velocity, facets = vertex_means(mesh, flow.velocity, gradients), boundary_facets(mesh)
    for wall, value in case.wall_velocities.items():
        for _, vertices in facets[wall]:
            velocity[vertices.ravel()] = value
    names = [name for name in ("pressure", "eddy_viscosity") if name in flow.scalars]
    scalars = {name: vertex_means(mesh, flow.scalars[name]) for name in names}
    return FlowField(mesh.points, velocity, scalars=scalars, parameters=flow.parameters, mesh=mesh)


def _bands(members, case, stations, speed) -> Bands | None:
    if not members:
        return None
    readings = []
    for member in members:
        vertices, profiles, walls = _at_vertices(member, Attempts()), (), {}
        if case.flow.dimension == 2:
            profiles, walls = _profiles(vertices, stations), _along_walls(member, speed)
        readings.append(Readings(member.flow, vertices, profiles, walls))
    return Bands.of(readings, velocity_factor(case.folder))


def _record(turbulence, case, history, attempt) -> ClosureRecord:
    """What its own history tells of a closure, and what it says of the flow now."""
    distance = attempt(
        "extrapolation", lambda: extrapolation(turbulence, case.folder, case.cell_fields), None
    )
    if distance is not None and case.order is not None:
        distance = distance[case.order]
    if history is None:
        return ClosureRecord("cell", distance)
    clipped = history.told_clipped or 0.0
    return ClosureRecord("cell", distance, None, clipped, history.told_extrapolating)


def _profiles(vertices, stations) -> tuple[FlowField, ...]:
    mesh, names = vertices.mesh, list(vertices.scalars)
    facets = np.concatenate([f for blocks in boundary_facets(mesh).values() for _, f in blocks])
    values = np.column_stack([vertices.velocity, *vertices.scalars.values()])
    profiles = []
    for x in stations:
        points = line_across(mesh.points, facets, x, _COUNT)
        on_line = between_vertices(mesh, values, points)
        inside = np.isfinite(on_line).all(axis=1)
        scalars = dict(zip(names, on_line[inside, 2:].T, strict=True))
        profile = FlowField(points[inside], on_line[inside, :2], scalars=scalars)
        profiles.append(profile.with_fields(parameters={"station": x}))
    return tuple(profiles)


def _along_walls(case, speed) -> dict[str, WallQuantities]:
    walls = {}
    for name in case.walls:
        try:
            walls[name] = along_wall(case, name, speed)
        except InputError:  # a closed line, or several
            continue
    return walls


def _compare(case, vertices, reference, profiles, walls, speed) -> tuple[Comparison, int]:
    """The comparison, and how many points of the reference are outside of the mesh.

    There the nearest vertex stands for the flow.
    """
    other = reference.flow
    if reference is case.reference:
        friction = {wall: _own_friction(case, other, wall, speed) for wall in walls}
        return compare(other, case.flow.velocity, profiles, friction), 0
    velocity = between_vertices(vertices.mesh, vertices.velocity, other.points)
    outside = np.isnan(velocity).any(axis=1)
    nearest = cKDTree(vertices.points).query(other.points[outside])[1]
    velocity[outside] = vertices.velocity[nearest]
    at_rest = [wall for wall, u in case.wall_velocities.items() if not u.any()]
    nu = case.flow.parameters["viscosity"]
    friction = wall_frictions(other, walls, at_rest, nu, speed) if profiles else {}
    return compare(other, velocity, profiles, friction), int(outside.sum())


def _own_friction(case, flow, wall, speed) -> np.ndarray:
    """Of another flow in the same cells; NaN where they reach out of its viscous sublayer."""
    other = replace(case, flow=flow)
    friction, stress = along_wall(other, wall, speed).skin_friction, wall_stress(other, wall)
    units = stress.units(flow.parameters["viscosity"])
    return friction if units.largest <= _SUBLAYER else np.full_like(friction, np.nan)


def _reynolds(case) -> ReynoldsNumber | None:
    flow = case.flow
    nu, bulk, volume = (
        *map(flow.parameters.get, ("viscosity", "bulk_velocity")),
        flow.weights.sum(),
    )
    if bulk is not None and flow.dimension == 2:
        return ReynoldsNumber.of_section(nu, bulk, volume, flow.periods[0])
    if bulk is not None:
        area = sum(find_boundary(flow.mesh, wall).areas.sum() for wall in case.walls)
        extent = np.ptp(flow.mesh.points, axis=0).max()
        return ReynoldsNumber.of_duct(nu, bulk, volume, area, extent)
    inlets = [name for name, kind in case.kinds.items() if kind == "inlet"]
    if not inlets:
        return None
    area = sum(find_boundary(flow.mesh, name).areas.sum() for name in inlets)
    flux = sum(case.fluxes[name] for name in inlets)
    return ReynoldsNumber.of_inlets(nu, flux, area, cell_dimension(flow.mesh) == 2)
