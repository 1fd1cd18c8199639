"""Asking a closure: the points of a flow shared out among ranks, in double precision, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from solvers.fem.arguments import float_array
from solvers.fenics import MPI
from vcnn.closure.plain import UNNAMED, GivenValues, PlainClosure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import DivergenceError, InputError
from vcnn.flow.field import FlowField

# what a closure of a turbulent stress may predict
FORMS = (("eddy_viscosity",), ("reynolds_stress",), ("eddy_viscosity", "anisotropy"))

Fields = dict[str, np.ndarray]


def ask_closure(
    closure: ClosureLike,
    flow: FlowField,
    *,
    comm: MPI.Comm,
    check: Callable[[Mapping[str, np.ndarray], int, int], Fields],
    name: str,
) -> Fields:
    """What a closure predicts at the points of a flow, by name and whole on every rank.

    Each rank asks for its share of the points; of a closure that predicts all at once anyway, the
    first rank asks for all. In float64, as far as the closure can.

    Parameters
    ----------
    closure : ClosureLike
    flow : FlowField
    comm : MPI communicator
    check : callable (values by name, count, d) -> name -> (count, ...)
        Raises what is wrong with the values at ``count`` points, such as :func:`check_stress`.
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
            values = check(_predict(closure, flow, centres), count, flow.dimension)
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
    if len(values) == 1 and closure.targets:  # one field is what its shape says
        values = {UNNAMED: next(iter(values.values()))}
    return values


def check_stress(values: Mapping[str, np.ndarray], count: int, d: int) -> Fields:
    """By name, as in `FORMS`; numbers (count,) alone are an eddy viscosity, tensors (count, d, d) a
    Reynolds stress.

    Raises
    ------
    InputError
        If the closure predicts other fields, of other shapes, or tensors that are not symmetric.
    DivergenceError
        If a value is NaN or infinite.
    """
    expected = f"it to predict {count} eddy viscosities or {d} by {d} stresses"
    if set(values) == {UNNAMED}:
        array = np.asarray(values[UNNAMED])
        values = {"eddy_viscosity" if array.ndim == 1 else "reynolds_stress": array}
    if not any(set(values) == set(form) for form in FORMS):
        forms = ", or ".join(" and ".join(form) for form in FORMS)
        raise InputError(
            f"closure: expected it to predict {forms}, got {', '.join(values) or 'none'}"
        )
    fields = {}
    for name, array in values.items():
        shape = (count,) if name == "eddy_viscosity" else (count, d, d)
        fields[name] = _check_field(array, expected, shape)
    for T in fields.values():
        if T.ndim == 3 and np.ptp([T, T.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(T).max():
            raise InputError("closure: expected symmetric stresses")
    return fields


def check_concentration(values: Mapping[str, np.ndarray], count: int, d: int) -> Fields:
    """The concentration (count,), whatever name the closure has for it.

    Raises
    ------
    InputError
        If it predicts several fields, or no numbers.
    DivergenceError
        If a value is NaN or infinite.
    """
    if len(values) != 1:
        raise InputError(
            f"closure: expected one field to be predicted, got {', '.join(values) or 'none'}"
        )
    (array,) = values.values()
    return {"concentration": _check_field(array, f"it to predict {count} concentrations", (count,))}


def _check_field(values, expected: str, shape: tuple[int, ...]) -> np.ndarray:
    """A predicted field as a finite array of this shape."""
    values = float_array(values, "closure", expected)
    if values.shape != shape:
        raise InputError(f"closure: expected {expected}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise DivergenceError("NaN or infinite values")
    return values
