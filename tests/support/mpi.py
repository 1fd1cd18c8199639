"""Python code run under mpirun, on any number of ranks."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which
from tempfile import gettempdir

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
# Ranks that wait for another go to sleep instead of polling. Without it more ranks than cores that
# are free take turns in waiting for each other, minutes for what takes seconds. For MPICH, which is
# the one of the wheel; others ignore it.
PATIENCE = {
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE": "1",
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT": "64",
}


def importing_tests() -> dict[str, str]:
    """The environment of a process that imports this checkout and its `tests.support`."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def mpirun(ranks, code, *arguments, timeout=900):
    """The finished process of code and its arguments on a number of ranks."""
    beside = Path(sys.executable).with_name("mpirun")  # that of the environment, for its own MPI
    program = str(beside) if beside.exists() else which("mpirun")
    if program is None:
        pytest.skip("no mpirun")
    environment = PATIENCE | {
        name: value
        for name, value in importing_tests().items()
        if not name.startswith(("PMI", "HYD", "MPI"))
    }
    command = [program, "-n", str(ranks), sys.executable, "-c", code, *map(str, arguments)]
    with FileLock(Path(gettempdir()) / f"vcnn-mpirun-{os.getuid()}.lock"):  # one at a time
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout
        )
