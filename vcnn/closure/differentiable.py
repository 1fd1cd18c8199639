"""A closure as a differentiable function of a flow and of weights, at the points of that flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from vcnn.closure.evaluator import join, split_by_size
from vcnn.closure.moving_nodes import MovingNodes
from vcnn.closure.scales import scale_weights
from vcnn.clouds.clouds import PointTensors, VectorClouds
from vcnn.clouds.lattice import find_nodes
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.keys import refuse_unknown
from vcnn.network.base import FIELDS, at_rest
from vcnn.threads import few_threads

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure


class DifferentiableClosure:
    """Predictions at points of a flow as a function of what is known there, for torch.

    Calling it with the velocity, ``values = predict(velocity)``, gives what :meth:`Closure.predict`
    does for the flow with that velocity, as tensors by name. They can be differentiated by the
    velocity, by positions and fields if they are given, and by the weights of ``closure.network``.

    Clouds that neither the velocity nor given positions change are found once, others in each call.
    A point that enters or leaves one of these weighs nothing then, for their edge is smooth: so
    derivatives are those of the values, the form of the region and the shares included. Nodes of a
    lattice move with all points: derivatives jump where one crosses the border of a cell.

    Parameters
    ----------
    closure : Closure
    flow : FlowField
    centres : (m,) int, optional
        Predict at these points only.

    Raises
    ------
    InputError
        If the region moves with the flow and has a sharp edge, the flow lacks a field or the
        network cannot be differentiated.
    """

    def __init__(self, closure: Closure, flow: FlowField, centres: np.ndarray | None = None):
        closure.check(flow)
        region = closure.region
        if region.moves_with_flow and region.smooth == 1:
            raise InputError(
                f"region: the sharp edge of a region {region.kind!r} moves with the flow, which "
                "cannot be differentiated; expected smooth < 1, or a ball"
            )
        if not closure.network.differentiable_in_velocity:
            raise InputError(
                f"network: {closure.network.name!r} cannot be differentiated by the velocity"
            )
        self.closure, self.flow = closure, flow
        self._centres, self._places = None, slice(None)
        if centres is not None:
            self._centres, self._places = np.unique(centres, return_inverse=True)
        means = None
        if region.lattice_spacing is not None:
            means = _sparse(find_nodes(flow, region.lattice_spacing).means).__matmul__
        self._found = None if region.moves_with_flow else (*self._find(flow), means)

    def __call__(
        self,
        velocity: torch.Tensor,
        positions: torch.Tensor | None = None,
        scalars: Mapping[str, torch.Tensor] | None = None,
        vectors: Mapping[str, torch.Tensor] | None = None,
        tensors: Mapping[str, torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Values (n,), (n, d) or (n, d, d) by name, in the dtype of the network.

        Parameters
        ----------
        velocity : (n, d) tensor, float64
            length/time.
        positions : (n, d) tensor, float64, optional
            Length, in place of those of the flow; its weights and periods stay.
        scalars, vectors, tensors : mapping name -> (n,), (n, d), (n, d, d) tensor, optional
            In place of those of the flow.

        Raises
        ------
        InputError
            If something is no tensor or has another shape, the network takes no field of that name,
            or positions are given and the region has a sharp edge, or a lattice whose nodes the
            network does not weigh.
        """
        fields = {"scalars": scalars, "vectors": vectors, "tensors": tensors}
        fields = {kind: dict(named) for kind, named in fields.items() if named}
        self._check(velocity, positions, fields)
        closure, network = self.closure, self.closure.network
        if self._found is None or positions is not None:
            parts, order, means = self._find_given(velocity, positions)
        else:
            parts, order, means = self._found
        if positions is not None and means is not None:  # at nodes all fields depend on positions
            fields = self._all(fields)
        dtype = next(network.parameters()).dtype
        velocity = at_rest(network, _with_nodes(velocity, means) / closure.scales.velocity)
        scaled = self._scaled(fields, means)
        points = network.points(parts[0].flow, velocity.to(dtype), *([scaled] if scaled else []))
        with few_threads():
            columns = join([network.values(part, points) for part in parts], order)
            columns = [column[self._places] for column in columns]
        return dict(zip(closure.targets, closure.scales.unscale(columns), strict=True))

    def _check(self, velocity, positions, fields):
        n, d = self.flow.points.shape
        _check_shape("velocity", velocity, (n, d))
        for kind, shape in zip(FIELDS, ((n,), (n, d), (n, d, d)), strict=True):
            with naming(kind):
                refuse_unknown(fields.get(kind, {}), getattr(self.closure.network, kind))
            for name, values in fields.get(kind, {}).items():
                _check_shape(f"{kind}[{name!r}]", values, shape)
        if positions is not None:
            _check_shape("positions", positions, (n, d))
            region = self.closure.region
            if region.smooth == 1:
                raise InputError(
                    "positions: clouds cannot be differentiated by them across a sharp edge; "
                    "expected a region of smooth < 1"
                )
            if region.lattice_spacing is not None and not self.closure.network.weighted:
                raise InputError(
                    f"positions: network {self.closure.network.name!r} does not weigh the nodes of "
                    "a lattice, which come and go; expected a region without spacing"
                )

    def _find(self, flow) -> tuple[list[VectorClouds], np.ndarray]:
        """Clouds of a flow in scaled units, in parts of like size, and their order."""
        parts, centres = [], []
        for block in self.closure.scaled_blocks(flow, self._centres):
            some, order = split_by_size(self.closure.network, block)
            parts += list(some)
            centres.append(block.centres[order])
        return parts, np.concatenate(centres)

    def _find_given(self, velocity, positions):
        """:meth:`_find` for a velocity and positions, with what these give in the clouds; means."""
        flow, scales, spacing = self.flow, self.closure.scales, self.closure.region.lattice_spacing
        positions = torch.from_numpy(flow.points.copy()) if positions is None else positions
        moved = [array.detach().cpu().numpy() for array in (positions, velocity)]
        flow = replace(flow, points=moved[0], velocity=moved[1], mesh=None, location=None)
        parts, order = self._find(flow)
        flow, means = scale_weights(flow, scales), None
        weights = torch.from_numpy(flow.weights.copy())
        if spacing is not None:
            nodes = MovingNodes.of(flow, spacing, positions)
            means, velocity = nodes.means, _with_nodes(velocity, nodes.means)
            positions = torch.cat([positions, nodes.points])
            weights = torch.cat([weights, nodes.weights])
        points = PointTensors(velocity / scales.velocity, weights)
        return list(_with_tensors(parts, points, positions / scales.length)), order, means

    def _all(self, fields) -> dict[str, dict[str, torch.Tensor]]:
        """All fields that the network takes, those of the flow where none are given."""
        return {
            kind: {
                **{name: torch.from_numpy(getattr(self.flow, kind)[name].copy()) for name in names},
                **fields.get(kind, {}),
            }
            for kind in FIELDS
            if (names := getattr(self.closure.network, kind))
        }

    def _scaled(self, fields, means) -> dict[str, dict[str, torch.Tensor]]:
        """Given fields in the units that the network takes, with their ``means`` at nodes."""
        closure = self.closure
        return {
            kind: {
                name: _with_nodes(values, means)
                for name, values in (
                    closure.scales.scale_fields(kind, named) if closure.network.scaling else named
                ).items()
            }
            for kind, named in fields.items()
        }


def _with_tensors(
    parts: list[VectorClouds], points: PointTensors, positions: torch.Tensor
) -> Iterator[VectorClouds]:
    """Clouds whose positions r = x_j − x_i + s follow those of points; s, of a period, does not."""
    for part in parts:
        centres = part.centres[part.owners]
        apart = part.flow.points[part.neighbours] - part.flow.points[centres]
        shifts = torch.from_numpy(part.positions - apart)
        r = positions[part.neighbours] - positions[centres] + shifts
        yield replace(part, positions=r, tensors=points)


def _check_shape(name: str, values: torch.Tensor, shape: tuple[int, ...]) -> None:
    if not isinstance(values, torch.Tensor):
        got = type(values).__name__
        raise InputError(f"{name}: expected a tensor of shape {shape}, got a {got}")
    if tuple(values.shape) != shape:
        raise InputError(f"{name}: expected a tensor of shape {shape}, got {tuple(values.shape)}")


def _with_nodes(
    values: torch.Tensor, means: Callable[[torch.Tensor], torch.Tensor] | None
) -> torch.Tensor:
    """Values (n, ...) at the points, then their means (K, ...) at nodes of a lattice, if any."""
    if means is None:
        return values
    at_nodes = means(values.flatten(1) if values.ndim > 1 else values)
    return torch.cat([values, at_nodes.reshape(-1, *values.shape[1:])])


def _sparse(matrix) -> torch.Tensor:
    """A scipy matrix for torch."""
    matrix = matrix.tocoo()
    indices = np.stack(matrix.coords)
    return torch.sparse_coo_tensor(
        indices, matrix.data, matrix.shape, check_invariants=True
    ).coalesce()
