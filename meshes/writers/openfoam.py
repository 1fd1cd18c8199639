"""FlowField -> OpenFOAM case folder."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from numbers import Real
from pathlib import Path

import numpy as np

from meshes.writers.faces import Faces, sort_faces
from meshes.writers.foam_fields import (
    check_word,
    field_text,
    fields_in_space,
    file_text,
    list_lines,
)
from meshes.writers.slab import SIDES, solid_of
from vcnn.errors import InputError, naming
from vcnn.files import replacing
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import cell_dimension

_VELOCITY = "U"  # OpenFOAM's solvers, and readers, take a field of this name for the velocity
_CONTROL = (
    ("application", "simpleFoam"),
    ("startFrom", "latestTime"),
    ("startTime", "0"),
    ("stopAt", "endTime"),
    ("endTime", "1000"),
    ("deltaT", "1"),
    ("writeControl", "timeStep"),
    ("writeInterval", "1000"),
    ("writeFormat", "ascii"),
    ("writePrecision", "17"),
)


def write_openfoam(
    flow: FlowField,
    folder: str | os.PathLike,
    fields: Mapping[str, str] | None = None,
    walls: Sequence[str] | None = None,
    time: float = 0,
) -> Path:
    """Write a flow at cells as an OpenFOAM case, in ASCII, to the last bit of every number.

    The folder gets ``constant/polyMesh``, a file for each field in the folder of the time, the
    parameter "viscosity" as ``nu`` in ``constant/transportProperties``, and
    ``system/controlDict``; schemes and solution of the linear systems are left to the user. A plane
    flow becomes one cell thick, with ``empty`` sides. Boundaries keep their names: those that a
    period joins are ``cyclic``, walls ``wall``, all others ``patch``. The velocity is fixed to 0 at
    walls, and so are ν_t and stresses of turbulence; whatever else a field needs at a boundary is
    left to the user. :func:`read_openfoam` with the same ``fields`` gives the flow back.

    Parameters
    ----------
    flow : FlowField
        With a mesh of straight cells, and its values at cells.
    folder : path
        Of the new case.
    fields : mapping name -> OpenFOAM field, optional
        Names that fields get there, e.g. ``{"pressure": "p", "eddy_viscosity": "nut"}``. Others
        keep theirs; "velocity" is "U" unless this says otherwise, and nothing else may be.
        Dimensions and conditions at walls are those of the flow's field, whatever it is called.
    walls : sequence of str, optional
        Names of boundaries. Default: those that the flow says in ``provenance["walls"]``.
    time : float
        Whose folder the fields are in.

    Returns
    -------
    path
        The folder.

    Raises
    ------
    InputError
        If the folder exists or cannot be written, the flow has no mesh or is not known at its
        cells, the mesh is a section of space or has curved cells, a period joins no two boundaries
        or only parts of them, the viscosity is not positive, a plane flow has a scalar "velocity_3"
        (it would be a component of the velocity), or a name is none that OpenFOAM can read.
    """
    folder = Path(folder)
    if os.path.lexists(folder):  # a link to nowhere, too
        raise InputError(f"{folder}: exists already; a case is written to a new folder")
    with naming(folder):
        _check_flow(flow)
        walls = _wall_names(flow.provenance.get("walls", ()) if walls is None else walls)
        at = _folder_name(time)
        values = fields_in_space(flow)
        names = _foam_names(values, {} if fields is None else fields)
        solid = solid_of(flow.mesh)
        faces = sort_faces(solid, [np.pad(p, (0, 3 - len(p))) for p in flow.periods])
        patches = _patches(faces, walls, plane=flow.dimension == 2)
    types = {name: entries["type"] for name, entries in patches.items()}
    with _new_folder(folder) as part:
        _write_mesh(part / "constant" / "polyMesh", solid.points, faces, patches)
        for name, array in values.items():
            _put(part / at / names[name], *field_text(name, array, types))
        nu = flow.parameters.get("viscosity")
        if nu is not None:
            text = f"transportModel  Newtonian;\nnu              [0 2 -1 0 0 0 0] {nu!r};\n"
            _put(part / "constant" / "transportProperties", "dictionary", text)
        text = "".join(f"{key:<15} {value};\n" for key, value in _CONTROL)
        _put(part / "system" / "controlDict", "dictionary", text)
    return folder


@contextmanager
def _new_folder(folder) -> Iterator[Path]:
    """As :func:`replacing`, but in one line if it cannot be written, without new parents then."""
    new = [parent for parent in folder.parents if not os.path.lexists(parent)]
    try:
        with replacing(folder) as part:
            yield part
    except OSError as error:
        for parent in new:
            with suppress(OSError):  # it was not made
                parent.rmdir()
        blocked = next((path for path in folder.parents if os.path.lexists(path)), folder)
        reason = error.strerror if os.path.isdir(blocked) else f"{blocked} is no folder"
        raise InputError(f"{folder}: a case cannot be written there ({reason})") from None


def _check_flow(flow) -> None:
    if flow.mesh is None:
        raise InputError("the flow has no mesh, an OpenFOAM case needs one")
    if flow.location != "cell":
        raise InputError(
            "the flow is known at vertices, OpenFOAM's values are those of cells; a solution gives "
            "them: result.flow('cell')"
        )
    if flow.dimension == 1 or cell_dimension(flow.mesh) != flow.dimension:
        raise InputError(
            "a section of space or a line cannot be written, only plane flows and those in space"
        )
    nu = flow.parameters.get("viscosity")
    if nu is not None and not 0 < nu < math.inf:
        raise InputError(f"parameters: viscosity: expected a positive number, got {nu!r}")


def _wall_names(walls) -> list[str]:
    one = isinstance(walls, str) or not isinstance(walls, Iterable)
    names = [] if one else list(walls)
    if one or not all(isinstance(name, str) for name in names):
        raise InputError(f"walls: expected a sequence of names of boundaries, got {walls!r}")
    return names


def _folder_name(time) -> str:
    if not isinstance(time, Real) or not math.isfinite(time):
        raise InputError(f"time: expected a finite number, got {time!r}")
    return f"{float(time):.12g}"


def _foam_names(values, fields) -> dict[str, str]:
    """OpenFOAM's name of each field."""
    if not isinstance(fields, Mapping):
        raise InputError(f"fields: expected a mapping of names, got {fields!r}")
    for name in fields:
        if name not in values:
            raise InputError(f"fields: the flow has no {name!r} (it has: {', '.join(values)})")
    names: dict[str, str] = {}
    for name in values:
        other = fields.get(name, _VELOCITY if name == "velocity" else name)
        if not isinstance(other, str):
            raise InputError(f"fields: expected a name for {name!r}, got {other!r}")
        check_word(other, "field")
        if other in names.values():
            raise InputError(f"fields: two of them would be called {other!r}; rename one")
        names[name] = other
    strangers = [name for name, other in names.items() if other == _VELOCITY and name != "velocity"]
    if strangers:
        raise InputError(
            f"fields: {strangers[0]!r} would be called 'U' and taken for the velocity; rename it"
        )
    return names


def _patches(faces: Faces, walls, plane) -> dict[str, dict[str, object]]:
    """The entries of each patch, in the order of its faces."""
    for wall in walls:
        if wall not in faces.patches:
            raise InputError(
                f"wall {wall!r}: not a boundary of the mesh (its boundaries: "
                f"{', '.join(faces.patches)})"
            )
    patches, start = {}, len(faces.inner)
    for name, members in faces.patches.items():
        check_word(name, "boundary")
        entries: dict[str, object] = {"type": "wall" if name in walls else "patch"}
        if plane and name == SIDES:
            entries = {"type": "empty"}
        elif name in faces.partners:
            if name in walls:
                raise InputError(f"boundary {name!r}: a wall cannot be joined by a period")
            entries = {"type": "cyclic", "neighbourPatch": faces.partners[name]}
        patches[name] = {**entries, "nFaces": len(members), "startFace": start}
        start += len(members)
    return patches


def _write_mesh(folder, points, faces, patches) -> None:
    outer = [face for members in faces.patches.values() for face in members]
    owner = np.array([a for a, *_ in faces.inner] + [a for a, _ in outer], int)
    neighbour = np.array([b for _, b, _ in faces.inner], int)
    rows = [face for *_, face in (*faces.inner, *outer)]
    texts = [f"{len(face)}({' '.join(map(str, face))})" for face in rows]
    _put(folder / "points", "vectorField", _lines(list_lines(points)))
    _put(folder / "faces", "faceList", _lines([str(len(texts)), "(", *texts, ")"]))
    _put(folder / "owner", "labelList", _lines(list_lines(owner)))
    _put(folder / "neighbour", "labelList", _lines(list_lines(neighbour)))
    lines = [str(len(patches)), "("]
    for name, entries in patches.items():
        lines += [f"    {name}", "    {"]
        lines += [f"        {key:<15} {value};" for key, value in entries.items()]
        lines += ["    }"]
    _put(folder / "boundary", "polyBoundaryMesh", _lines([*lines, ")"]))


def _lines(lines) -> str:
    return "\n".join(lines) + "\n"


def _put(path, kind, text) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file_text(kind, path.name, text), encoding="ascii")
