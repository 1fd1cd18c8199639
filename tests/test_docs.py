"""The Python of the documentation runs, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from vcnn.evaluation import relative_l2

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_closures_in_a_solver():
    """A closure with targets and a plain function that predicts the same lead to one flow."""
    text = (ROOT / "docs" / "closures.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(block, "closures.md", "exec"), names)
    flow, plain = (names[name].flow("vertex") for name in ("result", "plain"))
    assert relative_l2(plain.velocity, flow.velocity, flow.weights) < 1e-12
    # U_max/U of a turbulent channel; 1.5 if it were laminar
    assert 1.05 < flow.velocity[:, 0].max() < 1.3
    assert names["result"].history.change[-1] <= 1e-9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_arrays_of_loose_points(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "files.md", "exec"), names)
    assert names["flow"].location is None and list(names["flow"].scalars) == ["temperature"]
