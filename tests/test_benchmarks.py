"""What all studies share: measurements made once, commands, tables."""

import json
from functools import partial

import numpy as np
import pytest

from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.velocity_errors import errors_against_les, score
from benchmarks.verification import study


def test_a_study_that_was_killed_goes_on(tmp_path):
    path, done = tmp_path / "build" / "results.json", []

    def job(name, killed=False):
        if killed:
            raise KeyboardInterrupt
        done.append(name)
        return {"∇u": 1.0}

    measurements = Measurements(path)
    measurements.measure(partial(job, "first"), "hill", "first")
    with pytest.raises(KeyboardInterrupt):
        measurements.measure(partial(job, "second", killed=True), "hill", "second")
    assert json.loads(path.read_text()) == {"hill": {"first": {"∇u": 1.0}}}
    again = Measurements(path)
    made = [
        again.measure(partial(job, name), "hill", name) for name in ("first", "second", "third")
    ]
    assert made == [False, True, True] and done == ["first", "second", "third"]
    assert again.measure(partial(job, "loose"), "loose")
    assert json.loads(path.read_text()) == again.rows == Measurements(path).rows
    assert list(again.rows) == ["hill", "loose"] and list(again.rows["hill"]) == done[:3]


def test_sections_measure_what_is_missing_and_say_how_long_it_took(tmp_path):
    measurements = Measurements(tmp_path / "verification.json", study.as_text)
    measurements.rows = {"hill": {"first": {"seconds": 3.0}}}
    jobs = {name: lambda: {"∇u": 1.0} for name in ("first", "second")}
    study.measure(measurements, {"hill": jobs})
    assert measurements.rows["hill"]["first"] == {"seconds": 3.0}
    row = measurements.rows["hill"]["second"]
    assert list(row) == ["seconds", "∇u"] and 0 <= row["seconds"] < 60
    assert json.loads(measurements.path.read_text(encoding="utf-8")) == measurements.rows


def test_score_and_error_by_hand():
    truth = np.array([[3.0, 4.0], [0.0, 5.0]])
    velocity = truth + np.array([[0.0, 1.0], [0.6, 0.8]])
    assert score(velocity, truth) == pytest.approx(0.2, rel=1e-15)
    assert score(2 * truth, truth) == pytest.approx(1.0, rel=1e-15)
    data = {"les_velocity": np.pad(truth, ((0, 0), (0, 1))), "cell_areas": np.array([1.0, 3.0])}
    assert errors_against_les(velocity, data) == pytest.approx([0.2, 0.2], rel=1e-15)
    velocity[0] = truth[0]
    assert errors_against_les(velocity, data) == pytest.approx([0.1, 0.75**0.5 / 5], rel=1e-15)


def test_table():
    assert table(["flow", "s"], [["hill", 1.5], ["duct", ""]]) == (
        "| flow | s |\n| --- | --- |\n| hill | 1.5 |\n| duct | |"
    )
