"""The verb ``vcnn demo``: the main job from a mesh to a report in rotated frames."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import Threads
from vcnn.errors import InputError
from vcnn.evaluation.report.text import percent, table
from vcnn.files import claim, write_text
from vcnn.threads import ask_for

_MARKER = "vcnn-demo.txt"  # in the folder of a demo: that its parts are nobody else's


def demo(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Folder for flows, models and the report."
        ),
    ],
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FLOW",
            help="Flows with a concentration that another code computed; "
            "anything 'vcnn import' reads; may be given repeatedly.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Start afresh if the folder holds a finished demo.")
    ] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Whether all of it runs, in a minute: coarse meshes, two training flows, "
            "three epochs. Its errors say nothing of the networks.",
        ),
    ] = False,
    threads: Threads = None,
) -> None:
    """Solve flows over hills, learn the concentration, predict unseen hills, turn the frame.

    About eight minutes on two cores. An interrupted demo goes on where it stopped.

    \b
    Example:
      vcnn demo -o demo
    """
    from meshes import read_flow
    from solvers.studies.demonstration import PARTS, QUICK, TARGET, demonstrate

    ask_for(threads)
    finished = _is_finished(output, PARTS, force)
    references = {path.stem: read_flow(path) for path in reference or ()}
    for name, flow in list(references.items()):
        if TARGET not in flow.scalars:
            typer.echo(f"note: {name} has no {TARGET}; left out", err=True)
            del references[name]
    if finished:  # deleted only now that nothing given can be wrong
        for part in PARTS:
            if (output / part).exists():
                shutil.rmtree(output / part)
    write_text(output / _MARKER, f"Of 'vcnn demo', whose option --force deletes {_list(PARTS)}.\n")
    outcome = demonstrate(output, references, QUICK if quick else None)
    typer.echo(f"\nRelative L2 error of the {TARGET}")
    typer.echo(table(["flow", "points", *outcome.closures], outcome.rows))
    typer.echo(f"\n{_frame_table(outcome.study)}\n")
    typer.echo(", ".join(f"{part} {seconds:.0f} s" for part, seconds in outcome.seconds.items()))
    typer.echo(f"report: {outcome.page}")


def _is_finished(output: Path, parts: tuple[str, ...], force: bool) -> bool:
    """Whether the folder holds a finished demo, which may be overwritten.

    Raises
    ------
    InputError
        If it may not be, or the folder holds something else that has the name of a part.
    """
    if output.is_file():
        raise InputError(f"{output}: expected a folder, got a file")
    present = [part for part in parts if (output / part).exists()]
    if present and not (output / _MARKER).is_file():
        raise InputError(
            f"{output}: holds {_list(present)} without the {_MARKER} of a demo; choose another -o, "
            "or delete it if it is a demo of an earlier version"
        )
    if "report" in present:
        claim(output / "report", force)
    return "report" in present


def _list(names) -> str:
    return ", ".join(f"{name}/" for name in names)


def _frame_table(study) -> str:
    """Errors at 0 and 90 degrees and how much they change over a full turn."""
    at = {angle: k for k, angle in enumerate(study.angles)}
    rows = []
    for name, errors in study.errors.items():
        columns = [percent(errors[at[angle]]) for angle in (0, 90)]
        rows.append([name, *columns, f"{study.error_variation[name]:.1e}"])
    return table(["the frame turns", "error at 0°", "at 90°", "relative change over 360°"], rows)
