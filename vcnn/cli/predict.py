"""The verb ``vcnn predict``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vcnn.cli.inputs import (
    ANY_FLOW,
    ANY_MODEL,
    Threads,
    check_order,
    file_name,
    read_flow,
    read_model,
)
from vcnn.errors import InputError, naming
from vcnn.evaluation.report.text import percent, table
from vcnn.files import claim, staged
from vcnn.threads import ask_for

if TYPE_CHECKING:  # torch is slow to import
    from vcnn.closure.closure import Closure
    from vcnn.flow.field import FlowField


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=f"Trained model: {ANY_MODEL}.")],
    flows: Annotated[list[Path], typer.Argument(metavar="FLOW", help=f"Each {ANY_FLOW}.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the predictions.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    threads: Threads = None,
):
    """Predict flows with a model.

    Writes each flow with its prediction and, where the truth is known, the error, for ParaView; and
    errors.json. The field "extrapolation" is above 1 where no cloud of training is like that of the
    point; "extrapolated" in the table is the share of the flow's area or volume where it is.

    \b
    Example:
      vcnn predict runs/hills/model.safetensors flows/hill_*.vtu cases/openfoam_hill -o predictions
      vcnn predict hill-concentration flows/hill_1.50.vtu -o predictions
    """
    ask_for(threads)
    claim(output, force)
    files = [file_name(path) for path in flows]
    twice = {file for file in files if files.count(file) > 1}
    if twice:
        raise InputError(
            f"{', '.join(sorted(twice))}: given twice; each flow needs a file name of its own"
        )
    check_order([model], flows)
    closure = read_model(model)
    contents = {path: read_flow(path, closure.needs) for path in flows}
    for path, flow in contents.items():
        with naming(path):
            closure.check(flow)
    errors, extrapolated = {}, {}
    with staged(output) as folder:
        for file, (path, flow) in zip(files, contents.items(), strict=True):
            with naming(path):
                fields, errors[file], extrapolated[file] = _predict(closure, flow)
                _with_fields(flow, fields).save(folder / file)
        (folder / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")
    rows = [
        [file, *(percent(errors[file].get(name)) for name in closure.targets), percent(share)]
        for file, share in extrapolated.items()
    ]
    print(table(["flow", *(f"error of {name}" for name in closure.targets), "extrapolated"], rows))
    print(f"written to {output}")


def _predict(closure: Closure, flow: FlowField) -> tuple[dict, dict[str, float], float | None]:
    """New fields of a flow, relative errors where the truth is known, the share extrapolated."""
    from vcnn.flow.norms import relative_l2

    predicted, truth = closure.by_name().predict(flow), closure.truth(flow)
    fields = {f"{name}_predicted": values for name, values in predicted.items()}
    fields |= {f"{name}_error": predicted[name] - values for name, values in truth.items()}
    errors = {
        name: relative_l2(predicted[name], values, flow.weights) for name, values in truth.items()
    }
    if closure.training_range is None:
        return fields, errors, None
    fields["extrapolation"] = distance = closure.extrapolation(flow)
    return fields, errors, float(flow.weights @ (distance > 1) / flow.weights.sum())


def _with_fields(flow: FlowField, fields: dict) -> FlowField:
    """The flow with arrays that are scalars, vectors or tensors by their shape."""
    scalars, vectors, tensors = (
        {name: values for name, values in fields.items() if values.ndim == ndim}
        for ndim in (1, 2, 3)
    )
    return flow.with_fields(scalars, vectors, tensors)
