"""vcnn rotate"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import read_flow, read_model
from vcnn.errors import naming
from vcnn.outputs import claim


def rotate(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", help="Trained models, .safetensors.")],
    flow: Annotated[Path, typer.Argument(metavar="FLOW", help="Flow file, .vtu.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the report.")],
    angle: Annotated[list[float], typer.Option(help="Degrees; repeat for several.")] = [0, 35, 70, 90, 180],  # noqa: B006 (typer copies it)
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
):
    """Report what becomes of models when the frame of a flow turns.

    Writes report.html (one page, all pictures inside), report.json (its numbers) and the pictures.

    \b
    Example:
      vcnn rotate runs/vcnn/model.safetensors runs/graph/model.safetensors flows/hill_1.50.vtu -o rotation
    """
    claim(output, force)
    closures = [read_model(path) for path in models]
    names = [closure.network.name for closure in closures]
    labels = [name if names.count(name) == 1 else str(path) for name, path in zip(names, models, strict=True)]
    known = read_flow(flow)

    from vcnn.evaluation.frames import rotate_study
    from vcnn.evaluation.report import verdict, write_report

    with naming(flow):
        named = dict(zip(labels, closures, strict=True))
        study = rotate_study(named, known, angles=angle, progress=sys.stderr.isatty())
    introduction = f"Flow: {flow.name}. Models: {', '.join(map(str, models))}."
    page = write_report(study, output, title=f"{flow.stem} in turned frames", introduction=introduction, force=force)
    print(verdict(study))
    print(f"written: {page}")
