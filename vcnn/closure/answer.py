"""What a closure answers about a flow, checked against what is needed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.plain import UNNAMED
from vcnn.closure.protocol import ClosureLike
from vcnn.closure.requirements import Requirement
from vcnn.errors import DivergenceError, InputError, naming
from vcnn.flow.arrays import float_array
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import QUANTITIES

if TYPE_CHECKING:  # torch is slow to import
    import torch


def answer_of(
    closure: ClosureLike,
    flow: FlowField,
    requirement: Requirement,
    *,
    centres: np.ndarray | None = None,
    dtype: torch.dtype | None = None,
) -> dict[str, np.ndarray]:
    """What a closure predicts of a flow, by quantity.

    Parameters
    ----------
    closure : ClosureLike
    flow : FlowField
    requirement : Requirement
        What it must predict.
    centres : (m,) int, optional
        Ask for these points only.
    dtype : torch.dtype, optional
        To compute in, as in `ClosureLike.predict`.

    Returns
    -------
    dict
        Quantity of the requirement -> (n,), (n, d) or (n, d, d), (m, ...) with ``centres``.

    Raises
    ------
    InputError
        If the closure refuses the flow or fails, or predicts something else than is required, of
        other shapes, or tensors that are not symmetric.
    DivergenceError
        If it predicts NaN or infinity.
    """
    values = _predict(closure, flow, centres, dtype)
    count, d = len(flow) if centres is None else len(centres), flow.dimension
    if set(values) == {UNNAMED}:  # what its shape says
        names = {UNNAMED: _by_shape(values[UNNAMED], requirement, count, d)}
    else:
        with naming("closure"):
            heads = {name: closure.targets.get(name, "") for name in values}
            names = requirement.quantities(heads)
    fields = {}
    for name, quantity in names.items():
        shape = _shape(quantity, count, d)
        fields[quantity] = _check_field(values[name], f"{quantity} of shape {shape}", shape)
    for T in fields.values():
        if T.ndim == 3 and np.ptp([T, T.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(T).max():
            raise InputError("closure: expected symmetric stresses")
    return fields


def _predict(closure, flow, centres, dtype) -> Mapping[str, object]:
    """Values by name; whatever goes wrong in the closure becomes an `InputError`."""
    try:
        values = closure.predict(flow, centres=centres, dtype=dtype)
    except (InputError, DivergenceError):
        raise
    except Exception as failure:
        message = " ".join(str(failure).split())
        raise InputError(
            f"closure: predict fails with {type(failure).__name__}: {message}"
        ) from failure
    if not isinstance(values, Mapping):
        raise InputError(
            f"closure: expected predict to give a dict of arrays by name, as it has targets; got a "
            f"{type(values).__name__}"
        )
    return values


def _by_shape(values, requirement, count: int, d: int) -> str:
    """The quantity that alone is enough and has values of this shape."""
    shapes = {form[0]: _shape(form[0], count, d) for form in requirement.forms if len(form) == 1}
    expected = " or ".join(f"{quantity} of shape {shape}" for quantity, shape in shapes.items())
    values = float_array(values, "closure", expected)
    for quantity, shape in shapes.items():
        if values.shape == shape:
            return quantity
    raise InputError(f"closure: expected {expected}, got shape {values.shape}")


def _shape(quantity: str, count: int, d: int) -> tuple[int, ...]:
    return (count, *QUANTITIES[quantity].rank * (d,))


def _check_field(values, expected: str, shape: tuple[int, ...]) -> np.ndarray:
    """A predicted field as a finite array of this shape."""
    values = float_array(values, "closure", expected)
    if values.shape != shape:
        raise InputError(f"closure: expected {expected}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise DivergenceError("NaN or infinite values")
    return values
