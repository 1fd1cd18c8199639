"""Pictures show their values: each pixel has the colour of what is at its place."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

import meshes
from tests.support.pictures import coloured_share, colours_at, png_of
from vcnn import FlowField
from vcnn.evaluation.report.fields import (
    VALUES,
    draw_field,
    extent,
    field_comparison,
    field_figure,
)
from vcnn.evaluation.report.panels import error_norm, frame_panel, readable
from vcnn.flow.mesh import named_mesh

SIDE = 8


def square(location):
    """The unit square in 8 x 8 cells, values at these, at their corners, or at loose points."""
    line = np.linspace(0, 1, SIDE + 1)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    number = np.arange(len(points)).reshape(SIDE + 1, SIDE + 1)
    corners = [number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]]
    quads = np.stack(corners, axis=-1).reshape(-1, 4)
    mesh = named_mesh(points, [("quad", quads)], {})
    if location == "vertex":
        return FlowField(points, points, mesh=mesh)
    centres = points[quads].mean(axis=1)
    if location == "cell":
        return FlowField(centres, centres, mesh=mesh, location="cell")
    return FlowField(centres, centres)


def expected_colours(values, norm):
    return 255 * matplotlib.colormaps[VALUES](norm(values))[:, :3]


@pytest.mark.parametrize("location", ["cell", "vertex", None], ids=str)
def test_every_point_has_the_colour_of_its_value(location):
    """To 3 levels of 255: colour maps have 256 steps, and colours between vertices are rounded."""
    flow = square(location)
    values, norm = np.random.default_rng(0).uniform(size=len(flow)), Normalize(0, 1)
    figure = Figure(figsize=(5, 5))
    axes = figure.add_subplot(xlim=(0, 1), ylim=(0, 1))
    draw_field(axes, flow, values, norm)
    inside = np.all((flow.points > 0.01) & (flow.points < 0.99), axis=1)
    found = colours_at(figure, axes, flow.points[inside])
    tolerance = 12 if location == "vertex" else 3  # a pixel beside a vertex is a step further
    np.testing.assert_allclose(found, expected_colours(values[inside], norm), atol=tolerance)


def test_a_flow_in_space_is_drawn_in_the_middle_plane():
    """Of 6 layers those nearest to it; above and below it nothing of theirs."""
    line = np.linspace(0, 1, SIDE)
    plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    heights = np.repeat([-5.0, -4.0, 0.0, 4.0, 5.0], len(plane))
    points = np.column_stack([np.tile(plane, (5, 1)), heights])
    values = (heights != 0).astype(float)
    figure = Figure(figsize=(5, 5))
    axes = figure.add_subplot()
    drawn = draw_field(axes, FlowField(points, points), values, Normalize(0, 1))
    assert len(drawn.get_offsets()) == np.ceil(len(points) ** (2 / 3)) <= len(plane)
    assert drawn.get_array().max() == 0
    assert coloured_share(png_of(figure)) > 0.01


def test_a_comparison_shows_truth_prediction_and_error():
    flow = square("cell")
    truth = np.linspace(1, 2, len(flow))
    prediction = truth[::-1]
    figure = field_comparison(flow, truth, prediction, "c")
    norm = Normalize(1, 2)
    for axes, values in zip(figure.axes[:2], (truth, prediction), strict=True):
        found = colours_at(figure, axes, flow.points)
        np.testing.assert_allclose(found, expected_colours(values, norm), atol=3)
    error = np.abs(prediction - truth)
    levels = colours_at(figure, figure.axes[2], flow.points).sum(axis=1)
    assert np.corrcoef(levels, error)[0, 1] > 0.95  # lighter where it is larger


def test_a_comparison_of_a_wide_flow_is_stacked():
    flow = square("vertex")
    for stretch, stacked in ((1.0, False), (3.0, True)):
        mesh = named_mesh(flow.points * [stretch, 1], [("quad", flow.mesh.cells[0].data)], {})
        wide = FlowField(mesh.points, mesh.points, mesh=mesh)
        figure = field_comparison(wide, wide.points[:, 0], wide.points[:, 0], "c")
        corners = [axes.get_subplotspec().get_topmost_subplotspec() for axes in figure.axes[:3]]
        rows = {corner.rowspan.start for corner in corners}
        assert (len(rows) == 3) == stacked
        assert (figure.get_figwidth() < 7) == stacked  # inches that a phone can show


def test_one_field_fills_its_axes():
    flow = square("vertex")
    figure = field_figure(flow, flow.points[:, 0], "x", title="a title")
    assert coloured_share(png_of(figure)) > 0.3


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_a_mesh_in_space_is_cut_in_the_middle_plane(location):
    """Values x + z, at half of z: the plane is filled, and between points nothing is missing."""
    mesh = meshes.bump_channel(height=1e-3, cells=(12, 3, 6), grading=1.0)
    places = mesh.points if location == "vertex" else meshes.cell_centres(mesh)
    flow = FlowField(places, places, mesh=mesh, location=location)
    figure = Figure(figsize=(5, 5))
    axes, norm = figure.add_subplot(), Normalize(0, 7)
    draw_field(axes, flow, places[:, 0] + places[:, 2], norm)
    seen = np.stack(np.meshgrid(np.linspace(0.3, 3.7, 9), np.linspace(0.2, 1.8, 5)), -1)
    seen = seen.reshape(-1, 2)
    found = colours_at(figure, axes, seen)
    wanted = expected_colours(seen[:, 0] + 1.5, norm)
    assert np.abs(found - wanted).max() < (12 if location == "vertex" else 40)
    np.testing.assert_allclose(extent(flow, (0, 0, 1)), [[-0.12, -0.06], [4.12, 2.06]], atol=1e-3)


def test_what_is_too_small_to_draw_is_said():
    norm = error_norm(1e-2)
    drawn = np.array([0.0, 2e-5])
    assert readable(drawn, norm) is drawn
    assert readable(np.array([0.0, 3e-15]), norm) == "< 1e-14"
    assert readable(np.zeros(2), norm) == "0"


def test_a_frame_with_a_word_shows_its_flow_in_grey():
    flow, norm = square("cell"), error_norm(1.0)
    rows = {"model": [np.ones(len(flow)), "< 1e-14"]}
    figure = frame_panel([flow, flow], [0, 90], rows, norm=norm, cmap="inferno", label="error")
    word = figure.axes[1]
    assert [text.get_text() for text in word.texts] == ["< 1e-14"]
    np.testing.assert_allclose(colours_at(figure, word, [(0.1, 0.1)]), 230, atol=2)
