"""A closure: network, region of influence, scales and units in one; what a solver is given."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch

from vcnn.architectures import build_network
from vcnn.closure.differentiable import DifferentiableClosure
from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.protocol import asked_precision
from vcnn.closure.scales import Scales
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import DivergenceError, InputError
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2
from vcnn.network.base import ROWS
from vcnn.network.heads import OUTPUTS
from vcnn.tensor_file import read_tensors, write_tensors

_FORMAT = 2
_FIELDS = ("scalars", "vectors", "tensors")
_RANGE = "training_range/"  # tensors of that name are not the network's


@dataclass(frozen=True, eq=False)
class Closure:
    """Maps a flow to closure values at its points.

    Parameters
    ----------
    network : nn.Module with ``forward(clouds)``
    region : RegionOfInfluence
    target : name of the field that is predicted, or a tuple of names if the network has several
        outputs
    dimension : 2 or 3, of the flows it was trained on
    scales : Scales
    units : name -> unit, e.g. ``{"length": "H", "velocity": "U_b", "concentration": "1"}``
    provenance : how it was trained; anything JSON can hold
    training_range : TrainingRange, optional
        Which clouds it was trained on.
    usage : name -> what a solver needs besides: ``baseline``, what it corrects, and ``bounds`` of a
        `BaselineCorrection`; ``layer`` and ``damping`` of a `NearWall` closure
    """

    network: torch.nn.Module
    region: RegionOfInfluence
    target: str | tuple[str, ...]
    dimension: int
    scales: Scales = field(default_factory=Scales)
    units: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping = field(default_factory=dict)
    training_range: TrainingRange | None = None
    usage: Mapping = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, str]:
        """Name of each predicted field -> kind of output (:mod:`vcnn.network.heads`)."""
        names = (self.target,) if isinstance(self.target, str) else self.target
        return dict(zip(names, self.network.outputs, strict=True))

    @property
    def galilean(self) -> bool:
        """Whether predictions stay the same when a uniform velocity is added to the flow."""
        return self.network.galilean and self.region.kind == "ball"

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the fields of a flow that the network reads besides the velocity."""
        return tuple(name for kind in _FIELDS for name in getattr(self.network, kind))

    @property
    def reach(self) -> float:
        """Half the width of its clouds where the flow is at rest, length."""
        return float(self.region.half_axes([0.0])[1][0])

    def by_name(self) -> Closure:
        """The same closure, whose :meth:`predict` returns a dict for a single target too."""
        return replace(self, target=tuple(self.targets))

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the flow lacks what the closure needs."""
        check_fields(self.network, flow, "the model")
        if flow.dimension != self.dimension:
            raise InputError(
                f"dimension: the model was trained on {self.dimension}-D flows, this flow is {flow.dimension}-D"
            )

    def scaled(self, flow: FlowField) -> FlowField:
        """The flow in the units that the network takes, with the fields that it reads only."""
        if self.network.scaling:
            return self.scales.flow(flow)
        read = {
            kind: {name: getattr(flow, kind)[name] for name in getattr(self.network, kind)}
            for kind in _FIELDS
        }
        return replace(flow, **read)

    def extrapolation(self, flow: FlowField, centres=None) -> np.ndarray:
        """How far the clouds of a flow lie from the nearest ones of training; 1 is where
        extrapolation begins.

        Parameters
        ----------
        flow, centres : as for :meth:`predict`

        Returns
        -------
        (n,), m of them with ``centres``

        Raises
        ------
        InputError
            If the flow lacks a field, has another dimension, or the closure does not know what it
            was trained on.
        """
        self.check(flow)
        if self.training_range is None:
            raise InputError("extrapolation: the model does not say which clouds it was trained on")
        return np.concatenate(
            [
                self.training_range.distance(block, self.network.galilean)
                for block in self.scaled_blocks(flow, centres)
            ]
        )

    def scaled_clouds(self, clouds: VectorClouds) -> VectorClouds:
        """Clouds in the units that the network takes."""
        return self.scales.clouds(clouds, self.scaled(clouds.flow))

    def scaled_blocks(self, flow, centres):
        """The clouds of a flow in parts; all refer to one scaled flow."""
        scaled = None
        for block in self.region.stream(flow, centres):
            if scaled is None:
                scaled = self.scaled(block.flow)
            yield self.scales.clouds(block, scaled)

    def in_units(self, length: float, velocity: float) -> Closure:
        """The same closure for flows that are told in other units than those it was trained on.

        Parameters
        ----------
        length, velocity : float
            Its own units (see ``units``) in those of the flows to come: 0.028 if what was 1 in
            training is 0.028 m.

        Raises
        ------
        InputError
            If a number is not positive, the dimension of a field is not known
            (:data:`vcnn.flow.quantities.QUANTITIES`), or the network has units of its own.
        """
        if not self.network.scaling:
            raise InputError(f"units: the network {self.network.name!r} takes published units only")
        scales = self.scales.in_units(length, velocity, self.targets)
        return replace(self, scales=scales, region=self.region.in_units(length, velocity))

    def named(self, prediction) -> dict[str, np.ndarray]:
        """What :meth:`predict` returned, by name whether there is one target or several."""
        return {self.target: prediction} if isinstance(self.target, str) else prediction

    def truth(self, flow: FlowField) -> dict[str, np.ndarray]:
        """The fields of a flow that the closure predicts, by name; those that the flow has."""
        known = {name: getattr(flow, OUTPUTS[kind]) for name, kind in self.targets.items()}
        return {name: fields[name] for name, fields in known.items() if name in fields}

    def predict(self, flow: FlowField, centres=None, dtype: torch.dtype | None = None):
        """Closure values at the points of a flow.

        What belongs to points is computed once; clouds are built and evaluated in blocks of a fixed
        size, so memory stays bounded.

        Parameters
        ----------
        flow : FlowField
        centres : (m,) int, optional
            Predict at these points only.
        dtype : torch.dtype, optional
            Precision of the network; default: the one it was trained in, or the one that a plain
            closure around this one is asked for. Geometry is always float64.

        Returns
        -------
        (n,), (n, d) or (n, d, d) float64, m of them with ``centres``; a dict of these by name if
        ``target`` is a tuple

        Raises
        ------
        InputError
            If the flow lacks a field or has another dimension.
        DivergenceError
            If a value is NaN or infinite.
        """
        self.check(flow)
        dtype = asked_precision() if dtype is None else dtype
        network = self.network if dtype is None else copy.deepcopy(self.network).to(dtype)
        points, parts = None, []
        with torch.inference_mode():
            for block in self.scaled_blocks(flow, centres):
                if points is None:
                    points = network.points(block.flow)
                order = np.argsort(block.counts, kind="stable")  # clouds of like size together
                block = block.select(order)
                values = [
                    network(part, points) for part in block.split(network.work(block.counts), ROWS)
                ]
                values = [(v,) if isinstance(v, torch.Tensor) else v for v in values]
                back = torch.as_tensor(np.argsort(order))
                parts.append([torch.cat(column)[back] for column in zip(*values, strict=True)])
        found = {}
        columns = zip(self.targets, self.scales.targets, zip(*parts, strict=True), strict=True)
        for name, (shift, scale), values in columns:
            found[name] = values = shift + scale * torch.cat(values).double().cpu().numpy()
            bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
            if len(bad):
                raise DivergenceError(
                    f"{name}: {len(bad)} values are NaN or infinite, first at {bad[0]}"
                )
        return found[self.target] if isinstance(self.target, str) else found

    def errors(self, flow: FlowField) -> dict[str, float]:
        """Relative L2 error of each field that the closure predicts and the flow has, by name."""
        predicted = self.named(self.predict(flow))
        return {
            name: relative_l2(predicted[name], truth, flow.weights)
            for name, truth in self.truth(flow).items()
        }

    def differentiable(self, flow: FlowField):
        """Predictions at the points of a flow as a differentiable function of the velocity and the
        weights.

        See :class:`vcnn.closure.differentiable.DifferentiableClosure`.
        """
        return DifferentiableClosure(self, flow)

    def save(self, path) -> Path:
        """Write weights and everything else to one ``.safetensors`` file with a JSON header."""
        path = Path(path)
        if path.suffix != ".safetensors":
            raise InputError(
                f"{path}: a model is saved as .safetensors, got {path.suffix or 'no suffix'!r}"
            )
        header = {
            "format": _FORMAT,
            "architecture": self.network.name,
            "config": self.network.config,
            "region": self.region.to_dict(),
            "scales": self.scales.to_dict(),
            "target": self.target,
            "dimension": self.dimension,
            "units": dict(self.units),
            "provenance": dict(self.provenance),
        }
        if self.usage:
            header["usage"] = dict(self.usage)
        tensors = self.network.state_dict()
        if self.training_range is not None:
            tensors |= {
                _RANGE + name: torch.from_numpy(a)
                for name, a in self.training_range.arrays().items()
            }
        write_tensors(path, tensors, header)
        return path

    @staticmethod
    def pretrained(name: str) -> Closure:
        """A model that comes with the package, such as ``"hill-concentration"``; its card is beside
        it.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        folder = Path(str(files("vcnn.pretrained")))
        known = sorted(path.stem for path in folder.glob("*.safetensors"))
        if name not in known:
            raise InputError(
                f"pretrained: expected one of {', '.join(known) or 'none'}, got {name!r}"
            )
        return Closure.load(folder / f"{name}.safetensors")

    @staticmethod
    def load(path) -> Closure:
        """Read a closure written by :meth:`save`; predictions are the same bit for bit.

        Raises
        ------
        InputError
            If the file is missing, truncated, or not a model of this package.
        """
        tensors, header = read_tensors(path)
        if header.get("format") != _FORMAT:
            raise InputError(
                f"{path}: model format {header.get('format')}, this version reads {_FORMAT}"
            )
        names = [name for name in tensors if name.startswith(_RANGE)]
        arrays = {name.removeprefix(_RANGE): tensors.pop(name).numpy() for name in names}
        network = build_network(header["architecture"], header["config"])
        network.to(next(iter(tensors.values())).dtype).load_state_dict(tensors)
        return Closure(
            network=network.eval(),
            region=RegionOfInfluence.from_dict(header["region"]),
            target=target if isinstance(target := header["target"], str) else tuple(target),
            dimension=header["dimension"],
            scales=Scales.from_dict(header["scales"]),
            units=header["units"],
            provenance=header["provenance"],
            training_range=TrainingRange(**arrays) if arrays else None,
            usage=header.get("usage", {}),
        )


def check_fields(network, flow: FlowField, who: str) -> None:
    """Raise `InputError` if the flow lacks a field that the network takes."""
    for kind in _FIELDS:
        missing = [name for name in getattr(network, kind) if name not in getattr(flow, kind)]
        if missing:
            there = ", ".join(getattr(flow, kind)) or "none"
            raise InputError(f"{who} needs {kind} {', '.join(missing)}; the flow has: {there}")
