"""Closures for flows in space, asked about plane ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.adapters import Adapter, differentiable
from vcnn.closure.protocol import ClosureLike, StatesClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

if TYPE_CHECKING:  # torch is slow to import
    import torch


@dataclass(frozen=True, eq=False)
class PlaneFlow(Adapter):
    """A closure for flows in space, such as that of a duct, asked about a plane one.

    The flow is given to it as one in space whose third component vanishes. It is its own mirror
    image in the plane, and what is predicted of it has no component across but the normal one of a
    tensor: of a tensor without trace the part in the plane is kept, less half its trace, which acts
    as a pressure.

    Parameters
    ----------
    closure : ClosureLike
    """

    @property
    def dimension(self) -> int:
        """2."""
        return 2

    def prepare(self, flow: FlowField) -> FlowField:
        """The flow in space, as loose points.

        Raises
        ------
        InputError
            If it is no plane flow.
        """
        return in_space(flow)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What the closure predicts, in the plane; see `ClosureLike.predict`.

        Raises
        ------
        InputError
            If it is no plane flow.
        """
        return self._in_plane(super().predict(flow, centres, dtype))

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, 2) at the points of a flow -> values by name, for torch.

        Of ``centres`` (m,) if given.

        Raises
        ------
        InputError
            If it is no plane flow, or the closure cannot be differentiated.
        """
        from torch.nn.functional import pad

        predict = differentiable(self.closure, self.prepare(flow), centres)
        return lambda velocity: self._in_plane(predict(pad(velocity, (0, 1))))

    def _in_plane(self, values):
        return {
            name: _part_in_plane(value, "traceless" in self.closure.targets.get(name, ""))
            for name, value in values.items()
        }


def for_dimension(closure: ClosureLike, dimension: int) -> ClosureLike:
    """The closure as it is asked about flows of a dimension: one for space in the plane, too.

    Parameters
    ----------
    closure : ClosureLike
    dimension : int

    Returns
    -------
    ClosureLike
        A `PlaneFlow` if the closure was made for space and the flows are plane, else itself.
    """
    space = isinstance(closure, StatesClouds) and closure.dimension == 3
    return PlaneFlow(closure) if space and dimension == 2 else closure


def in_space(flow: FlowField) -> FlowField:
    """A plane flow as one in space, at rest across its plane, as loose points.

    Parameters
    ----------
    flow : FlowField
        Of two dimensions.

    Returns
    -------
    FlowField
        Of three.

    Raises
    ------
    InputError
        If it is no plane flow.
    """
    if flow.dimension != 2:
        raise InputError(f"flow: expected a plane one, of 2 dimensions, got {flow.dimension}")

    def pad(array, axes):
        return np.pad(array, [(0, 0)] * (array.ndim - axes) + [(0, 1)] * axes)

    return replace(
        flow,
        points=pad(flow.points, 1),
        velocity=pad(flow.velocity, 1),
        vectors={name: pad(vectors, 1) for name, vectors in flow.vectors.items()},
        tensors={name: pad(tensors, 2) for name, tensors in flow.tensors.items()},
        periods=tuple(pad(period, 1) for period in flow.periods),
        mesh=None,
        location=None,
    )


def _part_in_plane(value, traceless: bool):
    """Of a scalar (n,), vector (n, 3) or tensor (n, 3, 3), what lies in the plane."""
    if value.ndim == 1:
        return value
    if value.ndim == 2:
        return value[:, :2]
    plane = value[:, :2, :2] + 0.0
    if traceless:
        half = (plane[:, 0, 0] + plane[:, 1, 1]) / 2
        plane[:, 0, 0] = plane[:, 0, 0] - half
        plane[:, 1, 1] = plane[:, 1, 1] - half
    return plane
