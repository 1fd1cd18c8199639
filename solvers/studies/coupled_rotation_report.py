"""The part of a report on flows that were solved anew in rotated frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from meshes.report.pictures import draw_streamlines
from solvers.fenics import MPI
from solvers.flow.conditions import Symmetry, Wall
from solvers.flow.drive import BulkVelocity
from solvers.studies.case import read_case
from solvers.studies.coupled_rotation import CoupledRotationStudy, coupled_rotation_study
from vcnn.closure.closure import Closure
from vcnn.errors import InputError, naming
from vcnn.evaluation.report.fields import ERRORS, VALUES
from vcnn.evaluation.report.page import Section
from vcnn.evaluation.report.panels import error_norm, frame_panel, readable
from vcnn.evaluation.report.text import listed, percent_or_power
from vcnn.flow.field import FlowField
from vcnn.flow.norms import magnitudes

_NONE = "does not settle"
_SAME = 1e-8  # relative change of a velocity that is none, unless the tolerance is larger


def coupled_part(
    case: Path, models: Mapping[Path, Closure], labels: Sequence[str], progress: bool, **options
) -> tuple[str, list[Section], dict]:
    """Solve a case with each model in rotated frames, for a report.

    The entry point "coupled" of group "vcnn.studies".

    Parameters
    ----------
    case : path of a file for :func:`solvers.studies.case.read_case`
    models : path -> Closure
    labels : name of each in the report
    progress : bool
    options : ``angles``, as for :func:`solvers.coupled_rotation_study`

    Returns
    -------
    answer : str, a sentence
    sections : list of Section
    numbers : dict, for JSON

    Raises
    ------
    InputError
        If the case cannot be read, a model cannot be asked while it is solved, or there are several
        ranks of MPI.
    """
    if MPI.COMM_WORLD.size > 1:
        raise InputError("--coupled: runs on one process, start it without mpirun")
    described = read_case(case)
    closures = {}
    for label, (path, model) in zip(labels, models.items(), strict=True):
        with naming(path):
            closures[label] = described.closure(model)
    options |= {
        "tolerance": described.tolerance,
        "max_rounds": described.max_rounds,
        "progress": progress,
    }
    with naming(case):
        study = coupled_rotation_study(closures, described.problem(closures[labels[0]]), **options)
    numbers = {"coupled": {"case": str(case), **_numbers(study)}}
    return coupled_verdict(study), [coupled_section(study, case)], numbers


def coupled_verdict(study: CoupledRotationStudy) -> str:
    """In words: which closures lead to the same flow in every frame, how far off the others are."""
    outcomes = {name: _departure(study, runs) for name, runs in study.runs.items()}
    holding = [name for name, words in outcomes.items() if not words]
    parts = [f"{name} {words}" for name, words in outcomes.items() if words]
    if holding:
        change = max(run.change for name in holding for run in study.runs[name])
        find = "finds" if len(holding) == 1 else "find"
        parts.insert(0, f"{listed(holding)} {find} the same flow, to {change:.1e}")
    return f"Solved anew in turned frames: {'; '.join(parts)}."


def _departure(study, runs) -> str:
    """How a closure fails to find the same flow in every frame; nothing if it does find it."""
    worst = int(np.argmax([run.change or 0.0 for run in runs]))
    lost = [f"{angle:g}°" for angle, run in zip(study.angles, runs, strict=False) if run.failure]
    words = []
    if (runs[worst].change or 0.0) > max(_SAME, 10 * study.tolerance):
        away = percent_or_power(runs[worst].change)
        words.append(f"finds another flow, {away} away at {study.angles[worst]:g}°")
    if lost:
        words.append(f"{_NONE} at {listed(lost)}")
    return " and ".join(words)


def coupled_section(study: CoupledRotationStudy, case: str | Path) -> Section:
    """What came out in each frame, in a table and pictures; ``case`` is the name of the flow."""
    outcome = _outcome(study.problem)
    rows, failures = [], []
    for name, runs in study.runs.items():
        for angle, run in zip(study.angles, runs, strict=False):
            if run.failure:
                rows.append([name, f"{angle:g}°", _NONE, *(2 + len(outcome)) * ["–"]])
                failures.append(f"\n\n{name} at {angle:g}°: {run.failure}.")
                continue
            numbers = [f"{run.flow.parameters[key]:.6g}" for key in outcome]
            shares = map(percent_or_power, (run.change, run.clipped))
            rows.append([name, f"{angle:g}°", run.rounds, *shares, *numbers])
    text = (
        f"The flow of {case} is solved with each model in the loop. Then mesh, periods, driving "
        "direction and boundary values are turned, it is solved anew from the beginning, and the "
        "velocity is turned back. Its change is relative to the one solved at 0°, L2 norms "
        "weighted by the quadrature weights. A round asks the model once; in the end what it says "
        f"changes by less than {study.tolerance:g}. Clipped is the share of the points whose eddy "
        "viscosity is out of bounds."
    )
    text += "".join(failures)
    header = ["model", "frame", "rounds", "change of the velocity", "clipped", *outcome.values()]
    return Section("Solved in turned frames", text, header, rows, pictures(study))


def _outcome(problem) -> dict[str, str]:
    """What is not given of the bulk velocity and the driving force, if there are any."""
    drive = problem.boundary_conditions.drive
    if drive is None:
        return {}
    if isinstance(drive, BulkVelocity):
        return {"pressure_gradient": "driving force"}
    return {"bulk_velocity": "bulk velocity"}


def pictures(study: CoupledRotationStudy) -> dict[str, Figure]:
    """Caption -> picture, of flows and of what changes in the frames that they were solved in.

    There are none without a flow at 0 degrees.
    """
    solved = {name: runs for name, runs in study.runs.items() if not runs[0].failure}
    if not solved:
        return {}
    plane = study.axis is None
    shown = "Streamlines on the speed" if plane else "Speed"
    about = "" if plane else " Drawn is a cut across the axis of the turn."
    figures = {f"{shown} in frames turned by the angle above.{about}": _speeds(study, solved)}
    if any(run.change for run in chain(*solved.values())):
        caption = "How far the flow, turned back, is from the one solved at 0°"
        figures[f"{caption}; grey where the change is too small to draw."] = _changes(study, solved)
    return figures


def _speeds(study, solved) -> Figure:
    rows = {
        name: [_NONE if run.failure else magnitudes(run.flow.velocity) for run in runs]
        for name, runs in solved.items()
    }
    norm = Normalize(0, _largest(rows))
    frames = _frames(study, solved)
    figure = frame_panel(
        frames, study.angles, rows, norm=norm, cmap=VALUES, label="|u|", axis=study.axis
    )
    if study.axis is None:
        closed = study.problem.boundary_conditions.of_kind(Wall | Symmetry)
        for axes, run in zip(figure.axes, chain(*solved.values()), strict=False):
            if not run.failure:
                draw_streamlines(axes, run.flow, closed, width=0.5)
    return figure


def _changes(study, solved) -> Figure:
    rows = {}
    for name, (first, *others) in solved.items():
        velocity, speed = first.flow.velocity, magnitudes(first.flow.velocity).max()
        rows[name] = [
            _NONE if run.failure else magnitudes(run.back.velocity - velocity) / speed
            for run in others
        ]
    norm = error_norm(max(_largest(rows), _SAME))
    for name, frames in rows.items():
        rows[name] = [f if isinstance(f, str) else readable(f, norm) for f in frames]
    return frame_panel(
        _frames(study, solved)[1:],
        study.angles[1:],
        rows,
        norm=norm,
        cmap=ERRORS,
        label="|u − u at 0°| / max |u at 0°|",
        extend="min",
        axis=study.axis,
    )


def _frames(study, solved) -> list[FlowField]:
    """A flow on the mesh in each frame."""
    origin = next(iter(solved.values()))[0].flow
    return [origin.rotated(R) for R in study.rotations]


def _largest(rows) -> float:
    return max(values.max() for values in chain(*rows.values()) if not isinstance(values, str))


def _numbers(study) -> dict:
    numbers = {
        "angles": study.angles.tolist(),
        "axis": None if study.axis is None else study.axis.tolist(),
        "tolerance": study.tolerance,
    }
    measures = {
        "changes": attrgetter("change"),
        "rounds": attrgetter("rounds"),
        "clipped": attrgetter("clipped"),
        "parameters": attrgetter("flow.parameters"),
    }
    for key, measure in measures.items():
        numbers[key] = {
            name: [None if run.failure else measure(run) for run in runs]
            for name, runs in study.runs.items()
        }
    numbers["failures"] = {name: [run.failure for run in r] for name, r in study.runs.items()}
    return numbers
