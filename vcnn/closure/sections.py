"""Closures for parts of symmetric flows, and for flows told in units of their friction velocity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.adapters import Adapter, differentiable
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.joining import concatenate

if TYPE_CHECKING:  # torch is slow to import
    import torch

_BESIDE = 1e-9  # of the extent: how far a point may lie behind a plane of symmetry


@dataclass(frozen=True, eq=False)
class MirroredSection(Adapter):
    """A closure asked in a part of a symmetric flow, with the mirror images of the part around it.

    A cloud at a plane of symmetry is then its own mirror image, and so is what is predicted from
    it; without the images a closure would see the plane as an end of the flow.

    Parameters
    ----------
    closure : ClosureLike
    normals : sequence of (d,)
        Of the planes of symmetry, which go through the origin and are orthogonal; by default those
        of a quarter of a section across x.
    """

    normals: Sequence[Sequence[float]] = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

    def prepare(self, flow: FlowField) -> FlowField:
        """The flow with its mirror images, as :func:`mirror_images`.

        Raises
        ------
        InputError
            As :func:`mirror_images`.
        """
        return mirror_images(flow, self.normals)

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> values by name, for torch.

        Of ``centres`` (m,) if given.

        Raises
        ------
        InputError
            As :func:`mirror_images`, or if the closure cannot be differentiated.
        """
        import torch

        centres = np.arange(len(flow)) if centres is None else centres
        predict = differentiable(self.closure, self.prepare(flow), centres)
        axes = [_unit(normal, flow.dimension) for normal in self.normals]
        mirrors = [np.eye(flow.dimension)]
        for axis in axes:  # in the order of mirror_images
            mirrors += [mirror - 2 * np.outer(axis, axis @ mirror) for mirror in mirrors]
        mirrors = [torch.from_numpy(mirror.T.copy()) for mirror in mirrors]
        return lambda velocity: predict(torch.cat([velocity @ mirror for mirror in mirrors]))


@dataclass(frozen=True, eq=False)
class NearWall(Adapter):
    """A closure in units of the friction velocity that is told how near walls are, with damping.

    It is given the scalar ``layer``, 1 − exp(−d/δ), the wall distance d as seen from walls, and the
    anisotropy that it predicts is multiplied with van Driest's 1 − exp(−d⁺/A⁺), d⁺ = d/ν where the
    friction velocity is 1.

    Parameters
    ----------
    closure : ClosureLike
    layer : float, optional
        δ, length; default: what the closure states in its ``usage``.
    damping : float, optional
        A⁺; default: as for ``layer``.

    Raises
    ------
    InputError
        If one of them is neither given nor stated, or not positive.
    """

    layer: float | None = None
    damping: float | None = None

    def __post_init__(self):
        super().__post_init__()
        for name in ("layer", "damping"):
            value = getattr(self, name)
            value = self.usage.get(name) if value is None else value
            if value is None or not 0 < value < np.inf:
                raise InputError(f"{name}: expected a positive number, got {value!r}")
            object.__setattr__(self, name, float(value))

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of a flow that it reads: the wall distance, and no ``layer``."""
        names = (name for name in super().needs if name != "layer")
        return tuple(dict.fromkeys(["wall_distance", *names]))

    def prepare(self, flow: FlowField) -> FlowField:
        """The flow with the scalar ``layer``.

        Raises
        ------
        InputError
            If the flow has no scalar ``wall_distance``.
        """
        if "wall_distance" not in flow.scalars:
            raise InputError("wall_distance: needed by a closure that is damped near walls")
        return flow.with_fields(scalars={"layer": wall_layer(flow, self.layer)})

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What the closure predicts, the anisotropy damped; see `ClosureLike.predict`.

        Raises
        ------
        InputError
            If the flow has no viscosity among its parameters, or lacks a field.
        """
        if "viscosity" not in flow.parameters:
            raise InputError("viscosity: expected it among the parameters of the flow")
        values = super().predict(flow, centres, dtype)
        factor = van_driest(flow, self.damping)
        factor = factor if centres is None else factor[centres]
        return {
            name: factor[:, None, None] * value if name == "anisotropy" else value
            for name, value in values.items()
        }


def mirror_images(flow: FlowField, normals: Sequence[Sequence[float]]) -> FlowField:
    """A part of a symmetric flow with its mirror images, as loose points; the part comes first.

    Parameters
    ----------
    flow : FlowField
    normals : sequence of (d,)
        Of the planes of symmetry, which go through the origin.

    Returns
    -------
    FlowField

    Raises
    ------
    InputError
        If the normals are not orthogonal, or the flow lies on both sides of a plane.
    """
    axes = np.array([_unit(normal, flow.dimension) for normal in normals])
    if not np.allclose(axes @ axes.T, np.eye(len(axes)), atol=1e-9):
        raise InputError("normals: expected planes of symmetry that are orthogonal")
    size = np.ptp(flow.points, axis=0).max()
    for axis in axes:
        height = flow.points @ axis
        if height.min() < -_BESIDE * size and height.max() > _BESIDE * size:
            raise InputError(
                f"normals: the flow lies on both sides of the plane through the origin across "
                f"{axis.round(6).tolist()}, it is no half of a symmetric one"
            )
    parts = [replace(flow, mesh=None, location=None)]
    for axis in axes:
        parts += [part.reflected(axis) for part in parts]
    return replace(concatenate(parts), parameters=flow.parameters)


def wall_layer(flow: FlowField, thickness: float) -> np.ndarray:
    """1 − exp(−d/δ), (n,): the wall distance d, finer near walls."""
    return 1 - np.exp(-flow.scalars["wall_distance"] / thickness)


def van_driest(flow: FlowField, constant: float) -> np.ndarray:
    """1 − exp(−d⁺/A⁺), (n,), in a flow told in units of its friction velocity."""
    return 1 - np.exp(-flow.scalars["wall_distance"] / flow.parameters["viscosity"] / constant)


def _unit(normal, d: int) -> np.ndarray:
    normal = np.asarray(normal, dtype=float)
    length = np.linalg.norm(normal)
    if normal.shape != (d,) or not 0 < length < np.inf:
        raise InputError(f"normals: expected vectors of {d} numbers, got {normal.tolist()}")
    return normal / length
