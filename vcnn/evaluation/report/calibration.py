"""What closures say of their errors beside the errors, in a picture and in a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vcnn.evaluation.calibration import LEVELS, Calibration
from vcnn.evaluation.report.curves import legend_above, styles
from vcnn.evaluation.report.text import percent, table

_HEIGHT = 4.0


def calibration_figure(calibrations: Mapping[str, Calibration]) -> Figure:
    """Three plots of several closures: reliability, transforms of errors, sparsification.

    *Reliability*: coverage against the level of a band; below the diagonal a closure is too sure.
    *Transforms*: the share of errors in each tenth of what was said; flat if it is right, more at
    the right end if it is too sure. *Sparsification*: the error of what is left when the least sure
    points are taken away, and in grey when those with the largest errors are.

    Parameters
    ----------
    calibrations : mapping name -> Calibration
        At least one.

    Returns
    -------
    matplotlib Figure
    """
    figure = Figure(figsize=(3 * _HEIGHT, _HEIGHT), layout="constrained")
    reliability, transforms, sparsification = figure.subplots(1, 3)
    for (name, calibration), style in zip(
        calibrations.items(), styles(len(calibrations)), strict=True
    ):
        look = dict(zip(("color", "linestyle"), style, strict=False))
        _draw_reliability(reliability, calibration, {**look, "label": name})
        _draw_transforms(transforms, calibration, look)
        _draw_sparsification(sparsification, calibration, look)
    reliability.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    reliability.set(xlabel="level of the band", ylabel="coverage", xlim=(0, 1), ylim=(0, 1))
    transforms.axhline(0.1, color="0.6", lw=0.8)
    transforms.set(xlabel="transform of the error", ylabel="share", xlim=(0, 1), ylim=(0, None))
    sparsification.set(
        xlabel="share taken away", ylabel="error of the rest", xlim=(0, 1), ylim=(0, None)
    )
    legend_above(figure)
    return figure


def calibration_table(calibrations: Mapping[str, Calibration]) -> str:
    """A line for each closure: coverages, the factor that mends 90 %, rank correlations.

    Parameters
    ----------
    calibrations : mapping name -> Calibration
        At least one.

    Returns
    -------
    str
        Lines of text.
    """
    names = list(dict.fromkeys(n for c in calibrations.values() for n in c.rank_correlations()))
    rows = []
    for name, calibration in calibrations.items():
        correlations = calibration.rank_correlations()
        cells = [f"{correlations[each]:.2f}" if each in correlations else "-" for each in names]
        coverage = map(percent, calibration.coverage(LEVELS))
        rows.append([name, *coverage, f"{calibration.factor():.2f}", *cells])
    header = ["closure", *(f"in {100 * level:g} %" for level in LEVELS), "factor"]
    return table([*header, *(f"error ~ {name}" for name in names)], rows)


def _draw_reliability(axes: Axes, calibration: Calibration, look: dict) -> None:
    levels = np.linspace(0.01, 0.99, 50)
    axes.plot(levels, calibration.coverage(levels), **look)


def _draw_transforms(axes: Axes, calibration: Calibration, look: dict) -> None:
    shares, edges = np.histogram(calibration.pit(), 10, (0, 1), weights=calibration.weights)
    axes.stairs(shares / shares.sum(), edges, **look)


def _draw_sparsification(axes: Axes, calibration: Calibration, look: dict) -> None:
    shares = np.linspace(0, 0.95, 40)
    by_spread, by_error = calibration.sparsification(shares)
    axes.plot(shares, by_spread, **look)
    axes.plot(shares, by_error, color="0.6", lw=0.8, linestyle=look["linestyle"])
