"""What training makes small."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from vcnn.errors import InputError

# values, goals and weights, as those of `weighted_square_error` -> a tensor of one number
type Loss = Callable[[Sequence[torch.Tensor], Sequence[torch.Tensor], torch.Tensor], torch.Tensor]


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


def check_loss(number: object) -> torch.Tensor:
    """What a loss gave, if it is one.

    Raises
    ------
    InputError
        If it is no number that can be differentiated.
    """
    if not isinstance(number, torch.Tensor):
        raise InputError(f"loss: expected a tensor of one number, got {type(number).__name__}")
    if number.ndim > 0 or not number.requires_grad:
        raise InputError(
            f"loss: expected one number that depends on the values, got shape "
            f"{tuple(number.shape)}{'' if number.requires_grad else ' without gradient'}"
        )
    return number


def name_loss(loss: Loss) -> str:
    """What tells a loss from others of the same run.

    Raises
    ------
    InputError
        If it cannot be called.
    """
    if not callable(loss):
        raise InputError(f"loss: expected a function of values, goals and weights, got {loss!r}")
    kind = loss if isinstance(loss, type(name_loss)) else type(loss)
    return f"{kind.__module__}.{kind.__qualname__}"
