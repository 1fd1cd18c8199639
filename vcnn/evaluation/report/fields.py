"""Pictures of fields on flows, as matplotlib figures without global state."""

from __future__ import annotations

import meshio
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike

from vcnn.errors import InputError
from vcnn.evaluation.report.cuts import fills_space, plane_axes, plane_cut
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import cell_dimension
from vcnn.flow.norms import magnitudes

WIDTH = 12.0  # inches of a panel
_STACKED = 6.0  # inches of pictures below each other, whose words can be read on a phone
VALUES, ERRORS = "viridis", "inferno"  # colour maps that every eye can read


def draw_field(
    axes: Axes,
    flow: FlowField,
    values: ArrayLike,
    norm: Normalize,
    cmap: str | Colormap = VALUES,
    normal: ArrayLike = (0, 0, 1),
) -> ScalarMappable:
    """Draw one value per point of a flow into ``axes``, in equal scales.

    Cell values are drawn flat on their cells, vertex values smoothly between them, loose points as
    dots. A 3-D flow is cut by the plane through its middle with the given ``normal``; of loose
    points the nearest to it are drawn, of a section all.

    Parameters
    ----------
    axes : matplotlib Axes
        To draw into.
    flow : FlowField
    values : (n,)
        At its points.
    norm : matplotlib Normalize
        From values to the colours.
    cmap : str or matplotlib Colormap
        The colours.
    normal : (3,)
        Of the plane that a 3-D flow is shown in.

    Returns
    -------
    matplotlib ScalarMappable
        For a colour bar.

    Raises
    ------
    InputError
        If the flow is on a line.
    """
    check_picture(flow)
    values = np.asarray(values, dtype=float)
    style = {"norm": norm, "cmap": cmap, "rasterized": True}
    if fills_space(flow):
        points, triangles, values = plane_cut(flow, values, normal)
        drawn = axes.tripcolor(*points.T, values, triangles=triangles, **_shading(flow), **style)
    elif flow.dimension == 3:
        points, index = _slice(flow.points, normal)
        drawn = axes.scatter(*points.T, c=values[index], s=_dot(len(index)), linewidths=0, **style)
    elif flow.mesh is None:
        drawn = axes.scatter(*flow.points.T, c=values, s=_dot(len(flow)), linewidths=0, **style)
    elif flow.location == "cell":
        polygons = [cell for corners in _corners(flow.mesh) for cell in flow.mesh.points[corners]]
        seamless = {"antialiased": False, "edgecolors": "face", "linewidth": 0.5, "snap": False}
        drawn = PolyCollection(polygons, array=values, **seamless, **style)
        axes.add_collection(drawn)
        axes.autoscale_view()
    else:
        smooth = {"shading": "gouraud", **style}
        drawn = axes.tripcolor(*flow.points.T, corner_triangles(flow.mesh), values, **smooth)
    axes.set_aspect("equal")
    return drawn


def field_figure(
    flow: FlowField, values: ArrayLike, label: str, title: str = "", length_unit: str = ""
) -> Figure:
    """One field of a flow with axes and colour bar.

    Parameters
    ----------
    flow : FlowField
    values : (n,)
        At its points.
    label : str
        Of the colour bar.
    title : str
        Above the picture.
    length_unit : str
        At the axes.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        If the flow is on a line.
    """
    values = np.asarray(values, dtype=float)
    (left, bottom), (right, top) = box = extent(flow, (0, 0, 1))
    ratio = (top - bottom) / (right - left)
    width = 8 / max(ratio, 1)
    figure = Figure(figsize=(width + 0.6, width * ratio + 1.7), layout="constrained")
    axes = figure.add_subplot()
    drawn = draw_field(axes, flow, values, Normalize(values.min(), values.max()))
    axes.set(
        title=title,
        xlim=box[:, 0],
        ylim=box[:, 1],
        xlabel=with_unit("x", length_unit),
        ylabel=with_unit("y", length_unit),
    )
    figure.colorbar(drawn, ax=axes, label=label, location="bottom", shrink=0.6, aspect=40)
    return figure


def field_comparison(
    flow: FlowField, truth: ArrayLike, prediction: ArrayLike, label: str
) -> Figure:
    """Truth and prediction on one colour scale, and |prediction − truth| / max|truth| on its own.

    One below the other where the flow is wider than high. Vectors and tensors are shown by their
    norms.

    Parameters
    ----------
    flow : FlowField
    truth, prediction : (n,), (n, d) or (n, d, d)
        At its points.
    label : str
        Of the colour bar.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        If the flow is on a line.
    """
    check_picture(flow)
    truth, prediction = np.asarray(truth, dtype=float), np.asarray(prediction, dtype=float)
    error = magnitudes(prediction - truth) / magnitudes(truth).max()
    truth, prediction = (v if v.ndim == 1 else magnitudes(v) for v in (truth, prediction))
    width, height = np.ptp(flow.points if flow.mesh is None else flow.mesh.points, axis=0)[:2]
    stacked = width > height
    size = (_STACKED, 3 * _STACKED * height / width + 2.6)
    if not stacked:
        size = (WIDTH, WIDTH / 3 * height / width + 1.3)
    figure = Figure(figsize=size, layout="compressed")
    axes = figure.subplots(*((3, 1) if stacked else (1, 3)))
    norm = Normalize(truth.min(), truth.max())
    for ax, values, title in ((axes[0], truth, "truth"), (axes[1], prediction, "prediction")):
        drawn = draw_field(ax, flow, values, norm)
        ax.set_title(title)
    figure.colorbar(
        drawn,
        ax=axes[:2],
        label=label,
        orientation="horizontal",
        shrink=0.6,
        aspect=40,
        ticks=MaxNLocator(5),
    )
    drawn = draw_field(axes[2], flow, error, Normalize(0, error.max() or 1.0), ERRORS)
    axes[2].set_title("error")
    figure.colorbar(
        drawn,
        ax=axes[2],
        label="|prediction − truth| / max |truth|",
        orientation="horizontal",
        shrink=0.6 if stacked else 1.0,
        aspect=40 if stacked else 30,
        ticks=MaxNLocator(4),
        format=PercentFormatter(1.0),
    )
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return figure


def extent(flow: FlowField, normal: ArrayLike) -> np.ndarray:
    """(2, 2) lowest and highest coordinates of what `draw_field` draws, with a margin."""
    check_picture(flow)
    if fills_space(flow):
        points, _, _ = plane_cut(flow, np.zeros(len(flow)), normal)
    elif flow.dimension == 3:
        points, _ = _slice(flow.points, normal)
    else:
        points = flow.points if flow.mesh is None else flow.mesh.points
    low, high = points.min(axis=0), points.max(axis=0)
    return np.stack([low - 0.03 * (high - low), high + 0.03 * (high - low)])


def check_picture(flow: FlowField) -> None:
    """Raise `InputError` if a flow has no picture: on a line, where a field is a curve."""
    if flow.dimension == 1:
        raise InputError("picture: a field of a 1-D flow is a curve; plot it against flow.points")


def _slice(points, normal):
    """(k, 2) positions in the middle plane of the n^(2/3) points nearest to it, and their indices.

    Of points that lie in a plane of their own, those of all of them in that.
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
    return points[index] @ plane_axes(normal).T, index


def _shading(flow) -> dict[str, str]:
    return {"shading": "flat" if flow.location == "cell" else "gouraud"}


def corner_triangles(mesh: meshio.Mesh) -> np.ndarray:
    """(k, 3) vertices of the cells of a plane mesh, those of more corners cut in fans."""
    fans = []
    for corners in _corners(mesh):
        fans += [corners[:, [0, i, i + 1]] for i in range(1, corners.shape[1] - 1)]
    return np.concatenate(fans)


def _corners(mesh) -> list[np.ndarray]:
    """Vertices of the cells of a plane mesh, (k, corners) of each block, without midpoints."""
    corners = []
    for block in mesh.cells:
        if block.dim == cell_dimension(mesh):
            count = 4 if "quad" in block.type.lower() else 3
            polygons = block.type == "polygon"  # which have no midpoints
            corners.append(block.data if polygons else block.data[:, :count])
    return corners


def _dot(count) -> float:
    return float(np.clip(20000 / count, 0.5, 40))


def with_unit(name: str, unit: str) -> str:
    """A label with its unit, if it has one."""
    return f"{name} [{unit}]" if unit not in ("", "1") else name
