"""Closures that ask another closure: what all of them have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from vcnn.closure.plain import as_closure
from vcnn.closure.protocol import (
    ChecksFlows,
    ClosureLike,
    Differentiable,
    MeasuresExtrapolation,
    NeedsFields,
    StatesClouds,
    StatesUnits,
    StatesUsage,
)
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.spreads import pair_spreads, without_spreads

if TYPE_CHECKING:  # torch is slow to import
    import torch


class Delegating:
    """Says of itself what the ``closure`` that it asks says: targets, needs, units and so on."""

    closure: ClosureLike

    @property
    def targets(self) -> Mapping[str, str]:
        """Name -> kind of the fields that it predicts."""
        return self.closure.targets

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of a flow that it reads."""
        return self.closure.needs if isinstance(self.closure, NeedsFields) else ()

    @property
    def dimension(self) -> int | None:
        """Of the flows that it was made for."""
        return self.closure.dimension if isinstance(self.closure, StatesClouds) else None

    @property
    def reach(self) -> float | None:
        """How far its clouds reach."""
        return self.closure.reach if isinstance(self.closure, StatesClouds) else None

    @property
    def units(self) -> Mapping[str, str]:
        """In which it was made."""
        return self.closure.units if isinstance(self.closure, StatesUnits) else {}

    @property
    def usage(self) -> Mapping:
        """What a solver needs besides."""
        return self.closure.usage if isinstance(self.closure, StatesUsage) else {}


@dataclass(frozen=True, eq=False)
class Adapter(Delegating):
    """A closure that asks another one; what it does not change of that is the same.

    Of targets that come with a spread it gives the targets alone: what it makes of a value would
    have to be made of its spread, too.

    Parameters
    ----------
    closure : ClosureLike, or what :func:`vcnn.closure.as_closure` makes one of
    """

    closure: ClosureLike
    _spreads: ClassVar[bool] = False  # whether it knows what to do with them

    def __post_init__(self):
        closure = as_closure(self.closure)
        if pair_spreads(closure.targets) and not self._spreads:
            closure = WithoutSpreads(closure)
        object.__setattr__(self, "closure", closure)

    def prepare(self, flow: FlowField) -> FlowField:
        """The flow that the other closure is asked about; its first points are those of ``flow``.

        Raises
        ------
        InputError
            If the flow cannot be used.
        """
        return flow

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the flow lacks what is needed."""
        if isinstance(self.closure, ChecksFlows):
            self.closure.check(self.prepare(flow))

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What the other closure predicts of the flow that :meth:`prepare` makes.

        Parameters
        ----------
        flow, centres, dtype
            As for `ClosureLike.predict`.

        Returns
        -------
        dict
            Name -> (n,), (n, d) or (n, d, d), (m, ...) with ``centres``.
        """
        centres = np.arange(len(flow)) if centres is None else centres
        return self.closure.predict(self.prepare(flow), centres=centres, dtype=dtype)

    def extrapolation(self, flow: FlowField, centres: np.ndarray | None = None) -> np.ndarray:
        """How far the clouds of a flow lie from those of training, as `Closure.extrapolation`.

        Parameters
        ----------
        flow, centres
            As for `ClosureLike.predict`.

        Returns
        -------
        (n,)
            (m,) with ``centres``.

        Raises
        ------
        InputError
            If the closure does not know what it was trained on.
        """
        if not isinstance(self.closure, MeasuresExtrapolation):
            raise InputError("extrapolation: the closure does not know what it was trained on")
        centres = np.arange(len(flow)) if centres is None else centres
        return self.closure.extrapolation(self.prepare(flow), centres)


@dataclass(frozen=True, eq=False)
class WithoutSpreads(Adapter):
    """A closure less the spreads of its targets.

    Parameters
    ----------
    closure : ClosureLike
    """

    _spreads: ClassVar[bool] = True

    @property
    def targets(self) -> Mapping[str, str]:
        """Name -> kind of the fields that it predicts, but for spreads."""
        return without_spreads(self.closure.targets)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What the closure predicts, but for spreads; see `ClosureLike.predict`."""
        values = self.closure.predict(flow, centres=centres, dtype=dtype)
        return {name: values[name] for name in self.targets}

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> values by name, for torch.

        Of ``centres`` (m,) if given.

        Raises
        ------
        InputError
            If the closure cannot be differentiated.
        """
        predict = differentiable(self.closure, flow, centres)

        def values(velocity: torch.Tensor) -> dict[str, torch.Tensor]:
            fields = predict(velocity)
            return {name: fields[name] for name in self.targets}

        return values


def differentiable(
    closure: ClosureLike, flow: FlowField, centres: np.ndarray | None = None
) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
    """A closure as a function of the velocity at the points of a flow, for torch.

    Parameters
    ----------
    closure : ClosureLike
    flow : FlowField
    centres : (m,) int, optional
        Predict at these points only.

    Returns
    -------
    callable
        Velocity (n, d) -> values by name.

    Raises
    ------
    InputError
        If it cannot be differentiated.
    """
    if not isinstance(closure, Differentiable):
        raise InputError("closure: expected one that can be differentiated, such as a vcnn.Closure")
    return closure.differentiable(flow, centres)
