"""The door: arrays, callables and objects with a plain ``predict(flow)`` as a `ClosureLike`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from vcnn.closure.protocol import ClosureLike, PredictsByName
from vcnn.errors import InputError

if TYPE_CHECKING:  # torch is slow to import
    import torch

    from vcnn.flow.field import FlowField

UNNAMED = ""  # what values go by that a plain closure gives without saying what they are

_PRECISION: ContextVar[torch.dtype | None] = ContextVar("precision", default=None)


@runtime_checkable
class _Array(Protocol):
    def __array__(self, dtype=None, copy=None) -> np.ndarray: ...


@runtime_checkable
class Predicts(Protocol):
    def predict(self, flow: FlowField) -> object: ...


@runtime_checkable
class _PredictsTarget(Protocol):
    """As a `vcnn.Closure`: ``predict`` takes centres and precision.

    It returns a bare array if the target is a text.
    """

    target: str | tuple[str, ...]

    def predict(self, flow, centres=None, dtype=None) -> object: ...


def as_closure(thing: object, label: str = "closure") -> ClosureLike:
    """A `ClosureLike` of whatever predicts something of a flow.

    Parameters
    ----------
    thing : object
        A closure that predicts by name, or can; an object with ``target`` and
        ``predict(flow, centres=None, dtype=None)``; a plain one with ``predict(flow)``; a callable
        ``flow -> values``; or an array of values (n, ...), the same for every flow. Values are an
        array or a mapping name -> array.
    label : str
        It is called in messages.

    Returns
    -------
    ClosureLike

    Raises
    ------
    InputError
        If it is none of these.
    """
    if isinstance(thing, type):
        raise InputError(f"{label}: expected an object, got the class {thing.__name__}")
    if isinstance(thing, PredictsByName):
        return thing.by_name()
    if isinstance(thing, ClosureLike):
        return thing
    if isinstance(thing, _PredictsTarget):
        return _TargetedClosure(thing)
    if isinstance(thing, Predicts):
        return PlainClosure(thing.predict, label)
    if isinstance(thing, _Array | list | tuple):
        return _given_values(thing, label)
    if callable(thing):
        return PlainClosure(thing, label)
    raise InputError(
        f"{label}: expected a vcnn.Closure, an object with predict(flow), a callable or an array, "
        f"got {thing!r}"
    )


@dataclass(frozen=True, eq=False)
class PlainClosure:
    """A function of a flow as a `ClosureLike`: it is asked for all points, whichever are wanted.

    Parameters
    ----------
    ask : callable
        flow -> array or mapping of arrays. Closures that it asks in turn, without naming a
        precision, compute in the one that this closure is asked for.
    label : str
        It is called in messages.
    """

    ask: Callable[[FlowField], object]
    label: str = "closure"

    @property
    def targets(self) -> dict[str, str]:
        """Not known before it is asked."""
        return {}

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """Values by name, :data:`UNNAMED` if it says none.

        Raises
        ------
        InputError
            If they are no numbers, or too few for ``centres``.
        """
        with _precision(dtype):
            values = self.ask(flow)
        return _select(_by_name(values, self.label), flow, centres, self.label)


@dataclass(frozen=True, eq=False)
class GivenValues:
    """Values at points as a `ClosureLike` that says the same of every flow.

    Parameters
    ----------
    values : (n, ...)
    label : str
        It is called in messages.
    """

    values: np.ndarray
    label: str = "closure"

    @property
    def targets(self) -> dict[str, str]:
        """Not known: an array has no name."""
        return {}

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """The values, by the name :data:`UNNAMED`.

        Raises
        ------
        InputError
            If they are no numbers, or too few for ``centres``.
        """
        return _select(_by_name(self.values, self.label), flow, centres, self.label)


@dataclass(frozen=True, eq=False)
class _TargetedClosure:
    """An object with ``target``, as a `ClosureLike`.

    Parameters
    ----------
    inner : object with ``target`` and ``predict(flow, centres=None, dtype=None)``
    """

    inner: _PredictsTarget

    @property
    def targets(self) -> dict[str, str]:
        target = self.inner.target
        return dict.fromkeys((target,) if isinstance(target, str) else target, "")

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        values = self.inner.predict(flow, centres=centres, dtype=dtype)
        name = self.inner.target if isinstance(self.inner.target, str) else UNNAMED
        return _by_name(values, "closure", name)


def _given_values(thing: object, label: str) -> GivenValues:
    (values,) = _by_name(thing, label).values()
    if values.ndim == 0:
        raise InputError(f"{label}: expected one value for each point, got {thing!r}")
    return GivenValues(values, label)


def asked_precision() -> torch.dtype | None:
    """The precision that a plain closure around this one is asked for; None without one."""
    return _PRECISION.get()


@contextmanager
def _precision(dtype: torch.dtype | None) -> Iterator[None]:
    """Closures that are asked inside compute in this precision, unless they are told another."""
    token = _PRECISION.set(dtype)
    try:
        yield
    finally:
        _PRECISION.reset(token)


def _by_name(values: object, label: str, name: str = UNNAMED) -> dict[str, np.ndarray]:
    """Values as float64 arrays, under a name if they are no mapping."""
    if not isinstance(values, Mapping):
        values = {name: values}
    return {key: _numbers(value, label) for key, value in values.items()}


def _numbers(value: object, label: str) -> np.ndarray:
    if value is None or isinstance(value, str):  # numpy takes None for NaN
        raise InputError(f"{label}: expected numbers, got {value!r}")
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        got = f"a {type(value).__name__} that is no array of numbers"
        raise InputError(f"{label}: expected numbers, got {got}") from error


def _select(values: dict[str, np.ndarray], flow, centres, label: str) -> dict[str, np.ndarray]:
    """Rows of whole fields."""
    if centres is None:
        return values
    for value in values.values():
        if value.shape[:1] != (len(flow),):
            raise InputError(
                f"{label}: expected values at {len(flow)} points, got shape {value.shape}"
            )
    return {key: value[centres] for key, value in values.items()}
