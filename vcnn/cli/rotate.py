"""The verb ``vcnn rotate``."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import (
    ANY_FLOW,
    ANY_MODEL,
    Threads,
    check_order,
    load_study,
    read_flow,
    read_model,
)
from vcnn.errors import InputError, naming
from vcnn.files import claim
from vcnn.threads import ask_for

_Angles = Annotated[
    list[float] | None,
    typer.Option(
        metavar="DEGREES",
        help="May be given repeatedly. [default: 0, 35, 70, 90, 180; coupled 35, 90, 180]",
    ),
]


def rotate(
    models: Annotated[
        list[Path], typer.Argument(metavar="MODEL", help=f"Trained models; each {ANY_MODEL}.")
    ],
    flow: Annotated[Path, typer.Argument(metavar="FLOW", help=f"The flow: {ANY_FLOW}.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the report.")
    ],
    angle: _Angles = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FLOW", help="The same flow on another mesh; may be given repeatedly."
        ),
    ] = None,
    coupled: Annotated[
        Path | None,
        typer.Option(
            metavar="CASE", help="Solve this case of 'vcnn solve' too, in every frame anew."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    threads: Threads = None,
):
    """Report what becomes of models when the frame of a flow turns, and what they cost.

    Writes report.html (one page, all pictures inside), report.json (its numbers) and the pictures.

    With --coupled, models of a turbulent stress are put in the loop as well: the flow of the case
    is solved with each, then mesh, periods, driving direction and boundary values are turned, it is
    solved anew and turned back.

    \b
    Example:
      vcnn rotate runs/vcnn/model.safetensors runs/graph/model.safetensors hill_1.50.vtu -o rotation
      vcnn rotate hill-stress nut_graph.safetensors hill.vtu --coupled hill.toml -o rotation
    """
    from vcnn.evaluation.costs import cost_study
    from vcnn.evaluation.frames import rotate_study
    from vcnn.evaluation.report import rotation_verdict, write_report
    from vcnn.evaluation.transformations import transformation_study

    ask_for(threads)
    claim(output, force)
    angles, progress = _angles(angle), sys.stderr.isatty()
    paths = [flow, *(also or ())]
    coupled_part = None if coupled is None else load_study("coupled")
    closures, flows = _read(models, paths)
    labels = _labels(closures)
    by_label = dict(zip(labels, closures.values(), strict=True))
    answer, sections, numbers = "", [], {}
    if coupled_part is not None:
        answer, sections, numbers = coupled_part(coupled, closures, labels, progress, **angles)
    stems = [path.resolve().stem for path in paths]
    name, *names = stems if len(set(stems)) == len(stems) else map(str, paths)
    meshes = dict(zip(names, flows[1:], strict=True))
    study = rotate_study(by_label, flows[0], progress=progress, **angles)
    transformations = transformation_study(by_label, flows[0], meshes, name)
    page = write_report(
        study,
        output,
        title=f"{stems[0]} in turned frames",
        introduction=f"Flow: {flow}. Models: {', '.join(map(str, models))}.",
        sections=sections,
        force=force,
        transformations=transformations,
        costs=cost_study(by_label, flows[0]),
        answer=answer,
        numbers=numbers,
    )
    print(f"{rotation_verdict(study)} {answer}".strip())
    print(f"written: {page}")


def _angles(angles) -> dict:
    """What studies are told of the angles; nothing if none is given."""
    if not all(map(math.isfinite, angles or ())):
        raise InputError(
            f"--angle: expected a number of degrees, got {', '.join(map(str, angles))}"
        )
    return {"angles": angles} if angles else {}


def _read(models, paths) -> tuple[dict, list]:
    """Closures by their path, and flows that all of them can be asked about."""
    from vcnn.evaluation.targets import common_target

    for path in (*models, *paths):
        if [*models, *paths].count(path) > 1:
            raise InputError(f"{path}: given twice")
    check_order(models, paths)
    closures = {path: read_model(path) for path in models}
    fields = list(dict.fromkeys(name for closure in closures.values() for name in closure.needs))
    flows = [read_flow(path, fields) for path in paths]
    common_target(closures)
    for path, flow in zip(paths, flows, strict=True):
        for model, closure in closures.items():
            with naming(path), naming(model):
                closure.check(flow)
    return closures, flows


def _labels(closures) -> list[str]:
    """The architecture of each closure, or its path where two have the same."""
    kinds = [closure.network.name for closure in closures.values()]
    return [
        kind if kinds.count(kind) == 1 else str(path)
        for kind, path in zip(kinds, closures, strict=True)
    ]
