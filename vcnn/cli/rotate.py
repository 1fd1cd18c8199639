"""vcnn rotate"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import ANY_FLOW, fields_of, read_flow, read_model
from vcnn.errors import InputError, naming
from vcnn.outputs import claim


def rotate(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", help="Trained models, .safetensors.")],
    flow: Annotated[Path, typer.Argument(metavar="FLOW", help=f"The flow: {ANY_FLOW}.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the report.")],
    angle: Annotated[list[float], typer.Option(help="Degrees; repeat for several.")] = [0, 35, 70, 90, 180],  # noqa: B006 (typer copies it)
    also: Annotated[
        list[Path] | None, typer.Option(metavar="FLOW", help="The same flow on another mesh; repeat for several.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
):
    """Report what becomes of models when the frame of a flow turns, and what they cost.

    Writes report.html (one page, all pictures inside), report.json (its numbers) and the pictures.

    \b
    Example:
      vcnn rotate runs/vcnn/model.safetensors runs/graph/model.safetensors flows/hill_1.50.vtu -o rotation
    """
    claim(output, force)
    if not all(map(math.isfinite, angle)):
        raise InputError(f"--angle: expected a number of degrees, got {', '.join(map(str, angle))}")
    flows = [flow, *(also or ())]
    for path in (*models, *flows):
        if [*models, *flows].count(path) > 1:
            raise InputError(f"{path}: given twice")
    closures = {path: read_model(path) for path in models}
    fields = list(dict.fromkeys(name for closure in closures.values() for name in fields_of(closure.network)))
    known, *others = (read_flow(path, fields) for path in flows)

    from vcnn.evaluation.costs import cost_study
    from vcnn.evaluation.frames import common_target, rotate_study
    from vcnn.evaluation.report import verdict, write_report
    from vcnn.evaluation.transformations import transformation_study

    common_target(closures)
    for path, there in zip(flows, (known, *others), strict=True):
        for model, closure in closures.items():
            with naming(path), naming(model):
                closure.check(there)
    kinds = [closure.network.name for closure in closures.values()]
    labels = [kind if kinds.count(kind) == 1 else str(path) for kind, path in zip(kinds, closures, strict=True)]
    named = dict(zip(labels, closures.values(), strict=True))
    stems = [path.resolve().stem for path in flows]
    name, *names = stems if len(set(stems)) == len(stems) else map(str, flows)
    transformations = transformation_study(named, known, dict(zip(names, others, strict=True)), name)
    study = rotate_study(named, known, angles=angle, progress=sys.stderr.isatty())
    costs = cost_study(named, known)
    introduction = f"Flow: {flow}. Models: {', '.join(map(str, models))}."
    page = write_report(study, output, f"{stems[0]} in turned frames", introduction, force=force,
                        transformations=transformations, costs=costs)  # fmt: skip
    print(verdict(study))
    print(f"written: {page}")
