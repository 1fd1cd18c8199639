"""Maps of scalars of a flow, on its plane, its section or a cut through it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from matplotlib.figure import Figure

from meshes.geometry.facets import shared_facets
from meshes.report.plane_flows import flat_section
from vcnn.evaluation.report.curves import WIDTH
from vcnn.evaluation.report.fields import ERRORS, VALUES, corner_triangles, draw_field
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import plane_normal

# Told by how light they are, too.
_SIDES = {"below": "#56B4E9", "within bounds": "#E6E6E6", "above": "#D55E00"}
_LIMIT = {"colors": "#D55E00", "linewidths": 1.8}


def scalar_map(flow: FlowField, values: np.ndarray, label: str, top: float | None = None) -> Figure:
    """A scalar of a plane flow or a section, or of one in space cut at half of z.

    It is drawn where the flow lives, flat on cells and smoothly between vertices, in colours up to
    ``top``, by default the largest value.

    Parameters
    ----------
    flow : FlowField
        In a plane, or with a mesh.
    values : (n,)
        At its points.
    label : str
        Of the colour bar, with the unit if there is one.
    top : float, optional
        The value of the last colour.

    Returns
    -------
    matplotlib Figure
    """
    norm = Normalize(min(values.min(), 0), values.max() if top is None else top)
    return _draw_map(flow, values, norm, VALUES, label=label)


def difference_map(flow: FlowField, values: np.ndarray, label: str) -> Figure:
    """As :func:`scalar_map`, in the colours of errors; also of loose points of a plane.

    Parameters
    ----------
    flow : FlowField
        In a plane, or with a mesh.
    values : (n,)
        At its points.
    label : str
        Of the colour bar, with the unit if there is one.

    Returns
    -------
    matplotlib Figure
    """
    return _draw_map(flow, values, Normalize(0, values.max() or 1.0), ERRORS, label=label)


def extrapolation_map(flow: FlowField, distance: np.ndarray) -> Figure:
    """Distances to the clouds of training, with the line where a plane flow leaves them, at 1.

    Parameters
    ----------
    flow : FlowField
        With a mesh.
    distance : (n,)
        At its points, as :meth:`vcnn.Closure.extrapolation` gives it.

    Returns
    -------
    matplotlib Figure
    """
    norm = Normalize(0, max(distance.max(), 1.25))
    figure = _draw_map(flow, distance, norm, VALUES, label="distance to the clouds of training")
    if flow.dimension == 2 and distance.min() < 1 < distance.max():
        _draw_limit(figure.axes[0], flow, distance)
    figure.axes[1].axvline(1, color=_LIMIT["colors"], lw=_LIMIT["linewidths"])
    return figure


def clipping_map(flow: FlowField, clipped: np.ndarray) -> Figure:
    """Where a closure was below (−1) its bounds or above (1), as :func:`scalar_map`.

    Parameters
    ----------
    flow : FlowField
        With a mesh.
    clipped : (n,)
        −1, 0 or 1 at its points, as :class:`solvers.FlowResult` has it.

    Returns
    -------
    matplotlib Figure
    """
    cmap, norm = ListedColormap(list(_SIDES.values())), BoundaryNorm([-1.5, -0.5, 0.5, 1.5], 3)
    figure = _draw_map(flow, clipped, norm, cmap, ticks=[-1, 0, 1])
    figure.axes[1].set_xticklabels(_SIDES)
    figure.axes[1].tick_params(length=0)
    return figure


def map_axes(flow: FlowField, labels: tuple[str, str] = ("x", "y")) -> tuple[Figure, Axes]:
    """An empty figure of the proportions of a flow."""
    points = flow.points if flow.mesh is None else flow.mesh.points
    ratio = np.ptp(points[:, 1]) / np.ptp(points[:, 0])
    width = WIDTH / max(ratio, 1)
    figure = Figure(figsize=(max(width, 4.0), width * ratio + 1.3), layout="constrained")
    axes = figure.add_subplot(xlabel=labels[0], ylabel=labels[1])
    return figure, axes


def _draw_map(flow, values, norm, cmap, **bar) -> Figure:
    labels = ("x", "y")
    if flow.mesh is not None and plane_normal(flow.mesh) is not None:
        flow, labels = flat_section(flow)
    figure, axes = map_axes(flow, labels)
    drawn = draw_field(axes, flow, values, norm, cmap)
    axes.margins(0)
    figure.colorbar(drawn, ax=axes, location="bottom", shrink=0.5, aspect=40, **bar)
    return figure


def _draw_limit(axes, flow, distance) -> None:
    """The line at 1: between vertices, or between the cells on its two sides."""
    if flow.location == "vertex":
        axes.tricontour(*flow.points.T, corner_triangles(flow.mesh), distance, [1.0], **_LIMIT)
        return
    cells = [corners for block in flow.mesh.cells if block.dim == 2 for corners in block.data]
    neighbours, _, _ = shared_facets(flow.mesh)
    beyond = distance[neighbours] > 1
    edges = [
        flow.mesh.points[np.intersect1d(cells[i], cells[j])]
        for i, j in neighbours[beyond[:, 0] != beyond[:, 1]]
    ]
    axes.add_collection(LineCollection(edges, **_LIMIT))
