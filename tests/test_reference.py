"""The reference: its pages list what is public, and docstrings tell all that they should."""

import pydoc
import re
from collections import Counter

import numpy as np
import pytest
from numpydoc.validate import validate

import meshes
import solvers
import vcnn
from docs._extensions.reference import REPOSITORY, full_name, public_objects, public_packages
from tests.support.docstrings import Subject, faults, subjects
from tests.support.raised_errors import raised
from vcnn.errors import InputError

PAGES = sorted((REPOSITORY / "docs" / "reference" / "api").glob("*.md"))

# Of numpydoc's rules those of taste: verbs, capitals, the order of parameters, further sections.
# What `faults` looks for itself is left out too, as it lets members say it in a sentence.
LEFT_OUT = {"EX01", "ES01", "PR08", "PR03", "RT04", "SA01", "SS02", "SS05", "YD01"}
LEFT_OUT |= {"PR01", "PR04", "PR07", "RT01", "RT03"}


def listed(page):
    """Names that a page of the reference lists or describes."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```{eval-rst}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    described = re.findall(r"^\.\. py:data:: (\S+)", "".join(blocks), re.MULTILINE)
    tables = [block for block in blocks if block.startswith(".. autosummary::")]
    return [*described, *re.findall(r"^ +((?:\w+\.)+\w+)$", "".join(tables), re.MULTILINE)]


def test_each_public_name_is_on_one_page_and_nothing_else():
    counts = Counter(name for page in PAGES for name in listed(page))
    assert sorted(counts) == sorted(public_objects())
    assert {name: count for name, count in counts.items() if count > 1} == {}


def test_each_page_is_in_the_table_of_contents():
    contents = (REPOSITORY / "docs/reference/api/index.md").read_text(encoding="utf-8")
    (names,) = re.findall(r"^```{toctree}\n(.*?)^```", contents, re.MULTILINE | re.DOTALL)
    assert sorted([*names.split(), "index"]) == [page.stem for page in PAGES]
    for package in public_packages():
        assert package == "solvers.turbulence" or f"`{package}`" in contents


def test_names_are_the_shortest():
    assert full_name("Closure.predict") == "vcnn.Closure.predict"
    assert full_name("vcnn.closure.Closure") == "vcnn.Closure"
    assert full_name("Symmetry", "solvers.RANS") == "solvers.Symmetry"
    assert full_name("Symmetry", "vcnn.network") == "vcnn.network.Symmetry"
    assert full_name("vcnn.flow.Closure") is None and full_name("nothing") is None


def test_docstrings_tell_all_that_they_should():
    assert len(subjects()) > 300
    assert {s.name: found for s in subjects() if (found := faults(s))} == {}


def test_docstrings_have_the_form_that_numpydoc_reads():
    broken = {
        s.name: [error for error in validate(s.name)["errors"] if error[0] not in LEFT_OUT]
        for s in subjects()
    }
    assert {name: errors for name, errors in broken.items() if errors} == {}


@pytest.mark.parametrize("module", [vcnn, meshes, solvers])
def test_help_begins_with_all_names_and_ends(module):
    assert set(module.__all__) <= set(re.findall(r"\w+", module.__doc__))
    text = pydoc.plaintext.document(module)
    assert "inherited from torch" not in text
    assert len(text.splitlines()) < 80 * len(module.__all__) + 700


def test_a_network_still_lists_everything_but_its_class_does_not():
    network = vcnn.VectorCloudNetwork()
    assert {"state_dict", "parameters", "needs", "fitting"} <= set(dir(network))
    assert "state_dict" not in dir(vcnn.VectorCloudNetwork)
    assert {"needs", "forward", "calibrate"} <= set(dir(vcnn.VectorCloudNetwork))


GOOD = """Multiply a velocity.

Parameters
----------
velocity : (n, d)
    Of the fluid, length/time.
factor : float, optional
    What it is multiplied with.

Returns
-------
(n, d)

Raises
------
InputError
    If the factor is negative.
"""


def scale(velocity: np.ndarray, factor: float = 1.0) -> "np.ndarray":
    check(factor)
    return factor * velocity


def check(factor):
    if factor < 0:
        raise InputError("factor: expected a positive number")


@pytest.mark.parametrize(
    ("cut", "put", "fault"),
    [
        (GOOD, "", "no docstring"),
        ("a velocity.", "a velocity", "the first line is no sentence"),
        ("factor : float", "faktor : float", "parameter factor is missing"),
        ("factor : float", "faktor : float", "parameter faktor does not exist"),
        ("factor : float, optional", "factor", "parameter factor has no type"),
        ("    What it is multiplied with.\n", "", "parameter factor has no description"),
        ("velocity : (n, d)", "velocity : array", "parameter velocity has no shape"),
        (", length/time", "", "parameter velocity has no dimension"),
        ("Returns\n-------\n(n, d)\n", "", "what is returned is not told"),
        (
            "Returns\n-------\n(n, d)\n",
            "Returns\n-------\narray\n",
            "what is returned has no shape",
        ),
        ("InputError", "ValueError", "InputError is not among what is raised"),
        ("    Of the fluid, length/time.", "    As in `Closure.predict`.", "parameter velocity"),
    ],
)
def test_what_is_missing_is_found(cut, put, fault):
    def of(text):
        return faults(Subject("scale", text, scale, scale, "np.ndarray"))

    assert of(GOOD) == []
    assert cut in GOOD
    assert any(line.startswith(fault) for line in of(GOOD.replace(cut, put)))


def test_errors_are_followed_through_a_module():
    assert raised(scale) == {"InputError"}
    assert raised(vcnn.clouds.Ball) == {"InputError"}
    assert raised(vcnn.Closure.predict) == {"InputError"}
    assert raised(listed) == set()
