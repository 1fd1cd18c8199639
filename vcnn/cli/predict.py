"""vcnn predict"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import ANY_FLOW, ANY_MODEL, file_name, read_flow, read_model
from vcnn.errors import InputError, naming
from vcnn.evaluation.report.text import percent, table
from vcnn.files import claim, staged


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=f"Trained model: {ANY_MODEL}.")],
    flows: Annotated[list[Path], typer.Argument(metavar="FLOW...", help=f"Each {ANY_FLOW}.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the predictions.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
):
    """Predict flows with a model.

    Writes each flow with its prediction and, where the truth is known, the error, for ParaView; and
    errors.json. The field "extrapolation" is above 1 where no cloud of training is like that of the
    point.

    \b
    Example:
      vcnn predict runs/hills/model.safetensors flows/hill_*.vtu cases/openfoam_hill -o predictions
      vcnn predict hill-concentration flows/hill_1.50.vtu -o predictions
    """
    from vcnn.flow.norms import relative_l2

    claim(output, force)
    files = [file_name(path) for path in flows]
    twice = {file for file in files if files.count(file) > 1}
    if twice:
        raise InputError(
            f"{', '.join(sorted(twice))}: given twice; each flow needs a file name of its own"
        )
    closure = read_model(model)
    given = {path: read_flow(path, closure.needs) for path in flows}
    for path, flow in given.items():
        with naming(path):
            closure.check(flow)
    errors, outside = {}, {}
    with staged(output) as folder:
        for file, (path, flow) in zip(files, given.items(), strict=True):
            with naming(path):
                found = closure.by_name().predict(flow)
                truth = closure.truth(flow)
                fields = {f"{name}_predicted": values for name, values in found.items()}
                fields |= {f"{name}_error": found[name] - values for name, values in truth.items()}
                errors[file] = {
                    name: relative_l2(found[name], v, flow.weights) for name, v in truth.items()
                }
                if closure.training_range is not None:
                    fields["extrapolation"] = closure.extrapolation(flow)
                    outside[file] = float(
                        flow.weights @ (fields["extrapolation"] > 1) / flow.weights.sum()
                    )
                kinds = {1: {}, 2: {}, 3: {}}
                for name, values in fields.items():
                    kinds[values.ndim][name] = values
                scalars, vectors, tensors = kinds.values()
                flow.with_fields(scalars, vectors, tensors).save(folder / file)
        (folder / "errors.json").write_text(json.dumps(errors, indent=1))
    rows = [
        [file, *(percent(known.get(name)) for name in closure.targets), percent(outside.get(file))]
        for file, known in errors.items()
    ]
    print(table(["flow", *(f"error of {name}" for name in closure.targets), "extrapolated"], rows))
    print(f"written to {output}")
