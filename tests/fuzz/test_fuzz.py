"""A sample of damaged files, in parts that several processes share."""

import re
import resource
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import meshes
from tests.fuzz.formats import FORMATS
from tests.fuzz.mutations import mutate
from tests.fuzz.originals import write_flows
from tests.fuzz.trial import attempt
from tests.support.installations import ROOT

SEED, COUNT, PARTS = 1, 100, 2


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_files_are_accepted_or_refused(part):
    count = COUNT // PARTS
    numbers = ["--count", str(count), "--seed", str(SEED), "--first", str(part * count)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *numbers], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (total,) = re.findall(r"^all +(\d+) +(\d+) +(\d+) +0 +0 +0 +0 +0 ", done.stdout, re.MULTILINE)
    tried, accepted, refused = map(int, total)
    assert tried == accepted + refused == count
    assert refused > count / 4


def test_originals_are_read(tmp_path):
    """Else whatever is done to them is refused for another reason."""
    write_flows(tmp_path)
    paths = sorted(path for path in tmp_path.glob("*/*") if path.suffix != ".h5")
    assert len(paths) == 18
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what is not known of them
        for path in paths:
            assert np.abs(meshes.read_flow(path).velocity).max() > 0, path


def test_every_format_is_among_them():
    assert COUNT >= 2 * len(FORMATS)


def test_a_seed_always_makes_the_same_input():
    content = b"dimensions 3 4\npoints 12 double\n" * 5
    inputs = [mutate(content, np.random.default_rng([1, number])) for number in range(40)]
    again = [mutate(content, np.random.default_rng([1, number])) for number in range(40)]
    assert inputs == again
    assert len({content, *inputs}) > 30


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("raise SystemExit(0)", "accepted"),
        (
            "import sys; print('error: a.vtu: damaged', file=sys.stderr); raise SystemExit(2)",
            "refused",
        ),
        ("import sys; print('error: a\\nb', file=sys.stderr); raise SystemExit(2)", "misbehaved"),
        ("raise SystemExit(3)", "misbehaved"),
        (
            "import sys; open('out.vtu', 'w').close(); print('error: a', file=sys.stderr); "
            "raise SystemExit(2)",
            "misbehaved",
        ),
        ("open('EXECUTED', 'w').close()", "misbehaved"),
        ("print('root:x:0:0:root:/root:/bin/bash')", "misbehaved"),
        ("{}['a']", "traceback"),
        ("import os; os.abort()", "death"),
        ("while True: pass", "slow"),
        ("a = b'1' * (1 << 29)", "large"),
    ],
)
def test_what_a_command_does_is_called_by_its_name(tmp_path, monkeypatch, code, kind):
    """Else nothing that goes wrong would be counted."""
    monkeypatch.setattr("vcnn.cli.main", lambda arguments: exec(code))
    monkeypatch.setattr("tests.fuzz.trial.SECONDS", 0.5 if kind == "slow" else 60.0)
    _, resident, mapped, *_ = map(int, Path("/proc/self/statm").read_text().split())
    of_ours = (resident - mapped) * resource.getpagesize()  # a child maps files when it needs them
    monkeypatch.setattr("tests.fuzz.trial.BYTES", of_ours + (1 << 28))
    # This process may hold more already than the limit allows: what is measured decides here.
    monkeypatch.setattr("tests.fuzz.trial.resource.setrlimit", lambda *_: None)
    assert attempt(["show", "a.vtu"], tmp_path).kind == kind
