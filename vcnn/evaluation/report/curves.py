"""Curves of a report: errors against the angle or in random frames, and costs against points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from vcnn.evaluation.costs import FITTED_FROM, CostStudy
from vcnn.evaluation.frames import RotationStudy
from vcnn.flow.quantities import in_words

# Okabe & Ito's colours; line and marker differ too, so that no curve is told by colour alone
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
WIDTH = 5.6  # inches of one plot: letters of ten points can be read on a phone
_LINES, _MARKERS = ("-", "--", "-.", ":"), ("o", "s", "^", "D", "v", "P")


def angle_curve(study: RotationStudy) -> Figure:
    """Error against the angle of the frame; change of the prediction if the truth is not known.

    Parameters
    ----------
    study : RotationStudy

    Returns
    -------
    matplotlib Figure
    """
    curves = study.curve_errors or study.curve_changes
    measure = "relative L2 error" if study.curve_errors else "relative change"
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    axes = figure.add_subplot()
    angles = np.append(study.curve_angles, 360)
    for (name, values), (colour, line, marker) in zip(
        curves.items(), styles(len(curves)), strict=True
    ):
        values = np.where(values > 0, values, np.nan)  # 0 has no place on a logarithmic axis
        look = {"color": colour, "linestyle": line, "marker": marker, "ms": 4}
        axes.plot(angles, np.append(values, values[0]), label=name, clip_on=False, **look)
    scale_for_errors(axes, axes.yaxis, curves)
    axes.set(
        xlabel="angle of the frame [degrees]",
        ylabel=f"{measure} of {in_words(study.target)}",
        xlim=(0, 360),
        xticks=range(0, 361, 45),
    )
    axes.grid(alpha=0.3, which="both")
    legend_above(figure)
    return figure


def learning_curve(history: Sequence[Mapping[str, float]]) -> Figure:
    """Loss and validation error of a training against the epoch.

    Parameters
    ----------
    history : sequence of mapping
        The entries of ``history.json``.

    Returns
    -------
    matplotlib Figure
    """
    names = ("training_loss", "validation_error")
    names = [name for name in names if any(name in entry for entry in history)]
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for name, (colour, line, _) in zip(names, styles(len(names)), strict=True):
        entries = [entry for entry in history if name in entry]
        epochs, values = ([entry[key] for entry in entries] for key in ("epoch", name))
        marker = "o" if len(entries) == 1 else None
        axes.plot(epochs, values, color=colour, linestyle=line, marker=marker, label=in_words(name))
    axes.set(xlabel="epoch", yscale="log")
    axes.grid(alpha=0.3, which="both")
    legend_above(figure)
    return figure


def scale_for_errors(axes: Axes, axis: Axis, curves: Mapping[str, np.ndarray]) -> None:
    """Give one axis the scale and ticks that relative errors (name -> values) need."""
    positive = np.concatenate([values[values > 0] for values in curves.values()])
    if len(positive) and positive.max() > 10 * positive.min():
        axes.set(**{f"{axis.axis_name}scale": "log"})
        if positive.max() < 1e3 * positive.min():
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    else:
        axes.set(**{f"{axis.axis_name}lim": (0, None)})
    if len(positive) and positive.min() > 1e-4:
        axis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        axis.set_minor_formatter("")


def legend_above(figure: Figure) -> None:
    """Names of all curves above a figure, in as many columns as are legible."""
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=2,
        frameon=False,
    )


def styles(count: int) -> list[tuple[str, str, str]]:
    """Colour, line and marker of each of ``count`` curves."""
    looks = zip(*map(cycle, (COLOURS, _LINES, _MARKERS)), strict=False)
    return list(islice(looks, count))


def rotation_distribution(study: RotationStudy) -> Figure:
    """Errors in random frames, or changes where no truth is known: by angle, and how often.

    Parameters
    ----------
    study : RotationStudy

    Returns
    -------
    matplotlib Figure
    """
    curves = study.curve_errors or study.curve_changes
    measure = "relative L2 error" if study.curve_errors else "relative change"
    measure = f"{measure} of {in_words(study.target)}"
    figure = Figure(figsize=(WIDTH, 5.8), layout="constrained")
    by_angle, share = figure.subplots(2, 1)
    for (name, values), (colour, line, marker) in zip(
        curves.items(), styles(len(curves)), strict=True
    ):
        values = np.where(values > 0, values, np.nan)
        by_angle.plot(study.curve_angles, values, marker, color=colour, ms=4, label=name)
        frames = np.sort(values[1:])
        shares = np.arange(1, len(frames) + 1) / len(frames)
        share.plot(frames, shares, color=colour, linestyle=line, marker=marker, ms=3)
    by_angle.set(
        xlabel="angle of the rotation [degrees]",
        ylabel=measure,
        xlim=(-5, 185),
        xticks=range(0, 181, 30),
    )
    share.set(xlabel=measure, ylabel="share of frames", ylim=(0, 1.05))
    scale_for_errors(by_angle, by_angle.yaxis, curves)
    scale_for_errors(share, share.xaxis, curves)
    for axes in (by_angle, share):
        axes.grid(alpha=0.3, which="both")
    legend_above(figure)
    return figure


def cost_curve(study: CostStudy) -> Figure:
    """Time of a cloud against its points on logarithmic axes, with the fitted powers.

    Parameters
    ----------
    study : CostStudy

    Returns
    -------
    matplotlib Figure
    """
    costs = {name: cost for name, cost in study.costs.items() if cost.cloud_seconds is not None}
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    axes = figure.add_subplot()
    sizes, large = study.sizes, study.sizes >= FITTED_FROM
    for (name, cost), (colour, _, marker) in zip(costs.items(), styles(len(costs)), strict=True):
        seconds = 1e3 * cost.cloud_seconds
        axes.plot(
            sizes, seconds, marker, color=colour, ms=5, label=f"{name}: $n^{{{cost.exponent:.2f}}}$"
        )
        middle = np.exp(np.log(seconds[large]).mean())
        power = (sizes[large] / np.exp(np.log(sizes[large]).mean())) ** cost.exponent
        axes.plot(sizes[large], middle * power, color=colour, lw=1.5)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="points in a cloud, n",
        ylabel="time of a cloud [ms]",
        xticks=sizes,
    )
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    legend_above(figure)
    return figure
