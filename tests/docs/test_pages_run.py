"""Every Python block of the documentation runs, page by page, and prints what the page says.

A text block that follows a Python block is what it prints; numbers in it are compared to 20 %, and
what is round-off is only compared to be round-off.
"""

import math
import re
from importlib.util import find_spec

import pytest

from tests.support.pages import ROOT, steps, written_pages

PAGES = [str(page.relative_to(ROOT / "docs")) for page in written_pages()]
# those that are looked at more closely: two in tests/test_docs.py (“closures in a solver” and
# “training with a loss of ones own”), and one below, whose first block is a module
ELSEWHERE = {"how-to/closures.md", "how-to/training.md", "how-to/own-network.md"}
RUN = [page for page in PAGES if page not in ELSEWHERE and steps(page)]

_NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")
_ROUND_OFF = 1e-9


def differences(printed: str, shown: str) -> list[str]:
    """Lines that are not alike: their words, and their numbers to 20 %."""
    lines = [text.strip().splitlines() for text in (printed, shown)]
    if len(lines[0]) != len(lines[1]):
        return [f"{len(lines[0])} lines were printed, {len(lines[1])} are shown"]
    return [f"{a} | {b}" for a, b in zip(*lines, strict=True) if not alike(a, b)]


def alike(a: str, b: str) -> bool:
    words, numbers = (
        [how(_NUMBER, text) for text in (a, b)]
        for how in (lambda p, t: " ".join(p.sub("#", t).split()), lambda p, t: p.findall(t))
    )
    if words[0] != words[1]:
        return False
    pairs = zip(*([float(x.replace(",", "")) for x in part] for part in numbers), strict=True)
    return all(
        math.isclose(x, y, rel_tol=0.2) or max(abs(x), abs(y)) < _ROUND_OFF for x, y in pairs
    )


@pytest.mark.parametrize("page", RUN)
def test_blocks_run_and_print_what_is_shown(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if find_spec("dolfinx") is None and any(
        "import meshes, solvers" in code for code, _ in steps(page)
    ):
        pytest.skip("FEniCSx is not installed")
    names = {"__name__": "__main__"}
    for number, (code, shown) in enumerate(steps(page), start=1):
        capsys.readouterr()
        exec(compile(code, f"{page}, block {number}", "exec"), names)
        printed = capsys.readouterr().out
        if shown is not None:
            assert differences(printed, shown) == [], printed


def test_outputs_are_told_apart():
    """The comparison itself: it sees another word, another number, a line too many."""
    shown = "error 1.25 %, 2,400 points\nchange 3.0e-16"
    assert differences("error 1.26 %,  2,400 points\nchange 7.1e-17", shown) == []
    for other in ("error 1.75 %, 2,400 points\nchange 0", "fault 1.25 %, 2,400 points\nchange 0"):
        assert len(differences(other, shown)) == 1
    assert len(differences("error 1.25 %, 2,400 points\nchange 1e-3", shown)) == 1
    assert differences("error 1.25 %, 2,400 points", shown) == ["1 lines were printed, 2 are shown"]


def test_a_network_of_ones_own(own_network, tmp_path, monkeypatch):
    """The page's second block trains and saves what its first one, a module, defines."""
    monkeypatch.chdir(tmp_path)
    _, (code, _) = steps("how-to/own-network.md")
    names = {}
    exec(compile(code, "own-network.md", "exec"), names)
    assert names["closure"].errors(names["flows"][0])["eddy_viscosity"] < 0.5
    assert list(tmp_path.iterdir()) == [tmp_path / "means.safetensors"]
