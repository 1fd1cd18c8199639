"""Pages of results, model cards and the README name commands that exist and start."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.common.paths import RESULTS
from benchmarks.verification import k_omega_sst, study, turbulence, turbulence_page
from tests.support.pages import written_pages

ROOT = Path(__file__).parents[1]
PAGES = written_pages() + sorted(
    path
    for pattern in ("*.md", "benchmarks/results/*.md", "vcnn/pretrained/*.md")
    for path in ROOT.glob(pattern)
)
COMMANDS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for path in ROOT.glob("benchmarks/*/*.py")
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_study_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"python -m (benchmarks[\w.]*\w)", text))
    assert named - {"benchmarks.ROOM.NAME"} <= set(COMMANDS)
    for name in re.findall(r"\bbenchmarks/[\w/.]*\w", text):
        assert (ROOT / name).exists(), name
    assert not re.search(r"python benchmarks|(?<![\w/])benchmarks\.(?!\w+\.|data`)\w+`", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_links_to_exists(page):
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        if not re.match(r"https?:", link):
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda path: path.stem)
def test_every_page_of_results_names_the_command_that_wrote_it(page):
    """And that command writes it."""
    (command,) = re.findall(
        r"\n\nWritten by `python -m (benchmarks[\w.]*\w)`", page.read_text(encoding="utf-8")
    )[:1]
    source = ROOT / (command.replace(".", "/") + ".py")
    assert f'"{page.stem}' in source.read_text(encoding="utf-8")


def test_every_study_starts():
    """All in one process, which loads the libraries once, from the root of the repository."""
    code = (
        "import contextlib, io, json, runpy, sys\n"
        "codes = {}\n"
        "for name in sys.argv[1:]:\n"
        "    sys.argv, text = [name, '--help'], io.StringIO()\n"
        "    try:\n"
        "        with contextlib.redirect_stdout(text):\n"
        "            runpy.run_module(name, run_name='__main__', alter_sys=True)\n"
        "    except SystemExit as end:\n"
        "        codes[name] = end.code, f'python -m {name}' in text.getvalue()\n"
        "print(json.dumps(codes))\n"
    )
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *COMMANDS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout) == {name: [0, True] for name in COMMANDS}
    assert len(COMMANDS) >= 14


def test_committed_pages_are_those_of_the_committed_numbers(tmp_path):
    rows = json.loads(turbulence.RESULTS.read_text(encoding="utf-8"))
    page = turbulence.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    assert turbulence_page.page(rows) == page
    rows = json.loads(k_omega_sst.RESULTS.read_text(encoding="utf-8"))
    page = k_omega_sst.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    assert k_omega_sst.page(rows) == page
    text = study.RESULTS.read_text(encoding="utf-8")
    assert study.as_text(json.loads(text)) == text
    study.compose(json.loads(text), tmp_path / "verification")
    composed = (tmp_path / "verification.md").read_text(encoding="utf-8")
    assert composed == study.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
