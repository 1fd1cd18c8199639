"""The opening sentence of a report: which closures hold as the frame turns, which do not, by how
much.
"""

from __future__ import annotations

import numpy as np

from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.report.text import listed, percent_or_power

_ROUND_OFF = (
    1e-6  # changes below this are round-off of float64, far above any seen and far below any effect
)
_SLIGHT = 0.01  # relative change of an error that a reader would not see


def verdict(study: RotationStudy) -> str:
    """In words: which closures hold their error as the frame turns, and which do not, by how much."""
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
    change = max(study.variation[name] for name in names)
    one = len(names) == 1
    change = f"{'its prediction changes' if one else 'their predictions change'} by {change:.1e} at most (round-off)"
    if not study.errors:
        return f"{listed(names)} {'holds' if one else 'hold'} as the frame turns: {change}."
    if one:
        return f"{names[0]} holds its error of {percent_or_power(study.errors[names[0]][0])} as the frame turns: {change}."
    errors = [f"{name} ({percent_or_power(study.errors[name][0])})" for name in names]
    return f"{listed(errors)} hold their errors as the frame turns: {change}."


def _breaking(study, name) -> str:
    largest = percent_or_power(study.variation[name])
    if not study.errors:
        return f"changes its prediction by up to {largest}"
    errors, angles = study.errors[name], study.angles
    worst = int(np.argmax(np.abs(errors - errors[0])))
    if np.abs(errors / errors[0] - 1).max() < _SLIGHT:
        return f"keeps its error of {percent_or_power(errors[0])} but changes its prediction by up to {largest}"
    return f"goes from an error of {percent_or_power(errors[0])} to {percent_or_power(errors[worst])} (at {angles[worst]:g}°)"
