"""How a step of an iteration went, and how the iteration ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A correction as it was taken.

    Parameters
    ----------
    start, end : float
        Norms of the residual before and after.
    part : float
        How much of the correction was added.
    """

    start: float
    end: float
    part: float


@dataclass(frozen=True)
class Solution:
    """How an iteration ended.

    Parameters
    ----------
    residuals : tuple of float
        Norm of the residual before each step and after the last one, relative to the load.
    force : float
        f of the :class:`solvers.algebra.bordered.Constraint`; 0 without one.
    """

    residuals: tuple[float, ...]
    force: float
