"""What a training says while it goes on: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

from tqdm import tqdm

_LINES = 20  # of a whole run, where there is no terminal


def say(text: str) -> None:
    """A line of its own on the standard error stream, above a bar if there is one."""
    tqdm.write(text, file=sys.stderr)


class Progress:
    """The epochs of a run, on the standard error stream.

    Parameters
    ----------
    name : of what is trained
    epochs, done : of the run, and how many of them it has had
    shown : whether anything is said at all
    """

    def __init__(self, name: str, epochs: int, done: int, shown: bool):
        self.epochs, self.shown = epochs, shown
        self._terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=epochs,
            initial=done,
            unit="epoch",
            disable=not (shown and self._terminal),
            desc=name,
        )

    def step(self, entry: Mapping[str, float]) -> None:
        """The end of an epoch, whose ``entry`` joins the history."""
        numbers = {k: f"{v:.3g}" for k, v in entry.items() if k not in ("epoch", "seconds")}
        self._bar.set_postfix(numbers)
        self._bar.update()
        number, every = entry["epoch"], math.ceil(self.epochs / _LINES)
        due = number % every == 0 or number in (1, self.epochs)
        if self.shown and not self._terminal and due:
            words = [f"{name.replace('_', ' ')} {value}" for name, value in numbers.items()]
            seconds = f"{entry['seconds']:.2g} s an epoch"
            say(f"epoch {number}/{self.epochs}: {', '.join(words)}; {seconds}")

    def close(self) -> None:
        """The end of the run."""
        self._bar.close()
