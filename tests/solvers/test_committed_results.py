"""Numbers that are kept beside the code are those that the code gives, and pages show them."""

import json

import numpy as np
import pytest

from benchmarks.verification import study as verification
from benchmarks.verification import turbulence, turbulence_page

# What is left of round-off: 1e-14 of what was added up, of balances of order one.
BALANCES = {"reaction", "scalar"}
CLOCK = {"seconds"}


def kept(results):
    return json.loads(results.RESULTS.read_text(encoding="utf-8"))


def same(name, found, expected):
    """Newton's method leaves 1e-11 of a solution, errors of 1e-5 of it are kept: 1e-6 of those."""
    if name in BALANCES:
        assert abs(found) < 1e-9 > abs(expected), name
    elif isinstance(expected, list):  # rounded in the file
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4, err_msg=name)
    else:
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), name


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("manufactured", "quadrilateral, 16"),
        ("manufactured", "triangle, periodic, 16"),
        ("manufactured", "hexahedron, 4"),
        ("manufactured", "tetrahedron, periodic, 4"),
        ("curved", "8"),
        ("hill", "30 x 20"),
    ],
)
def test_verification_gives_the_numbers_that_are_kept(section, name):
    expected = kept(verification)[section][name]
    found = verification.jobs()[section][name]()
    common = (set(found) & set(expected)) - CLOCK
    assert len(common) == len(set(expected) - CLOCK) > 0
    for key in common:
        same(key, found[key], expected[key])


@pytest.mark.parametrize("model", turbulence.MODELS, ids=lambda model: model.__name__)
def test_turbulence_models_give_the_numbers_that_are_kept(model):
    expected = kept(turbulence)["channels"][f"{model.__name__}, 395"]
    found = turbulence.channel(model, 395)
    assert set(found) == set(expected)
    for key in set(expected) - CLOCK:
        same(key, found[key], expected[key])


def test_pages_show_the_numbers_that_are_kept(tmp_path):
    verification.compose(kept(verification), tmp_path / "verification")
    composed = (tmp_path / "verification.md").read_text(encoding="utf-8")
    assert composed == verification.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    composed = turbulence_page.page(kept(turbulence))
    assert composed == turbulence.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
