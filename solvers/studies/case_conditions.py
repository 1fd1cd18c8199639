"""The conditions of a case: its table ``[conditions]`` as conditions by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import meshio
import numpy as np

from solvers.flow.conditions import (
    Condition,
    Developed,
    Inlet,
    Outlet,
    Periodic,
    Symmetry,
    Wall,
)
from solvers.studies.case_keys import CONDITION_KEYS, CONDITION_KIND
from solvers.studies.expressions import scalar_expression, vector_expression
from solvers.studies.inlet_columns import velocity_columns
from vcnn.errors import InputError, naming, suggest
from vcnn.flow.mesh import boundary_facets, plane_normal
from vcnn.keys import check_table


def read_conditions(table: Mapping, mesh: meshio.Mesh, folder: Path) -> dict[str, Condition]:
    """Conditions by name from a table of a case.

    Parameters
    ----------
    table : mapping boundary name -> table with a ``kind``
        What is of the kind ``developed`` has any other name.
    mesh : meshio.Mesh
    folder : Path
        Where files that are named start from.

    Raises
    ------
    InputError
        If a boundary has no condition, there is none of that name, or a condition makes no sense.
    """
    with naming("[conditions]"):
        boundaries = boundary_facets(mesh)
        conditions = {}
        for name, entry in table.items():
            with naming(name):
                conditions[name] = _condition(entry, mesh, boundaries.get(name), folder)
        partners = [c.to for c in conditions.values() if isinstance(c, Periodic)]
        named = [name for name, c in conditions.items() if not isinstance(c, Developed)]
        for name in (*named, *partners):
            if name not in boundaries:
                raise InputError(
                    f"{name}: not in the mesh (its boundaries: {', '.join(boundaries) or 'none'})"
                    f"{suggest(name, boundaries)}"
                )
        for name in boundaries:
            if name not in (*named, *partners):
                raise InputError(f"{name}: this boundary of the mesh has no condition")
        return conditions


def _condition(entry, mesh, facets, folder) -> Condition:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in CONDITION_KEYS:
        raise InputError(
            f'expected {{ kind = "..." }} with one of {", ".join(CONDITION_KEYS)}, got {entry!r}'
            f"{suggest(kind, CONDITION_KEYS)}"
        )
    check_table(entry, (CONDITION_KIND, *CONDITION_KEYS[kind]))
    options = {key: value for key, value in entry.items() if key != CONDITION_KIND.name}
    if kind == "wall":
        return Wall(tuple(options["velocity"]) if options else None)
    if kind == "inlet":
        return _inlet(options, mesh, facets, folder)
    if kind == "developed":
        return Developed(**{"direction": _across(mesh), **options})
    return {"symmetry": Symmetry, "outlet": Outlet, "periodic": Periodic}[kind](**options)


def _inlet(options, mesh, facets, folder) -> Inlet:
    """Velocity and turbulence, at the vertices of the boundary as far as the mesh has it."""
    vertices = np.unique(np.concatenate([f.ravel() for _, f in facets])) if facets else []
    positions = mesh.points[vertices]
    entering = {}
    with naming("turbulence"):
        for name, formula in options.get("turbulence", {}).items():
            with naming(name):
                entering[name] = _formula(scalar_expression, formula, positions)
    velocity = {key: value for key, value in options.items() if key != "turbulence"}
    return Inlet(_inlet_velocity(velocity, positions, folder), turbulence=entering)


def _inlet_velocity(options, positions, folder):
    """The value of an `Inlet`: numbers, a formula for each component, or columns of a file."""
    if len(options) != 1:
        raise InputError(
            "key 'velocity' is missing, or 'profile', the name of a .csv file"
            if not options
            else "expected velocity or profile, got both"
        )
    if "profile" in options:
        if not len(positions):
            return (0.0,) * positions.shape[1]  # there is no such boundary, which is said next
        with naming("profile"):
            return velocity_columns(folder / options["profile"], positions)
    components = options["velocity"]
    if not any(isinstance(part, str) for part in components):
        return tuple(components)
    with naming("velocity"):
        return _formula(vector_expression, components, positions)


def _formula(make, formula, positions) -> Callable[[np.ndarray], np.ndarray]:
    """A function of positions that has values at these."""
    function = make(formula, positions.shape[1])
    finite = np.atleast_2d(np.isfinite(function(positions.T))).all(axis=0)
    if not finite.all():
        at = ", ".join(f"{x:.6g}" for x in positions[np.flatnonzero(~finite)[0]])
        raise InputError(f"{formula!r} has no finite value at ({at})")
    return function


def _across(mesh) -> tuple[float, ...]:
    """The direction across a plane section, towards growing x (else y, else z)."""
    normal = plane_normal(mesh)
    if normal is None:
        raise InputError('kind = "developed" needs a plane section of space, points (M, 3)')
    first = normal[np.flatnonzero(np.abs(normal) > 1e-6)[0]]
    return tuple((np.sign(first) * normal).tolist())
