"""Tests of symmetry for any closure or network: how far predictions are from turning with the frame.

    from vcnn.testing import equivariance_errors, assert_equivariant

    print(equivariance_errors(closure, flow))
    assert_equivariant(closure, flow, 1e-12)
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.stats import special_ortho_group

from vcnn.closure import Closure
from vcnn.errors import InputError
from vcnn.flow import FlowField
from vcnn.region import RegionOfInfluence
from vcnn.scales import Scales
from vcnn.tensors import norms, turned


@dataclass(frozen=True)
class EquivarianceErrors:
    """Largest change of a prediction under each transformation, relative to its largest norm.

    Parameters
    ----------
    reused, rebuilt : transformation -> error
        With the points of each cloud carried along, and with clouds searched anew in the transformed flow.
    claimed : what the model says of itself, such as "O(d)"
    """

    reused: dict[str, float]
    rebuilt: dict[str, float]
    claimed: str

    @property
    def worst(self) -> float:
        """The largest of all errors."""
        return max(*self.reused.values(), *self.rebuilt.values())

    def __str__(self) -> str:
        width = max(map(len, self.reused))
        lines = [f"{'claims ' + self.claimed:<{width}}  {'reused':>9}  {'rebuilt':>9}"]
        lines += [f"{name:<{width}}  {self.reused[name]:9.1e}  {self.rebuilt[name]:9.1e}" for name in self.reused]
        return "\n".join(lines)


def equivariance_errors(model, flow: FlowField, region: RegionOfInfluence | None = None, centres=None,
                        dtype=torch.float64, seed: int = 0) -> EquivarianceErrors:  # fmt: skip
    """Errors of a model's symmetries on one flow.

    Transformations: two random rotations; a reflection, unless the model takes pseudo-scalars; a translation; another
    order of the points; every point split into two of half its weight, as if the mesh were finer, unless points count
    equally; a uniform velocity added, if the model claims to be Galilean invariant. What is predicted of the
    transformed flow is turned back and compared.

    Parameters
    ----------
    model : Closure, or a network with ``region``
    flow : FlowField
    region : RegionOfInfluence, for a network
    centres : (m,) int, optional
        Predict at these points only.
    dtype : torch.dtype
        Of the network; geometry is always float64.
    seed : of the random transformations

    Raises
    ------
    InputError
        If a network comes without a region, or the flow lacks a field.
    """
    closure = _closure(model, flow, region, dtype)
    centres = np.arange(len(flow)) if centres is None else np.asarray(centres)
    reference = _values(closure, flow, closure.region.clouds(flow, centres))
    sizes = {name: norms(values).max() or 1.0 for name, values in reference.items()}
    reused, rebuilt = {}, {}
    for name, (other, index, back) in _transformations(closure, flow, seed).items():
        images = index[centres]
        carried = _carried(closure.region.clouds(flow, centres), other, images, index, back)
        for errors, clouds in ((reused, carried), (rebuilt, closure.region.clouds(other, images))):
            found = _values(closure, other, clouds)
            errors[name] = max(
                float(norms(turned(found[key], back) - values).max() / sizes[key]) for key, values in reference.items()
            )
    symmetry = closure.network.symmetry + (", Galilean" if closure.galilean else "")
    return EquivarianceErrors(reused, rebuilt, symmetry)


def assert_equivariant(model, flow: FlowField, tolerance: float, region=None, centres=None, dtype=torch.float64,
                       seed: int = 0) -> None:  # fmt: skip
    """Raise `AssertionError` with the table of errors if one of :func:`equivariance_errors` exceeds ``tolerance``."""
    errors = equivariance_errors(model, flow, region, centres, dtype, seed)
    if not errors.worst <= tolerance:
        raise AssertionError(f"not equivariant to {tolerance:g}:\n{errors}")


def _closure(model, flow, region, dtype) -> Closure:
    if isinstance(model, Closure):
        return replace(model, network=copy.deepcopy(model.network).to(dtype).eval())
    if region is None:
        raise InputError("region: needed with a network, which does not know its region of influence")
    names = tuple(f"output {k}" for k in range(len(model.outputs)))
    scales = Scales(
        scalars=dict.fromkeys(model.scalars, (0.0, 1.0)),
        vectors=dict.fromkeys(model.vectors, 1.0),
        tensors=dict.fromkeys(model.tensors, 1.0),
        targets=((0.0, 1.0),) * len(names),
    )
    return Closure(copy.deepcopy(model).to(dtype).eval(), region, names, flow.dimension, scales)


def _transformations(closure, flow, seed):
    """Name -> (flow, where each point went, matrix that turns vectors back)."""
    d, n = flow.dimension, len(flow)
    rng = np.random.default_rng(seed)
    same, upright = np.arange(n), np.eye(d)
    found = {}
    for k in range(2):
        R = special_ortho_group.rvs(d, random_state=rng)
        found[f"rotation {k + 1}"] = flow.rotated(R), same, R.T
    if closure.network.symmetry != "SO(d)":
        normal = rng.standard_normal(d)
        normal /= np.linalg.norm(normal)
        found["reflection"] = flow.reflected(normal), same, upright - 2 * np.outer(normal, normal)
    extent = np.ptp(flow.points, axis=0).max() or 1.0
    found["translation"] = flow.translated(extent * rng.uniform(-2, 2, d)), same, upright
    order = rng.permutation(n)
    found["permutation"] = flow.permuted(order), np.argsort(order), upright
    if closure.network.weighted:
        twice = flow.subset(np.repeat(same, 2))
        found["refinement"] = replace(twice, weights=0.5 * twice.weights), 2 * same, upright
    if closure.galilean:
        speed = np.linalg.norm(flow.velocity, axis=1).max() or 1.0
        found["Galilean"] = flow.boosted(speed * rng.uniform(-2, 2, d)), same, upright
    return found


def _carried(clouds, flow, centres, index, back):
    """The same clouds in a transformed flow."""
    neighbours, positions, offsets = index[clouds.neighbours], clouds.positions @ back, clouds.offsets
    if len(flow) != len(clouds.flow):   # each point became two
        neighbours = np.stack([neighbours, neighbours + 1], axis=1).ravel()
        positions, offsets = np.repeat(positions, 2, axis=0), 2 * offsets
    return replace(clouds, flow=flow, centres=centres, neighbours=neighbours, positions=positions, offsets=offsets)


def _values(closure, flow, clouds) -> dict[str, np.ndarray]:
    with torch.inference_mode():
        values = closure.network(closure.scales.clouds(clouds, closure.scaled(flow)))
    values = (values,) if isinstance(values, torch.Tensor) else values
    return {name: v.double().cpu().numpy() for name, v in zip(closure.targets, values, strict=True)}

