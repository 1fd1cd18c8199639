"""The part of a report on flows that were solved anew in turned frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from solvers.fenics import MPI
from solvers.flow.conditions import Symmetry, Wall
from solvers.flow.drive import BulkVelocity
from solvers.studies.case import read_case
from solvers.studies.coupled_rotation import CoupledRotationStudy, coupled_rotation_study
from solvers.studies.run_pictures import draw_streamlines
from vcnn.closure.closure import Closure
from vcnn.errors import InputError, naming
from vcnn.evaluation.report.fields import ERRORS, VALUES
from vcnn.evaluation.report.page import Section
from vcnn.evaluation.report.panels import frame_panel
from vcnn.evaluation.report.text import listed, percent_or_power
from vcnn.flow.norms import magnitudes

_NONE = "does not settle"
_SAME = 1e-8  # relative change of a velocity that is none, unless the tolerance is larger


def coupled_part(
    case: Path, models: Mapping[Path, Closure], labels: Sequence[str], progress: bool, **options
):
    """Solve a case with each model in turned frames, for a report.

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
    told = read_case(case)
    closures = {}
    for label, (path, model) in zip(labels, models.items(), strict=True):
        with naming(path):
            closures[label] = told.closure(model)
    options |= {"tolerance": told.tolerance, "max_rounds": told.max_rounds, "progress": progress}
    with naming(case):
        study = coupled_rotation_study(closures, told.problem(closures[labels[0]]), **options)
    return (
        coupled_verdict(study),
        [_section(study, case)],
        {"coupled": {"case": str(case), **_numbers(study)}},
    )


def coupled_verdict(study: CoupledRotationStudy) -> str:
    """In words: which closures lead to the same flow in every frame, and how far off the others
    are.
    """
    told = {name: _fate(study, runs) for name, runs in study.runs.items()}
    holding = [name for name, words in told.items() if not words]
    parts = [f"{name} {words}" for name, words in told.items() if words]
    if holding:
        change = max(run.change for name in holding for run in study.runs[name])
        parts = [
            f"{listed(holding)} {'finds' if len(holding) == 1 else 'find'} the same flow, to {change:.1e}",
            *parts,
        ]
    return f"Solved anew in turned frames: {'; '.join(parts)}."


def _fate(study, runs) -> str:
    """What becomes of one closure that does not find the same flow in every frame; nothing if it
    does.
    """
    worst = int(np.argmax([run.change or 0.0 for run in runs]))
    lost = [f"{angle:g}°" for angle, run in zip(study.angles, runs, strict=False) if run.failure]
    words = []
    if (runs[worst].change or 0.0) > max(_SAME, 10 * study.tolerance):
        words.append(
            f"finds another flow, {percent_or_power(runs[worst].change)} away at {study.angles[worst]:g}°"
        )
    if lost:
        words.append(f"{_NONE} at {listed(lost)}")
    return " and ".join(words)


def _section(study, case) -> Section:
    runs = [
        (name, angle, run)
        for name, of in study.runs.items()
        for angle, run in zip(study.angles, of, strict=False)
    ]
    outcome = _outcome(study.problem)
    rows = []
    for name, angle, run in runs:
        if run.failure:
            rows.append([name, f"{angle:g}°", _NONE, *(2 + len(outcome)) * ["–"]])
        else:
            numbers = [f"{run.flow.parameters[key]:.6g}" for key in outcome]
            shares = (
                percent_or_power(share) if share else "0" for share in (run.change, run.clipped)
            )
            rows.append([name, f"{angle:g}°", run.rounds, *shares, *numbers])
    text = (
        f"The flow of {case} is solved with each model in the loop. Then mesh, periods, driving direction and boundary "
        "values are turned, it is solved anew from the beginning, and the velocity is turned back. Its change is "
        "relative to the one solved at 0°, L2 norms weighted by the quadrature weights. A round asks the model once; "
        f"in the end what it says changes by less than {study.tolerance:g}. Clipped is the share of the points whose "
        "eddy viscosity is out of bounds."
    )
    text += "".join(
        f"\n\n{name} at {angle:g}°: {run.failure}." for name, angle, run in runs if run.failure
    )
    header = ["model", "frame", "rounds", "change of the velocity", "clipped", *outcome.values()]
    return Section("Solved in turned frames", text, header, rows, pictures(study))


def _outcome(problem) -> dict[str, str]:
    """What is not given of the mean flow along the period and its driving force, if there are any."""
    drive = problem.boundary_conditions.drive
    if drive is None:
        return {}
    if isinstance(drive, BulkVelocity):
        return {"pressure_gradient": "driving force"}
    return {"bulk_velocity": "bulk velocity"}


def pictures(study: CoupledRotationStudy) -> dict[str, Figure]:
    """Caption -> picture, of flows and of their changes in the frames that they were solved in; if
    there are any.
    """
    solved = {name: runs for name, runs in study.runs.items() if not runs[0].failure}
    if not solved:
        return {}

    def panel(value, norm, first, *style):
        """Of value(run at 0°, run) at the vertices, from one frame on, in colours of norm(all
        values).
        """
        rows = {
            name: [_NONE if run.failure else value(runs[0], run) for run in runs[first:]]
            for name, runs in solved.items()
        }
        colours = norm(
            max(row.max() for of in rows.values() for row in of if not isinstance(row, str))
        )
        return frame_panel(
            frames[first:], study.angles[first:], rows, colours, *style, axis=study.axis
        )

    origin = next(iter(solved.values()))[0].flow
    frames, plane = [origin.rotated(R) for R in study.rotations], study.axis is None
    flows = panel(
        lambda _, run: magnitudes(run.flow.velocity),
        lambda largest: Normalize(0, largest),
        0,
        VALUES,
        "|u|",
    )
    if plane:
        closed = study.problem.boundary_conditions.of_kind(Wall | Symmetry)
        for axes, run in zip(flows.axes, chain(*solved.values()), strict=False):
            if not run.failure:
                draw_streamlines(axes, run.flow, closed, width=0.5)
    about = "" if plane else " Drawn are the points nearest to a plane across the axis of the turn."
    figures = {
        f"{'Streamlines on the speed' if plane else 'Speed'} in frames turned by the angle above.{about}": flows
    }
    if any(run.change for run in chain(*solved.values())):
        figures[
            "How far the flow, turned back, is from the one solved at 0°; black where it is the same."
        ] = panel(
            lambda first, run: (
                magnitudes(run.back.velocity - first.flow.velocity)
                / magnitudes(first.flow.velocity).max()
            ),
            lambda largest: LogNorm(1e-3 * max(largest, _SAME), max(largest, _SAME), clip=True),
            1,
            ERRORS,
            "|u − u at 0°| / max |u at 0°|",
            "min",
        )
    return figures


def _numbers(study) -> dict:
    def every(value):
        return {
            name: [None if run.failure else value(run) for run in runs]
            for name, runs in study.runs.items()
        }

    return {
        "angles": study.angles.tolist(),
        "axis": None if study.axis is None else study.axis.tolist(),
        "tolerance": study.tolerance,
        "changes": every(lambda run: run.change),
        "rounds": every(lambda run: run.rounds),
        "clipped": every(lambda run: run.clipped),
        "parameters": every(lambda run: run.flow.parameters),
        "failures": {name: [run.failure for run in runs] for name, runs in study.runs.items()},
    }
