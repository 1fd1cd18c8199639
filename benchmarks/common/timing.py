"""How long something takes, and what a machine could do in that time."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


def seconds(
    job: Callable[[], object],
    repeat: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """The least of several times by a ``clock``: of the wall, or ``time.process_time``."""
    times = []
    for _ in range(repeat):
        start = clock()
        job()
        times.append(clock() - start)
    return min(times)


def matrix_rate(
    dtype: torch.dtype = torch.float32, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Operations a second of a product of large matrices."""
    a = torch.rand(2048, 2048, dtype=dtype)
    return 2 * 2048**3 / seconds(lambda: a @ a, clock=clock)
