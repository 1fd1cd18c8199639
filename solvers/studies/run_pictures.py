"""Pictures of a solved case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import meshio
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from solvers.diagnostics.walls import WallQuantities
from vcnn.evaluation.report.curves import legend_above, styles
from vcnn.evaluation.report.fields import VALUES, draw_field
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets, plane_normal

_WIDTH = 6.0  # inches: words can be read when a phone shows the whole picture
_GAP = 1.5  # between neighbours of a profile, of the usual distance: something lies between
# Told by how light they are, too.
_SIDES = {"below": "#56B4E9", "within bounds": "#E6E6E6", "above": "#D55E00"}


def streamlines(flow: FlowField, closed: Iterable[str]) -> Figure:
    """Streamlines of a plane flow, given at the vertices of its mesh, on its speed.

    Nothing passes the boundaries with the names ``closed``.
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
    """
    triangles = _triangles(flow.mesh)
    boundaries = boundary_facets(flow.mesh)
    facets = {}
    for name, blocks in boundaries.items():
        facets[name] = np.concatenate([block[:, :2] for _, block in blocks])
    tight = np.concatenate([np.empty((0, 2), int), *(facets[name] for name in closed)])
    psi = _stream_function(flow.points, triangles, flow.velocity, tight)
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
    """A scalar at the cells of a plane flow or a section, or of one in space cut at half of z."""
    norm = Normalize(min(values.min(), 0), values.max())
    return _cell_map(flow, values, norm, VALUES, label=label)


def clipping_map(flow: FlowField, clipped: np.ndarray) -> Figure:
    """Where a closure was below (−1) its bounds or above (1), as :func:`scalar_map`."""
    cmap, norm = ListedColormap(list(_SIDES.values())), BoundaryNorm([-1.5, -0.5, 0.5, 1.5], 3)
    figure = _cell_map(flow, clipped, norm, cmap, ticks=[-1, 0, 1])
    figure.axes[1].set_xticklabels(_SIDES)
    figure.axes[1].tick_params(length=0)
    return figure


def velocity_profiles(
    profiles: Sequence[FlowField], reference: Sequence[np.ndarray], *, speed: float, name: str
) -> Figure:
    """u(y) on lines x = const., with velocities of a reference, by its name, as circles."""
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
    """Skin friction, with separation and reattachment, and pressure coefficient along walls."""
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
    """Residual of the momentum balance and, of a closure, change, relaxation and clipping."""
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
        flow, labels = _flat_section(flow)
    figure, axes = _map(flow, labels)
    if flow.dimension == 2:
        drawn = draw_field(axes, flow, values, norm, cmap)
    else:
        points, triangles, values = _cut(flow, values)
        drawn = axes.tripcolor(
            *points.T, triangles, facecolors=values, norm=norm, cmap=cmap, rasterized=True
        )
        axes.set_aspect("equal")
    axes.margins(0)
    figure.colorbar(drawn, ax=axes, location="bottom", shrink=0.5, aspect=40, **bar)
    return figure


def _flat_section(flow) -> tuple[FlowField, tuple[str, str]]:
    """A section of space in coordinates of its plane, and their names if they are axes."""
    normal = plane_normal(flow.mesh)
    across = np.abs(normal).argmax()
    first, second = (axis for axis in range(3) if axis != across)
    u = np.eye(3)[first] - normal[first] * normal
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    axes = np.stack([u, v * (np.sign(v[second]) or 1.0)])
    aligned = np.abs(normal[across]) > 1 - 1e-12
    labels = ("xyz"[first], "xyz"[second]) if aligned else ("first axis", "second axis")
    mesh = meshio.Mesh(flow.mesh.points @ axes.T, flow.mesh.cells)
    points = flow.points @ axes.T
    velocity = flow.velocity @ axes.T
    return FlowField(points, velocity, mesh=mesh, location=flow.location), labels


def _cut(flow, values):
    """Points (n, 2) and triangles (k, 3) of a cut at half of z, and values (k,) of its cells."""
    import pyvista

    mesh = flow.mesh
    grid = pyvista.from_meshio(
        meshio.Mesh(mesh.points, [block for block in mesh.cells if block.dim == 3])
    )
    if flow.location == "vertex":
        grid.point_data["values"] = values
        grid = grid.point_data_to_cell_data()
    else:
        grid.cell_data["values"] = values
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    middle = low + 0.500001 * (high - low)  # not along the facets of cells
    cut = grid.slice(normal="z", origin=middle).triangulate()
    return cut.points[:, :2], cut.faces.reshape(-1, 4)[:, 1:], cut.cell_data["values"]


def _stream_function(points, triangles, velocity, tight) -> np.ndarray:
    """(n,) ψ at vertices with ∇ψ nearest to (−v, u), ψ = 0 at the first vertex.

    Linear elements: the least squares over all cells are a Poisson problem. Nothing passes the
    edges ``tight`` (k, 2), so that ψ is one unknown on each connected chain of them.
    """
    corners = points[triangles]
    edges = np.roll(corners, 1, axis=1) - np.roll(corners, -1, axis=1)  # opposite to each vertex
    area = np.linalg.det(corners[:, 1:] - corners[:, :1])[:, None, None] / 2  # < 0 if clockwise
    slopes = np.stack([edges[..., 1], -edges[..., 0]], axis=-1) / (2 * area)
    u, v = velocity[triangles].mean(axis=1).T
    load = np.einsum("kid,kd->ki", slopes, np.stack([-v, u], axis=-1)) * np.abs(area[..., 0])
    stiffness = np.einsum("kid,kjd->kij", slopes, slopes) * np.abs(area)
    rows = np.broadcast_to(triangles[:, :, None], stiffness.shape)
    n = len(points)
    places = rows.ravel(), rows.swapaxes(1, 2).ravel()
    A = coo_array((stiffness.ravel(), places), shape=(n, n)).tocsc()
    b = np.bincount(triangles.ravel(), load.ravel(), n)
    chains = coo_array((np.ones(len(tight)), tight.T), shape=(n, n))
    count, merged = connected_components(chains, directed=False)
    P = coo_array((np.ones(n), (np.arange(n), merged)), shape=(n, count)).tocsc()
    return np.append(0.0, spsolve((P.T @ A @ P).tocsc()[1:, 1:], (P.T @ b)[1:]))[merged]


def _triangles(mesh) -> np.ndarray:
    """(k, 3) vertices of the cells of a plane mesh, quadrilaterals cut in two."""
    triangles = []
    for block in mesh.cells:
        if block.dim == 2:
            triangles.append(block.data[:, [0, 1, 2]])
            if block.type.startswith("quad"):
                triangles.append(block.data[:, [0, 2, 3]])
    return np.concatenate(triangles)
