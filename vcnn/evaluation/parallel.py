"""Several predictions at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import torch

from vcnn.threads import count_workers


def in_parallel(tasks: Iterable[Callable]) -> list:
    """Results of functions without arguments, in their order, run in threads.

    As many run at once as :func:`vcnn.threads.count_workers` says, one thread each.

    Networks on clouds are many small operations, which gain less from threads inside than from
    standing side by side."""
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(count_workers(), initializer=torch.set_num_threads, initargs=(1,))
    try:
        return list(pool.map(lambda task: task(), tasks))
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
