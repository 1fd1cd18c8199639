"""A closure: network, region of influence, scales and units in one; what a solver is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from vcnn.closure.differentiable import DifferentiableClosure
from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.file import pretrained_file, read_model, write_model
from vcnn.closure.predictions import WithPredictions
from vcnn.closure.scales import Scales, scale_weights
from vcnn.closure.together import predict_together
from vcnn.closure.turbulence_units import check_velocity_unit, is_told_turbulence
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence, check_region
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.latents import with_latents
from vcnn.network.base import FIELDS, Network, check_fields, check_network, name_outputs


@dataclass(frozen=True, eq=False)
class Closure(WithPredictions):
    """Maps a flow to closure values at its points.

    Parameters
    ----------
    network : Network
    region : RegionOfInfluence
    target : str or tuple of str
        Name of the field that is predicted, or one for each of several outputs of the network.
    dimension : int
        1, 2 or 3, of the flows it was trained on.
    scales : Scales
    units : mapping name -> unit
        Such as ``{"length": "H", "velocity": "U_b", "concentration": "1"}``.
    provenance : mapping
        How it was trained; anything JSON can hold.
    training_range : TrainingRange, optional
        Which clouds it was trained on.
    usage : mapping
        What a solver needs besides: ``baseline``, what it corrects, and ``bounds`` of a
        `BaselineCorrection`; ``layer`` and ``damping`` of a `NearWall` closure.

    Raises
    ------
    InputError
        If network or region are something else, or the network takes categories and the region has
        a lattice.
    """

    network: Network
    region: RegionOfInfluence
    target: str | tuple[str, ...]
    dimension: int
    scales: Scales = field(default_factory=Scales)
    units: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping = field(default_factory=dict)
    training_range: TrainingRange | None = None
    usage: Mapping = field(default_factory=dict)

    def __post_init__(self):
        check_network(self.network)
        check_region(self.region, self.network.categories)

    def __repr__(self) -> str:
        weights = sum(parameter.numel() for parameter in self.network.parameters())
        return (
            f"Closure({', '.join(self.targets)} in {self.dimension}-D; {self.network.name}, "
            f"{weights:,} weights; {self.region.kind})"
        )

    @property
    def targets(self) -> dict[str, str]:
        """Name of each predicted field -> kind of output (:data:`vcnn.network.OUTPUTS`)."""
        return name_outputs(self.network, self.target)

    @property
    def galilean(self) -> bool:
        """Whether predictions stay the same when a uniform velocity is added to the flow."""
        return self.network.galilean and not self.region.moves_with_flow

    @property
    def symmetry(self) -> str:
        """What its predictions do not see, in words, such as "O(d), Galilean"."""
        return f"{self.network.symmetry}, Galilean" if self.galilean else str(self.network.symmetry)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the fields of a flow that the network reads besides the velocity."""
        return self.network.needs

    @property
    def latents(self) -> tuple[str, ...]:
        """Names of its latent variables; 0 in a flow that has none of them."""
        return self.network.latents

    @property
    def reach(self) -> float:
        """Half the width of its clouds where the flow is at rest, length."""
        return float(self.region.half_axes([0.0])[1][0])

    def by_name(self) -> Closure:
        """The same closure, whose :meth:`predict` returns a dict for a single target too."""
        return replace(self, target=tuple(self.targets))

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the flow lacks what the closure needs."""
        teller = ", told of another model's flow by vcnn.closure.over_model,"
        check_fields(self.network, flow, f"the model{teller if is_told_turbulence(self) else ''}")
        if flow.dimension != self.dimension:
            raise InputError(
                f"dimension: the model was trained on {self.dimension}-D flows, this flow is "
                f"{flow.dimension}-D"
            )

    def scale_flow(self, flow: FlowField) -> FlowField:
        """The flow in the units that the network takes, with the fields that it reads only.

        Latent variables that it lacks are 0.
        """
        flow = with_latents(flow, self.latents)
        if self.network.scaling:
            return self.scales.scale_flow(flow)
        read = {
            kind: {name: getattr(flow, kind)[name] for name in getattr(self.network, kind)}
            for kind in FIELDS
        }
        return replace(flow, **read)

    def extrapolation(self, flow: FlowField, centres: np.ndarray | None = None) -> np.ndarray:
        """Distance of clouds from the nearest ones of training; extrapolation begins at 1.

        Parameters
        ----------
        flow, centres
            As for :meth:`Closure.predict`.

        Returns
        -------
        (n,)
            (m,) with ``centres``; at least what unseen categories and another ``viscosity`` add.

        Raises
        ------
        InputError
            If the flow lacks a field, has another dimension, or the closure does not know what it
            was trained on.
        """
        self.check(flow)
        flow = with_latents(flow, self.latents, np.zeros(len(self.latents)))
        if self.training_range is None:
            raise InputError("extrapolation: the model does not say which clouds it was trained on")
        blocks, galilean = self.scaled_blocks(flow, centres), self.network.galilean
        distance = np.concatenate([self.training_range.distance(b, galilean) for b in blocks])
        if "viscosity" in flow.parameters:
            nu = flow.parameters["viscosity"] / (self.scales.length * self.scales.velocity)
            distance = np.maximum(distance, self.training_range.distance_in_viscosity(nu))
        return distance

    def scale_clouds(self, clouds: VectorClouds) -> VectorClouds:
        """The ``clouds`` of a flow in the units that the network takes, but for their weights."""
        return self.scales.scale_clouds(clouds, self.scale_flow(clouds.flow))

    def scaled_blocks(self, flow: FlowField, centres: np.ndarray | None) -> Iterator[VectorClouds]:
        """The clouds of a flow in parts, of ``centres`` (m,) only if these are given.

        They are in the units that the network takes.
        """
        scaled = None
        for block in self.region.stream(scale_weights(flow, self.scales), centres):
            if scaled is None:
                scaled = self.scale_flow(block.flow)
            yield self.scales.scale_clouds(block, scaled)

    def in_units(self, length: float, velocity: float) -> Closure:
        """The same closure for flows that are told in other units than those it was trained on.

        Parameters
        ----------
        length, velocity : float
            Its own units of length and of length/time (see ``units``) in those of the flows to
            come: 0.028 if what was 1 in training is 0.028 m. So are weights that are not all 1.

        Raises
        ------
        InputError
            If a number is not positive, or ``velocity`` not 1 in units of turbulence, the dimension
            of a field is not known (:data:`vcnn.flow.QUANTITIES`), or the network has own units.
        """
        check_velocity_unit(self, velocity)
        if not self.network.scaling:
            raise InputError(f"units: the network {self.network.name!r} takes published units only")
        numbers = (*self.network.categories, *self.latents)
        scales = self.scales.in_units(length, velocity, self.targets, numbers)
        if self.network.normalization == "sum":
            scales = replace(scales, weights=self.scales.weights * length)
        return replace(self, scales=scales, region=self.region.in_units(length, velocity))

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ):
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
        array or dict
            (n,), (n, d) or (n, d, d) float64, (m, ...) with ``centres``; a dict of these by name if
            ``target`` is a tuple.

        Raises
        ------
        InputError
            If the flow lacks a field or has another dimension, or the precision cannot be had.
        DivergenceError
            If a value is NaN or infinite.
        """
        self.check(flow)
        (fields,) = predict_together([self], flow, centres, dtype)
        return fields[self.target] if isinstance(self.target, str) else fields

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> DifferentiableClosure:
        """Predictions at the points of a flow, or ``centres`` (m,), to differentiate.

        Calling what is returned with a velocity (n, d), a tensor, gives values by name; positions
        and fields may be given as well (:class:`vcnn.closure.DifferentiableClosure`).

        Raises
        ------
        InputError
            If the region moves with the flow and has a sharp edge, the flow lacks a field or the
            network cannot be differentiated.
        """
        return DifferentiableClosure(self, flow, centres)

    def save(self, path: str | Path) -> Path:
        """Write weights and everything else to one ``.safetensors`` file ``path``.

        Its header is JSON.

        Raises
        ------
        InputError
            If the path has another suffix, or the network could not be read again.
        """
        return write_model(self, path)

    @staticmethod
    def load(path: str | Path) -> Closure:
        """Read a closure that :meth:`save` wrote to ``path``; it predicts the same bit for bit.

        Raises
        ------
        InputError
            If the file is missing, truncated, no model of this package, or of a network that is not
            registered.
        """
        return Closure(**read_model(path))

    @staticmethod
    def pretrained(name: str) -> Closure:
        """A shipped model by its ``name``, such as ``"hill-concentration"``; its card is beside it.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        return Closure.load(pretrained_file(name))
