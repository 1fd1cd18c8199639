"""Pictures of fields on flows and of rotation studies, as matplotlib figures without global state."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, PercentFormatter

from vcnn.evaluation.frames import RotationStudy
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import cell_dimension
from vcnn.flow.norms import magnitudes
from vcnn.flow.quantities import in_words

_WIDTH = 12.0  # inches of a panel
VALUES, ERRORS = "viridis", "inferno"  # colour maps that every eye can read
_CORNERS = {"triangle": 3, "quad": 4}
# Okabe & Ito's colours; line and marker differ too, so that no curve is told by colour alone
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LINES, _MARKERS = ("-", "--", "-.", ":"), ("o", "s", "^", "D", "v", "P")


def draw_field(
    axes: Axes, flow: FlowField, values, norm: Normalize, cmap: str = VALUES, normal=(0, 0, 1)
):
    """Draw one value per point of a flow into ``axes``, in equal scales; returns what a colour bar
    needs.

    Cell values are drawn flat on their cells, vertex values smoothly between them, loose points as
    dots. Of a 3-D flow the points nearest to the plane through its middle with the given ``normal``
    are drawn, of a section all."""
    values = np.asarray(values, dtype=float)
    style = {"norm": norm, "cmap": cmap, "rasterized": True}
    if flow.dimension == 3:
        points, index = _slice(flow.points, normal)
        drawn = axes.scatter(*points.T, c=values[index], s=_dot(len(index)), linewidths=0, **style)
    elif flow.mesh is None:
        drawn = axes.scatter(*flow.points.T, c=values, s=_dot(len(flow)), linewidths=0, **style)
    elif flow.location == "cell":
        corners = [flow.mesh.points[block.data[:, : _corners(block)]] for block in _domain(flow)]
        polygons = [polygon for block in corners for polygon in block]
        seamless = {"antialiased": False, "edgecolors": "face", "linewidth": 0.5, "snap": False}
        drawn = PolyCollection(polygons, array=values, **seamless, **style)
        axes.add_collection(drawn)
        axes.autoscale_view()
    else:
        quads = [block.data[:, : _corners(block)] for block in _domain(flow)]
        triangles = np.concatenate(
            [q[:, [0, i, i + 1]] for q in quads for i in range(1, q.shape[1] - 1)]
        )
        drawn = axes.tripcolor(*flow.points.T, triangles, values, shading="gouraud", **style)
    axes.set_aspect("equal")
    return drawn


def field_figure(
    flow: FlowField, values, label: str, title: str = "", length_unit: str = ""
) -> Figure:
    """One field of a flow with axes and colour bar."""
    values = np.asarray(values, dtype=float)
    (left, bottom), (right, top) = box = _extent(flow, (0, 0, 1))
    ratio = (top - bottom) / (right - left)
    width = 8 / max(ratio, 1)
    figure = Figure(figsize=(width + 0.6, width * ratio + 1.7), layout="constrained")
    axes = figure.add_subplot()
    drawn = draw_field(axes, flow, values, Normalize(values.min(), values.max()))
    axes.set(
        title=title,
        xlim=box[:, 0],
        ylim=box[:, 1],
        xlabel=_with_unit("x", length_unit),
        ylabel=_with_unit("y", length_unit),
    )
    figure.colorbar(drawn, ax=axes, label=label, location="bottom", shrink=0.6, aspect=40)
    return figure


def field_comparison(flow: FlowField, truth, prediction, label: str) -> Figure:
    """Truth and prediction on one colour scale, and |prediction − truth| / max|truth| on its own.

    Vectors and tensors are shown by their norms.
    """
    truth, prediction = np.asarray(truth, dtype=float), np.asarray(prediction, dtype=float)
    error = magnitudes(prediction - truth) / magnitudes(truth).max()
    truth, prediction = (v if v.ndim == 1 else magnitudes(v) for v in (truth, prediction))
    width, height = np.ptp(flow.points if flow.mesh is None else flow.mesh.points, axis=0)[:2]
    figure = Figure(figsize=(_WIDTH, _WIDTH / 3 * height / width + 1.3), layout="compressed")
    axes = figure.subplots(1, 3)
    norm = Normalize(truth.min(), truth.max())
    for ax, values, title in ((axes[0], truth, "truth"), (axes[1], prediction, "prediction")):
        drawn = draw_field(ax, flow, values, norm)
        ax.set_title(title)
    figure.colorbar(
        drawn, ax=axes[:2], label=label, orientation="horizontal", shrink=0.5, aspect=40
    )
    drawn = draw_field(axes[2], flow, error, Normalize(0, error.max() or 1.0), ERRORS)
    axes[2].set_title("error")
    figure.colorbar(
        drawn,
        ax=axes[2],
        label="|prediction − truth| / max |truth|",
        orientation="horizontal",
        aspect=30,
        ticks=MaxNLocator(4),
        format=PercentFormatter(1.0),
    )
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return figure


def prediction_panel(study: RotationStudy) -> Figure:
    """Truth (if known) and every closure in rows, angles in columns; each drawn in its turned
    frame.
    """
    rows = dict(study.predictions)
    if study.truth is not None:
        rows = {"truth": np.repeat(study.truth[None], len(study.angles), axis=0), **rows}
    rows = {
        name: v if v.ndim == 2 else np.array([magnitudes(row) for row in v])
        for name, v in rows.items()
    }
    shown = np.array([values[0] for values in rows.values()])[
        : 1 if study.truth is not None else None
    ]
    label = _with_unit(in_words(study.target), study.units.get(study.target, ""))
    return _study_panel(study, rows, Normalize(shown.min(), shown.max()), VALUES, label, "both")


def error_panel(study: RotationStudy) -> Figure:
    """|prediction − truth| / max|truth| of every closure (rows) at every angle (columns), on one
    scale.

    Without truth, the prediction at 0 degrees takes its place.
    """
    rows = {}
    for name, values in study.predictions.items():
        reference = values[0] if study.truth is None else study.truth
        rows[name] = (
            np.array([magnitudes(row - reference) for row in values]) / magnitudes(reference).max()
        )
    largest = max(values.max() for values in rows.values())
    reference = "prediction at 0°" if study.truth is None else "truth"
    label = f"|prediction − {reference}| / max |{reference}|"
    norm = LogNorm(
        1e-3 * (largest or 1.0), largest or 1.0, clip=True
    )  # a linear scale shows the worst one only
    return _study_panel(study, rows, norm, ERRORS, label, "min")


def angle_curve(study: RotationStudy) -> Figure:
    """Error against the angle of the frame; change of the prediction if the truth is not known."""
    curves = study.curve_errors or study.curve_changes
    what = "relative L2 error" if study.curve_errors else "relative change"
    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    axes = figure.add_subplot()
    angles = np.append(study.curve_angles, 360)
    for (name, values), (colour, line, marker) in zip(
        curves.items(), styles(len(curves)), strict=True
    ):
        values = np.where(
            values > 0, values, np.nan
        )  # a change of exactly 0 has no place on a log axis
        axes.plot(
            angles,
            np.append(values, values[0]),
            color=colour,
            linestyle=line,
            marker=marker,
            ms=4,
            label=name,
            clip_on=False,
        )
    scale_of_errors(axes, axes.yaxis, curves)
    axes.set(
        xlabel="angle of the frame [degrees]",
        ylabel=f"{what} of {in_words(study.target)}",
        xlim=(0, 360),
        xticks=range(0, 361, 45),
    )
    axes.grid(alpha=0.3, which="both")
    legend_above(figure)
    return figure


def scale_of_errors(axes: Axes, axis: Axis, curves) -> None:
    """Give one axis the scale and ticks that relative errors (name -> values) need."""
    positive = np.concatenate([values[values > 0] for values in curves.values()])
    if len(positive) and positive.max() > 10 * positive.min():
        axes.set(**{f"{axis.axis_name}scale": "log"})
        if positive.max() < 1e3 * positive.min():
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    else:
        axes.set(**{f"{axis.axis_name}lim": (0, None)})
    if len(positive) and positive.min() > 1e-4:
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        axis.set_minor_formatter("")


def legend_above(figure: Figure) -> None:
    """Names of all curves above a figure, in as many columns as are legible."""
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=2,
        frameon=False,
    )


def styles(count) -> list[tuple[str, str, str]]:
    """Colour, line and marker of each of ``count`` curves."""
    return [
        tuple(kind[i % len(kind)] for kind in (_COLOURS, _LINES, _MARKERS)) for i in range(count)
    ]


def frame_panel(frames, angles, rows, norm, cmap, label, extend="neither", axis=None) -> Figure:
    """Grid of pictures in one length scale, with one colour bar; row names on the left, angles on
    top.

    Parameters
    ----------
    frames : FlowFields, one for each angle
    angles : degrees
    rows : name -> for each frame values (n,) at its points, or a text to put in the place of a
        picture
    norm, cmap, label, extend : of the colours
    axis : (3,), optional
        About which 3-D flows are turned.
    """
    normal = (0, 0, 1) if axis is None else axis
    boxes = np.array([_extent(flow, normal) for flow in frames])  # (frames, low or high, x or y)
    widths, heights = np.ptp(boxes, axis=1).T
    height = heights.max() * _WIDTH / widths.sum()
    figure = Figure(figsize=(_WIDTH + 0.5, height * len(rows) + 1.5), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08)
    grid = figure.subplots(len(rows), len(frames), squeeze=False, width_ratios=widths)
    for i, (name, values) in enumerate(rows.items()):
        for j, flow in enumerate(frames):
            axes = grid[i, j]
            if isinstance(values[j], str):
                axes.text(0.5, 0.5, values[j], transform=axes.transAxes, ha="center", va="center")
                axes.set_aspect("equal")
            else:
                draw_field(axes, flow, values[j], norm, cmap, normal)
            middle = boxes[j, :, 1].mean()
            axes.set(
                xticks=[],
                yticks=[],
                xlim=boxes[j, :, 0],
                ylim=(middle - heights.max() / 2, middle + heights.max() / 2),
            )
            axes.spines[:].set_visible(False)
            if i == 0:
                axes.set_title(f"{angles[j]:g}°")
        grid[i, 0].set_ylabel(name)
    figure.colorbar(
        ScalarMappable(norm, cmap),
        ax=grid,
        label=label,
        extend=extend,
        orientation="horizontal",
        shrink=0.5,
        aspect=40,
        pad=0.03,
    )
    return figure


def _study_panel(study, rows, norm, cmap, label, extend) -> Figure:
    frames = [study.rotated(angle) for angle in study.angles]
    return frame_panel(frames, study.angles, rows, norm, cmap, label, extend, study.axis)


def _extent(flow, normal):
    """Lowest and highest coordinates of what `draw_field` draws, with a margin; (2, 2)."""
    if flow.dimension == 3:
        points, _ = _slice(flow.points, normal)
    else:
        points = flow.points if flow.mesh is None else flow.mesh.points
    low, high = points.min(axis=0), points.max(axis=0)
    return np.stack([low - 0.03 * (high - low), high + 0.03 * (high - low)])


def _slice(points, normal):
    """Of n points the n^(2/3) nearest to the middle plane: their (k, 2) positions in it and their
    indices.

    All points if they lie in a plane of their own, which is then that.
    """
    relative = points - points.mean(axis=0)
    _, spread, directions = np.linalg.svd(relative, full_matrices=False)
    if spread[-1] <= 1e-8 * spread[0]:
        normal, index = directions[-1], np.arange(len(points))
        normal = normal * np.sign(normal[np.abs(normal).argmax()])
    else:
        normal = np.asarray(normal, float) / np.linalg.norm(normal)
        height = np.abs(relative @ normal)
        index = np.argsort(height, kind="stable")[: int(np.ceil(len(points) ** (2 / 3)))]
    helper = np.eye(3)[np.argmin(np.abs(normal))]
    first = helper - (helper @ normal) * normal
    first /= np.linalg.norm(first)
    return points[index] @ np.stack([first, np.cross(normal, first)], axis=1), index


def _domain(flow):
    return [block for block in flow.mesh.cells if block.dim == cell_dimension(flow.mesh)]


def _corners(block) -> int:
    return next(count for kind, count in _CORNERS.items() if block.type.startswith(kind))


def _dot(count) -> float:
    return float(np.clip(20000 / count, 0.5, 40))


def _with_unit(name, unit) -> str:
    return f"{name} [{unit}]" if unit not in ("", "1") else name
