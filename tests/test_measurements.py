"""Measurements of several processes: each is made once, and kept as soon as it is known."""

import json
from functools import partial

from benchmarks.common.measurements import Measurements, measure_all


def job(number):
    return {"square": number**2}


def test_what_is_known_is_not_made_again(tmp_path):
    path = tmp_path / "numbers.json"
    first = Measurements(path)
    first.measure(lambda: {"square": -1}, "squares", "two")
    jobs = {name: partial(job, k) for k, name in enumerate(["zero", "one", "two", "three"])}
    made = []
    for name in measure_all(first, jobs, 2, "squares"):
        made.append(name)
        assert name in json.loads(path.read_text(encoding="utf-8"))["squares"]
    assert sorted(made) == ["one", "three", "zero"]
    assert first.rows["squares"]["two"] == {"square": -1}
    assert Measurements(path).rows["squares"]["three"] == {"square": 9}
    assert list(measure_all(Measurements(path), jobs, 2, "squares")) == []
