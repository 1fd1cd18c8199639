"""One version everywhere, and a source distribution that is the repository."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.distributions import sdist_names
from tests.support.installations import build_sdist, copy_repository, repository_files

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
RECIPE = (ROOT / "recipes" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
CONDA = {"torch": "pytorch", "torch-geometric": "pytorch_geometric", "gmsh": "python-gmsh"} | {
    "matplotlib": "matplotlib-base"
}


def test_citation_changelog_and_recipe_are_of_this_version():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changes, re.MULTILINE)
    (released,) = re.findall(r"^date-released: (.*)$", CITATION, re.MULTILINE)
    assert versions[0] == (PROJECT["version"], released)
    assert re.findall(r"^version: (.*)$", CITATION, re.MULTILINE) == [PROJECT["version"]]
    assert re.findall(r'^  version: "(.*)"$', RECIPE, re.MULTILINE) == [PROJECT["version"]]


def test_no_other_file_states_the_version():
    """Pages that name files of a release would have to be changed with each."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "vcnn").glob("*.py")]
    stated = [page for page in pages if f"vcnn-{PROJECT['version']}" in page.read_text("utf-8")]
    assert stated == []


def test_the_recipe_asks_for_what_the_wheel_asks_for():
    wanted = dict(re.fullmatch(r"([\w-]+)(.*)", text).groups() for text in PROJECT["dependencies"])
    wanted = {CONDA.get(name, name): bound for name, bound in wanted.items()}
    run = RECIPE.partition("  run:\n")[2].partition("\ntests:")[0]
    listed = dict(re.findall(r"^    - (\S+) ?(>=\S+)?", run, re.MULTILINE))
    assert {name: listed.get(name) for name in wanted} == wanted
    assert listed["python"] == PROJECT["requires-python"]
    (fenics,) = PROJECT["optional-dependencies"]["fenics"]
    assert f"    - fenics-dolfinx {re.search('>=(.*?),', fenics)[1]}.*\n" in run


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what belongs to it, git knows")
@pytest.mark.skipif(shutil.which("git") is None, reason="what belongs to it, git knows")
def test_the_source_distribution_is_the_repository(tmp_path):
    """Whatever lies about: what make leaves, and caches of Python, are no part of it."""
    pytest.importorskip("setuptools")
    (tmp_path / "clone").mkdir()
    sources = copy_repository(tmp_path / "clone")
    for left in (
        ".venv/lib/big.py",
        "build/results.json",
        "demo/report.html",
        "dist/vcnn.whl",
        "docs/_build/html/index.html",
        "docs/notebooks/first_closure.py",
        "tests/__pycache__/conftest.cpython-312.pyc",
        "tests/support/__pycache__/boxes.cpython-312.pyc",
        "notebooks/.ipynb_checkpoints/first_closure.ipynb",
        "docs/how-to/.ipynb_checkpoints/files.ipynb",
    ):
        (sources / left).parent.mkdir(parents=True, exist_ok=True)
        (sources / left).write_text("left")
    assert sdist_names(build_sdist(sources, tmp_path)) == set(repository_files())


def test_the_container_is_made_as_the_readme_says():
    steps = (ROOT / "recipes" / "Containerfile").read_text(encoding="utf-8")
    assert "RUN make venv" in steps
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".venv", "build", "dist"} <= set(ignored)
