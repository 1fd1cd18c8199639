"""The Python of the documentation runs, and its links lead somewhere."""

import re
from pathlib import Path

import numpy as np
import pytest

import meshes
from tests.support.pages import written_pages
from vcnn import FlowField
from vcnn.evaluation import relative_l2

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *written_pages()]


def test_closures_in_a_solver():
    """A closure with targets and a plain function that predicts the same lead to one flow."""
    text = (ROOT / "docs" / "how-to" / "closures.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(block, "closures.md", "exec"), names)
    flow, plain = (names[name].flow("vertex") for name in ("result", "plain"))
    assert relative_l2(plain.velocity, flow.velocity, flow.weights) < 1e-12
    # U_max/U of a turbulent channel; 1.5 if it were laminar
    assert 1.05 < flow.velocity[:, 0].max() < 1.3
    assert names["result"].history.change[-1] <= 1e-9


def test_training_with_a_loss_of_ones_own():
    """Both trainings learn what the truth is like, in another measure."""
    text = (ROOT / "docs" / "how-to" / "training.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(first, "training.md", "exec"), names)
    closure, gentle = names["closure"], names["gentle"]
    weights = {name: w.clone() for name, w in closure.network.state_dict().items()}
    exec(compile(second, "training.md", "exec"), names)
    robust = names["robust"]
    assert any((robust.network.state_dict()[name] != w).any() for name, w in weights.items())
    for model in (closure, robust):
        truth = gentle.scalars["concentration"]
        assert relative_l2(model.predict(gentle), truth, gentle.weights) < 0.5


def test_cases_of_the_page_on_solving(tmp_path):
    """They are read; keys that the page speaks of are keys."""
    from solvers.studies import case, case_keys

    text = (ROOT / "docs" / "how-to" / "solving.md").read_text(encoding="utf-8")
    step, duct = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    mesh = meshes.channel(2.0, 0.5, cells=(4, 4))
    named = dict(zip(("lower_wall", "upper_wall"), ("bottom", "top"), strict=True))
    mesh.points += np.array([0, 0.5])
    FlowField(mesh.points, mesh.points, mesh=mesh).save(tmp_path / "step.vtu")
    for new, old in named.items():
        step = step.replace(new, old)
    path = tmp_path / "case.toml"
    path.write_text(step.replace("step.msh", "step.vtu"), encoding="utf-8")
    value = case.read_case(path).conditions["inlet"].value
    assert value(np.array([[0.0], [0.75]])).ravel() == pytest.approx([1.5, 0])
    path.write_text(f'viscosity = 1.0\nmodel = "laminar"\n{duct}', encoding="utf-8")
    assert case.read_case(path).conditions["section"].bulk_velocity == 1
    for anchor in re.findall(r"solve-file\.md#solve-([\w-]+)", text):
        places = [table.place for table in case_keys.solve_tables()]
        assert any(f"[{anchor.partition('-')[0]}]" in place for place in places)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_arrays_of_loose_points(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "how-to" / "files.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "files.md", "exec"), names)
    assert names["flow"].location is None and list(names["flow"].scalars) == ["temperature"]
