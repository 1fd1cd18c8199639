"""The page on reports: its case is solved by the command that it names, and says what it shows."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.test_pages_run import alike
from tests.support.command_line import run
from tests.support.pages import code_blocks, commands, page_text

PAGE = "how-to/reports.md"
LAST_CHANGE = re.compile(r"changed by [\d.e-]+")  # anything below the tolerance


@pytest.mark.skipif(find_spec("dolfinx") is None, reason="FEniCSx is not installed")
def test_answer_of_a_flow_is_what_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (case,), (shown,) = code_blocks(PAGE, "toml"), code_blocks(PAGE, "text")
    Path("hill.toml").write_text(case, encoding="utf-8")
    (line,) = [line for line in commands(page_text(PAGE)) if line.startswith("solve ")]
    assert run(*shlex.split(line)) == 0
    printed, shown = (
        LAST_CHANGE.sub("changed by #", " ".join(text.split()))
        for text in (capsys.readouterr().out, shown)
    )
    assert alike(printed, shown), printed
