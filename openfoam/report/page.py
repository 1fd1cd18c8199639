"""The page on a case of OpenFOAM, as ``vcnn solve`` writes it on a flow of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meshes.report import page
from meshes.report.reference import Reference, check_reference, read_reference
from meshes.report.stations import choose_stations
from openfoam.report.solved_case import SolvedCase, read_solved
from openfoam.report.summarise import summarise
from vcnn.errors import InputError, naming
from vcnn.files import claim


def write_report(
    case: Path,
    output: Path,
    *,
    force: bool = False,
    reference: str | None = None,
    reference_velocity: str | None = None,
    at: Sequence[float] = (),
    members: Sequence[Path] = (),
) -> Path:
    """Write ``report.html``, ``report.json`` and the pictures on the latest time of a case.

    Parameters
    ----------
    case : path
        Folder of the case, whole or decomposed.
    output : path
        Folder of the report.
    force : bool
        Replace what is there.
    reference : str, optional
        A velocity to compare with: a file or case that :func:`meshes.read_flow` reads, or a field
        of the case itself by a name of its own, as ``"les_velocity=0/U_LES"``.
    reference_velocity : str, optional
        Name of the velocity in such a file.
    at : sequence of float
        The x of velocity profiles of a plane flow; default five of them.
    members : sequence of path
        Folders of the same case solved with one member of its ensemble each, none or two at least.

    Returns
    -------
    path
        Of ``report.html``.

    Raises
    ------
    InputError
        If there is something at ``output`` already, a case or the reference cannot be read, a
        station is outside of the mesh, or members are of another case.
    """
    case, output = Path(case), claim(output, force)
    field = _field_of_case(reference, reference_velocity)
    solved = read_solved(case, field)
    with naming("--at"):
        stations = choose_stations(at, solved.flow.mesh)
    other = None
    if reference is not None and field is None:
        with naming("--reference"):
            other = _read_reference(reference, reference_velocity, solved.flow.mesh)
    with naming("--member"):
        others = _read_members(solved, members)
    return page.write_report(summarise(solved, stations, other, others), output)


def _read_members(solved, folders) -> list[SolvedCase]:
    others = [read_solved(Path(folder)) for folder in folders]
    if len(others) == 1:
        raise InputError(f"expected two at least, got {len(others)}")
    for folder, other in zip(folders, others, strict=True):
        if not np.array_equal(other.flow.points, solved.flow.points):
            raise InputError(f"{folder}: has another mesh than {solved.folder}")
    return others


def _field_of_case(reference, velocity) -> tuple[str, str] | None:
    """NAME and FIELD of NAME=FIELD, if that is no file."""
    if reference is None or Path(reference).exists() or "=" not in reference:
        return None
    name, _, field = reference.partition("=")
    if not (name and field) or velocity is not None:
        raise InputError(
            f"--reference {reference}: expected a file, or NAME=FIELD alone for a field of the "
            "case, e.g. les_velocity=0/U_LES"
        )
    return name, field


def _read_reference(reference, velocity, mesh) -> Reference:
    other = read_reference(Path(reference), velocity)
    check_reference(other.flow, mesh)
    return other
