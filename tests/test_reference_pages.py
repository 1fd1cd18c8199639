"""The pages of reference that the site makes: every key, verb and option, and no other."""

import re
import shutil
import tomllib
from html import unescape
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer

from docs._extensions.commands import functions
from solvers.studies.case_keys import solve_tables
from vcnn.cli.energy_configuration import energy_tables
from vcnn.cli.train_keys import train_tables
from vcnn.closure.header import closure_tables
from vcnn.network import registry

ROOT = Path(__file__).parents[1]
PAGES = {
    "train-file": train_tables,
    "energy-file": energy_tables,
    "solve-file": solve_tables,
    "closure-file": closure_tables,
}
SHIPPED = list(registry._SHIPPED)  # tests register others
VERBS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "entry-points"
]["vcnn.commands"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Name -> HTML of the pages, built without the rest of the site."""
    pytest.importorskip("myst_parser")
    from sphinx.application import Sphinx

    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "docs").mkdir()
    names = [*PAGES, "commands"]
    for name in names:
        shutil.copy(ROOT / "docs/reference" / f"{name}.md", folder / "docs")
    settings = {
        "extensions": ["myst_parser", "_extensions.commands", "_extensions.keys"],
        "root_doc": "commands",
        "html_theme": "basic",
        "exclude_patterns": [],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs")
        places = (folder / "docs", None, folder / "html", folder / "trees", "html")
        Sphinx(*places, confoverrides=settings, status=None, warning=None).build()
    return {n: (folder / f"html/{n}.html").read_text(encoding="utf-8") for n in names}


def words(html):
    """What a reader sees, in straight quotes."""
    text = unescape(re.sub(r"<[^>]*>", "", html))
    return " ".join(re.sub(r"[“”]", '"', re.sub(r"[‘’]", "'", text)).split())


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_every_key_and_no_other(pages, page):
    sections = re.split(r"<h2>", pages[page])[1:]
    tables = [t for t in PAGES[page]() if not _is_of_a_test(t.place)]
    shown = [s for s in sections if not _is_of_a_test(words(s.partition("</h2>")[0])[:-1])]
    assert len(shown) == len(tables)
    for html, table in zip(shown, tables, strict=True):
        assert words(html.partition("</h2>")[0]).startswith(table.place or "Top level")
        terms = re.findall(r"<dt(.*?)</dt>\s*<dd>(.*?)</dd>", html, re.DOTALL)
        assert len(terms) == len(table.keys)
        for (term, meaning), key in zip(terms, table.keys, strict=True):
            term = words(f"<dt{term}")
            assert term.startswith(key.name)
            values = f"one of {', '.join(key.choices)}" if key.choices else key.kind.words
            for part in (values, key.unit, key.presence.replace("`", "")):
                assert part in term
            assert words(meaning) == words(key.meaning.replace("`", "").replace("...", "…"))


def _is_of_a_test(place):
    """Whether it is about a network that another test registered."""
    name = re.search(r'architecture = "([^"]*)"', place)
    return name is not None and name[1] not in SHIPPED


def test_keys_can_be_linked(pages):
    for page, anchors in {
        "train-file": ("train-training-epochs", "train-region-ball-radius", "train-region"),
        "solve-file": ("solve-mesh-split", "solve-conditions-wall-velocity", "solve-viscosity"),
        "closure-file": ("closure-scales", "closure-scales-length", "closure-target"),
    }.items():
        for anchor in anchors:
            assert f'id="{anchor}"' in pages[page]


def test_the_page_of_commands(pages):
    html = pages["commands"]
    verbs = dict(
        item
        for name, value in VERBS.items()
        for item in functions(name, EntryPoint(name, value, "vcnn.commands").load())
    )
    assert {"train", "openfoam apply"} <= set(verbs)
    sections = dict(zip(["vcnn", *verbs], re.split(r"<h2>", html)[1:], strict=True))
    for status in ("0    done", "1    a computation", "2    bad input", "130  interrupted"):
        assert status in unescape(re.sub(r"<[^>]*>", "", sections["vcnn"]))
    for name, verb in verbs.items():
        text = words(sections[name])
        assert text.startswith(f"vcnn {name}")
        app = typer.Typer(add_completion=False)
        app.command(name)(verb)
        parameters = typer.main.get_command(app).params
        assert len(parameters) >= 1 or name == "openfoam build"
        for parameter in parameters:
            if parameter.param_type_name == "option" and not parameter.hidden:
                assert max(parameter.opts, key=len) in text
            if parameter.help:
                assert words(parameter.help).replace("'", "") in text.replace("'", "")
        assert f"vcnn {name}" in text.partition("Example:")[2]
        assert "<list[" not in text and "...}" not in text
