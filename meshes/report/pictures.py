"""Pictures of a flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from meshes.report.bands import LEVEL, Band
from meshes.report.maps import map_axes
from meshes.report.plane_flows import stream_function
from meshes.report.quantities import WallQuantities
from vcnn.evaluation.report.curves import WIDTH, legend_above, styles
from vcnn.evaluation.report.fields import corner_triangles, draw_field
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets

_GAP = 1.5  # between neighbours of a profile, of the usual distance: something lies between
_BAND = f"{100 * LEVEL:.0f} % by the members"
_MARKED = 200  # steps of a curve that are told apart


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
    figure, axes = map_axes(flow)
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


def velocity_profiles(
    profiles: Sequence[FlowField],
    reference: Sequence[np.ndarray],
    *,
    speed: float,
    name: str,
    bands: Sequence[Band] = (),
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
    bands : sequence of pairs of (n, d)
        Lower and upper velocities at the points of each profile, shaded; empty without members.

    Returns
    -------
    matplotlib Figure
    """
    wide = min(1.3 * len(profiles) + 0.8, 12.0)
    figure = Figure(figsize=(max(wide, 4.5), 4.2), layout="constrained")
    panels = figure.subplots(1, len(profiles), sharex=True, sharey=True, squeeze=False)[0]
    for k, (axes, profile) in enumerate(zip(panels, profiles, strict=True)):
        y = profile.points[:, 1]
        axes.axvline(0, color="0.7", lw=0.8)
        # a line is broken at obstacles, where points are missing
        obstacles = np.flatnonzero(np.diff(y) > _GAP * np.median(np.diff(y))) + 1
        heights = np.insert(y, obstacles, np.nan)
        curve, *bounds = (
            np.insert(velocity[:, 0] / speed, obstacles, np.nan)
            for velocity in (profile.velocity, *(bands[k] if bands else ()))
        )
        axes.plot(curve, heights, color=styles(1)[0][0], label="this run")
        if bounds:
            axes.fill_betweenx(heights, *bounds, **_shading(styles(1)[0][0]), label=_BAND)
        if reference:
            circles = {"mfc": "none", "color": styles(2)[1][0], "ms": 4, "label": name}
            axes.plot(reference[k][::4, 0] / speed, y[::4], "o", **circles)
        axes.set_title(f"x = {profile.parameters['station']:g}", fontsize=10)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("y")
    figure.supxlabel("$u_x / U$", fontsize=10)
    if reference or bands:
        legend_above(figure)
    return figure


def _shading(colour) -> dict:
    return {"color": colour, "alpha": 0.25, "linewidth": 0}


def wall_curves(
    walls: Mapping[str, WallQuantities],
    reference: Mapping[str, np.ndarray] | None = None,
    name: str = "",
    bands: Mapping[str, Band] | None = None,
) -> Figure:
    """Skin friction, with separation and reattachment, and pressure coefficient along walls.

    Parameters
    ----------
    walls : mapping name -> WallQuantities
        Walls to draw, as :func:`solvers.along_wall` gives them.
    reference : mapping name -> (k,), optional
        Skin friction at the facets of some of the walls, drawn as circles.
    name : str
        Of the reference, for the legend.
    bands : mapping name -> pair of (k,), optional
        Lower and upper skin friction at the facets of some of the walls, shaded.

    Returns
    -------
    matplotlib Figure
    """
    reference, bands = reference or {}, bands or {}
    figure = Figure(figsize=(WIDTH, 6.0), layout="constrained")
    friction, pressure = figure.subplots(2, 1, sharex=True)
    for (own, wall), (colour, line, _) in zip(walls.items(), styles(len(walls)), strict=True):
        x = wall.points[:, 0] if np.ptp(wall.points[:, 0]) > 0 else wall.arc
        friction.plot(x, wall.skin_friction, color=colour, linestyle=line, label=own)
        pressure.plot(x, wall.pressure_coefficient, color=colour, linestyle=line)
        if own in bands:
            friction.fill_between(x, *bands[own], **_shading(colour), label=f"{_BAND}, {own}")
        for kind, marker in (("separation", "v"), ("reattachment", "^")):
            points = getattr(wall, kind)
            if len(points):
                at = points[:, 0] if np.ptp(wall.points[:, 0]) > 0 else points[:, 1]
                friction.plot(at, 0 * at, marker, color=colour, ms=8, label=f"{kind}, {own}")
        if own in reference and np.isfinite(reference[own]).any():
            circles = {"mfc": "none", "color": colour, "ms": 4, "label": f"{own}, {name}"}
            friction.plot(x, reference[own], "o", **circles)
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
    sizes, shares = iteration_curves(residuals, history)
    return draw_curves(sizes, shares, "round" if history else "step")


def iteration_curves(
    residuals: Sequence[float], history: Mapping[str, Sequence[float]] | None
) -> tuple[dict, dict]:
    """The curves of :func:`convergence`, as :func:`draw_curves` takes them."""
    first = 1 if history else 0
    sizes, shares = {"residual of the momentum balance": residuals}, {}
    if history:
        sizes["change by the closure"] = history["change"]
        shares = {
            "relaxation": history["relaxation"],
            "share of points clipped": history["clipped"],
        }
    numbered = [
        {name: (np.arange(first, first + len(values)), values) for name, values in curves.items()}
        for curves in (sizes, shares)
    ]
    return numbered[0], numbered[1]


def draw_curves(sizes: Mapping[str, tuple], shares: Mapping[str, tuple], counted: str) -> Figure:
    """Curves of an iteration: what should become small, and below it shares, if there are any.

    Parameters
    ----------
    sizes, shares : mapping name -> (numbers of the steps, values)
    counted : str
        Name of a step.

    Returns
    -------
    matplotlib Figure
    """
    figure = Figure(figsize=(WIDTH, 5.2 if shares else 3.8), layout="constrained")
    heights = [2, 1] if shares else [1]
    panels = figure.subplots(len(heights), sharex=True, squeeze=False, height_ratios=heights)
    looks = iter(styles(len(sizes) + len(shares)))
    for axes, curves in zip(panels[:, 0], (sizes, shares), strict=False):
        for name, (numbers, values) in curves.items():
            colour, line, marker = next(looks)
            few = {"marker": marker, "ms": 3} if len(values) <= _MARKED else {}
            axes.plot(numbers, values, label=name, color=colour, linestyle=line, **few)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    panels[0, 0].set_yscale("log", nonpositive="mask")
    panels[0, 0].set_ylabel("relative size")
    if shares:
        panels[1, 0].set(ylim=(-0.05, 1.05), ylabel="share")
    panels[-1, 0].set_xlabel(counted)
    return figure
