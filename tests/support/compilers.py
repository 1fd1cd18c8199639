"""A C++ compiler for tests that need one."""

import os
import subprocess
from shutil import which

import pytest


def compiled(program, *sources, include):
    """The program, of C++ sources; where there is no compiler the test is skipped, but in CI."""
    compiler = os.environ.get("CXX", "g++")
    if which(compiler) is None:
        assert "CI" not in os.environ, "no C++ compiler"
        pytest.skip("no C++ compiler")
    warnings = ("-std=c++11", "-Wall", "-Wextra", "-Werror")
    command = [compiler, *warnings, f"-I{include}", *map(str, sources), "-o", str(program)]
    subprocess.run(command, check=True, timeout=300)
    return program
