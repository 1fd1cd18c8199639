"""What training minimises, seen by a network that gives one number everywhere."""

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Network, RegionOfInfluence, TrainingConfig, fit

REGION = RegionOfInfluence.ball(0.3)


class Constant(Network):
    """The same value for every cloud, whatever is in it."""

    name = "constant"
    scaling = False  # so that targets stay as they are

    def __init__(self):
        super().__init__()
        self.level = torch.nn.Parameter(torch.zeros(1))

    def forward(self, clouds, points):
        return self.level.expand(len(clouds))


def learned(flow, config, **options):
    closure = fit(Constant(), [flow], "target", REGION, config, progress=False, **options)
    return float(closure.network.level.detach())


@pytest.mark.parametrize("importance", [None, "importance"], ids=["plain", "importance"])
def test_the_minimum_is_the_weighted_mean(importance):
    """Σ w s (c − y)² is least at c = Σ w s y / Σ w s, with weights w and importance s; to what is
    left of a step of Adam after a schedule that ends at zero.
    """
    flow = random_flow(2, n=60, seed=3)
    s = np.random.default_rng(0).uniform(0.05, 1, 60)
    target = flow.weights + s**2
    flow = flow.with_fields(scalars={"target": target, "importance": s})
    config = TrainingConfig(epochs=400, batch_size=60, learning_rate=0.05, dtype="float64")
    weights = {"plain": flow.weights, "importance": flow.weights * s, "none": np.ones(60), "s": s}
    means = {name: np.average(target, weights=w) for name, w in weights.items()}
    assert np.diff(sorted(means.values())).min() > 0.02
    found = learned(flow, config, importance=importance)
    assert found == pytest.approx(means[importance or "plain"], abs=1e-3)


def test_a_rare_value_pulls_no_harder_the_farther_it_is_away():
    """One point among fifty, alone in its batch: its gradient is shortened to length 1, whether its
    target is 100 or a million. Adam by itself would take its size for that of all gradients.
    """
    flow = random_flow(2, n=50, seed=4)
    config = TrainingConfig(epochs=30, batch_size=1, learning_rate=0.01, dtype="float64")

    def level(outlier):
        target = np.where(np.arange(50) == 17, outlier, 0.5)
        return learned(flow.with_fields(scalars={"target": target}), config)

    near, far = level(100.0), level(1e6)
    assert far == pytest.approx(near, rel=1e-4)
    assert near == pytest.approx(0.5, abs=0.3)
