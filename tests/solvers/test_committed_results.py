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
    """To 1e-5 of errors of 1e-4 of a solution and more; Newton's method leaves 1e-11 of it."""
    if name in BALANCES:
        assert abs(found) < 1e-9 > abs(expected), name
    elif isinstance(expected, list):  # rounded in the file
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4, err_msg=name)
    else:
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-9), name


def compare(found, expected):
    assert set(found) | CLOCK == set(expected)
    for key in set(expected) - CLOCK:
        same(key, found[key], expected[key])


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("manufactured", "quadrilateral, 16"),
        ("manufactured", "triangle, periodic, 16"),
        ("manufactured", "hexahedron, 4"),
        ("manufactured", "tetrahedron, periodic, 4"),
        ("curved", "8"),
    ],
)
def test_verification_gives_the_numbers_that_are_kept(section, name):
    compare(verification.jobs()[section][name](), kept(verification)[section][name])


def test_the_laminar_hill_gives_the_numbers_that_are_kept(shared_data):
    """With its distance from another code's solution, to 1e-5 of that: it is a small difference."""
    compare(verification.jobs()["hill"]["30 x 20"](), kept(verification)["hill"]["30 x 20"])


@pytest.mark.parametrize("model", turbulence.MODELS, ids=lambda model: model.__name__)
def test_turbulence_models_give_the_numbers_that_are_kept(model):
    expected = kept(turbulence)["channels"][f"{model.__name__}, 395"]
    compare(turbulence.channel(model, 395), expected)


def test_pages_show_the_numbers_that_are_kept(tmp_path):
    verification.compose(kept(verification), tmp_path / "verification")
    composed = (tmp_path / "verification.md").read_text(encoding="utf-8")
    assert composed == verification.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    composed = turbulence_page.page(kept(turbulence))
    assert composed == turbulence.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
