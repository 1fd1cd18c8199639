"""Predictions of several closures that see the same clouds, which are found once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.evaluator import check_finite, evaluate_blocks, in_precision
from vcnn.closure.found import find_clouds
from vcnn.closure.plain import asked_precision
from vcnn.flow.field import FlowField

if TYPE_CHECKING:  # torch is slow to import
    import torch

    from vcnn.closure.closure import Closure


def see_alike(closures: Sequence[Closure]) -> bool:
    """Whether closures have the same clouds, told in the same units."""
    return all(_sight(closure) == _sight(closures[0]) for closure in closures)


def predict_together(
    closures: Sequence[Closure],
    flow: FlowField,
    centres: np.ndarray | None = None,
    dtype: torch.dtype | None = None,
) -> list[dict[str, np.ndarray]]:
    """What each of some closures predicts, by name; they see alike.

    Parameters
    ----------
    closures : sequence of Closure
    flow, centres, dtype
        As for `Closure.predict`.

    Raises
    ------
    InputError
        If the precision cannot be had.
    DivergenceError
        If a value is NaN or infinite.
    """
    dtype = asked_precision() if dtype is None else dtype
    networks = [
        closure.network if dtype is None else in_precision(closure.network, dtype)
        for closure in closures
    ]
    predictions = []
    columns = evaluate_blocks(networks, find_clouds(closures[0], flow, centres))
    for closure, values in zip(closures, columns, strict=True):
        arrays = closure.scales.unscale(value.double().cpu().numpy() for value in values)
        predictions.append(dict(zip(closure.targets, arrays, strict=True)))
        check_finite(predictions[-1])
    return predictions


def _sight(closure: Closure) -> tuple:
    network = closure.network
    scales = replace(closure.scales, targets=()) if network.scaling else None
    fields = (network.scalars, network.vectors, network.tensors)
    return closure.region, closure.dimension, scales, *fields
