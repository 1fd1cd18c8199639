"""The TOML file of a flow to solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import meshio

import meshes
from meshes.readers.any_file import read_flow, read_mesh
from meshes.report.reference import Reference, check_reference, read_reference
from meshes.report.stations import choose_stations
from solvers.flow.conditions import Condition, Wall
from solvers.flow.problem import FlowProblem
from solvers.studies.case_conditions import read_conditions
from solvers.studies.case_keys import (
    CASE_KEYS,
    GENERATOR_KEY,
    GENERATORS,
    MESH_FILE_KEYS,
    MODELS,
    REFERENCE_KEYS,
    UNIT_KEYS,
    generator_keys,
)
from vcnn.closure.plane_flows import for_dimension
from vcnn.closure.protocol import ClosureLike
from vcnn.closure.requirements import CORRECTION, TURBULENT_STRESS, check_closure
from vcnn.closure.turbulence_units import TURBULENCE_INPUTS, is_told_turbulence
from vcnn.errors import InputError, naming, suggest
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import count_cells
from vcnn.keys import check_table
from vcnn.toml_file import read_toml

if TYPE_CHECKING:  # torch is slow to import
    from vcnn.closure.closure import Closure

NEEDED_WALL_UNITS = {
    "spalart-allmaras": 2.0,
    "k-omega-sst": 1.0,
    "one-equation-k-l": 1.0,
    "mixing-length": 2.0,
}


BASELINES = {"eddy viscosity of k-omega SST": "k-omega-sst"}  # what is corrected -> its model


@dataclass(frozen=True, eq=False)
class Case:
    """A flow to solve, and what to compare it with.

    Parameters
    ----------
    mesh : meshio.Mesh
    viscosity : float
        ν, length²/time.
    conditions : mapping boundary name -> condition
    model : one of :data:`solvers.studies.case_keys.MODELS`, optional
        What the turbulent stress comes from, unless a closure is given.
    stations : tuple of float
        The x of lines across a plane flow, for velocity profiles.
    reference : Reference, optional
        A velocity to compare with.
    tolerance, max_rounds, location : float, int, str
        Of a closure, as in :meth:`solvers.RANS.solve` and :class:`solvers.RANS`.
    units : mapping, optional
        ``length`` and ``velocity`` of :meth:`vcnn.Closure.in_units`.
    start : Path or FlowField, optional
        To begin from: a checkpoint of the same mesh, or a flow.
    text : str
        The file.
    """

    mesh: meshio.Mesh
    viscosity: float
    conditions: Mapping[str, Condition]
    model: str | None
    stations: tuple[float, ...]
    reference: Reference | None
    tolerance: float
    max_rounds: int
    location: str
    units: Mapping[str, float] | None
    start: Path | FlowField | None
    text: str

    def __repr__(self) -> str:
        return f"Case({self.model or 'for a closure'}, {count_cells(self.mesh):,} cells)"

    def closure(self, model: Closure) -> Closure:
        """A model in the units of the case.

        Raises
        ------
        InputError
            If it does not predict a turbulent stress from what is known of the flow while it is
            solved, or its units are others.
        """
        if self.units is not None:
            model = model.in_units(**self.units)
        walls = any(isinstance(condition, Wall) for condition in self.conditions.values())
        if not is_correction(model):
            check_closure(model, TURBULENT_STRESS, self.mesh, walls)
            return model
        beside = TURBULENCE_INPUTS if is_told_turbulence(model) else ()
        asked = for_dimension(model, self.mesh.points.shape[1])
        check_closure(asked, CORRECTION, self.mesh, walls, beside)
        return model

    def baseline(self, factor: Closure) -> FlowProblem:
        """The problem for the turbulence model that a correction corrects, whatever the case's is.

        Raises
        ------
        InputError
            If that is none of ours, or the conditions do not make sense.
        """
        corrected = factor.usage.get("baseline")
        name = BASELINES.get(corrected)
        if name is None:
            raise InputError(f"corrects {corrected}; expected one of {', '.join(BASELINES)}")
        return replace(self, model=name).problem()

    def problem(self, closure: ClosureLike | None = None) -> FlowProblem:
        """The problem to solve with a closure, or with the model.

        Raises
        ------
        InputError
            If there is neither, or the conditions do not make sense.
        """
        import solvers

        options = {"mesh": self.mesh, "viscosity": self.viscosity, "conditions": self.conditions}
        if closure is not None:
            return solvers.RANS(closure=closure, location=self.location, **options)
        if self.model is None:
            raise InputError(
                f"key 'model' is missing (one of {', '.join(MODELS)}), or give --closure"
            )
        return getattr(solvers, MODELS[self.model])(**options)


def is_correction(closure: Closure) -> bool:
    """Whether a closure predicts a factor of another model's eddy viscosity.

    Alone, or with an anisotropy in units of that model's k.
    """
    return CORRECTION.is_met(closure.targets)


def read_case(path: Path) -> Case:
    """Read and check a case; relative paths in it start at its own folder.

    Raises
    ------
    InputError
        If the file is missing, not TOML, lacks a key, holds one that is not known, or names what
        does not exist.
    """
    with naming(path):
        table, text = read_toml(path)
        values = check_table(table, CASE_KEYS)
        tolerance, rounds = values["tolerance"], values["max_rounds"]
        if not (tolerance > 0 and rounds > 0):
            raise InputError(
                f"tolerance and max_rounds: expected positive numbers, "
                f"got {tolerance!r} and {rounds!r}"
            )
        if "units" in table:
            with naming("[units]"):
                check_table(table["units"], UNIT_KEYS)
        mesh = _mesh(table["mesh"], path.parent)
        with naming("stations"):
            stations = choose_stations(values["stations"] or [], mesh)
        return Case(
            mesh=mesh,
            viscosity=values["viscosity"],
            conditions=read_conditions(table["conditions"], mesh, path.parent),
            model=values["model"],
            stations=stations,
            reference=_reference(values["reference"], mesh, path.parent),
            tolerance=tolerance,
            max_rounds=rounds,
            location=values["location"],
            units=values["units"],
            start=_start(values["start"], mesh, path.parent),
            text=text,
        )


def _mesh(table, folder) -> meshio.Mesh:
    with naming("[mesh]"):
        if "file" in table:
            values = check_table(table, MESH_FILE_KEYS)
            mesh = read_mesh(folder / values["file"])
            return meshes.split(mesh) if values["split"] else mesh
        name = table.get("generator")
        if name not in GENERATORS:
            slips = [suggest(key, ("file", "generator")) for key in table] if name is None else []
            raise InputError(
                f'expected file = "...", or generator = one of {", ".join(GENERATORS)}, '
                f"got {name!r}{suggest(name, GENERATORS)}{''.join(slips)}"
            )
        options = {key: value for key, value in table.items() if key != GENERATOR_KEY.name}
        check_table(options, generator_keys(name))
        return getattr(meshes, name)(**options)


def _start(name, mesh, folder) -> Path | FlowField | None:
    """A checkpoint, by its name or that of its run's folder, or a flow."""
    if name is None:
        return None
    with naming("start"):
        path = folder / name
        if path.is_dir() and (path / "checkpoint.npz").is_file():
            path = path / "checkpoint.npz"
        if path.suffix == ".npz":
            if not path.is_file():
                raise InputError(f"{path}: no such file")
            return path
        flow = read_flow(path)
        if flow.dimension != mesh.points.shape[1]:
            raise InputError(
                f"{name}: has {flow.dimension} dimensions, the mesh has {mesh.points.shape[1]}"
            )
        return flow


def _reference(table, mesh, folder) -> Reference | None:
    if table is None:
        return None
    with naming("[reference]"):
        check_table(table, REFERENCE_KEYS)
        reference = read_reference(folder / table["file"], table.get("velocity"))
        check_reference(reference.flow, mesh)
        return reference
