"""The page on a case of OpenFOAM, as ``vcnn solve`` writes it on a flow of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from meshes.report import page
from meshes.report.reference import Reference, check_reference, read_reference
from meshes.report.stations import choose_stations
from openfoam.report.solved_case import read_solved
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

    Returns
    -------
    path
        Of ``report.html``.

    Raises
    ------
    InputError
        If there is something at ``output`` already, the case or the reference cannot be read, or a
        station is outside of the mesh.
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
    return page.write_report(summarise(solved, stations, other), output)


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
