"""The main job on an embedded case: solve flows, learn a closure, predict unseen ones, report."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solvers.datasets.family import write_flows
from solvers.datasets.hills import HILLS, hill_name
from vcnn.baselines import GraphKernelNetwork
from vcnn.closure.closure import Closure
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.evaluation.costs import cost_study
from vcnn.evaluation.frames import RotationStudy, rotate_study
from vcnn.evaluation.report import Section, write_report
from vcnn.evaluation.report.fields import field_comparison
from vcnn.evaluation.report.text import percent
from vcnn.evaluation.transformations import transformation_study
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2
from vcnn.network.vector_cloud import VectorCloudNetwork
from vcnn.training.config import TrainingConfig
from vcnn.training.fitting import fit

TARGET = "concentration"
SCALARS = ("strain_rate", "wall_distance")
PARTS = ("flows", "vector-cloud", "graph-kernel", "predictions", "report")  # of its folder
UNITS = {"length": "H", "velocity": "U", "time": "H/U", "concentration": "1"}


def _graph_kernel():
    return TrainingConfig(epochs=12, centres=600, max_points=16, batch_size=16, learning_rate=5e-3)


@dataclass(frozen=True)
class DemoSettings:
    """How large the demonstration is.

    Parameters
    ----------
    training_slopes, unseen_slopes : of hills; the first unseen one is looked at in rotated frames
    cells, coarse : along a hill and between its walls
        A graph network is shown on the coarse mesh: its cost is quadratic.
    vector_cloud, graph_kernel : how the networks are trained
    """

    training_slopes: tuple[float, ...] = (1.0, 1.25, 1.5, 1.75, 2.0)
    unseen_slopes: tuple[float, ...] = (1.4, 0.5)  # between the training slopes, and outside
    cells: tuple[int, int] = (96, 64)
    coarse: tuple[int, int] = (60, 40)
    vector_cloud: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(epochs=40, max_points=50)
    )
    graph_kernel: TrainingConfig = field(default_factory=_graph_kernel)


QUICK = DemoSettings(
    training_slopes=(1.0, 2.0),
    cells=(24, 16),
    coarse=(18, 12),
    vector_cloud=TrainingConfig(epochs=3),
    graph_kernel=TrainingConfig(epochs=1, centres=40, max_points=8),
)


@dataclass(frozen=True, eq=False)
class Demonstration:
    """What came out of the demonstration.

    Parameters
    ----------
    closures : names of the networks
    rows : of the table of errors: flow, points, and the error of each closure
    study : RotationStudy of the first unseen hill
    seconds : part -> seconds of flows, training and evaluation
    page : path of the report
    """

    closures: tuple[str, ...]
    rows: list[list[str]]
    study: RotationStudy
    seconds: Mapping[str, float]
    page: Path


def demonstrate(
    folder: Path, references: Mapping[str, FlowField], settings: DemoSettings | None = None
) -> Demonstration:
    """Solve flows over hills, learn the concentration, predict unseen hills, rotate, report.

    Parameters
    ----------
    folder : path
        For flows, models and the report; what an interrupted demonstration left there is used.
    references : name -> flow with a concentration that another code computed
    settings : DemoSettings, optional

    Raises
    ------
    InputError
        If the folder holds a report, or files that are not those of a demonstration.
    """
    settings = settings or DemoSettings()
    start = time.perf_counter()
    flows = _solve(settings, folder / "flows")
    solved = time.perf_counter()
    closures = {
        "vector-cloud network": _train(
            VectorCloudNetwork(SCALARS),
            settings.vector_cloud,
            settings,
            flows,
            folder / "vector-cloud",
        ),
        "graph kernel network": _train(
            GraphKernelNetwork(SCALARS),
            settings.graph_kernel,
            settings,
            flows,
            folder / "graph-kernel",
        ),
    }
    trained = time.perf_counter()
    unseen = {
        f"hill_{slope:g}_{nx}x{ny}": flow
        for (slope, (nx, ny)), flow in flows.items()
        if slope in settings.unseen_slopes
    }
    shown = {**unseen, **references}
    predictions = _predict(closures, shown, folder / "predictions")
    rows = _error_rows(closures, shown, predictions, settings)
    figures = {}
    for name, flow in shown.items():
        figures[f"{name}: truth, prediction and error."] = field_comparison(
            flow, flow.scalars[TARGET], predictions[name], TARGET
        )
    text, header = _text(settings, references), ["flow", "points", *closures]
    section = Section("Flows the networks never saw", text, header, rows, figures)
    page, study = _report(closures, flows, section, settings, folder / "report")
    seconds = {
        "flows": solved - start,
        "training": trained - solved,
        "evaluation": time.perf_counter() - trained,
    }
    return Demonstration(tuple(closures), rows, study, seconds, page)


def _solve(settings, folder) -> dict[tuple, FlowField]:
    """(slope, cells) -> flow, solved or read back."""
    flows = {}
    every = (*settings.training_slopes, *settings.unseen_slopes)
    for cells, slopes in (
        (settings.cells, every),
        (settings.coarse, settings.unseen_slopes[:1]),
    ):
        shapes = {hill_name(slope): (slope,) for slope in slopes}
        paths = write_flows(folder / _by(cells), HILLS, shapes, cells=cells)
        for name, (slope,) in shapes.items():
            flows[slope, cells] = FlowField.load(paths[name])
    return flows


def _train(network, config, settings, flows, folder) -> Closure:
    return fit(
        network,
        {hill_name(slope): flows[slope, settings.cells] for slope in settings.training_slopes},
        TARGET,
        RegionOfInfluence.transport(diffusivity=0.1, decay=3.0),
        config,
        run_directory=folder,
        units=UNITS,
        provenance={
            "command": "vcnn demo",
            "slopes": list(settings.training_slopes),
            "cells": list(settings.cells),
            "epochs": config.epochs,
        },
    )


def _predict(closures, flows, folder) -> dict:
    """Name of a flow -> what the vector-cloud network predicts, in files too."""
    network, _ = closures.values()
    predictions = {}
    for name, flow in flows.items():
        values = predictions[name] = network.predict(flow)
        fields = {f"{TARGET}_predicted": values, f"{TARGET}_error": values - flow.scalars[TARGET]}
        flow.with_fields(scalars=fields).save(folder / f"{name}.vtu")
    return predictions


def _error_rows(closures, flows, predictions, settings) -> list[list[str]]:
    _, graph = closures.values()
    rows = []
    for name, flow in flows.items():
        truth = flow.scalars[TARGET]
        errors = [percent(relative_l2(predictions[name], truth, flow.weights)), "-"]
        if len(flow) <= settings.coarse[0] * settings.coarse[1]:
            errors[1] = percent(relative_l2(graph.predict(flow), truth, flow.weights))
        rows.append([name, f"{len(flow):,}", *errors])
    return rows


def _text(settings, references) -> str:
    text = (
        f"Both networks were trained on hills of slope {_slopes(settings)}, solved with finite "
        f"elements on {settings.cells[0]} x {settings.cells[1]} cells. The graph network's cost "
        "grows with the square of the points in a cloud, so it is evaluated on the coarse mesh "
        "only."
    )
    if references:
        text += (
            "\n\nThe other flows were computed with OpenFOAM; their velocity is all the network "
            "is given. Where that code used first-order upwind convection (the published case of "
            "Zhou, Han & Xiao 2022, whose flow is not converged either), velocity and "
            "concentration differ from a second-order solution by 3.4 % and 7.2 % by themselves; "
            "an error of several per cent there is no fault of the closure."
        )
    return text


def _report(closures, flows, section, settings, folder) -> tuple[Path, RotationStudy]:
    slope = settings.unseen_slopes[0]
    flow, fine = flows[slope, settings.coarse], flows[slope, settings.cells]
    coarse_name, fine_name = (f"{_by(cells)} cells" for cells in (settings.coarse, settings.cells))
    study = rotate_study(closures, flow, progress=sys.stderr.isatty())
    page = write_report(
        study,
        folder,
        "A closure in turned frames",
        "The concentration of a scalar in laminar flow over a periodic hill (Re = 100), "
        f"predicted at each point from the velocities around it alone. Here: slope {slope:g}, "
        f"which is not among the training slopes {_slopes(settings)}.",
        [section],
        transformations=transformation_study(closures, flow, {fine_name: fine}, coarse_name),
        costs=cost_study(closures, flow),
    )
    return page, study


def _by(cells) -> str:
    return "x".join(map(str, cells))


def _slopes(settings) -> str:
    return ", ".join(f"{slope:g}" for slope in settings.training_slopes)
