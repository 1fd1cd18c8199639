"""How far values may lie from those that are predicted, and closures drawn from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch

from vcnn.closure.adapters import Adapter
from vcnn.closure.protocol import HasLatents
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.latents import with_latents
from vcnn.flow.spreads import pair_spreads, without_spreads
from vcnn.network.distributions import Distribution, distributions


@dataclass(frozen=True, eq=False)
class ClosureDraw(Adapter):
    """One of the closures that a closure with spreads or latent variables says may be true.

    Latent variables are drawn once: the values of a draw differ from those of the closure alike at
    all points, which moves a coupled flow. Values that come with a spread are drawn at each point
    on its own, as `vcnn.network.Distribution` says; they show how far single values may lie from
    what is predicted, and average out over a mesh. Without noise both are those of the closure.

    Parameters
    ----------
    closure : ClosureLike
        A `Closure` with latent variables, or one some of whose targets come with a spread.
    seed : int
        Of the noise.
    noise : mapping name -> (n,), (n, d) or (n, d, d), optional
        In place of what the seed gives: standard normal numbers, of the shape of the target at all
        points of the flow to come; ``"latent"`` -> (k,).

    Raises
    ------
    InputError
        If it has neither.
    """

    seed: int = 0
    noise: Mapping[str, np.ndarray] = field(default_factory=dict)
    _spreads: ClassVar[bool] = True

    def __post_init__(self):
        super().__post_init__()
        if type(self.seed) is not int or self.seed < 0:
            raise InputError(f"seed: expected a non-negative integer, got {self.seed!r}")
        drawn = [*pair_spreads(self.closure.targets), *(["latent"] if self.latents else [])]
        if not isinstance(self.noise, Mapping) or not set(self.noise) <= set(drawn):
            raise InputError(
                f"noise: expected a mapping of {', '.join(drawn) or 'nothing'}, got {self.noise!r}"
            )
        if not pair_spreads(self.closure.targets) and not self.latents:
            predicted = ", ".join(self.closure.targets) or "what it does not name"
            raise InputError(
                "closure: expected a target that comes with its spread, or latent variables, got "
                f"one that predicts {predicted}; a closure is drawn first, then adapted"
            )

    @property
    def latents(self) -> tuple[str, ...]:
        """Names of the latent variables."""
        return self.closure.latents if isinstance(self.closure, HasLatents) else ()

    @property
    def targets(self) -> Mapping[str, str]:
        """Name -> kind of the fields that it predicts, without their spreads."""
        return without_spreads(self.closure.targets)

    def prepare(self, flow: FlowField) -> FlowField:
        """The flow with the latent variables that are drawn."""
        z = self._noise("latent", -1, (len(self.latents),))
        return with_latents(flow, self.latents, z)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """Values drawn; see `ClosureLike.predict`.

        Raises
        ------
        InputError
            If the noise is not of the shape of the target.
        """
        flow = self.prepare(flow)
        values = self.closure.predict(flow, centres=centres, dtype=dtype)
        fields = _named(self.closure.targets, values)
        for number, (name, value) in enumerate(fields.items()):
            if isinstance(value, Distribution):
                noise = self._noise(name, number, (len(flow), *value.mean.shape[1:]))
                noise = noise if centres is None else noise[centres]
                fields[name] = value.sample(torch.from_numpy(noise))
        return {name: np.asarray(value) for name, value in fields.items()}

    def _noise(self, name, number, shape) -> np.ndarray:
        if name not in self.noise:
            return np.random.default_rng([self.seed, 1 + number]).standard_normal(shape)
        noise = np.array(self.noise[name], dtype=np.float64)
        if noise.shape != shape:
            raise InputError(f"noise: {name}: expected shape {shape}, got {noise.shape}")
        return noise


def deviations(
    targets: Mapping[str, str], values: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Standard deviations (n,) of values, of those of vectors and tensors that of their length.

    Parameters
    ----------
    targets : name -> kind
    values : name -> (n,), (n, d) or (n, d, d)
        What was predicted, spreads included.

    Returns
    -------
    dict
        Of the targets that come with a spread, by their name.
    """
    fields = _named(targets, values)
    return {
        name: value.deviation().numpy()
        for name, value in fields.items()
        if isinstance(value, Distribution)
    }


def variance_between(values: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) summed variances of the components of m fields (n, ...), 0 of a single one."""
    each = np.stack(values)
    if len(each) == 1:
        return np.zeros(each.shape[1])
    return each.var(axis=0, ddof=1).reshape(each.shape[1], -1).sum(axis=1)


def _named(targets, values) -> dict[str, torch.Tensor | Distribution]:
    """Values and distributions, by name, of the targets that are no spreads."""
    tensors = [torch.from_numpy(np.ascontiguousarray(values[name])) for name in targets]
    return dict(zip(without_spreads(targets), distributions(targets, tensors), strict=True))
