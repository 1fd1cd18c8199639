"""What a closure must be able to do, and what it may be able to do besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:  # torch is slow to import
    import torch

    from vcnn.flow.field import FlowField


@runtime_checkable
class ClosureLike(Protocol):
    """Predicts fields of a flow at its points: what solvers and studies ask.

    A small one::

        class MixingLength:
            targets = {"eddy_viscosity": "scalar"}

            def predict(self, flow, centres=None, dtype=None):
                length = np.minimum(0.41 * flow.scalars["wall_distance"], 0.09)
                values = length**2 * flow.scalars["strain_rate"]
                return {"eddy_viscosity": values if centres is None else values[centres]}

    Attributes
    ----------
    targets : mapping
        Name of each predicted field -> its kind (:data:`vcnn.network.OUTPUTS`); empty for a
        plain closure, which does not say, and ``""`` for the kind where only the name is known.
    """

    @property
    def targets(self) -> Mapping[str, str]:
        """Name of each predicted field -> its kind."""

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """Values of the fields by name.

        Parameters
        ----------
        flow : FlowField
        centres : (m,) int, optional
            Predict at these points only.
        dtype : torch.dtype, optional
            To compute in; default: the closure's own.

        Returns
        -------
        dict
            Name -> (n,), (n, d) or (n, d, d) float64, (m, ...) with ``centres``.
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
    def needs(self) -> tuple[str, ...]:
        """Their names."""


@runtime_checkable
class StatesClouds(Protocol):
    """Says of which flows its clouds are, and how far they reach.

    Attributes
    ----------
    dimension : int or None
        1, 2 or 3, of the flows that it was made for; None if any will do.
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
    def units(self) -> Mapping[str, str]:
        """Name -> unit."""


@runtime_checkable
class MeasuresExtrapolation(Protocol):
    """Knows how far a flow is from those it was trained on."""

    def extrapolation(self, flow: FlowField, centres: np.ndarray | None = None) -> np.ndarray:
        """(n,) at the points of a flow, (m,) at ``centres``; extrapolation begins at 1."""


@runtime_checkable
class HasLatents(Protocol):
    """Takes latent variables, scalars of a flow that are the same at all points.

    Attributes
    ----------
    latents : tuple of str
    """

    @property
    def latents(self) -> tuple[str, ...]:
        """Their names."""


@runtime_checkable
class Differentiable(Protocol):
    """Can be differentiated by the velocity and by its own weights."""

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> values by name, (m, ...) with ``centres``."""
