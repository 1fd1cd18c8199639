"""What training makes small."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from vcnn.errors import InputError
from vcnn.network.distributions import Distribution

# values, goals and weights, as those of `weighted_square_error` -> a tensor of one number
type Values = Sequence[torch.Tensor | Distribution]
type Loss = Callable[[Values, Sequence[torch.Tensor], torch.Tensor], torch.Tensor]

_BETA = 0.5


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


def negative_log_likelihood(
    values: Values, goals: Sequence[torch.Tensor], weights: torch.Tensor
) -> torch.Tensor:
    """Mean over clouds of w Σ σ²ᵝ (−log p(goal)), β = 1/2; of what has no spread, square errors.

    With β = 0 it is the likelihood alone, by which a mean that is learned late is never learned:
    where the error is large at first, σ grows and the error counts no more. The factor, by which
    nothing is differentiated, gives such clouds back what they count for (Seitzer, Tavakoli,
    Antic & Martius, ICLR 2022, eq. 7); it is 1 at most, lest clouds whose spread is far too large
    decide alone. What is best is the same for any such factor.

    Parameters
    ----------
    values : sequence of `vcnn.network.Distribution` or tensors (m, ...)
        One for each goal, in units in which it is of order one.
    goals : sequence of tensors (m, ...)
        Likewise.
    weights : (m,)
        What clouds count for.

    Returns
    -------
    () tensor
        That can be differentiated by the weights.

    Raises
    ------
    InputError
        If a covariance is not positive semi-definite.
    """
    total = torch.zeros_like(weights)
    for value, goal in zip(values, goals, strict=True):
        if isinstance(value, Distribution):
            factor = torch.exp(_BETA * value.log_variance().clamp(max=0)).detach()
            total = total - factor * value.log_density(goal)
        else:
            total = total + (value - goal).square().reshape(len(value), -1).sum(dim=1)
    return (weights * total).mean()


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
