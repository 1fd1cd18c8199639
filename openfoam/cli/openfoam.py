"""The verbs ``vcnn openfoam build``, ``apply`` and ``report``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import ANY_MODEL
from vcnn.errors import InputError
from vcnn.headers import parse_json

Case = Annotated[Path, typer.Argument(metavar="CASE", help="Folder of an OpenFOAM case.")]

app = typer.Typer(
    help="Closures in OpenFOAM's solvers: build the library, apply a closure to a case, report.",
)


@app.command()
def build() -> None:
    """Build the library with which OpenFOAM's solvers ask closures.

    It is built once for each version of OpenFOAM, and its path printed; what is missing for it is
    named with the command that brings it.

    \b
    Example:
      vcnn openfoam build
    """
    from openfoam.build.compile import build_library

    print(build_library(_say))


@app.command()
def apply(
    case: Case,
    closure: Annotated[
        str | None,
        typer.Option(
            "--closure",
            metavar="MODEL",
            help=f"To be asked: {ANY_MODEL}; FILE.safetensors:NUMBER, a member of an ensemble; "
            "or FILE.py:NAME.",
        ),
    ] = None,
    length: Annotated[
        float | None, typer.Option(metavar="L", help="The model's unit of length, in the case's.")
    ] = None,
    velocity: Annotated[
        float | None,
        typer.Option(metavar="U", help="The model's unit of velocity, in the case's."),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Put the case's files back as they were before.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --undo: even if they were changed since.")
    ] = False,
) -> None:
    """Let the solver of a case ask a closure.

    Changes entries of turbulenceProperties, controlDict, fvSchemes and fvSolution where they stand,
    prints the differences, and keeps the files as they were in CASE/vcnn.orig. Applied again, with
    another model say, it brings the entries up to date.

    \b
    Example:
      vcnn openfoam apply hill --closure hill-stress
      vcnn openfoam apply hill_in_mm --closure hill-stress --length 28 --velocity 1500
      vcnn openfoam apply hill --undo
    """
    if undo == (closure is not None):
        raise InputError("expected one of --closure MODEL and --undo")
    if force and not undo:
        raise InputError("--force: needs --undo; to apply again overwrites nothing of yours")
    if undo and (length, velocity) != (None, None):
        raise InputError("--length, --velocity: not with --undo")
    if undo:
        _undo(case, force)
        return
    from openfoam.build.compile import build_library
    from openfoam.case.apply import ClosureInCase, apply_closure
    from openfoam.worker.named_closure import read_closure

    model = _place(closure)
    answering = read_closure(model, case)
    library, python = build_library(_say), Path(sys.executable)
    settings = ClosureInCase(model, library, python, length, velocity)
    applied = apply_closure(case, answering, settings)
    print(applied.difference.rstrip("\n") or f"{case}: it asks this closure already")
    for note in applied.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"now run {applied.application or 'its solver'} in {case}; --undo puts the files back")


@app.command()
def report(
    case: Case,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the report.")
    ],
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME=FIELD",
            help="A velocity to compare with: of a file or case, or a field of this case.",
        ),
    ] = None,
    reference_velocity: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the velocity in that file.")
    ] = None,
    at: Annotated[
        list[float] | None,
        typer.Option(metavar="X", help="Where profiles are drawn; may be given repeatedly."),
    ] = None,
    member: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="CASE",
            help="The same case solved with a member of its ensemble, for bands; given repeatedly.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Report what the solver and its closure did in a case, as one page.

    \b
    Example:
      vcnn openfoam report hill -o report
      vcnn openfoam report hill -o report --reference les_velocity=0/U_LES --at 2 --at 4
      vcnn openfoam report hill -o report --member hill_1 --member hill_2 --member hill_3
    """
    from openfoam.report.page import write_report

    page = write_report(
        case,
        output,
        force=force,
        reference=reference,
        reference_velocity=reference_velocity,
        at=at or (),
        members=member or (),
    )
    answer = parse_json(page.with_suffix(".json").read_bytes(), page)["answer"]
    print(f"{answer}\nreport: {page}")


def _say(line: str) -> None:
    """What takes long, beside what a verb prints."""
    print(line, file=sys.stderr)


def _place(closure: str) -> str:
    """Of a model of the package its name, of a file its whole path; what follows ":" stays."""
    from vcnn.closure.file import model_file, pretrained_file, pretrained_names

    file, colon, name = closure.rpartition(":")
    if colon and file.endswith(".py"):
        return f"{Path(file).resolve()}:{name}"
    if colon and file.endswith(".safetensors"):
        return f"{model_file(Path(file)).resolve()}:{name}"
    path = model_file(Path(closure))
    shipped = closure in pretrained_names() and path == pretrained_file(closure)
    return closure if shipped else str(path.resolve())


def _undo(case: Path, force: bool) -> None:
    from openfoam.case.apply import undo

    names = undo(case, force)
    print(f"{case}: {', '.join(names)} are as they were")
