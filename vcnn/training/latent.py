"""The regression of fields with latent variables: a network learns what may be, not what is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from vcnn.errors import InputError
from vcnn.flow.latents import with_latents
from vcnn.flow.spreads import pair_spreads
from vcnn.network.energy_score import energy_score
from vcnn.training.loss import weighted_square_error
from vcnn.training.regression import FieldRegression
from vcnn.training.samples import Samples
from vcnn.training.task import Step

_DRAWS = 4  # of the latent variables, in a step
_VALIDATION_DRAWS = 16


@dataclass(frozen=True, eq=False)
class LatentBatch:
    """The same samples with several draws of the latent variables of their flows.

    Parameters
    ----------
    draws : sequence of Samples
    groups : (m,)
        Numbers of their flows.
    """

    draws: Sequence[Samples]
    groups: torch.Tensor


@dataclass(frozen=True, eq=False)
class LatentRegression(FieldRegression):
    """A regression whose loss is the energy score of several draws of latent variables.

    They are drawn once for each flow of a batch, so that what the network makes of them is alike at
    all its points; a flow's clouds in the batch are one vector to the score.
    """

    @classmethod
    def of(cls, regression: FieldRegression) -> LatentRegression:
        """That of the same samples as a ``regression``.

        Raises
        ------
        InputError
            If it has a loss of its own, or targets come with a spread.
        """
        if pairs := pair_spreads(regression.closure.targets):
            raise InputError(
                f"target: {next(iter(pairs))} comes with a spread, and the network takes "
                f"{', '.join(regression.network.latents)}; expected one of them"
            )
        if regression.criterion is not weighted_square_error:
            raise InputError("loss: expected none with latent variables, whose loss is a score")
        return cls(**{each.name: getattr(regression, each.name) for each in fields(regression)})

    def batch(self, index: np.ndarray, step: Step) -> LatentBatch:
        """Samples number ``index`` (m,), each as `FieldRegression` has them; z for the ``step``."""
        clouds = self.samples.clouds
        groups = torch.from_numpy(self.owners[clouds.centres[index]])
        draws = []
        for _ in range(_DRAWS):
            z = step.rng.standard_normal((len(self.network.latents), self.owners.max() + 1))
            latents = dict(zip(self.network.latents, z[:, self.owners], strict=True))
            flow = replace(clouds.flow, scalars={**clouds.flow.scalars, **latents})
            samples = replace(self.samples, clouds=replace(clouds, flow=flow))
            draws.append(self.cut(samples.select(index), step))
        return LatentBatch(draws, groups)

    def loss(self, batch: LatentBatch) -> torch.Tensor:
        """The mean energy score of the flows in a ``batch``, by their numbers of clouds."""
        draws = [self.network.values(samples.clouds) for samples in batch.draws]
        first = batch.draws[0]
        scores = energy_score(
            torch.stack([_components(values) for values in draws]),
            _components(first.goals),
            first.weights,
            batch.groups,
        )
        counts = torch.bincount(batch.groups, minlength=len(scores))
        return (scores * counts).sum() / counts.sum()

    def validation_error(self) -> float | None:
        """Mean over validation flows and targets of the energy score, relative to the field.

        Of fixed draws; None without flows.
        """
        if not self.validation:
            return None
        rng, closure = np.random.default_rng([self.config.seed, 5]), self.closure.by_name()
        z = rng.standard_normal((_VALIDATION_DRAWS, len(self.network.latents)))
        scores = []
        for flow in self.validation:
            flows = [with_latents(flow, self.network.latents, values) for values in z]
            draws = [closure.predict(each) for each in flows]
            weights = torch.from_numpy(flow.weights)
            for name, truth in closure.truth(flow).items():
                values = torch.stack([_components([torch.from_numpy(d[name])]) for d in draws])
                goal = _components([torch.from_numpy(truth)])
                score = energy_score(values, goal, weights, torch.zeros(len(flow), dtype=int))
                size = torch.sqrt((weights @ goal.square()).sum() / weights.sum())
                scores.append(float(score / (size if size > 0 else 1)))
        return float(np.mean(scores))


def _components(values: Sequence[torch.Tensor]) -> torch.Tensor:
    """Values (m, ...) of several targets as (m, q)."""
    return torch.cat([value.reshape(len(value), -1) for value in values], dim=1)
