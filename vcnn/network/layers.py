"""What all networks are made of."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from vcnn.errors import InputError

_PRECISIONS = {torch.float32: np.float32, torch.float64: np.float64}
_MOST_WEIGHTS = 2**28
_LEAST, _LEAST_SHARE = 1e-4, 0.01
_LEAST_CHANNEL = 0.3


def as_tensor(array: np.ndarray | torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """An array, or a tensor with what it was made of, with the dtype and device of ``like``."""
    if isinstance(array, torch.Tensor):
        return array.to(like)
    check_precision(like.dtype)
    return torch.from_numpy(np.array(array, dtype=_PRECISIONS[like.dtype], order="C")).to(
        like.device
    )


def check_precision(dtype: object) -> None:
    """Raise `InputError` unless networks can compute in this dtype."""
    if dtype not in _PRECISIONS:
        raise InputError(f"dtype: expected torch.float32 or torch.float64, got {dtype!r}")


def root_mean_square(values: torch.Tensor) -> torch.Tensor:
    """Root mean square over the first axis of ``values`` (n, ...), at least 1e-4."""
    return values.square().mean(dim=0).sqrt().clamp(min=_LEAST)


def channel_sizes(channels: torch.Tensor, learned: int, classes: torch.Tensor) -> torch.Tensor:
    """Sizes (k,) that bring channels (n, k) of points to order one.

    The first are ``learned``. One of these that begins near 0, as constants of points without
    features may, would be blown up, and with it every change of its weights: it counts as of 0.3
    times the size of all of them. The last are ``classes`` (n, c); kinds of which there are none
    have no size, and may come later.
    """
    sizes = root_mean_square(channels)
    sizes[:learned].clamp_(min=_LEAST_CHANNEL * sizes[:learned].square().mean().sqrt())
    sizes[len(sizes) - classes.shape[1] :][classes.sum(dim=0) == 0] = 1
    return sizes


def standardization(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Means and spreads (k,) that bring ``values`` (n, k) to order one.

    What varies by less than 1e-4, or by less than a hundredth of its size, counts as constant, so
    that its round-off is not blown up.
    """
    least = (_LEAST_SHARE * root_mean_square(values)).clamp(min=_LEAST)
    return values.mean(dim=0), (values.var(dim=0, correction=0) + least**2).sqrt()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A context within which torch draws initial weights from a seed.

    Its random state is as before after.

    Parameters
    ----------
    seed : int
        Of the weights.

    Returns
    -------
    context manager

    Raises
    ------
    InputError
        If the seed is no integer.
    """
    if type(seed) is not int:
        raise InputError(f"seed: expected an integer, got {seed!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def perceptron(*widths: int, activation: type[nn.Module] = nn.SiLU) -> nn.Sequential:
    """Linear layers of the given widths with activations between them.

    Parameters
    ----------
    *widths : int
        Of the input, the layers and the output.
    activation : type
        Class of the activation, a torch module.

    Returns
    -------
    torch.nn.Sequential

    Raises
    ------
    InputError
        If a layer has more than 2²⁸ weights: this is a mistake, not a network.
    """
    layers = []
    for inputs, outputs in pairwise(widths):
        if inputs * outputs > _MOST_WEIGHTS:
            raise InputError(f"a layer of {inputs} x {outputs} weights is too large")
        with warnings.catch_warnings():
            # without inputs there are biases only, which is as it should be
            warnings.filterwarnings("ignore", "Initializing zero-element tensors")
            layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])
