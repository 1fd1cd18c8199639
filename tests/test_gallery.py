"""Scripts of the gallery: short, of public names, with what sphinx-gallery and a reader need."""

import ast
import importlib
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "docs" / "gallery").glob("plot_*.py"))
OWN = ("vcnn", "meshes", "solvers", "openfoam")
PUBLIC = {
    *OWN,
    "vcnn.testing",
    *(
        f"vcnn.{room}"
        for room in ("baselines", "closure", "clouds", "evaluation", "flow", "network", "training")
    ),
}


def test_there_is_a_gallery():
    assert 12 <= len(SCRIPTS) <= 16


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script(path):
    """At most 40 lines under a title that says what is seen; a number that is shown is asserted."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    tree = ast.parse(text)
    title, rule, empty, *words = ast.get_docstring(tree).splitlines()
    assert set(rule) == {"="} and len(rule) == len(title) and not empty and "".join(words)
    nodes = list(ast.walk(tree))
    shows_a_number = any(
        isinstance(node, ast.FormattedValue) and node.format_spec for node in nodes
    )
    assert not shows_a_number or any(isinstance(node, ast.Assert) for node in nodes)
    assert not any(isinstance(n, ast.Name) and n.id == "print" for n in nodes)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script_uses_public_names(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in OWN:
            assert node.module in PUBLIC
            assert {name.name for name in node.names} <= set(
                importlib.import_module(node.module).__all__
            )
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names if name.name.split(".")[0] in OWN]
            assert set(names) <= PUBLIC
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            package = node.value.id
            if package in OWN:
                assert node.attr in importlib.import_module(package).__all__
