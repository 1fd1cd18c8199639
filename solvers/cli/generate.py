"""The verb ``vcnn generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meshes.generate.bump import check_bump
from meshes.generate.periodic_hill import hill_length
from meshes.generate.structured import check_cells
from solvers.datasets.bumps import BUMPS, bump_name
from solvers.datasets.family import write_flows
from solvers.datasets.hills import HILLS, hill_name
from vcnn.cli.ranks import on_every_rank
from vcnn.errors import InputError


@on_every_rank
def generate(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the flows, .vtu.")
    ],
    slope: Annotated[
        list[float] | None,
        typer.Option(
            metavar="ALPHA", help="Slope α of a hill; may be given repeatedly. [default: 1]"
        ),
    ] = None,
    cells: Annotated[
        str | None,
        typer.Option(
            metavar="NXxNY[xNZ]",
            help="Along the flow x between the walls (x across). [default: 96x64 or 16x10x12]",
        ),
    ] = None,
    location: Annotated[
        str, typer.Option(metavar="cell|vertex", help="Where the fields are given.")
    ] = "cell",
    force: Annotated[
        bool, typer.Option("--force", help="Solve again and overwrite what is there.")
    ] = False,
    bump: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEIGHT,ASPECT,YAW",
            help="A bump in 3-D in place of hills; may be given repeatedly.",
        ),
    ] = None,
) -> None:
    """Solve laminar flow and transport over hills, or bumps in 3-D: training data.

    Flows that are there already and were solved with the same settings are kept, so an interrupted
    run goes on where it stopped.

    \b
    Example:
      vcnn generate --slope 1.0 --slope 1.25 --cells 96x64 -o hills
      vcnn generate --bump 0.6,1.5,30 --bump 0.4,2,60 -o bumps
    """
    if slope and bump:
        raise InputError("--slope and --bump: expected one kind of flow, got both")
    if location not in ("cell", "vertex"):
        raise InputError(f"--location: expected cell or vertex, got {location!r}")
    if bump:
        family, shapes = BUMPS, _bumps(bump)
        numbers = _parse_cells(cells or "16x10x12", 3)
    else:
        family, shapes = HILLS, _hills(slope or [1.0])
        numbers = _parse_cells(cells or "96x64", 2)
    write_flows(output, family, shapes, cells=numbers, location=location, force=force)


def _hills(slopes) -> dict[str, tuple[float]]:
    """Name -> slope of each flow; impossible ones are refused before anything is solved."""
    for slope in slopes:
        hill_length(slope)
    return {hill_name(slope): (slope,) for slope in slopes}


def _bumps(texts) -> dict[str, tuple[float, float, float]]:
    """Name -> height, aspect and yaw; impossible ones are refused before anything is solved."""
    bumps = {}
    for text in texts:
        try:
            height, aspect, yaw = map(float, text.split(","))
        except ValueError:
            raise InputError(
                f"--bump: expected height,aspect,yaw like 0.6,1.5,30, got {text!r}"
            ) from None
        check_bump(height, aspect, yaw)
        bumps[bump_name(height, aspect, yaw)] = height, aspect, yaw
    return bumps


def _parse_cells(text, directions) -> tuple[int, ...]:
    example = {2: "two numbers like 96x64", 3: "three numbers like 16x10x12"}[directions]
    try:
        cells = tuple(int(part) for part in text.lower().split("x"))
    except ValueError:
        cells = ()
    if len(cells) != directions:
        raise InputError(f"--cells: expected {example}, got {text!r}")
    return check_cells(cells, directions)
