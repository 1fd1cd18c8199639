"""How the iteration of a case went, in words, curves and numbers."""

from __future__ import annotations

import numpy as np

from meshes.report.records import Progress
from openfoam.report.closure_history import ClosureHistory
from openfoam.report.logs import SolverLog
from vcnn.evaluation.report.text import listed, percent_or_power

NO_LOG = (
    "The case has no log of a solver (a file log* or *.log with its residuals), so residuals, and "
    "whether it converged, are not known."
)
NO_HISTORY = "The case has no postProcessing/vcnn, so what its closure changed is not known."


def case_progress(
    time: str, log: SolverLog | None, history: ClosureHistory | None, has_closure: bool
) -> Progress:
    """What logs and the closure's history tell together; what is missing is said.

    Parameters
    ----------
    time : str
        Of the flow.
    log : SolverLog, optional
    history : ClosureHistory, optional
    has_closure : bool
        Whether the case asks a closure.
    """
    text = [NO_LOG if log is None else _log_words(log)]
    if history is not None:
        text.append(_history_words(history))
    elif has_closure:
        text.append(NO_HISTORY)
    sizes = {} if log is None else _residual_curves(log)
    shares = {}
    if history is not None:
        sizes["change by the closure"] = (history.times, history.change)
        for name in ("clipped", "extrapolating"):
            share = getattr(history, name)
            computed = np.isfinite(share)
            if computed.any():
                shares[f"share of cells {name}"] = (history.times[computed], share[computed])
    return Progress(
        counted="iteration",
        steps=0 if log is None else len(log.times),
        outcome=_outcome(time, log, history),
        text=" ".join(text),
        sizes=sizes,
        shares=shares,
        numbers={"time": float(time), **_numbers(log, history)},
        settled=None if log is None else log.settled and not log.failure,
        resumed=history is not None and history.starts > 1,
    )


def _outcome(time, log, history) -> str:
    if log is None:
        sentence = f"The flow of time {time}, of which no log says whether it converged"
    elif log.failure:
        at = f" at time {log.times[-1]:g}" if len(log.times) else ""
        sentence = f"Beware: the solver ended with an error{at}"
    elif log.settled:
        sentence = f"Converged in {len(log.times)} iterations"
    else:
        last = [f"{name} {value:.1e}" for name, value in log.last.items()]
        sentence = (
            f"Beware: not converged after {len(log.times)} iterations, the last residuals are "
            f"{listed(last)}"
        )
    if log is not None and (not len(log.times) or log.times[-1] != float(time)):
        sentence += f", the flow is that of time {time}"
    if history is not None:
        sentence += (
            f" (in its last call the prediction of the closure changed by {history.change[-1]:.1e})"
        )
    return sentence


def _log_words(log) -> str:
    words = (
        f"Residuals are the initial ones of each iteration, as the solver has scaled them, from "
        f"{listed(log.files)}."
    )
    return f"{words} It ended with: {log.failure}" if log.failure else words


def _history_words(history) -> str:
    words = (
        f"The closure was asked {len(history.times)} times, {history.seconds.mean():.2g} s each; "
        "its change is how far what it says is from what it said before."
    )
    shares = {"were clipped": history.told_clipped, "extrapolated": history.told_extrapolating}
    texts = [f"{percent_or_power(s)} {word}" for word, s in shares.items() if s is not None]
    return (
        f"{words} When that was looked at last, {listed(texts)} of the cells." if texts else words
    )


def _residual_curves(log) -> dict:
    curves = {}
    for name, values in log.residuals.items():
        solved = np.isfinite(values)
        if solved.any():
            curves[f"residual of {name}"] = (log.times[solved], values[solved])
    return curves


def _numbers(log, history) -> dict:
    residuals = {} if log is None else {n: v.tolist() for n, v in log.residuals.items()}
    rows = {}
    if history is not None:
        names = ("times", "change", "clipped", "extrapolating", "seconds")
        rows = {name: getattr(history, name).tolist() for name in names}
    times = [] if log is None else log.times.tolist()
    return {"iterations": times, "residuals": residuals, "history": rows}
