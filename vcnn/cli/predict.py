"""The verb ``vcnn predict``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from vcnn.cli.energies import holds_potential, predict_frames
from vcnn.cli.inputs import (
    ANY_FLOW,
    ANY_MODEL,
    Threads,
    check_order,
    file_name,
    read_any_model,
    read_flow,
)
from vcnn.cli.plugins import load_entry_point
from vcnn.errors import InputError, naming
from vcnn.evaluation.report.text import percent, table
from vcnn.files import claim, staged
from vcnn.threads import ask_for

if TYPE_CHECKING:  # torch is slow to import
    from vcnn.closure.closure import Closure
    from vcnn.closure.ensemble import Ensemble
    from vcnn.flow.field import FlowField


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=f"Trained model: {ANY_MODEL}.")],
    flows: Annotated[list[Path], typer.Argument(metavar="FLOW", help=f"Each {ANY_FLOW}.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the predictions."),
    ] = None,
    foam: Annotated[
        bool,
        typer.Option("--foam", help="In place of -o: write fields into the OpenFOAM cases."),
    ] = False,
    time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of a case or a series; default: the latest.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    threads: Threads = None,
):
    """Predict flows with a model.

    Writes each flow with its prediction and, where the truth is known, the error, for ParaView; and
    errors.json. The field "extrapolation" is above 1 where no cloud of training is like that of the
    point; "extrapolated" in the table is the share of the flow's area or volume where it is.

    With --foam predictions become fields of the cases, "vcnn_eddy_viscosity" say, in the folder of
    the time, or in those of the processors.

    A potential of atoms predicts energies, forces and stresses of frames: folders of DeePMD-kit,
    JSON files of mlearn, or what ase reads; each becomes NAME.extxyz.

    A model that says how sure it is, such as an ensemble, also gives "eddy_viscosity_spread", the
    standard deviation at each point.

    \b
    Example:
      vcnn predict runs/hills/model.safetensors flows/hill_*.vtu cases/openfoam_hill -o predictions
      vcnn predict hill-concentration flows/hill_1.50.vtu -o predictions
      vcnn predict hill-stress cases/openfoam_hill --foam
      vcnn predict runs/water/model.safetensors water/data_3 -o predictions
    """
    ask_for(threads)
    if foam == (output is not None):
        raise InputError("expected one of -o FOLDER and --foam")
    files = [str(path) if foam else file_name(path) for path in flows]
    twice = {file for file in files if files.count(file) > 1}
    if twice:
        raise InputError(
            f"{', '.join(sorted(twice))}: given twice; each flow needs a file name of its own"
        )
    if output is not None:
        claim(output, force)
    check_order([model], flows)
    if holds_potential(model):
        if output is None or time is not None:
            raise InputError(f"{model}: a potential of atoms; expected -o FOLDER and no --time")
        predict_frames(model, flows, output)
        return
    closure = read_any_model(model)
    cases = {path: _claim_fields(closure, path, time, force) for path in flows if foam}
    contents = {path: read_flow(path, closure.needs, time) for path in flows}
    for path, flow in contents.items():
        with naming(path):
            closure.check(flow)
    if output is None:
        predictions = _into_cases(closure, contents, cases)
    else:
        predictions = _into_folder(closure, dict(zip(files, contents.items(), strict=True)), output)
    rows = [
        [file, *(percent(p.errors.get(name)) for name in closure.targets), percent(p.extrapolated)]
        for file, p in zip(files, predictions, strict=True)
    ]
    print(table(["flow", *(f"error of {name}" for name in closure.targets), "extrapolated"], rows))
    print(f"written to {output or ', '.join(files)}")


@dataclass(frozen=True, eq=False)
class _Prediction:
    """Fields of a flow, relative errors where the truth is known, the share extrapolated."""

    fields: dict
    spread: dict
    truth: dict
    errors: dict[str, float]
    extrapolation: np.ndarray | None
    extrapolated: float | None


def _into_folder(closure: Closure | Ensemble, flows: dict, output: Path) -> list[_Prediction]:
    """Predictions of flows, written as flow files."""
    predictions = {}
    with staged(output) as folder:
        for file, (path, flow) in flows.items():
            with naming(path):
                predictions[file] = prediction = _predict(closure, flow)
                _with_fields(flow, _compared(prediction)).save(folder / file)
        errors = {file: prediction.errors for file, prediction in predictions.items()}
        (folder / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")
    return list(predictions.values())


def _into_cases(closure: Closure | Ensemble, flows: dict, cases: dict) -> list[_Prediction]:
    """Predictions of cases, written as their fields."""
    predictions = []
    for path, flow in flows.items():
        with naming(path):
            predictions.append(prediction := _predict(closure, flow))
            fields = {**prediction.fields, **_spreads(prediction.spread)}
            if prediction.extrapolation is not None:
                fields["extrapolation"] = prediction.extrapolation
            cases[path].write(flow, fields)
    return predictions


def _claim_fields(closure: Closure | Ensemble, path: Path, time: str | None, force: bool):
    """The place of the predictions in a case, by the entry point "foam" of "vcnn.writers"."""
    claim_fields = load_entry_point(
        "vcnn.writers", "foam", "--foam: nothing installed writes cases; install vcnn anew"
    )
    names = [*closure.targets, *_spreads(dict.fromkeys(closure.uncertain))]
    names += ["extrapolation"] if closure.training_range is not None else []
    return claim_fields(path, time, names, force)


def _predict(closure: Closure | Ensemble, flow: FlowField) -> _Prediction:
    from vcnn.flow.norms import relative_l2

    fields, spread = closure.by_name().predict_with_spread(flow)
    truth = closure.truth(flow)
    errors = {
        name: relative_l2(fields[name], values, flow.weights) for name, values in truth.items()
    }
    if closure.training_range is None:
        return _Prediction(fields, spread, truth, errors, None, None)
    distance = closure.extrapolation(flow)
    share = float(flow.weights @ (distance > 1) / flow.weights.sum())
    return _Prediction(fields, spread, truth, errors, distance, share)


def _spreads(spread: dict) -> dict:
    """Standard deviations by the names that their fields have."""
    return {f"{name}_spread": values for name, values in spread.items()}


def _compared(prediction: _Prediction) -> dict:
    """Fields by the names that they have beside the truth."""
    fields = {f"{name}_predicted": values for name, values in prediction.fields.items()}
    for name, values in prediction.truth.items():
        fields[f"{name}_error"] = prediction.fields[name] - values
    fields |= _spreads(prediction.spread)
    if prediction.extrapolation is not None:
        fields["extrapolation"] = prediction.extrapolation
    return fields


def _with_fields(flow: FlowField, fields: dict) -> FlowField:
    """The flow with arrays that are scalars, vectors or tensors by their shape."""
    scalars, vectors, tensors = (
        {name: values for name, values in fields.items() if values.ndim == ndim}
        for ndim in (1, 2, 3)
    )
    return flow.with_fields(scalars, vectors, tensors)
