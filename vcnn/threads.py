"""How many threads matrices are multiplied with: one, unless somebody asks for more.

The matrices of these networks are small. On a quiet machine two threads are a fifth faster than
one; beside other processes they wait for each other, spinning, and are ten times slower."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_asked = [name for name in _VARIABLES if name in os.environ]  # by the user, before anything is set


def limit_libraries() -> None:
    """One thread for every library of this process that is loaded from now on.

    Unless the environment says how many.
    """
    if not _asked:
        os.environ["OMP_NUM_THREADS"] = "1"


def ask_for(threads: int | None) -> None:
    """This many threads from now on, at most the cores that there are; None changes nothing."""
    if threads is None:
        return
    import torch

    cores = available_cores()
    if threads > cores:
        warnings.warn(f"threads: {threads} asked for, there are {cores} cores", stacklevel=2)
    _asked.append("--threads")
    torch.set_num_threads(min(threads, cores))


@contextmanager
def few_threads() -> Iterator[None]:
    """One thread for torch inside, or as many as somebody asked for.

    That is with the environment (``OMP_NUM_THREADS``), ``--threads``, or `torch.set_num_threads`
    with another number than torch begins with.
    """
    import torch

    before = torch.get_num_threads()
    if before == 1 or _is_chosen(before):
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def count_workers() -> int:
    """How many tasks of one thread each may run side by side: what was asked for, or all cores."""
    import torch

    threads = torch.get_num_threads()
    return threads if _is_chosen(threads) else available_cores()


def available_cores() -> int:
    """Cores that this process may use: of its affinity, and of the quota of its control group."""
    return max(1, math.ceil(min(len(os.sched_getaffinity(0)), _quota())))


def _quota(proc: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> float:
    """Least number of cores that control groups of this process, or those around them, allow."""
    least = math.inf
    try:
        lines = proc.read_text(encoding="utf-8").splitlines()
    except OSError:
        return least
    for line in lines:
        _, controllers, group = line.split(":", 2)
        home = root if not controllers else root / "cpu"  # version 2 has no list of them
        if controllers and "cpu" not in controllers.split(","):
            continue
        # in a container the path is often that of the machine outside, of which nothing is seen
        folder = home / group.lstrip("/")
        for place in (folder, *folder.parents):
            least = min(least, _quota_in(place))
            if place == home:
                break
    return least


def _quota_in(folder: Path) -> float:
    """Cores that one control group allows, of version 2 or 1."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        else:
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8").strip()
                for name in ("quota", "period")
            )
        cores = float(quota) / float(period)
    except (OSError, ValueError):  # there is none, or it is "max"
        return math.inf
    return cores if cores > 0 else math.inf


def _is_chosen(threads: int) -> bool:
    """Whether torch has so many threads because somebody asked for them."""
    limited = "OMP_NUM_THREADS" in os.environ  # by us, if nobody asked
    return bool(_asked) or threads not in ({1} if limited else _core_counts())


def _core_counts() -> set[int]:
    """Numbers of threads that torch may begin with: cores, with and without their twins."""
    usable = os.sched_getaffinity(0)
    twins = Path("/sys/devices/system/cpu")
    files = [twins / f"cpu{number}" / "topology" / "thread_siblings_list" for number in usable]
    try:
        physical = len({file.read_text(encoding="utf-8") for file in files})
    except OSError:
        physical = len(usable)
    return {len(usable), os.cpu_count(), physical}
