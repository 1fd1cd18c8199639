"""Commands under mpirun: done once by those that know no ranks, said once by all."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.support.command_line import run
from tests.support.mpi import importing_tests, mpirun
from vcnn import Closure
from vcnn.cli.ranks import Crew

VCNN = "import sys; from vcnn.cli import main; main(sys.argv[1:])"
NOTE = "note: of 2 processes one does the work\n"


def vcnn(*arguments, ranks=2):
    """The arguments of `vcnn` under mpirun."""
    return mpirun(ranks, VCNN, *arguments)


def quiet(run):
    """What was said, but for the interpreter's own warnings."""
    lines = [line for line in run.stderr.splitlines(keepends=True) if "Warning" not in line]
    return "".join(line for line in lines if not line.startswith("  "))


def test_training_under_mpirun_is_one_training(folder):
    first = vcnn("train", "run.toml", "-o", "first")
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("trained") == 1 and quiet(first).startswith(NOTE)
    assert run("train", "run.toml", "-o", "alone") == 0
    a, b = (Closure.load(f"{name}/model.safetensors") for name in ("first", "alone"))
    for one, other in zip(a.network.parameters(), b.network.parameters(), strict=True):
        assert (one == other).all()


def test_predict_import_and_show_work_once(folder):
    done = vcnn("predict", "model.safetensors", "flows/b.vtu", "-o", "p", ranks=3)
    assert done.returncode == 0 and done.stdout.count("written to p") == 1
    assert (folder / "p" / "b.vtu").is_file()
    done = vcnn("import", "flows/b.vtu", "-o", "c.vtu")
    assert done.returncode == 0 and (folder / "c.vtu").is_file()
    done = vcnn("show", "model.safetensors")
    assert done.returncode == 0 and done.stdout.count("architecture") == 1


@pytest.mark.parametrize(
    "arguments, line",
    [
        (("predict", "model.safetensors", "no.vtu", "-o", "p"), "error: no.vtu: no such file"),
        (("train", "no.toml", "-o", "r"), "error: no.toml: no such file"),
        (("solve", "no.toml", "-o", "r"), "error: no.toml: no such file"),
        (("predict", "--oops"), "Error: No such option"),
    ],
)
def test_an_error_is_said_once_and_ends_all(folder, arguments, line):
    done = vcnn(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count(line) == 1
    assert len(re.findall("(?i)error", done.stderr)) == 1


RANKED = {"PMI_SIZE": "3"}


def started(rank, *arguments):
    """A process that believes to be one of three of this process."""
    environment = importing_tests() | RANKED | {"PMI_RANK": str(rank)}
    command = [sys.executable, "-c", VCNN, *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("late", [0, 1])
def test_the_others_end_as_the_first_does(folder, late):
    """Whichever is started first."""
    processes = {}
    for rank in (late, 1 - late):
        processes[rank] = started(rank, "predict", "model.safetensors", "no.vtu", "-o", "p")
        time.sleep(0.2)
    assert [processes[rank].wait(timeout=60) for rank in (0, 1)] == [2, 2]
    assert processes[1].stderr.read() == b""


def test_the_others_do_not_wait_for_one_that_was_killed(folder):
    (folder / "run.toml").write_text(
        (folder / "run.toml").read_text().replace("epochs = 3", "epochs = 99999")
    )
    first, second = (started(rank, "train", "run.toml", "-o", "r") for rank in (0, 1))
    while not (folder / "r" / "history.json").exists():
        time.sleep(0.1)
    assert second.poll() is None
    first.send_signal(signal.SIGKILL)
    assert second.wait(timeout=30) == 1


@pytest.mark.parametrize(
    "variables, crew",
    [
        ({"PMI_RANK": "1", "PMI_SIZE": "2", "SLURM_PROCID": "0"}, Crew(1, 2)),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, Crew(3, 4)),
        ({"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "8"}, Crew(1, 8)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, None),  # a batch script
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, None),
        ({}, None),
    ],
)
def test_who_started_a_process(monkeypatch, variables, crew):
    for name in list(os.environ):
        if name.startswith(("PMI", "OMPI", "SLURM", "MV2")):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Crew.of_launcher() == crew


def test_where_nothing_can_be_written_the_first_works_all_the_same(folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(folder / "missing"))
    first = started(0, "show", "model.safetensors")
    out, _ = first.communicate(timeout=60)
    assert first.returncode == 0 and b"architecture" in out


FROM_A_PROGRAM = """
import os, subprocess, sys
if os.environ["PMI_RANK"] == "1":
    command = [sys.executable, "-c", sys.argv[1], *sys.argv[2:]]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.returncode, done.stdout, done.stderr)
"""


@pytest.mark.parametrize("file, status", [("flows/b.vtu", 0), ("no.vtu", 2)])
def test_what_a_process_of_mpirun_starts_works_alone(folder, file, status):
    done = mpirun(2, FROM_A_PROGRAM, VCNN, "predict", "model.safetensors", file, "-o", "p")
    assert done.returncode == 0 and done.stdout.startswith(f"{status} "), done.stdout
    assert (folder / "p" / "b.vtu").is_file() == (status == 0)
    assert NOTE not in done.stdout
