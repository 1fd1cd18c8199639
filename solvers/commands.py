"""The verb ``vcnn generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meshes.periodic_hill import hill_length
from meshes.structured import check_cells
from solvers.hills import hill_concentration, hill_provenance
from vcnn.errors import InputError
from vcnn.flow import FlowField
from vcnn.outputs import claim


def generate(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the flows, hill_<slope>.vtu.")],
    slope: Annotated[list[float], typer.Option(help="Slope α of a hill; give it once for each.")] = (1.0,),
    cells: Annotated[str, typer.Option(help="Cells along the flow x between the walls.")] = "96x64",
    location: Annotated[str, typer.Option(help="Where the fields are given: cell or vertex.")] = "cell",
    force: Annotated[bool, typer.Option("--force", help="Solve again and overwrite what is there.")] = False,
):
    """Solve laminar flow and transport over periodic hills and write them as training data.

    Flows that are there already and were solved with the same settings are kept, so an interrupted run goes on
    where it stopped.

    Example: vcnn generate --slope 1.0 --slope 1.25 --cells 96x64 -o hills
    """
    size = _parsed_cells(cells)
    if location not in ("cell", "vertex"):
        raise InputError(f"--location: expected cell or vertex, got {location!r}")
    todo = {}
    for value in slope:
        hill_length(value)   # refuses impossible slopes before anything is solved
        path = output / f"hill_{value:.2f}.vtu" if round(value, 2) == value else output / f"hill_{value}.vtu"
        if force or not _is_there(path, hill_provenance(value, size, location)):
            todo[claim(path, force)] = value
    _solve_all(todo, size, location)


def _solve_all(todo, cells, location):
    from tqdm import tqdm

    from solvers.fenics import MPI

    comm = MPI.COMM_WORLD
    with tqdm(todo.items(), unit="flow", disable=comm.rank > 0) as progress:
        for path, value in progress:
            progress.set_postfix_str(path.name)
            flow = hill_concentration(value, cells, location)
            if comm.rank == 0:
                flow.save(path)
    comm.barrier()


def _is_there(path, provenance) -> bool:
    """Whether the flow wanted has been solved before."""
    try:
        return FlowField.load(path).provenance == provenance
    except InputError:
        return False


def _parsed_cells(text) -> tuple[int, int]:
    try:
        nx, ny = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise InputError(f"--cells: expected two numbers like 96x64, got {text!r}") from None
    return check_cells((nx, ny))
