"""Curves over what is not a field: errors in random frames, and cost against the points of a cloud."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from vcnn.evaluation.costs import FITTED_FROM, CostStudy
from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.report.pictures import legend_above, scale_of_errors, styles
from vcnn.flow.quantities import in_words


def rotation_distribution(study: RotationStudy) -> Figure:
    """Error (change, if the truth is not known) in random frames: against the angle turned by, and
    its distribution.
    """
    curves = study.curve_errors or study.curve_changes
    measure = "relative L2 error" if study.curve_errors else "relative change"
    what = f"{measure} of {in_words(study.target)}"
    figure = Figure(figsize=(6.5, 6.0), layout="constrained")
    by_angle, share = figure.subplots(2, 1)
    for (name, values), (colour, line, marker) in zip(
        curves.items(), styles(len(curves)), strict=True
    ):
        values = np.where(values > 0, values, np.nan)
        by_angle.plot(study.curve_angles, values, marker, color=colour, ms=4, label=name)
        frames = np.sort(values[1:])
        share.plot(
            frames,
            np.arange(1, len(frames) + 1) / len(frames),
            color=colour,
            linestyle=line,
            marker=marker,
            ms=3,
        )
    by_angle.set(
        xlabel="angle of the rotation [degrees]",
        ylabel=what,
        xlim=(-5, 185),
        xticks=range(0, 181, 30),
    )
    share.set(xlabel=what, ylabel="share of frames", ylim=(0, 1.05))
    scale_of_errors(by_angle, by_angle.yaxis, curves)
    scale_of_errors(share, share.xaxis, curves)
    for axes in (by_angle, share):
        axes.grid(alpha=0.3, which="both")
    legend_above(figure)
    return figure


def cost_curve(study: CostStudy) -> Figure:
    """Time of a cloud against its points on logarithmic axes, with the fitted powers."""
    costs = {name: cost for name, cost in study.costs.items() if cost.cloud_seconds is not None}
    figure = Figure(figsize=(6.5, 4.6), layout="constrained")
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
