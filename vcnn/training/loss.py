"""What training makes small."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def weighted_square_error(
    values: Sequence[torch.Tensor], goals: Sequence[torch.Tensor], weights: torch.Tensor
) -> torch.Tensor:
    """Mean over clouds of w Σ (value - goal)², summed over components and outputs.

    Not divided by the number of components: what counts is the error of a vector or tensor as a
    whole, whatever its components are in a frame, so that no frame is preferred.

    Parameters
    ----------
    values, goals : (m, ...) for each output of the network
        In units in which each output is of order one (:class:`vcnn.Scales`).
    weights : (m,)
    """
    squares = [
        (value - goal).square().reshape(len(value), -1).sum(dim=1)
        for value, goal in zip(values, goals, strict=True)
    ]
    return (weights * sum(squares)).mean()
