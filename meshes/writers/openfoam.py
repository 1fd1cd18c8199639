"""FlowField -> OpenFOAM case folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from meshes.writers.faces import Faces, sort_faces
from meshes.writers.foam_fields import check_word, field_text, fields_in_space, list_lines
from meshes.writers.slab import SIDES, solid_of
from vcnn.errors import InputError, naming
from vcnn.files import replacing
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import cell_dimension

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
    walls, whatever else a field needs at a boundary is left to the user. :func:`read_openfoam`
    with the same ``fields`` gives the flow back.

    Parameters
    ----------
    flow : FlowField
        With a mesh of straight cells, and its values at cells.
    folder : path
        Of the new case.
    fields : mapping name -> OpenFOAM field, optional
        Names that fields get there, e.g. ``{"pressure": "p", "eddy_viscosity": "nut"}``. Others
        keep theirs; "velocity" is "U" unless this says otherwise.
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
        If the folder exists, the flow has no mesh or is not known at its cells, the mesh is a
        section of space or has curved cells, a period joins no two boundaries, or a name is none
        that OpenFOAM can read.
    """
    folder = Path(folder)
    if folder.exists():
        raise InputError(f"{folder}: exists already; a case is written to a new folder")
    with naming(folder):
        _check_flow(flow)
        walls = flow.provenance.get("walls", ()) if walls is None else walls
        named = _named(fields_in_space(flow), {"velocity": "U", **(fields or {})})
        solid = solid_of(flow.mesh)
        faces = sort_faces(solid, [np.pad(p, (0, 3 - len(p))) for p in flow.periods])
        patches = _patches(faces, walls, plane=flow.dimension == 2)
    types = {name: entries["type"] for name, entries in patches.items()}
    with replacing(folder) as part:
        _write_mesh(part / "constant" / "polyMesh", solid.points, faces, patches)
        for name, values in named.items():
            _put(part / f"{time:.12g}" / name, *field_text(name, values, types))
        nu = flow.parameters.get("viscosity")
        if nu is not None:
            text = f"transportModel  Newtonian;\nnu              [0 2 -1 0 0 0 0] {nu!r};\n"
            _put(part / "constant" / "transportProperties", "dictionary", text)
        text = "".join(f"{key:<15} {value};\n" for key, value in _CONTROL)
        _put(part / "system" / "controlDict", "dictionary", text)
    return folder


def _check_flow(flow) -> None:
    if flow.mesh is None:
        raise InputError("the flow has no mesh, an OpenFOAM case needs one")
    if flow.location != "cell":
        raise InputError(
            "the flow is known at vertices, OpenFOAM's values are those of cells; a solution gives "
            "them: result.flow('cell')"
        )
    if cell_dimension(flow.mesh) != flow.dimension:
        raise InputError(
            "a section of space cannot be written, only plane flows and those in space"
        )


def _named(values, names) -> dict[str, np.ndarray]:
    """The fields by OpenFOAM's names."""
    for name in names:
        if name not in values:
            raise InputError(f"fields: the flow has no {name!r} (it has: {', '.join(values)})")
    named = {}
    for name, array in values.items():
        other = names.get(name, name)
        check_word(other, "field")
        if other in named:
            raise InputError(f"fields: two of them would be called {other!r}; rename one")
        named[other] = array
    return named


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
    head = f"FoamFile\n{{\n    version 2.0;\n    format  ascii;\n    class   {kind};\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}    object  {path.name};\n}}\n\n{text}", encoding="ascii")
