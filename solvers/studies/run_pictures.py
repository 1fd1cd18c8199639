"""Pictures of a solved case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from solvers.diagnostics.walls import WallQuantities
from solvers.studies.plane_flows import (
    corner_triangles,
    cut_in_half,
    flat_section,
    stream_function,
)
from vcnn.evaluation.report.curves import legend_above, styles
from vcnn.evaluation.report.fields import VALUES, draw_field
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets, plane_normal

_WIDTH = 6.0  # inches: words can be read when a phone shows the whole picture
_GAP = 1.5  # between neighbours of a profile, of the usual distance: something lies between
# Told by how light they are, too.
_SIDES = {"below": "#56B4E9", "within bounds": "#E6E6E6", "above": "#D55E00"}


def streamlines(flow: FlowField, closed: Iterable[str]) -> Figure:
    """Streamlines of a plane flow on its speed.

    Parameters
    ----------
    flow : FlowField
        In a plane, at the vertices of its mesh.
    closed : sequence of str
        Names of the boundaries that nothing passes.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = _map(flow)
    speed = np.linalg.norm(flow.velocity, axis=1)
    drawn = draw_field(axes, flow, speed, Normalize(0, speed.max()))
    draw_streamlines(axes, flow, closed)
    axes.margins(0)
    figure.colorbar(drawn, ax=axes, label="|u|", location="bottom", shrink=0.5, aspect=40)
    return figure


def draw_streamlines(
    axes: Axes, flow: FlowField, closed: Iterable[str], width: float = 0.8
) -> None:
    """The lines of :func:`streamlines`, in white, into axes.

    The same flux passes between neighbours, but within eddies less and less towards their rims.

    Parameters
    ----------
    axes : matplotlib Axes
        To draw into.
    flow, closed
        As in :func:`streamlines`.
    width : float
        Line width, length in points of print.
    """
    triangles = corner_triangles(flow.mesh)
    boundaries = boundary_facets(flow.mesh)
    facets = {}
    for name, blocks in boundaries.items():
        facets[name] = np.concatenate([block[:, :2] for _, block in blocks])
    tight = np.concatenate([np.empty((0, 2), int), *(facets[name] for name in closed)])
    psi = stream_function(flow.points, triangles, flow.velocity, tight)
    outside = psi[np.unique(np.concatenate(list(facets.values())))]
    low, high, margin = outside.min(), outside.max(), 1e-3 * np.ptp(psi)
    levels = np.linspace(low, high, 16)[1:-1] if high - low > margin else []
    inwards = np.linspace(0.2, 0.95, 6) ** 2
    below = low - inwards * (low - psi.min()) if low - psi.min() > margin else []
    above = high + inwards * (psi.max() - high) if psi.max() - high > margin else []
    axes.tricontour(
        *flow.points.T,
        triangles,
        psi,
        np.unique(np.concatenate([below, levels, above])),
        colors="white",
        linewidths=width,
        linestyles="-",
    )


def scalar_map(flow: FlowField, values: np.ndarray, label: str) -> Figure:
    """A scalar at the cells of a plane flow or a section, or of one in space cut at half of z.

    Parameters
    ----------
    flow : FlowField
        At the cells of a mesh.
    values : (n,)
        The scalar at its points.
    label : str
        Of the colour bar.

    Returns
    -------
    matplotlib Figure
    """
    norm = Normalize(min(values.min(), 0), values.max())
    return _cell_map(flow, values, norm, VALUES, label=label)


def clipping_map(flow: FlowField, clipped: np.ndarray) -> Figure:
    """Where a closure was below (−1) its bounds or above (1), as :func:`scalar_map`.

    Parameters
    ----------
    flow : FlowField
        At the cells of a mesh.
    clipped : (n,)
        −1, 0 or 1 at its points, as `FlowResult` has it.

    Returns
    -------
    matplotlib Figure
    """
    cmap, norm = ListedColormap(list(_SIDES.values())), BoundaryNorm([-1.5, -0.5, 0.5, 1.5], 3)
    figure = _cell_map(flow, clipped, norm, cmap, ticks=[-1, 0, 1])
    figure.axes[1].set_xticklabels(_SIDES)
    figure.axes[1].tick_params(length=0)
    return figure


def velocity_profiles(
    profiles: Sequence[FlowField], reference: Sequence[np.ndarray], *, speed: float, name: str
) -> Figure:
    """u(y) on lines x = const., with velocities of a reference, by its name, as circles.

    Parameters
    ----------
    profiles : sequence of FlowField
        As :func:`solvers.station_profiles` gives them.
    reference : sequence of (n, d)
        Velocities at the points of each profile, length/time; empty without a reference.
    speed : float
        U that velocities are divided by, length/time.
    name : str
        Of the reference, for the legend.

    Returns
    -------
    matplotlib Figure
    """
    wide = min(1.1 * len(profiles) + 0.8, 12.0)
    figure = Figure(figsize=(max(wide, 4.5), 4.2), layout="constrained")
    panels = figure.subplots(1, len(profiles), sharex=True, sharey=True, squeeze=False)[0]
    for k, (axes, profile) in enumerate(zip(panels, profiles, strict=True)):
        y = profile.points[:, 1]
        axes.axvline(0, color="0.7", lw=0.8)
        # a line is broken at obstacles, where points are missing
        obstacles = np.flatnonzero(np.diff(y) > _GAP * np.median(np.diff(y))) + 1
        curve = np.insert(profile.velocity[:, 0] / speed, obstacles, np.nan)
        axes.plot(curve, np.insert(y, obstacles, np.nan), color=styles(1)[0][0], label="this run")
        if reference:
            circles = {"mfc": "none", "color": styles(2)[1][0], "ms": 4, "label": name}
            axes.plot(reference[k][::4, 0] / speed, y[::4], "o", **circles)
        axes.set_title(f"x = {profile.parameters['station']:g}", fontsize=10)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("y")
    figure.supxlabel("$u_x / U$", fontsize=10)
    if reference:
        legend_above(figure)
    return figure


def wall_curves(walls: Mapping[str, WallQuantities]) -> Figure:
    """Skin friction, with separation and reattachment, and pressure coefficient along walls.

    Parameters
    ----------
    walls : mapping name -> WallQuantities
        Walls to draw, as :func:`solvers.along_wall` gives them.

    Returns
    -------
    matplotlib Figure
    """
    figure = Figure(figsize=(_WIDTH, 5.0), layout="constrained")
    friction, pressure = figure.subplots(2, 1, sharex=True)
    for (name, wall), (colour, line, _) in zip(walls.items(), styles(len(walls)), strict=True):
        x = wall.points[:, 0] if np.ptp(wall.points[:, 0]) > 0 else wall.arc
        friction.plot(x, wall.skin_friction, color=colour, linestyle=line, label=name)
        pressure.plot(x, wall.pressure_coefficient, color=colour, linestyle=line)
        for kind, marker in (("separation", "v"), ("reattachment", "^")):
            points = getattr(wall, kind)
            if len(points):
                at = points[:, 0] if np.ptp(wall.points[:, 0]) > 0 else points[:, 1]
                friction.plot(at, 0 * at, marker, color=colour, ms=8, label=f"{kind}, {name}")
    friction.axhline(0, color="0.5", lw=0.8, zorder=0)
    friction.set_ylabel("$c_f$")
    pressure.set(xlabel="x", ylabel="$c_p$")
    for axes in (friction, pressure):
        axes.grid(alpha=0.3)
    legend_above(figure)
    return figure


def convergence(residuals: Sequence[float], history: Mapping[str, Sequence[float]]) -> Figure:
    """Residual of the momentum balance and, of a closure, change, relaxation and clipping.

    Parameters
    ----------
    residuals : sequence of float
        Of each step or round, relative to the load.
    history : mapping name -> sequence of float
        ``change``, ``relaxation`` and ``clipped`` of a `CouplingHistory`; empty without a closure.

    Returns
    -------
    matplotlib Figure
    """
    figure = Figure(figsize=(6.5, 5.5 if history else 4.0), layout="constrained")
    heights = [2, 1] if history else [1]
    panels = figure.subplots(len(heights), sharex=True, squeeze=False, height_ratios=heights)
    sizes, shares = {"residual of the momentum balance": residuals}, {}
    if history:
        sizes["change by the closure"] = history["change"]
        shares = {
            "relaxation": history["relaxation"],
            "share of points clipped": history["clipped"],
        }
    first = 1 if history else 0
    looks = iter(styles(len(sizes) + len(shares)))
    for axes, curves in zip(panels[:, 0], (sizes, shares), strict=False):
        for name, values in curves.items():
            colour, line, marker = next(looks)
            look = {"color": colour, "linestyle": line, "marker": marker, "ms": 3}
            axes.plot(np.arange(first, first + len(values)), values, label=name, **look)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    panels[0, 0].set_yscale("log", nonpositive="mask")
    panels[0, 0].set_ylabel("relative size")
    if history:
        panels[1, 0].set(ylim=(-0.05, 1.05), ylabel="share")
    panels[-1, 0].set_xlabel("round" if history else "step")
    return figure


def _map(flow, labels=("x", "y")):
    points = flow.points if flow.mesh is None else flow.mesh.points
    ratio = np.ptp(points[:, 1]) / np.ptp(points[:, 0])
    width = _WIDTH / max(ratio, 1)
    figure = Figure(figsize=(max(width, 4.0), width * ratio + 1.3), layout="constrained")
    axes = figure.add_subplot(xlabel=labels[0], ylabel=labels[1])
    return figure, axes


def _cell_map(flow, values, norm, cmap, **bar) -> Figure:
    labels = ("x", "y")
    if plane_normal(flow.mesh) is not None:
        flow, labels = flat_section(flow)
    figure, axes = _map(flow, labels)
    if flow.dimension == 2:
        drawn = draw_field(axes, flow, values, norm, cmap)
    else:
        points, triangles, values = cut_in_half(flow, values)
        drawn = axes.tripcolor(
            *points.T, triangles, facecolors=values, norm=norm, cmap=cmap, rasterized=True
        )
        axes.set_aspect("equal")
    axes.margins(0)
    figure.colorbar(drawn, ax=axes, location="bottom", shrink=0.5, aspect=40, **bar)
    return figure
