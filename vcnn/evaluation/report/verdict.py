"""The opening sentence of a report: which closures hold as the frame rotates, which do not."""

from __future__ import annotations

import numpy as np

from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.report.text import listed, percent_or_power

# Changes below this are round-off of float64: far above any seen, far below any effect.
_ROUND_OFF = 1e-6
_SLIGHT = 0.01  # relative change of an error that a reader would not see


def rotation_verdict(study: RotationStudy) -> str:
    """In words: which closures hold their error as the frame rotates, and which do not.

    Parameters
    ----------
    study : RotationStudy

    Returns
    -------
    str
    """
    holding = [name for name, change in study.variation.items() if change < _ROUND_OFF]
    breaking = [name for name in study.variation if name not in holding]
    sentences = []
    if holding:
        sentences.append(_holding(study, holding))
    if len(breaking) == 1:
        sentences.append(f"{breaking[0]} does not: it {_breaking(study, breaking[0])}.")
    elif breaking:
        words = "; ".join(f"{name} {_breaking(study, name)}" for name in breaking)
        sentences.append(f"{'The others do not' if holding else 'None holds its error'}: {words}.")
    return " ".join(sentences)


def _holding(study, names) -> str:
    one = len(names) == 1
    change = max(study.variation[name] for name in names)
    changes = "its prediction changes" if one else "their predictions change"
    changes = f"as the frame turns: {changes} by {change:.1e} at most (round-off)."
    if not study.errors:
        return f"{listed(names)} {'holds' if one else 'hold'} {changes}"
    errors = [percent_or_power(study.errors[name][0]) for name in names]
    if one:
        return f"{names[0]} holds its error of {errors[0]} {changes}"
    models = [f"{name} ({error})" for name, error in zip(names, errors, strict=True)]
    return f"{listed(models)} hold their errors {changes}"


def _breaking(study, name) -> str:
    largest = percent_or_power(study.variation[name])
    if not study.errors:
        return f"changes its prediction by up to {largest}"
    errors, angles = study.errors[name], study.angles
    worst = int(np.argmax(np.abs(errors - errors[0])))
    first, last = percent_or_power(errors[0]), percent_or_power(errors[worst])
    if np.abs(errors / errors[0] - 1).max() < _SLIGHT:
        return f"keeps its error of {first} but changes its prediction by up to {largest}"
    return f"goes from an error of {first} to {last} (at {angles[worst]:g}°)"
