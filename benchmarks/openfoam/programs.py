"""OpenFOAM's programs, and what they take."""

from __future__ import annotations

import re
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np

from openfoam.build.installation import find_installation
from vcnn import DivergenceError


def simple_foam(case: Path, *options: str) -> dict:
    """simpleFoam in a case to its end, and what it took.

    Returns
    -------
    dict
        ``iterations``, ``calls`` of the closure, ``cpu`` seconds of solver and worker,
        ``solver_cpu``, ``call`` the median seconds of one, ``solver_memory`` and
        ``worker_memory`` in bytes, ``force`` that drives the flow, ``converged``.

    Raises
    ------
    DivergenceError
        If it does not end well; it names the log.
    """
    before, log = resource.getrusage(resource.RUSAGE_CHILDREN), Path(case) / "log.simpleFoam"
    environment = {**find_installation().environment, "OMP_NUM_THREADS": "1"}
    with log.open("w", encoding="utf-8") as file:
        solver = subprocess.Popen(
            ["simpleFoam", *options], cwd=case, env=environment, stdout=file, stderr=file
        )
        peaks: dict[str, int] = {}
        watcher = Thread(target=_watch, args=(solver.pid, peaks, solver.poll))
        watcher.start()
        status = solver.wait()
        watcher.join()
    after, text = resource.getrusage(resource.RUSAGE_CHILDREN), log.read_text(encoding="utf-8")
    if status:
        raise DivergenceError(f"{log}: simpleFoam ended with exit status {status}")
    calls = re.findall(r"^vcnn: call .*, (\S+) s$", text, re.M)
    forces = re.findall(r"pressure gradient = (\S+)", text)
    return {
        "iterations": len(re.findall(r"^Time = ", text, re.M)),
        "calls": len(calls),
        "call": float(np.median(np.array(calls, float))) if calls else None,
        "cpu": sum(_cpu(after)) - sum(_cpu(before)),
        "solver_cpu": float(re.findall(r"ExecutionTime = (\S+) s", text)[-1]),
        "solver_memory": peaks.get("solver"),
        "worker_memory": peaks.get("worker"),
        "force": float(forces[-1]) if forces else None,
        "converged": "SIMPLE solution converged" in text,
    }


def _cpu(usage) -> tuple[float, float]:
    return usage.ru_utime, usage.ru_stime


def _watch(pid: int, peaks: dict[str, int], ended: Callable[[], object]) -> None:
    """The largest resident memory of a solver and of its worker, while it runs."""
    while ended() is None:
        children = Path(f"/proc/{pid}/task/{pid}/children")
        try:
            worker = children.read_text(encoding="ascii").split()
            peaks["solver"] = _peak(pid)
            if worker:
                peaks["worker"] = _peak(worker[0])
        except (OSError, IndexError):
            pass  # it has ended meanwhile
        time.sleep(0.2)


def _peak(pid) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
