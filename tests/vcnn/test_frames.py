"""The rotation study: it clears a frame-independent closure and convicts one that looks at
components.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from vcnn import Closure, FlowField, InputError, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.evaluation.frames import rotate_study, rotation


def loose_flow(d, n=150, seed=0):
    rng = np.random.default_rng(seed)
    return FlowField(
        points=rng.uniform(0, 2, (n, d)),
        velocity=rng.normal(size=(n, d)),
        weights=rng.uniform(0.5, 1, n),
        scalars={"k": rng.normal(size=n), "c": rng.uniform(1, 2, n)},
        periods=[2 * np.eye(d)[0]],
    )


@dataclass
class Component:
    """Predicts velocity · direction, with a direction fixed in the frame of the observer."""

    direction: tuple
    target: str = "c"

    def predict(self, flow, centres=None, dtype=None):
        values = flow.velocity @ np.array(self.direction)
        return values if centres is None else values[centres]


@pytest.mark.parametrize("d", [2, 3])
def test_an_invariant_network_predicts_the_same_to_round_off(d):
    flow, region = loose_flow(d), RegionOfInfluence.ball(0.5)
    network = VectorCloudNetwork(["k"], channels=4, hidden=8, fitting=(8,))
    scales = Scales.of([flow], region, network, ["c"])
    closure = Closure(network.eval(), region, "c", d, scales)
    study = rotate_study({"cloud": closure}, flow, progress=False)
    assert study.variation["cloud"] < 1e-12
    assert study.error_variation["cloud"] < 1e-12
    assert study.predictions["cloud"].shape == (5, len(flow))
    assert study.predictions["cloud"].std() > 0


def test_a_frame_dependent_closure_changes_by_the_analytic_amount():
    # All velocities are (s, 0): the x-component seen in a frame turned by θ is s cos θ, so the
    # relative change is |cos θ − 1| whatever the points and weights, and with truth s that is the
    # error too.
    flow = loose_flow(2)
    speed = flow.scalars["c"]
    flow = FlowField(flow.points, speed[:, None] * [1.0, 0.0], flow.weights, scalars={"c": speed})
    angles = np.array([0.0, 35, 70, 90, 180])
    study = rotate_study({"x": Component((1, 0))}, flow, angles=angles, progress=False)
    expected = np.abs(np.cos(np.deg2rad(angles)) - 1)
    np.testing.assert_allclose(study.errors["x"], expected, atol=1e-14)
    np.testing.assert_allclose(study.changes["x"], expected, atol=1e-14)
    around = np.abs(np.cos(np.deg2rad(study.curve_angles)) - 1)
    np.testing.assert_allclose(study.curve_errors["x"], around, atol=1e-14)
    assert study.variation["x"] == pytest.approx(2, abs=1e-14)


def test_turning_in_space_is_about_the_given_axis():
    flow = loose_flow(3)
    along, across = Component((0, 0, 1.0)), Component((1.0, 0, 0))
    study = rotate_study({"along": along, "across": across}, flow, axis=(0, 0, 5), progress=False)
    assert study.changes["along"].max() < 1e-14
    assert study.changes["across"][-1] == pytest.approx(2, abs=1e-14)  # u_x -> −u_x at 180 degrees
    generic = rotate_study({"along": along}, flow, progress=False)
    assert generic.changes["along"].max() > 0.5


def test_random_rotations_in_space_are_uniform():
    flow = loose_flow(3)
    study = rotate_study(
        {"x": Component((1, 0, 0))}, flow, curve_step=360 / 500, curve_centres=1, progress=False
    )
    first, *others = study.curve_rotations
    np.testing.assert_array_equal(first, np.eye(3))
    # Of uniform rotations R e is uniform on the sphere: mean 0 and covariance I/3, each to 5
    # standard errors
    for e in np.eye(3):
        images = np.array(others) @ e
        np.testing.assert_allclose(images.mean(axis=0), 0, atol=5 * np.sqrt(1 / 3 / 500))
        np.testing.assert_allclose(
            images.T @ images / 500, np.eye(3) / 3, atol=5 * 0.3 / np.sqrt(500)
        )
    assert np.median(study.curve_angles) > 90  # 113 degrees; angles are not uniform
    assert study.curve_changes["x"].max() > 1


def test_a_model_that_cannot_predict_the_flow_is_named():
    network = VectorCloudNetwork(["omega"], channels=4, hidden=8, fitting=(8,))
    closure = Closure(network.eval(), RegionOfInfluence.ball(0.5), "c", 2)
    with pytest.raises(InputError, match="mine: the model needs scalars omega; the flow has: k, c"):
        rotate_study({"mine": closure}, loose_flow(2), progress=False)
    with pytest.raises(InputError, match="mine: the model needs scalars omega"):
        rotate_study(
            {"other": Component((1, 0, 0)), "mine": closure}, loose_flow(3), progress=False
        )


def test_without_truth_only_changes_are_reported():
    flow = loose_flow(2)
    study = rotate_study(
        {"x": Component((1, 0), target="unknown")}, flow, angles=[90], progress=False
    )
    assert study.truth is None
    assert study.errors == study.curve_errors == study.error_variation == {}
    np.testing.assert_array_equal(study.angles, [0, 90])  # 0 is the reference, asked for or not
    assert study.changes["x"][0] == 0
    assert study.changes["x"][1] > 0.5


def test_the_study_is_deterministic():
    flow, closure = loose_flow(2), {"x": Component((1, 2))}
    first, second = (
        rotate_study(closure, flow, curve_centres=20, progress=False) for _ in range(2)
    )
    np.testing.assert_array_equal(first.curve_centres, second.curve_centres)
    np.testing.assert_array_equal(first.curve_errors["x"], second.curve_errors["x"])
    assert len(np.unique(first.curve_centres)) == 20


def test_rotation_is_counter_clockwise():
    np.testing.assert_allclose(rotation(90) @ [1, 0], [0, 1], atol=1e-15)
    np.testing.assert_allclose(rotation(90, (0, 0, 1)) @ [1, 0, 0], [0, 1, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("closures", "options", "message"),
    [
        ({}, {}, "closures: expected at least one"),
        (
            {"a": Component((1, 0)), "b": Component((1, 0), target="k")},
            {},
            "a predicts c, b predicts k",
        ),
        (
            {"a": Component((1, 0), target=("c", "k"))},
            {},
            "a: predicts several fields \\(c, k\\), expected one",
        ),
        ({"a": Component((1, 0))}, {"angles": [np.nan]}, "angles: expected finite"),
        ({"a": Component((1, 0))}, {"axis": (0, 0, 1)}, "axis: a 2-D flow rotates in its plane"),
        ({"a": Component((1, 0))}, {"curve_step": 0}, "curve_step"),
        ({"a": Component((1, 0))}, {"curve_centres": 0}, "curve_centres"),
    ],
)
def test_bad_input_is_refused(closures, options, message):
    with pytest.raises(InputError, match=message):
        rotate_study(closures, loose_flow(2), progress=False, **options)


def test_a_study_says_in_one_line_what_it_is():
    study = rotate_study({"x": Component((1, 0))}, loose_flow(2), (90,), 60, progress=False)
    assert repr(study) == f"RotationStudy(c by x in 8 frames of {len(study.flow):,} points in 2-D)"
