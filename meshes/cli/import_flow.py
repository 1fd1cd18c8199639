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
        Path, typer.Argument(help="An OpenFOAM case folder, or a mesh file with a velocity.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The flow file (.vtu) to write.")],
    time: Annotated[
        str | None, typer.Option(help="Time of an OpenFOAM case; default the latest.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="NAME=SOURCE_NAME; may be given repeatedly.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
) -> None:
    """Convert an OpenFOAM case or any mesh file with a velocity to a flow file.

    Example: vcnn import cases/hill -o hill.vtu --time 20000 --field velocity=UMean
    """
    claim(output, force)
    if output.suffix != ".vtu":
        raise InputError(f"{output}: a flow is saved as .vtu, got {output.suffix or 'no suffix'!r}")
    flow = read_flow(source, time, dict(map(_pair, field or ())))
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
