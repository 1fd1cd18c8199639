"""The verb ``vcnn import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meshes.readers.any_file import read_flow
from vcnn.errors import InputError
from vcnn.files import claim


def import_flow(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="An OpenFOAM case folder, or a file with a velocity."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The flow file (.vtu) to write.")
    ],
    time: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Of a case or of a series (.pvd, .xdmf). [default: the latest]"
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SOURCE_NAME",
            help="A field, and what the source calls it; may be given repeatedly.",
        ),
    ] = None,
    walls: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Boundaries that are walls; 'outer' is the whole surface that no period joins.",
        ),
    ] = None,
    period: Annotated[
        list[str] | None,
        typer.Option(metavar="X[,Y,Z]", help="A period vector, e.g. 9,0; may be given repeatedly."),
    ] = None,
    location: Annotated[
        str | None,
        typer.Option(
            metavar="vertex|cell",
            help="Where to take the fields of a file that has a velocity at points and at cells.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
) -> None:
    """Convert an OpenFOAM case or any file with a velocity to a flow file.

    \b
    Read are: OpenFOAM cases; ParaView's .vtu, .pvtu, .vtk, .vtp, .vts, .vtr, .vti and .pvd;
    what meshio reads (.msh, .xdmf, .med, .su2, .dat, ...);
    .npz with arrays points (M, d), velocity (M, d) or, with cells (N, 3 or 4), (N, d);
    .csv with columns x[, y[, z]], u[, v[, w]].
    Further arrays and columns are fields. 'vcnn show FILE' lists what is in a file.

    \b
    Example:
      vcnn import cases/hill -o hill.vtu --time 20000 --field velocity=UMean
      vcnn import hill.vtk -o hill.vtu --walls outer --period 9,0
    """
    claim(output, force)
    if output.suffix != ".vtu":
        raise InputError(f"{output}: a flow is saved as .vtu, got {output.suffix or 'no suffix'!r}")
    flow = read_flow(
        source,
        time,
        dict(map(_pair, field or ())),
        walls=None if walls is None else [name.strip() for name in walls.split(",")],
        period=[_vector(text) for text in period] if period else None,
        location=location,
    )
    flow.save(output)
    names = ", ".join(("velocity", *flow.scalars, *flow.vectors, *flow.tensors))
    periods = " ".join("(" + ", ".join(f"{x:.6g}" for x in p) + ")" for p in flow.periods) or "none"
    typer.echo(
        f"{output}: {len(flow)} points in {flow.dimension}-D; fields: {names}; periods: {periods}"
    )


def _pair(text):
    name, sign, source = text.partition("=")
    if not (name and sign and source):
        raise InputError(f"--field {text}: expected NAME=SOURCE_NAME, e.g. velocity=UMean")
    return name, source


def _vector(text) -> list[float]:
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2, 3) or not any(numbers):
        raise InputError(f"--period {text}: expected one number for each coordinate, e.g. 9,0")
    return numbers
