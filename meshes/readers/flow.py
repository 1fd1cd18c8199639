"""From a dataset to a flow or a mesh: what is computed, and what is said."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import meshio
import numpy as np

from meshes.geometry.cells import centres_and_volumes, vertex_weights
from meshes.geometry.periods import check_period, flow_period
from meshes.geometry.surface import box_sides, outer_boundary
from meshes.geometry.wall_fields import with_wall_fields
from meshes.readers.dataset import Dataset
from meshes.readers.domain import Domain, along, find_domain
from meshes.readers.fields import choose_fields, crosses_plane, into_plane, sort_fields
from meshes.readers.tidy import tidy
from vcnn.errors import InputError, naming, suggest
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets, cell_dimension, named_mesh

OUTER = "outer"  # as a wall: every facet of the mesh's surface that no period joins


def dataset_flow(
    dataset: Dataset,
    fields: Mapping[str, str] | None = None,
    walls: Sequence[str] | None = None,
    period: Sequence | None = None,
    location: str | None = None,
) -> FlowField:
    """The flow of a dataset; one warning names everything that was left out, merged or assumed.

    - Coincident points are merged, points of no cell left out.
    - Cells in a plane of any orientation make a plane flow; with a velocity across it they make a
      section of space, with three components. Components of other fields across a plane flow are
      kept by themselves, see :func:`meshes.readers.fields.into_plane`.
    - Weights are cell volumes, or these shared out equally among the cell's vertices.
    - "boundary", "wall_distance" and, at cells, "strain_rate" are added where they are missing and
      walls are known; without walls "strain_rate" alone.

    Parameters
    ----------
    dataset : Dataset
    fields : mapping name -> name in the dataset, optional
        Names to be given to fields, e.g. ``{"velocity": "UMean"}``.
    walls : sequence of str, optional
        Names of boundaries that are walls; "outer" is every facet of the mesh's surface that no
        period joins. Default: those that the file calls walls; where it tells no types "bottom",
        "top", and any name with "wall" in it.
    period : (d,) or sequence of (d,), optional
        Period vectors. Default: those that the file tells; where it tells no types of boundaries,
        that from "inlet" to "outlet" if these are translates of each other.
    location : {"vertex", "cell"}, optional
        Where the fields are to be taken; default where the velocity is, vertices first.

    Raises
    ------
    InputError
        If a mesh has no velocity, or what is asked for is not there or makes no sense.
    """
    # What is not finite is refused by name: NumPy need not say so before.
    with naming(_place(dataset)), np.errstate(over="ignore", invalid="ignore"):
        dataset = tidy(dataset)
        domain = find_domain(dataset)
        choice = choose_fields(dataset, dict(fields or {}), location)
        domain, kinds, skipped, notes = _fields_in(domain, dataset, choice)
        periods = _periods(dataset, domain, period)
        if domain.mesh is not None:
            mesh, walls = _walls(dataset, domain.mesh, periods, walls)
            domain = replace(domain, mesh=mesh)
        points, weights = _places(dataset, domain, choice.location)
        flow = FlowField(
            points=points,
            weights=weights,
            velocity=kinds.vectors.pop("velocity"),
            scalars=kinds.scalars,
            vectors=kinds.vectors,
            tensors=kinds.tensors,
            periods=periods,
            parameters=dataset.parameters,
            mesh=domain.mesh,
            location=choice.location,
            provenance={**dataset.provenance, "skipped_fields": skipped},
        )
        if flow.mesh is not None:
            complete = bool(walls) or bool(dataset.patch_types)
            flow = with_wall_fields(flow, walls, complete)
            own = {*kinds.scalars, *kinds.vectors, *kinds.tensors}
            notes = [*notes, *_absent(flow, own, complete)]
        notes = [*dataset.notes, *notes]
        if notes:
            flow = replace(flow, provenance={**flow.provenance, "notes": notes})
    _warn(dataset, notes)
    return flow


def cells_at_rest(dataset: Dataset) -> tuple[FlowField, Domain]:
    """A flow at rest at the cells of a dataset, and where these lie.

    It has the points, weights, periods and walls that :func:`dataset_flow` gives a flow with a
    velocity: what a solver sends its velocities for.

    Parameters
    ----------
    dataset : Dataset
        Of which fields do not count.

    Raises
    ------
    InputError
        If it holds no cells of dimension 2 or 3.
    """
    with naming(_place(dataset)):
        dataset = tidy(dataset)
        domain = find_domain(dataset)
        if domain.mesh is None:
            raise InputError("holds points without a mesh")
        periods = _periods(dataset, domain, None)
        mesh, walls = _walls(dataset, domain.mesh, periods, None)
        points, weights = _places(dataset, domain, "cell")
        flow = FlowField(
            points=points,
            weights=weights,
            periods=periods,
            parameters=dataset.parameters,
            mesh=mesh,
            location="cell",
            provenance=dataset.provenance,
        )
        return with_wall_fields(flow, walls), domain


def dataset_mesh(dataset: Dataset) -> meshio.Mesh:
    """The mesh of a dataset with its named boundaries, plane if its cells lie in a plane.

    Coincident points are merged and those of no cell left out. Where no boundary has a name, the
    sides of a rectangle or box along the axes are called "inlet" and "outlet" (x), "bottom" and
    "top" (y), "back" and "front" (z), and any other surface "outer". A warning says all this.

    Raises
    ------
    InputError
        If it holds no cells of dimension 2 or 3.
    """
    with naming(_place(dataset)):
        dataset = tidy(dataset)
        mesh, notes = find_domain(dataset).mesh, list(dataset.notes)
        if mesh is None:
            raise InputError("holds points without a mesh")
        if not boundary_facets(mesh):
            sides = box_sides(mesh) or {OUTER: outer_boundary(mesh)}
            mesh = _with_boundaries(mesh, sides)
            notes.append(f"it names no boundaries; its surface is called {', '.join(sides)}")
    _warn(dataset, notes)
    return mesh


def _place(dataset) -> str:
    """What errors and warnings begin with."""
    about = dataset.provenance
    at = f", time {about['time']}" if about.get("format") == "OpenFOAM" and "time" in about else ""
    return f"{about['source']}{at}"


def _warn(dataset, notes) -> None:
    if notes:
        warnings.warn(f"{_place(dataset)}: {'; '.join(notes)}", stacklevel=3)


def _fields_in(domain, dataset, choice):
    """Domain, fields, names of what is left out, and notes; a section if velocity crosses it."""
    values = choice.values
    n = len(dataset.points) if choice.location != "cell" else _count(dataset)
    for name, array in values.items():
        if len(array) != n:
            raise InputError(f"field {name!r}: expected {n} values, got {len(array)}")
    if domain.order is not None:
        values = {name: array[domain.order] for name, array in values.items()}
    line = len(domain.axes) == 1
    kinds, unknown = sort_fields(values, line)
    if "velocity" not in kinds.vectors:
        hint = "; with one coordinate it has one component" * line
        raise InputError(f"field {choice.velocity!r} is no vector, it cannot be the velocity{hint}")
    if crosses_plane(kinds.vectors["velocity"], domain):
        domain = domain.in_space()
    kinds, replaced = into_plane(kinds, domain, keep_all=domain.order is not None)
    notes = list(choice.notes)
    if unknown:
        notes.append(f"fields of unknown shape left out: {', '.join(unknown)}")
    if "velocity_3" in kinds.scalars:
        notes.append("the velocity across the plane is kept as the scalar velocity_3")
    if replaced:
        notes.append(
            f"components across the plane left out, fields of their names are there: "
            f"{', '.join(replaced)}"
        )
    skipped = [*dataset.provenance.get("skipped_fields", ()), *choice.skipped, *unknown]
    return domain, kinds, skipped, notes


def _count(dataset) -> int:
    return sum(len(vertices) for _, vertices in dataset.cells)


def _places(dataset, domain, location):
    """Points of the flow and their weights."""
    if location is None:
        return domain.points, dataset.volumes
    centres, volumes = centres_and_volumes(domain.mesh)
    if location == "vertex":
        return domain.points, vertex_weights(domain.mesh, volumes)
    if dataset.centres is not None:
        centres = along(dataset.centres, domain.axes)
    return centres, volumes if dataset.volumes is None else dataset.volumes


def _periods(dataset, domain, period) -> list[np.ndarray]:
    if period is None:
        if not dataset.patch_types and domain.mesh is not None and not dataset.periods:
            return list(flow_period(domain.mesh))
        steps = [domain.axes @ step for step in dataset.periods]
        # in a plane those across it say nothing
        return [
            inside
            for inside, step in zip(steps, dataset.periods, strict=True)
            if np.linalg.norm(inside) > 0.5 * np.linalg.norm(step)
        ]
    d, steps = domain.points.shape[1], []
    for step in [period] if np.ndim(period[0]) == 0 else period:
        step = np.asarray(step, dtype=float)
        if step.shape == (3,) and d == 2:
            step = domain.axes @ step
        if step.shape != (d,):
            raise InputError(f"period: expected {d} numbers, got {len(step)}")
        if domain.mesh is not None:
            check_period(domain.mesh, step)
        steps.append(step)
    return steps


def _walls(dataset, mesh, periods, walls):
    """The mesh, with the boundary "outer" if that is asked for, and the names of its walls."""
    names = list(boundary_facets(mesh))
    if walls is not None:
        for name in walls:
            if name not in (*names, OUTER):
                raise InputError(
                    f"wall {name!r}: not a boundary of the mesh (its boundaries: "
                    f"{', '.join(names) or 'none'}; or {OUTER}){suggest(name, [*names, OUTER])}"
                )
        if OUTER in walls and OUTER not in names:
            facets = outer_boundary(mesh, periods)
            if not facets:
                raise InputError(f"wall {OUTER!r}: periods join the whole surface of the mesh")
            mesh = _with_boundaries(mesh, {OUTER: facets})
        return mesh, list(walls)
    if dataset.patch_types:
        return mesh, [name for name in names if dataset.patch_types.get(name) == "wall"]
    return mesh, [n for n in names if n in ("bottom", "top") or "wall" in n.lower()]


def _with_boundaries(mesh, boundaries) -> meshio.Mesh:
    d = cell_dimension(mesh)
    cells = [(b.type, b.data) for b in mesh.cells if b.dim == d]
    return named_mesh(mesh.points, cells, {**boundary_facets(mesh), **boundaries})


def _absent(flow, own, complete) -> list[str]:
    """What is missing, or computed with less, because walls or neighbours are not known."""
    present = {*flow.scalars, *flow.vectors, *flow.tensors}
    notes, computed = [], "strain_rate" in present and "strain_rate" not in own
    missing = [name for name in ("boundary", "wall_distance") if name not in present]
    if missing and not complete:
        names = ", ".join(boundary_facets(flow.mesh)) or "none"
        notes.append(
            f"no walls are known (boundaries: {names}), so {' and '.join(missing)} are missing; "
            f"name them: --walls NAME,... or --walls {OUTER}"
        )
    if computed and not complete:
        notes.append("strain_rate is computed without walls")
    if flow.location == "cell" and "strain_rate" not in present:
        notes.append("strain_rate is missing: cells have too few neighbours to tell a gradient")
    return notes
