"""vcnn predict"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import naming, read_flow, read_model
from vcnn.cli.tables import percent, table
from vcnn.errors import InputError
from vcnn.outputs import claim, staged


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Trained model, .safetensors.")],
    flows: Annotated[
        list[Path], typer.Argument(metavar="FLOW...", help="Flow files, .vtu; others go through 'vcnn import' first.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the predictions.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
):
    """Predict flows with a model.

    Writes each flow with its prediction and, where the truth is known, the error, for ParaView; and errors.json.

    \b
    Example:
      vcnn predict runs/hills/model.safetensors flows/hill_*.vtu -o predictions
    """
    from vcnn.evaluation.errors import relative_l2

    claim(output, force)
    twice = {path.name for path in flows if [other.name for other in flows].count(path.name) > 1}
    if twice:
        raise InputError(f"{', '.join(sorted(twice))}: given twice; each flow needs a file name of its own")
    closure = read_model(model)
    given = {path: read_flow(path) for path in flows}
    for path, flow in given.items():
        with naming(path):
            closure.check(flow)
    target, errors = closure.target, {}
    with staged(output) as folder:
        for path, flow in given.items():
            with naming(path):
                fields = {f"{target}_predicted": closure.predict(flow)}
                errors[path.name] = None
                if target in flow.scalars:
                    truth = flow.scalars[target]
                    fields[f"{target}_error"] = fields[f"{target}_predicted"] - truth
                    errors[path.name] = relative_l2(fields[f"{target}_predicted"], truth, flow.weights)
                flow.with_fields(scalars=fields).save(folder / path.name)
        (folder / "errors.json").write_text(json.dumps(errors, indent=1))
    print(table(["flow", f"error of {target}"], [[name, percent(e)] for name, e in errors.items()]))
    print(f"written to {output}")
