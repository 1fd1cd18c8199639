"""What a case holds after its solver has run: the flow, its boundaries, what drives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from meshes.geometry.boundary_facets import find_boundary
from meshes.readers.domain import find_domain
from meshes.readers.flow import dataset_flow
from meshes.readers.openfoam.case import read_case
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.times import choose_time, find_times
from meshes.readers.openfoam.values import numbers
from meshes.report.reference import Reference
from openfoam.report.patches import patch_fluxes, wall_functions, wall_velocities
from openfoam.worker.section import without_length
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets, plane_normal

_FIELDS = {  # by their names here
    "velocity": "U",
    "pressure": "p",
    "eddy_viscosity": "nut",
    "anisotropy": "nonlinearStress",
    "turbulent_kinetic_energy": "k",
    "specific_dissipation": "omega",
}
_REFERENCE = "reference_velocity"
_KINDS = {"wall": "wall", "symmetry": "symmetry", "symmetryPlane": "symmetry"}
_TIGHT = 1e-9  # of the largest flux: what passes no boundary


@dataclass(frozen=True, eq=False)
class SolvedCase:
    """The latest time of a case.

    Parameters
    ----------
    folder : path
    time : str
    flow : FlowField
        At the cells; its scalars "pressure" and "eddy_viscosity" if the case has them.
    kinds : mapping boundary -> str
        "wall", "symmetry", "periodic", "inlet" or "outlet" by what passes it, or "patch".
    wall_velocities : mapping wall -> (d,)
    fluxes : mapping boundary -> float
        What leaves through each, of a plane flow per depth.
    cell_fields : mapping OpenFOAM field -> (N, ...)
        As the case has them, in its own order of cells.
    order : (n,) int, optional
        Which of these cells each point of the flow is; None where it is the one of its number.
    notes : tuple of str
        What to know of how these were found, in sentences.
    reference : Reference, optional
        The flow with the velocity of another field in its place.
    """

    folder: Path
    time: str
    flow: FlowField
    kinds: Mapping[str, str]
    wall_velocities: Mapping[str, np.ndarray]
    fluxes: Mapping[str, float]
    cell_fields: Mapping[str, np.ndarray]
    order: np.ndarray | None
    notes: tuple[str, ...]
    reference: Reference | None

    def __repr__(self) -> str:
        return f"SolvedCase({self.folder}, time {self.time}, {len(self.flow):,} cells)"

    @property
    def walls(self) -> list[str]:
        """Names of the walls."""
        return [name for name, kind in self.kinds.items() if kind == "wall"]


def read_solved(folder: Path, reference: tuple[str, str] | None = None) -> SolvedCase:
    """Read the latest time of a case, whole or decomposed.

    One cell long along its only period it is a section, as with empty ends.

    Parameters
    ----------
    folder : path
    reference : (name, OpenFOAM field), optional
        A velocity to compare with, such as ("les_velocity", "0/U_LES"), by a name of its own.

    Raises
    ------
    InputError
        If it is no case, cannot be read, states no viscosity, or has no such field.
    """
    name, other = reference or ("", "")
    names = {**_FIELDS, **({_REFERENCE: other} if other else {})}
    dataset = read_case(folder, None, names)
    dataset = without_length(dataset) or dataset
    if other and other not in dataset.cell_fields:
        raise InputError(f"{folder}: no field {other!r} to compare with")
    present = {own: foam for own, foam in names.items() if foam in dataset.cell_fields}
    flow = dataset_flow(dataset, present)
    if not flow.parameters.get("viscosity", 0) > 0:
        raise InputError(f"{folder}: constant/transportProperties states no positive nu")
    times = find_times(folder)
    folders = times.folders(choose_time(times, None))
    plane = find_domain(dataset) if "empty" in dataset.patch_types.values() else None
    depth = 1.0 if plane is None else np.ptp(dataset.points @ plane.normal)
    axes = plane.axes if flow.dimension == 2 else np.eye(3)
    fluxes = {n: f / depth for n, f in patch_fluxes(folders, folder).items()}
    notes = []
    if not fluxes:
        fluxes = _fluxes_of_cells(flow)
        notes.append("The case has no field phi: fluxes are those of the cells at a boundary.")
    kinds = _boundary_kinds(flow, dataset.patch_types, fluxes)
    walls = [wall for wall, kind in kinds.items() if kind == "wall"]
    notes += _wall_function_notes(wall_functions(folders[0], folder, walls))
    velocities = wall_velocities(folders[0], folder, walls)
    return SolvedCase(
        folder=folder,
        time=str(dataset.provenance["time"]),
        flow=_with_drive(_without_reference(flow), _driving_force(folders[0], folder)),
        kinds=kinds,
        wall_velocities={wall: axes @ velocity for wall, velocity in velocities.items()},
        fluxes={boundary: _flux_of(boundary, fluxes, kinds) for boundary in kinds},
        cell_fields=dataset.cell_fields,
        order=None if plane is None else plane.order,
        notes=tuple(notes),
        reference=_reference(flow, name, other),
    )


def _flux_of(boundary, fluxes, boundaries) -> float:
    """That of its patch; of one that several patches make, whose names begin with its own, theirs.

    The reader merges patches of one period, such as inlet_half0 and inlet_half1.
    """
    if boundary in fluxes:
        return fluxes[boundary]
    parts = {patch: flux for patch, flux in fluxes.items() if patch not in boundaries}
    return sum(flux for patch, flux in parts.items() if patch.startswith(boundary))


def _fluxes_of_cells(flow) -> dict[str, float]:
    fluxes = {}
    for name in boundary_facets(flow.mesh):
        facets = find_boundary(flow.mesh, name)
        outwards = -np.sum(flow.velocity[facets.cells] * facets.inwards, axis=1)
        fluxes[name] = float(facets.areas @ outwards)
    return fluxes


def _wall_function_notes(functions) -> list[str]:
    return [
        f"Beware: {wall} has a wall function ({kind}); its shear stress, y⁺ and force are told "
        "without it."
        for wall, kind in functions.items()
    ]


def _boundary_kinds(flow, types, fluxes) -> dict[str, str]:
    """What each boundary of the flow's mesh is; a patch by what passes it."""
    largest = max(map(abs, fluxes.values()), default=0.0)
    kinds = {}
    for name in boundary_facets(flow.mesh):
        kind, flux = types.get(name, "patch"), fluxes.get(name, 0.0)
        if kind in _KINDS:
            kinds[name] = _KINDS[kind]
        elif kind.startswith("cyclic"):
            kinds[name] = "periodic"
        elif abs(flux) > _TIGHT * largest:
            kinds[name] = "inlet" if flux < 0 else "outlet"
        else:
            kinds[name] = "patch"
    return kinds


def _reference(flow, name, field) -> Reference | None:
    if not field:
        return None
    if _REFERENCE not in flow.vectors:
        raise InputError(f"field {field!r}: expected vectors to compare the velocity with")
    scalars = {"eddy_viscosity", "pressure"} & set(flow.scalars)
    kept = {scalar: v for scalar, v in flow.scalars.items() if scalar not in scalars}
    return Reference(replace(flow, velocity=flow.vectors[_REFERENCE], scalars=kept), name)


def _without_reference(flow) -> FlowField:
    vectors = {name: v for name, v in flow.vectors.items() if name != _REFERENCE}
    return replace(flow, vectors=vectors)


def _with_drive(flow, force) -> FlowField:
    """A flow along a period or across a section, with its bulk velocity, and what drives it.

    Its first period points downstream then.
    """
    mean, normal = flow.weights @ flow.velocity / flow.weights.sum(), plane_normal(flow.mesh)
    if normal is not None:
        parameters = {"bulk_velocity": abs(float(mean @ normal))}
    elif flow.periods:
        along = max(flow.periods, key=lambda period: abs(mean @ period) / np.linalg.norm(period))
        others = [period for period in flow.periods if period is not along]
        along = along * (np.sign(mean @ along) or 1.0)
        parameters = {"bulk_velocity": float(mean @ along / np.linalg.norm(along))}
        flow = replace(flow, periods=(along, *others))
    else:
        return flow
    if force is not None:
        parameters["pressure_gradient"] = force
    return flow.with_fields(parameters=parameters)


def _driving_force(folder, case) -> float | None:
    """What meanVelocityForce has found, over the density; None where it says nothing."""
    for path in sorted((folder / "uniform").glob("*Properties")):
        entries = read_dictionary(path, case)
        if isinstance(entries.get("gradient"), list):
            with naming(f"{path}: gradient"):
                return float(numbers(entries["gradient"], 1)[0])
    return None
