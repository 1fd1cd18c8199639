"""`vcnn solve` in a process that kills itself, at a step and not after a time."""

import signal
import subprocess
import sys

from tests.support.mpi import importing_tests

CODE = """
import logging, os, signal, sys
from pathlib import Path
from vcnn.cli import main

class Killing(logging.Handler):
    def emit(self, record):
        if {moment}:
            os.kill(os.getpid(), signal.SIGKILL)

log = logging.getLogger("vcnn.solvers")
log.addHandler(Killing())
log.setLevel("INFO")
main(sys.argv[1:])
"""


def solve_and_kill(moment, *arguments):
    """Run ``vcnn`` with the arguments until an expression is true as a solver reports a step; it
    may look at the logging ``record``.
    """
    command = [sys.executable, "-c", CODE.format(moment=moment), *map(str, arguments)]
    finished = subprocess.run(command, env=importing_tests(), capture_output=True, text=True)
    assert finished.returncode == -signal.SIGKILL, finished.stderr
