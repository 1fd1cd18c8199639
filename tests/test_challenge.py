"""The velocities submitted to the Closure Challenge: complete, settled, of the shipped closure, and
what their manifest says of them.
"""

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.challenge.evaluated import CHOSEN, LEARNABLE, TESTS, input_file
from benchmarks.challenge.submission import solved
from benchmarks.common.velocity_errors import score
from vcnn import Closure

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks" / "results" / "closure_challenge"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
RUNS = json.loads((FOLDER / "residuals.json").read_text())


def submitted(name):
    return np.loadtxt(FOLDER / f"{name}.csv", delimiter=",")


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", TESTS)
def test_every_flow_is_there_and_settled(name):
    velocity = submitted(name)
    assert velocity.shape == (1000, 3)
    assert np.isfinite(velocity).all()
    assert RUNS[name]["residual"][-1] <= 1e-8
    assert RUNS[name]["change"][-1] <= 1e-8


@pytest.mark.parametrize("name", TESTS)
def test_bands_hold_what_is_submitted_and_narrower_ones(name):
    path, velocity = FOLDER / f"{name}_bands.csv", submitted(name)
    columns = path.read_text().splitlines()[0].split(",")
    bands = dict(zip(columns, np.loadtxt(path, delimiter=",", skiprows=1).T, strict=True))
    assert len(bands) == 3 * 4 * 2
    for axis, letter in enumerate("uvw"):
        lower, upper = (
            [bands[f"{letter}_{side}_{level}"] for level in (50, 80, 90, 95)]
            for side in ("lower", "upper")
        )
        nested = [*reversed(lower), velocity[:, axis], *upper]
        for inner, outer in pairwise(nested):
            assert (inner <= outer).all()
        middle = 0.5 * (lower[0] + upper[0])
        np.testing.assert_allclose(middle, velocity[:, axis], atol=1e-7 * np.abs(velocity).max())
    assert (bands["u_upper_90"] > bands["u_lower_90"]).all()


@pytest.mark.parametrize("name", TESTS)
def test_every_flow_is_as_far_from_sst_as_its_run_says(shared_data, name):
    """The score of SST at the points of evaluation, from the file of the challenge."""
    with np.load(input_file(name)) as file:
        sst = file["sst_velocity"].astype(float)[file["eval_cells"]]
    assert score(submitted(name), sst) == pytest.approx(RUNS[name]["from SST"], rel=1e-6)
    assert 0.01 < RUNS[name]["from SST"] < 0.3


def test_the_shipped_closure_leads_to_a_submitted_velocity(shared_data, tmp_path):
    """From a start of its own, so that both are as near as they have settled."""
    flow = TESTS["alpha_05_4071_4048"]()
    found = flow.predicted(solved(flow, tmp_path))
    assert score(found, submitted(flow.name)) < 1e-7


def test_the_manifest_is_of_the_shipped_weights_and_of_these_files(shared_data):
    assert {Path(name).stem for name in MANIFEST["weights"]} == set(CHOSEN.values())
    for name, expected in MANIFEST["weights"].items():
        assert digest(ROOT / name) == expected
    for name, expected in MANIFEST["data"].items():
        assert digest(shared_data / name) == expected
    assert {str(input_file(name).relative_to(shared_data)) for name in TESTS} < set(
        MANIFEST["data"]
    )


def test_nothing_was_learned_or_chosen_on_test_flows():
    splits = MANIFEST["splits"]
    for name in set(CHOSEN.values()):
        assert set(Closure.pretrained(name).provenance["flows"]) <= set(splits["training"])
    assert set(splits["test"]) == set(TESTS) - set(LEARNABLE)
    assert len(splits["test"]) == 8
    assert not set(splits["test"]) & {*splits["training"], *splits["validation"]}
