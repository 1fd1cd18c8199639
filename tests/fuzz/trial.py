"""One command on one input, in a child of this process, and what became of it."""

import faulthandler
import hashlib
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch

from tests.support.command_line import plane_flow, untrained

SECONDS = 20.0
BYTES = 4 << 30
_COMPUTING = ("solve", "train")  # verbs that an accepted input may keep busy for longer


@dataclass(frozen=True)
class Outcome:
    """What became of an input: one of `KINDS`, and the words that say why."""

    kind: str
    words: str
    seconds: float
    bytes: int


KINDS = ("accepted", "refused", "traceback", "death", "slow", "large", "misbehaved")


_VERBS = (
    *("meshes.cli.import_flow", "meshes.readers.any_file", "solvers.cli.solve", "vcnn.cli.predict"),
    *("vcnn.cli.show", "vcnn.cli.train", "vcnn.training.fitting"),
)
_USED = ("meshio", "pyvista", "scipy.spatial", "solvers.fenics", "meshes.report.page")


def preload() -> None:
    """Import and compile here what the verbs use, so that children need not."""
    torch.set_num_threads(1)  # a child has no other threads: it would wait for them for ever
    for name in (*_USED, *_VERBS):
        import_module(name)
    closure = untrained()
    closure.predict(plane_flow())
    torch.optim.Adam(closure.network.parameters())  # which loads the compiler of torch


def in_child(action: Callable[[], None], folder: Path) -> int:
    """Begin an action in a child of this process that works in a folder; the child's number.

    What it prints goes to ``stdout`` and ``stderr`` there.
    """
    child = os.fork()
    if child == 0:
        _run(action, folder)
    return child


def attempt(arguments: list[str], folder: Path) -> Outcome:
    """Give a command in a folder, and see what becomes of it."""
    from vcnn.cli import main

    before, start = _contents(folder), time.monotonic()
    child = in_child(lambda: main(arguments), folder)
    status, usage = _wait(child, start + SECONDS)
    seconds = time.monotonic() - start
    out, err = ((folder / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    changed = {name for name, digest in _contents(folder).items() if before.get(name) != digest}
    changed -= {"stdout", "stderr"}
    kind, words = _judge(arguments, status, out, err, changed)
    memory = usage.ru_maxrss * 1024
    if memory > BYTES:
        kind, words = "large", f"{memory / 2**30:.1f} GiB"
    return Outcome(kind, words, seconds, memory)


def _run(action, folder) -> None:
    """In the child: never returns."""
    code = 0
    faulthandler.disable()  # what pytest would print of a death that is counted here
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        for name, number in (("stdout", 1), ("stderr", 2)):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, number)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        for name in ("tmp", "cache"):
            os.mkdir(name)
        os.environ["TMPDIR"] = str(folder / "tmp")
        resource.setrlimit(resource.RLIMIT_DATA, (BYTES + (1 << 30),) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        action()
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        traceback.print_exc()
        code = 70
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        stream.flush()
    os._exit(code)


def _wait(child, deadline) -> tuple[int | None, resource.struct_rusage]:
    """Exit status, negative for a signal, None if it took too long; and what it used."""
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), usage
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            return None, os.wait4(child, 0)[2]
        time.sleep(0.005)


def _judge(arguments, status, out, err, changed) -> tuple[str, str]:
    lines = [line for line in err.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if status is None:
        return ("accepted", "still computing") if arguments[0] in _COMPUTING else ("slow", last)
    if "EXECUTED" in changed or re.search(r"\broot:.*:/root\b", out + err):
        return "misbehaved", "what is in the file was run or shown"
    if status < 0:
        return "death", f"{signal.Signals(-status).name} {last}"
    if "Traceback" in err or status == 70:
        return "traceback", last
    if status == 1 and arguments[0] in (*_COMPUTING, "predict") and last.startswith("error: "):
        return "refused", last  # it diverged
    if status not in (0, 2):
        return "misbehaved", f"status {status}: {last}"
    if status == 2:
        if len(lines) != 1 or not last.startswith("error: "):
            return "misbehaved", f"{len(lines)} lines: {' | '.join(lines)[:300]}"
        if changed:
            return "misbehaved", f"left {', '.join(sorted(changed))} ({last})"
        return "refused", last
    return "accepted", ""


def _contents(folder: Path) -> dict[str, str]:
    """Files by name, their digests."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
