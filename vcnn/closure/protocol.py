"""What a closure must be able to do, what it may be, and the door that takes all the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from vcnn.errors import InputError

if TYPE_CHECKING:  # torch is slow to import
    import torch

    from vcnn.flow.field import FlowField

UNNAMED = ""  # what values go by that a plain closure gives without saying what they are

_PRECISION: ContextVar[torch.dtype | None] = ContextVar("precision", default=None)


@runtime_checkable
class ClosureLike(Protocol):
    """Predicts fields of a flow at its points: what solvers and studies ask.

    A small one:

        class MixingLength:
            targets = {"eddy_viscosity": "scalar"}

            def predict(self, flow, centres=None, dtype=None):
                length = np.minimum(0.41 * flow.scalars["wall_distance"], 0.09)
                values = length**2 * flow.scalars["strain_rate"]
                return {"eddy_viscosity": values if centres is None else values[centres]}

    Attributes
    ----------
    targets : mapping
        Name of each predicted field -> its kind (:data:`vcnn.network.heads.OUTPUTS`); empty for a
        plain closure, which does not say, and ``""`` for the kind where only the name is known.
    """

    @property
    def targets(self) -> Mapping[str, str]: ...

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """Values by name, (n,), (n, d) or (n, d, d) float64, m of them with ``centres``.

        Parameters
        ----------
        flow : FlowField
        centres : (m,) int, optional
            Predict at these points only.
        dtype : torch.dtype, optional
            To compute in; default: the closure's own.
        """


@runtime_checkable
class PredictsByName(Protocol):
    """Has a form of itself that is `ClosureLike`, as a `vcnn.Closure` of a single target has."""

    def by_name(self) -> ClosureLike:
        """The same closure, whose ``predict`` returns a dict."""


@runtime_checkable
class ChecksFlows(Protocol):
    """Knows what a flow must have before it can be asked."""

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the flow lacks what the closure needs."""


@runtime_checkable
class NeedsFields(Protocol):
    """Says which fields of a flow it reads besides points, weights and velocity.

    Attributes
    ----------
    needs : tuple of str
    """

    @property
    def needs(self) -> tuple[str, ...]: ...


@runtime_checkable
class StatesClouds(Protocol):
    """Says of which flows its clouds are, and how far they reach.

    Attributes
    ----------
    dimension : int or None
        2 or 3, of the flows that it was made for; None if any will do.
    reach : float or None
        How far a cloud reaches across the flow, in its units of length; None if it has no clouds.
    """

    @property
    def dimension(self) -> int | None: ...

    @property
    def reach(self) -> float | None: ...


@runtime_checkable
class StatesUsage(Protocol):
    """Says what a solver needs besides.

    Attributes
    ----------
    usage : mapping
        As in `vcnn.Closure`.
    """

    @property
    def usage(self) -> Mapping: ...


@runtime_checkable
class StatesUnits(Protocol):
    """Says in which units it was made.

    Attributes
    ----------
    units : mapping
        Name, such as ``"length"``, ``"velocity"`` or a target -> unit.
    """

    @property
    def units(self) -> Mapping[str, str]: ...


@runtime_checkable
class MeasuresExtrapolation(Protocol):
    """Knows how far a flow is from those it was trained on."""

    def extrapolation(self, flow: FlowField, centres: np.ndarray | None = None) -> np.ndarray:
        """(n,), or (m,) at ``centres``; 1 is where extrapolation begins."""


@runtime_checkable
class Differentiable(Protocol):
    """Can be differentiated by the velocity and by its own weights."""

    def differentiable(
        self, flow: FlowField
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> values by name."""


@runtime_checkable
class Predicts(Protocol):
    """Predicts something of a flow, by name or not; :func:`as_closure` makes it a `ClosureLike`."""

    def predict(self, flow: FlowField) -> object: ...


@runtime_checkable
class _PredictsTarget(Protocol):
    """As a `vcnn.Closure`: ``predict`` takes centres and precision, and returns a bare array if the
    target is a text.
    """

    target: str | tuple[str, ...]

    def predict(self, flow, centres=None, dtype=None) -> object: ...


def as_closure(thing: object, what: str = "closure") -> ClosureLike:
    """A `ClosureLike` of whatever predicts something of a flow.

    Parameters
    ----------
    thing : object
        A closure that predicts by name, or can; an object with ``target`` and
        ``predict(flow, centres=None, dtype=None)``; a plain one with ``predict(flow)``; a callable
        ``flow -> values``; or an array of values (n, ...), the same for every flow. Values are an
        array or a mapping name -> array.
    what : str
        It is called in messages.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if isinstance(thing, type):
        raise InputError(f"{what}: expected an object, got the class {thing.__name__}")
    if isinstance(thing, PredictsByName):
        return thing.by_name()
    if isinstance(thing, ClosureLike):
        return thing
    if isinstance(thing, _PredictsTarget):
        return _TargetedClosure(thing)
    if isinstance(thing, Predicts):
        return PlainClosure(thing.predict, what)
    if isinstance(thing, np.ndarray) and thing.ndim > 0:
        return GivenValues(thing, what)
    if callable(thing):
        return PlainClosure(thing, what)
    raise InputError(
        f"{what}: expected a vcnn.Closure, an object with predict(flow), a callable or an array, "
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
    what : str
        It is called in messages.
    """

    ask: Callable[[FlowField], object]
    what: str = "closure"

    @property
    def targets(self) -> dict[str, str]:
        """Not known before it is asked."""
        return {}

    def predict(self, flow: FlowField, centres=None, dtype=None) -> dict[str, np.ndarray]:
        """Values by name, :data:`UNNAMED` if it says none.

        Raises
        ------
        InputError
            If they are no numbers, or too few for ``centres``.
        """
        with _precision(dtype):
            values = self.ask(flow)
        return _select(_by_name(values, self.what), flow, centres, self.what)


@dataclass(frozen=True, eq=False)
class GivenValues:
    """Values at points as a `ClosureLike` that says the same of every flow.

    Parameters
    ----------
    values : (n, ...)
    what : str
        It is called in messages.
    """

    values: np.ndarray
    what: str = "closure"

    @property
    def targets(self) -> dict[str, str]:
        """Not known: an array has no name."""
        return {}

    def predict(self, flow: FlowField, centres=None, dtype=None) -> dict[str, np.ndarray]:
        """The values, by the name :data:`UNNAMED`.

        Raises
        ------
        InputError
            If they are no numbers, or too few for ``centres``.
        """
        return _select(_by_name(self.values, self.what), flow, centres, self.what)


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

    def predict(self, flow: FlowField, centres=None, dtype=None) -> dict[str, np.ndarray]:
        values = self.inner.predict(flow, centres=centres, dtype=dtype)
        name = self.inner.target if isinstance(self.inner.target, str) else UNNAMED
        return _by_name(values, "closure", name)


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


def _by_name(values: object, what: str, name: str = UNNAMED) -> dict[str, np.ndarray]:
    """Values as float64 arrays, under a name if they are no mapping."""
    if not isinstance(values, Mapping):
        values = {name: values}
    arrays = {}
    for key, value in values.items():
        try:
            arrays[key] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{what}: expected it to predict numbers, got {value!r}") from error
    return arrays


def _select(values: dict[str, np.ndarray], flow, centres, what: str) -> dict[str, np.ndarray]:
    """Rows of whole fields."""
    if centres is None:
        return values
    for value in values.values():
        if value.shape[:1] != (len(flow),):
            raise InputError(
                f"{what}: expected values at {len(flow)} points, got shape {value.shape}"
            )
    return {key: value[centres] for key, value in values.items()}
