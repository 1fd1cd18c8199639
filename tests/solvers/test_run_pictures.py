"""Pictures of solved cases: streamlines carry equal fluxes, curves pass through their points."""

import meshio
import numpy as np
import pytest
from matplotlib.colors import to_hex

import meshes
from meshes.report.maps import clipping_map, difference_map, extrapolation_map, scalar_map
from meshes.report.pictures import convergence, streamlines, velocity_profiles, wall_curves
from meshes.report.reference import reference_friction
from solvers import LaminarFlow, along_wall, station_profiles
from tests.support.pictures import coloured_share, colours_at, png_of
from vcnn import FlowField
from vcnn.evaluation.report.fields import corner_triangles

BULK, HEIGHT = 0.7, 2.0


@pytest.fixture(scope="module")
def channel():
    """Poiseuille flow, u = 6 U y (h − y) / h²."""
    mesh = meshes.channel(length=3.0, height=HEIGHT, cells=(6, 40))
    return LaminarFlow(mesh, 0.05, BULK).solve()


def coloured(figure, axes, places):
    """Which places have a colour, neither white nor grey."""
    return np.ptp(colours_at(figure, axes, places), axis=1) > 40


def test_the_same_flux_passes_between_streamlines(channel):
    """Lines at fifteenths of the flux, ∫ u dy = U (3 y²/h − 2 y³/h²), to a tenth of a cell."""
    figure = streamlines(channel.flow("vertex"), ("bottom", "top"))
    axes = figure.axes[0]
    (lines,) = (c for c in axes.collections if len(c.get_paths()) == 14)
    heights = [path.vertices[:, 1] for path in lines.get_paths()]
    assert max(np.ptp(y) for y in heights) < 0.2 * HEIGHT / 40
    y = np.sort([y.mean() for y in heights])
    flux = BULK * (3 * y**2 / HEIGHT - 2 * y**3 / HEIGHT**2)
    np.testing.assert_allclose(flux / (BULK * HEIGHT), np.arange(1, 15) / 15, atol=1e-3)
    white = colours_at(figure, axes, [(1.03, line) for line in y]).min(axis=1)
    beside = colours_at(figure, axes, [(1.03, line) for line in (y[:-1] + y[1:]) / 2]).min(axis=1)
    assert np.median(white) > 190 > 180 > np.median(beside)


def test_profiles_pass_through_their_values(channel):
    profiles = station_profiles(channel, [0.5, 2.0])
    figure = velocity_profiles(profiles, (), speed=BULK, name="")
    y = np.linspace(0.1, 1.9, 19)
    u = 6 * y * (HEIGHT - y) / HEIGHT**2
    for axes in figure.axes:
        assert coloured(figure, axes, np.stack([u, y], axis=1)).all()
        assert not coloured(figure, axes, np.stack([u - 0.2, y], axis=1)).any()


def test_profiles_are_broken_at_obstacles(channel):
    """Of a constant velocity known below y = 0.5 and above 1.5."""
    y = np.linspace(0, HEIGHT, 101)
    y = np.sort(np.append(y[(y <= 0.5) | (y >= 1.5)], [0.513, 1.487]))
    points = np.stack([np.zeros_like(y), y], axis=-1)
    velocity = np.stack([np.full_like(y, BULK), 0 * y], axis=-1)
    profile = FlowField(points, velocity, parameters={"station": 0.0})
    figure = velocity_profiles([profile], (), speed=BULK, name="")
    heights = np.array([0.25, 0.45, 1.6, 1.75, 0.6, 1.0, 1.4])
    places = np.stack([np.ones(7), heights], axis=1)
    drawn = coloured(figure, figure.axes[0], places)
    np.testing.assert_array_equal(drawn, [True] * 4 + [False] * 3)


def test_curves_along_walls_are_at_their_values(channel):
    """c_f = 6 ν / (U h/2), 0.857 times 10⁻¹ here: a level line."""
    figure = wall_curves({"bottom": along_wall(channel, "bottom")})
    friction, _ = figure.axes
    x = np.linspace(0.5, 2.5, 9)
    level = 6 * 0.05 / (BULK * HEIGHT / 2)
    assert coloured(figure, friction, np.stack([x, np.full(9, level)], axis=1)).all()


def test_the_convergence_shows_every_step():
    residuals = 10.0 ** -np.arange(1, 8, dtype=float)
    figure = convergence(residuals, None)
    places = np.stack([np.arange(7), residuals], axis=1)
    assert coloured(figure, figure.axes[0], places).all()


def test_maps_fill_their_axes(channel):
    flow = channel.flow("cell")
    speed = np.linalg.norm(flow.velocity, axis=1)
    assert coloured_share(png_of(scalar_map(flow, speed, "|u|"))) > 0.3
    below = np.where(flow.points[:, 0] < 1.5, -1, 0)
    figure = clipping_map(flow, below)
    places = np.stack([np.tile([0.75, 2.25], 3), np.repeat([0.5, 1.0, 1.5], 2)], axis=1)
    np.testing.assert_array_equal(coloured(figure, figure.axes[0], places), [True, False] * 3)


@pytest.mark.parametrize("location", ["vertex", "cell"])
def test_the_extrapolation_has_its_line_at_one(channel, location):
    """Of a distance 2 x / 3 at x = 1.5, which is also an edge of cells."""
    flow = channel.flow(location)
    figure = extrapolation_map(flow, 2 * flow.points[:, 0] / 3)
    axes, bar = figure.axes
    (line,) = (c for c in axes.collections if "#d55e00" in map(to_hex, c.get_edgecolor()))
    ends = np.concatenate([path.vertices for path in line.get_paths()])
    np.testing.assert_allclose(ends[:, 0], 1.5, atol=1e-9)
    assert np.ptp(ends[:, 1]) == pytest.approx(HEIGHT)
    assert any(line.get_xdata()[0] == 1 for line in bar.lines)


@pytest.mark.parametrize("kind", ["triangle", "triangle6", "quad", "quad9", "polygon"])
def test_triangles_cover_cells_of_every_kind(kind):
    corners = {"polygon": 6, "quad": 4, "quad9": 4}.get(kind, 3)
    turn = 2 * np.pi * np.arange(corners) / corners
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    middles = (circle + np.roll(circle, -1, axis=0)) / 2
    points = circle if kind in ("triangle", "quad", "polygon") else np.vstack([circle, middles])
    points = np.vstack([points, [[0, 0]]]) if kind == "quad9" else points
    triangles = corner_triangles(meshio.Mesh(points, [(kind, np.arange(len(points))[None])]))
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    areas = np.linalg.det(np.stack([b - a, c - a], axis=1)) / 2
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(corners / 2 * np.sin(2 * np.pi / corners))


def test_the_line_of_extrapolation_crosses_polygons():
    """A hexagon, one cell: the line at x = 0.3 goes all the way across it."""
    turn = np.pi * np.arange(6) / 3
    points = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    flow = FlowField(points, points, mesh=meshio.Mesh(points, [("polygon", np.arange(6)[None])]))
    figure = extrapolation_map(flow, points[:, 0] + 0.7)
    (line,) = (c for c in figure.axes[0].collections if "#d55e00" in map(to_hex, c.get_edgecolor()))
    ends = np.concatenate([path.vertices for path in line.get_paths()])
    np.testing.assert_allclose(ends[:, 0], 0.3, atol=1e-9)
    np.testing.assert_allclose(np.ptp(ends[:, 1]), np.sqrt(3), atol=1e-9)


def test_maps_show_polygons_at_cells():
    turn = np.pi * np.arange(6) / 3
    points = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    mesh = meshio.Mesh(points, [("polygon", np.arange(6)[None])])
    figure = scalar_map(FlowField([[0, 0]], [[1, 0]], mesh=mesh, location="cell"), np.ones(1), "a")
    places = 0.8 * points
    assert coloured(figure, figure.axes[0], places).all()


def test_two_maps_in_the_same_colours(channel):
    flow = channel.flow("cell")
    figure = scalar_map(flow, np.ones(len(flow)), "a", top=2.0)
    assert figure.axes[0].collections[0].norm.vmax == 2.0


def test_differences_are_drawn_from_zero(channel):
    flow = channel.flow("vertex")
    drawn = difference_map(flow, 0.5 + flow.points[:, 0], "difference").axes[0].collections[0]
    assert (drawn.norm.vmin, drawn.norm.vmax) == (0.0, 3.5)


@pytest.mark.parametrize("location", ["vertex", "cell"])
def test_skin_friction_of_a_reference(channel, location):
    """Of Poiseuille flow to a per cent, but for what lies beyond the first points; and drawn."""
    wall = along_wall(channel, "bottom")
    reference = channel.flow(location)
    friction = reference_friction(reference, wall, 0.05, BULK)
    inside = slice(1, -1)
    level = 6 * 0.05 / (BULK * HEIGHT / 2)
    np.testing.assert_allclose(friction[inside], level, rtol=0.01)
    figure = wall_curves({"bottom": wall}, {"bottom": friction}, "les.vtu")
    (circles,) = (line for line in figure.axes[0].lines if line.get_label() == "bottom, les.vtu")
    np.testing.assert_array_equal(circles.get_ydata(), friction)


def test_a_reference_far_from_the_wall_has_no_friction(channel):
    reference = channel.flow("vertex")
    reference = reference.subset(np.flatnonzero(abs(reference.points[:, 1] - 1) < 0.8))
    friction = reference_friction(reference, along_wall(channel, "bottom"), 1e-4, BULK)
    assert np.isnan(friction).all()
