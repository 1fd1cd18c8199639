"""What ends a run: one line, every rank, and no worker that stays."""

import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.foam_runs import call_lines, write_channel

SST = {"k": 0.01, "omega": 1.0}
SOLVED = {"ras": "vcnnKOmegaSST", "baseline": "solved"}


def errors(case):
    log = (case / "log").read_text(encoding="utf-8")
    return re.findall(r"^(?:\[\d\] )?--> FOAM FATAL.*", log, re.M)


def workers(file):
    """Processes that answered, those of the first rank first."""
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    ranks = {line["arguments"][10]: line["pid"] for line in lines}
    return [ranks[rank] for rank in sorted(ranks)]


def have_ended(processes, seconds=10):
    """Whether processes are gone, or are soon; the dead that nobody asked about count."""
    end = time.monotonic() + seconds
    while any(map(is_alive, processes)) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(map(is_alive, processes))


def is_alive(process):
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("closure", "message", "options"),
    [
        ("nut=1 fail=2 error='ValueError: boom'", "ValueError: boom", {}),
        ("nut=1 kill=2", "the Python process was ended by signal 9", {}),
        ("start='InputError: no such model'", "InputError: no such model", {}),
        ("beta=1", "answers with beta, RASModel vcnn needs nut", {}),
        ("nut=1", "answers with nut, RASModel vcnnKOmegaSST needs beta", {"ras": "vcnnKOmegaSST"}),
        ("nut=1 wants=k", "needs the field k, which this case does not have", {}),
        ("beta=1 wants=USST", "needs the flow of k-omega SST: baseline frozen", SOLVED),
        ("nut=1", "/no/python: No such file or directory", {"python": "/no/python"}),
    ],
)
def test_a_failure_is_said_in_one_line(foam, tmp_path, closure, message, options):
    fields = SST if "ras" in options else {}
    case = write_channel(tmp_path / "case", foam, closure, fields=fields, steps=5, **options)
    assert foam.run(case, "simpleFoam").returncode == 1
    assert errors(case) == [f"--> FOAM FATAL ERROR: closure: {message}"]


@pytest.mark.parametrize("option", ["every 0;", "relaxation 1.5;", "baseline sold;"])
def test_coefficients_are_checked(foam, tmp_path, option):
    key, value = option.strip(";").split()
    case = write_channel(
        tmp_path / "case", foam, "beta=1", "vcnnKOmegaSST", SST, steps=2, **{key: value}
    )
    assert foam.run(case, "simpleFoam").returncode == 1
    log = (case / "log").read_text(encoding="utf-8")
    assert f"closure: {key}: expected" in log and f"got {value}" in log


@pytest.mark.parametrize("share", ["no", "yes"])
def test_a_worker_that_is_killed_ends_all_ranks_with_one_message(foam, tmp_path, share):
    file, asleep = tmp_path / "record", tmp_path / "asleep"
    closure = f"nut=0.01 sleep=3 asleep={asleep} share=16,16 record={file}"
    case = write_channel(tmp_path / "case", foam, closure, steps=9, share=share)
    foam.run(case, "decomposePar")
    solver = foam.start(case, "simpleFoam", ranks=2)
    wait_for(asleep, solver)
    os.kill(workers(file)[0], signal.SIGKILL)
    assert solver.wait(timeout=60) == 1
    message = "--> FOAM FATAL ERROR: closure: the Python process was ended by signal 9"
    assert errors(case) == [message]
    assert len(workers(file)) == (2 if share == "yes" else 1)
    assert have_ended(workers(file))
    assert len(call_lines(case)) == 2


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_solver_that_is_killed_leaves_no_worker(foam, tmp_path, ranks):
    file, asleep = tmp_path / "record", tmp_path / "asleep"
    closure = f"nut=0.01 sleep=2 asleep={asleep} share=16,16 record={file}"
    share = "yes" if ranks == 2 else "no"
    case = write_channel(tmp_path / "case", foam, closure, steps=9, share=share)
    if ranks == 2:
        foam.run(case, "decomposePar")
    solver = foam.start(case, "simpleFoam", ranks=ranks)
    wait_for(asleep, solver)
    killed = solver.pid if ranks == 1 else parent(workers(file)[0])  # one of the ranks
    os.kill(killed, signal.SIGKILL)
    assert solver.wait(timeout=60) != 0
    assert len(workers(file)) == ranks and have_ended(workers(file))


@pytest.mark.parametrize("seed", range(20))
def test_killed_at_random(foam, tmp_path, seed):
    """The worker, the solver, or one of its ranks: nothing hangs, nothing stays behind."""
    rng, file = np.random.default_rng(seed), tmp_path / "record"
    ranks, victim = int(rng.integers(1, 3)), ("worker", "solver")[rng.integers(2)]
    closure = f"nut=0.01 changing= share=16,16 record={file}"
    share = ("no", "yes")[rng.integers(2)] if ranks == 2 else "no"
    case = write_channel(tmp_path / "case", foam, closure, steps=1_000_000, share=share)
    if ranks == 2:
        foam.run(case, "decomposePar")
    solver = foam.start(case, "simpleFoam", ranks=ranks)
    wait_for(file, solver)
    time.sleep(rng.uniform(0, 1))
    worker = workers(file)[-1]
    rank = solver.pid if ranks == 1 else parent(worker)
    os.kill(worker if victim == "worker" else rank, signal.SIGKILL)
    assert solver.wait(timeout=60) != 0
    message = "--> FOAM FATAL ERROR: closure: the Python process was ended by signal 9"
    assert errors(case) == ([message] if victim == "worker" else [])
    assert have_ended(workers(file))


def parent(process):
    return int(re.search(r"PPid:\t(\d+)", Path(f"/proc/{process}/status").read_text())[1])


def wait_for(file, solver, seconds=60):
    end = time.monotonic() + seconds
    while not file.exists():
        assert solver.poll() is None and time.monotonic() < end
        time.sleep(0.05)
