"""vcnn rotate"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import ANY_FLOW, ANY_MODEL, load_study, read_flow, read_model
from vcnn.errors import InputError, naming
from vcnn.files import claim


def rotate(
    models: Annotated[
        list[Path], typer.Argument(metavar="MODEL...", help=f"Trained models; each {ANY_MODEL}.")
    ],
    flow: Annotated[Path, typer.Argument(metavar="FLOW", help=f"The flow: {ANY_FLOW}.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the report.")],
    angle: Annotated[
        list[float] | None,
        typer.Option(
            help="Degrees; repeat for several. Default: 0, 35, 70, 90, 180; 35, 90, 180 for --coupled."
        ),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(metavar="FLOW", help="The same flow on another mesh; repeat for several."),
    ] = None,
    coupled: Annotated[
        Path | None,
        typer.Option(
            metavar="CASE", help="Solve this case of 'vcnn solve' too, in every frame anew."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
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
    claim(output, force)
    if not all(map(math.isfinite, angle or ())):
        raise InputError(f"--angle: expected a number of degrees, got {', '.join(map(str, angle))}")
    flows = [flow, *(also or ())]
    for path in (*models, *flows):
        if [*models, *flows].count(path) > 1:
            raise InputError(f"{path}: given twice")
    coupled_part = None if coupled is None else load_study("coupled")
    closures = {path: read_model(path) for path in models}
    fields = list(dict.fromkeys(name for closure in closures.values() for name in closure.needs))
    known, *others = (read_flow(path, fields) for path in flows)

    from vcnn.evaluation.costs import cost_study
    from vcnn.evaluation.frames import rotate_study
    from vcnn.evaluation.report import rotation_verdict, write_report
    from vcnn.evaluation.targets import common_target
    from vcnn.evaluation.transformations import transformation_study

    common_target(closures)
    for path, there in zip(flows, (known, *others), strict=True):
        for model, closure in closures.items():
            with naming(path), naming(model):
                closure.check(there)
    kinds = [closure.network.name for closure in closures.values()]
    labels = [
        kind if kinds.count(kind) == 1 else str(path)
        for kind, path in zip(kinds, closures, strict=True)
    ]
    named = dict(zip(labels, closures.values(), strict=True))
    shown = sys.stderr.isatty()
    angles = {"angles": angle} if angle else {}
    answer, sections, numbers = "", [], {}
    if coupled_part is not None:
        answer, sections, numbers = coupled_part(coupled, closures, labels, shown, **angles)
    stems = [path.resolve().stem for path in flows]
    name, *names = stems if len(set(stems)) == len(stems) else map(str, flows)
    transformations = transformation_study(
        named, known, dict(zip(names, others, strict=True)), name
    )
    study = rotate_study(named, known, progress=shown, **angles)
    costs = cost_study(named, known)
    introduction = f"Flow: {flow}. Models: {', '.join(map(str, models))}."
    page = write_report(
        study,
        output,
        f"{stems[0]} in turned frames",
        introduction,
        sections,
        force,
        transformations,
        costs,
        answer,
        numbers,
    )
    print(f"{rotation_verdict(study)} {answer}".strip())
    print(f"written: {page}")
