"""Pictures of flows and predictions side by side in rotated frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.report.fields import ERRORS, VALUES, WIDTH, draw_field, extent, with_unit
from vcnn.flow.field import FlowField
from vcnn.flow.norms import magnitudes
from vcnn.flow.quantities import in_words

_BARE = ListedColormap(["#E6E6E6"])  # of a flow with a word in the place of its values


def prediction_panel(study: RotationStudy) -> Figure:
    """The truth, if any, and every closure in rows, angles in columns, each in its frame.

    Parameters
    ----------
    study : RotationStudy

    Returns
    -------
    matplotlib Figure
    """
    rows = dict(study.predictions)
    if study.truth is not None:
        rows = {"truth": np.repeat(study.truth[None], len(study.angles), axis=0), **rows}
    for name, values in rows.items():
        if values.ndim > 2:
            rows[name] = np.array([magnitudes(frame) for frame in values])
    at_rest = [values[0] for values in rows.values()]
    shown = at_rest[0] if study.truth is not None else np.array(at_rest)
    label = with_unit(in_words(study.target), study.units.get(study.target, ""))
    norm = Normalize(shown.min(), shown.max())
    return _study_panel(study, rows, norm=norm, cmap=VALUES, label=label, extend="both")


def error_panel(study: RotationStudy) -> Figure:
    """|prediction − truth| / max|truth| of closures (rows) at angles (columns), on one scale.

    Without truth, the prediction at 0 degrees takes its place.

    Parameters
    ----------
    study : RotationStudy

    Returns
    -------
    matplotlib Figure
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
    norm = error_norm(largest)
    shown = {name: [readable(frame, norm) for frame in frames] for name, frames in rows.items()}
    return _study_panel(study, shown, norm=norm, cmap=ERRORS, label=label, extend="min")


def error_norm(largest: float) -> LogNorm:
    """Colours of errors over three decades: a linear scale would show the worst one only."""
    return LogNorm(1e-3 * (largest or 1.0), largest or 1.0, clip=True)


def readable(values: np.ndarray, norm: Normalize) -> np.ndarray | str:
    """Values to draw, or where all are below the colours, so that all is dark, how small they are.

    The text says the power of ten that none of them reaches.
    """
    if values.max() >= norm.vmin:
        return values
    if values.max() == 0:
        return "0"
    return f"< 1e{int(np.floor(np.log10(values.max()))) + 1:d}"


def frame_panel(
    frames: Sequence[FlowField],
    angles: Sequence[float],
    rows: Mapping[str, Sequence],
    *,
    norm: Normalize,
    cmap: str,
    label: str,
    extend: str = "neither",
    axis: ArrayLike | None = None,
) -> Figure:
    """Grid of pictures in one length scale with one colour bar; rows by name, columns by angle.

    Parameters
    ----------
    frames : sequence of FlowField
        One for each angle.
    angles : sequence of float
        In degrees.
    rows : mapping name -> sequence of (n,) or str
        For each frame values at its points, or a text to put in the place of a picture.
    norm : matplotlib Normalize
        From values to the colours.
    cmap : str
        The colours.
    label : str
        Of the colour bar.
    extend : {"neither", "min", "max", "both"}
        Ends of the colour bar that values go beyond.
    axis : (3,), optional
        About which 3-D flows are rotated.

    Returns
    -------
    matplotlib Figure
    """
    normal = (0, 0, 1) if axis is None else axis
    boxes = np.array([extent(flow, normal) for flow in frames])  # (frames, low or high, x or y)
    widths, heights = np.ptp(boxes, axis=1).T
    height = heights.max() * WIDTH / widths.sum()
    figure = Figure(figsize=(WIDTH + 0.5, height * len(rows) + 1.5), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08)
    grid = figure.subplots(len(rows), len(frames), squeeze=False, width_ratios=widths)
    for i, (name, values) in enumerate(rows.items()):
        for j, flow in enumerate(frames):
            _draw_cell(grid[i, j], flow, values[j], boxes[j], heights.max(), norm, cmap, normal)
            if i == 0:
                grid[i, j].set_title(f"{angles[j]:g}°")
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


def _draw_cell(axes, flow, values, box, height, norm, cmap, normal) -> None:
    if isinstance(values, str):
        draw_field(axes, flow, np.zeros(len(flow)), Normalize(0, 1), _BARE, normal)
        axes.text(0.5, 0.5, values, transform=axes.transAxes, ha="center", va="center")
    else:
        draw_field(axes, flow, values, norm, cmap, normal)
    middle = box[:, 1].mean()
    axes.set(xticks=[], yticks=[], xlim=box[:, 0], ylim=(middle - height / 2, middle + height / 2))
    axes.spines[:].set_visible(False)


def _study_panel(study, rows, **style) -> Figure:
    frames = [study.rotated(angle) for angle in study.angles]
    return frame_panel(frames, study.angles, rows, axis=study.axis, **style)
