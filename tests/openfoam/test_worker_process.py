"""The process that answers for a closure, as the C++ side starts, asks and ends it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.compilers import compiled

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "openfoam" / "src"
FAKE = HERE / "fake_worker.py"


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    program = tmp_path_factory.mktemp("driver") / "driver"
    return compiled(program, HERE / "worker_driver.C", SOURCES / "Worker.C", include=SOURCES)


def command(driver, model, questions=2, cells=5, columns=3, answer=(5, 1), python=FAKE):
    sizes = map(str, (questions, cells, columns, *answer))
    return [driver, *sizes, python, "-P", "-m", "openfoam.worker", "--model", model, "--rank", "-1"]


def lines(driver, model, **options):
    finished = subprocess.run(
        command(driver, model, **options), capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[-1] == "end"  # not stopped by a signal of a broken pipe
    return finished.stdout.splitlines()[:-1]


def test_fields_and_answers_are_agreed_upon(driver):
    # U_x of the cells is 0, 5, ..., 20 with five columns
    said = lines(driver, "nut=0.5 linear= a=1 wants='k omega'", columns=5, answer=(5, 7))
    assert said[:2] == ["ready: U k omega", "nut anisotropy"]
    assert said[2:] == [f"answer: 0.5 {-0.75 * 20:.17g}, shares 0.25 {e}" for e in ("0.5", "-1")]


@pytest.mark.parametrize(
    ("does", "error"),
    [
        ("start='InputError: no such model'", "InputError: no such model"),
        ("nut=1 fail=2 error='ValueError: two\\nlines'", "ValueError: two lines"),
        ("nut=1 kill=2", "the Python process was ended by signal 9"),
        ("nut=1 exit=2", "the Python process ended with exit status 3, see above"),
        ("nut=1 wrong=2", "the Python process answered 6 x 1 numbers, expected 5 x 1"),
        ("nut=1 linear= nan=2", "the Python process answered NaN or infinity"),
    ],
)
def test_a_failure_is_one_line(driver, does, error):
    assert lines(driver, does)[-1] == f"error: {error}"


def test_a_failure_while_a_long_question_is_sent_is_heard(driver):
    """The process ends before it has read all."""
    said = lines(driver, "nut=1 deaf=", cells=1_000_000, answer=(1_000_000, 1))
    assert said[-1] == "error: the Python process ended with exit status 3, see above"


def test_an_executable_that_is_missing_is_named(driver):
    (said,) = lines(driver, "nut=1", python="/no/such/python")
    assert said == "error: /no/such/python: No such file or directory"


def test_the_process_gets_nothing_of_the_solver(driver, tmp_path):
    file = tmp_path / "record"
    with open("/dev/null") as opened:
        os.set_inheritable(opened.fileno(), True)
        subprocess.run(
            command(driver, f"nut=1 record={file}"),
            env={**os.environ, "OMPI_RANK": "0", "PMIX_ID": "1", "PMI_FD": "2", "KEPT": "3"},
            close_fds=False,
            check=True,
            timeout=60,
        )
    record = json.loads(file.read_text(encoding="utf-8"))
    own = record["files"].pop()  # of listing them
    assert record["files"] == [0, 1, 2, 3] and own == 4
    assert "KEPT" in record["variables"]
    assert not [v for v in record["variables"] if v.startswith(("OMPI_", "PMIX_", "PMI_"))]


def test_no_process_is_left_behind(driver, tmp_path):
    file = tmp_path / "record"
    lines(driver, f"nut=1 record={file}")
    assert not is_alive(json.loads(file.read_text(encoding="utf-8"))["pid"])


def test_a_solver_that_is_killed_takes_the_process_with_it(driver, tmp_path):
    file = tmp_path / "record"
    solver = subprocess.Popen(
        command(driver, f"nut=1 record={file}", questions=-1), stdout=subprocess.PIPE, text=True
    )
    assert solver.stdout.readline() == "ready: U\n"
    pid = json.loads(file.read_text(encoding="utf-8"))["pid"]
    assert is_alive(pid)
    solver.send_signal(signal.SIGKILL)
    solver.communicate(timeout=60)
    end = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_alive(pid)


def is_alive(pid):
    """Whether a process runs; one that nobody has asked about since it ended does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return "State:\tZ" not in status
