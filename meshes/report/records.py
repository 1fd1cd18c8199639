"""What is known of how a flow was found: the iteration, a closure's answers, the first cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meshes.report.quantities import WallUnits


@dataclass(frozen=True, eq=False)
class Progress:
    """How the iteration for a flow went.

    Parameters
    ----------
    counted : str
        What is counted, such as "round" or "step".
    steps : int
    outcome : str
        How it ended, in words that facts of the flow may follow.
    text : str
        What the curves are.
    sizes, shares : mapping name -> (numbers of the steps, values)
        Curves, of what should become small, and of what lies between 0 and 1.
    numbers : mapping
        For JSON: at least "residuals" and "history".
    settled : bool, optional
        Whether it converged; None if that is not known.
    resumed : bool
        Whether it went on from where another one had ended.
    """

    counted: str
    steps: int
    outcome: str
    text: str
    sizes: Mapping[str, tuple[np.ndarray, np.ndarray]]
    shares: Mapping[str, tuple[np.ndarray, np.ndarray]]
    numbers: Mapping[str, object]
    settled: bool | None = True
    resumed: bool = False


@dataclass(frozen=True, eq=False)
class ClosureRecord:
    """What is known of the answers of a closure in a flow.

    Parameters
    ----------
    location : {"cell", "vertex"}
        Where it was asked.
    extrapolation : (n,), optional
        How far the clouds of the flow lie from those that the closure was trained on, at the points
        where it was asked; beyond 1 it extrapolates.
    clipped : (n,) int, optional
        At which of them it was below (−1) or above (1) its bounds, 0 elsewhere.
    told_clipped : float
        Share of the points that were, where it is not known which.
    told_extrapolating : float, optional
        Share of the points where it extrapolated, where the distances are not known.
    """

    location: str
    extrapolation: np.ndarray | None = None
    clipped: np.ndarray | None = None
    told_clipped: float = 0.0
    told_extrapolating: float | None = None

    @property
    def share_clipped(self) -> float:
        """Share of the points where it was out of bounds."""
        return self.told_clipped if self.clipped is None else float(np.mean(self.clipped != 0))

    @property
    def share_extrapolating(self) -> float | None:
        """Share of the points where it extrapolates, if that is known."""
        if self.extrapolation is None:
            return self.told_extrapolating
        return float(np.mean(self.extrapolation > 1))


@dataclass(frozen=True)
class FirstCells:
    """How high the first cells at walls are.

    Parameters
    ----------
    units : mapping wall -> WallUnits
    text : str
        Of which height they are told, in a sentence.
    needed : float, optional
        The largest y⁺ that is good enough.
    needing : str
        For what.
    """

    units: Mapping[str, WallUnits]
    text: str
    needed: float | None = None
    needing: str = ""

    @property
    def coarse(self) -> list[str]:
        """Walls where they are too high somewhere."""
        limit = self.needed or np.inf
        return [name for name, units in self.units.items() if units.largest > limit]
