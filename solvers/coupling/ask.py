"""Asking a closure: the points of a flow shared out among ranks, in double precision, checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solvers.coupling.requirements import Requirement
from solvers.fem.arguments import float_array
from solvers.fenics import MPI
from vcnn.closure.plain import UNNAMED, GivenValues, PlainClosure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import DivergenceError, InputError, naming
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import QUANTITIES

Fields = dict[str, np.ndarray]


def ask_closure(
    closure: ClosureLike,
    flow: FlowField,
    *,
    comm: MPI.Comm,
    requirement: Requirement,
    name: str,
) -> Fields:
    """What a closure predicts at the points of a flow, by quantity and whole on every rank.

    Each rank asks for its share of the points; of a closure that predicts all at once anyway, the
    first rank asks for all. In float64, as far as the closure can.

    Parameters
    ----------
    closure : ClosureLike
    flow : FlowField
    comm : MPI communicator
    requirement : Requirement
        What it must predict.
    name : str
        Of the problem, for messages.

    Raises
    ------
    InputError
        If the closure refuses the flow or fails, or predicts something else.
    DivergenceError
        If it predicts NaN or infinity.
    """
    share, centres = slice(None) if comm.rank == 0 else slice(0), None
    if comm.size > 1 and not isinstance(closure, PlainClosure | GivenValues):
        share = slice(comm.rank, None, comm.size)
        centres = np.arange(len(flow))[share]
    count = len(range(len(flow))[share])
    values, error = {}, None
    if count:
        try:
            values = _predict(closure, flow, centres)
            values = _check(values, closure, requirement, count, flow.dimension)
        except InputError as failure:
            error = failure
        except DivergenceError as failure:
            error = DivergenceError(f"{name}: the closure predicts {failure}")
    parts = comm.allgather((share, values, error))  # an error on one rank is one on all
    for _, _, failure in parts:
        if failure is not None:
            raise error or failure
    whole = {key: np.empty((len(flow), *part.shape[1:])) for key, part in parts[0][1].items()}
    for rows, fields, _ in parts:
        for key, part in fields.items():
            whole[key][rows] = part
    return whole


def _predict(closure, flow, centres) -> Fields:
    """In double precision; whatever goes wrong in the closure becomes an `InputError`."""
    import torch

    try:
        values = closure.predict(flow, centres=centres, dtype=torch.float64)
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


def _check(values: Mapping[str, object], closure, requirement, count: int, d: int) -> Fields:
    """The fields by quantity; one without a name is what its shape says.

    Raises
    ------
    InputError
        If they are not what is required, of other shapes, or tensors that are not symmetric.
    DivergenceError
        If a value is NaN or infinite.
    """
    if set(values) == {UNNAMED}:
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
