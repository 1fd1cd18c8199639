"""Run what README.md shows, from a wheel: ``python -m tests.readme_from_wheel``.

In an environment without the sources, in a folder that holds empty folders meshes, solvers and
vcnn. Takes some minutes: they are made as small as in `tests.test_readme`.
"""

import shlex
import sys
import tempfile
import time
from pathlib import Path

from tests.support.installations import (
    PACKAGES,
    build_wheel,
    copy_sources,
    install,
    make_environment,
    run_in,
)
from tests.test_readme import BLOCK, COMMANDS, make_smaller, smaller


def main() -> None:
    """Print a line for each command and for the example; the first that fails ends this."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("sources", *(f"project/{package}" for package in PACKAGES)):
            (folder / part).mkdir(parents=True)
        binaries = make_environment(folder / "environment")
        install(binaries, build_wheel(copy_sources(folder / "sources"), folder))
        project = folder / "project"
        for arguments in COMMANDS:
            _run(project, binaries / "vcnn", *map(smaller, arguments))
            if arguments[0] == "init":
                make_smaller(project / arguments[-1])
        (project / "example.py").write_text(smaller(BLOCK), encoding="utf-8")
        _run(project, binaries / "python", "example.py")


def _run(project, command, *arguments) -> None:
    start = time.perf_counter()
    run_in(project, command, *arguments)
    seconds = time.perf_counter() - start
    print(f"{seconds:6.1f} s  {command.name} {shlex.join(arguments)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
