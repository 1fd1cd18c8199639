"""What a step of training makes small, by how much, and what each sample counts for."""

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from tests.support.synthetic import random_flow
from vcnn import Closure, Network, RegionOfInfluence, Scales, TrainingConfig, fit
from vcnn.network import Symmetry
from vcnn.training.loss import weighted_square_error
from vcnn.training.samples import Samples, draw_samples

BALL = RegionOfInfluence.ball(0.6)
CONFIG = TrainingConfig(epochs=3, batch_size=50, learning_rate=1e-2, dtype="float64")


class Speed(Network):
    """One weight times the speed of the centre."""

    symmetry = Symmetry.O

    def __init__(self, weight=1.0):
        super().__init__(weight=weight)
        self.weight = torch.nn.Parameter(torch.tensor(float(weight)))

    def forward(self, clouds, points):
        return self.weight * points.velocity[clouds.centres].norm(dim=1)


@pytest.fixture
def steps():
    """(learning rate, length of the gradient) of each step that an optimizer takes."""
    taken = []

    def look(optimizer, *_):
        (group,) = optimizer.param_groups
        length = torch.cat([p.grad.ravel() for p in group["params"]]).norm()
        taken.append((group["lr"], length.item()))

    handle = register_optimizer_step_pre_hook(look)
    yield taken
    handle.remove()


def test_the_loss_is_the_weighted_mean_of_squares_over_all_components():
    rng = np.random.default_rng(0)
    shapes = ((7,), (7, 3), (7, 3, 3))
    values, goals = ([rng.standard_normal(shape) for shape in shapes] for _ in range(2))
    weights = rng.uniform(0, 2, 7)
    expected = np.mean(
        [
            weights[k] * sum(((v[k] - g[k]) ** 2).sum() for v, g in zip(values, goals, strict=True))
            for k in range(7)
        ]
    )
    tensors = [[torch.from_numpy(a) for a in arrays] for arrays in (values, goals)]
    loss = weighted_square_error(*tensors, torch.from_numpy(weights))
    assert loss.item() == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("centres", [None, 40])
def test_samples_count_by_their_weights_and_importance(centres):
    """Both multiply; 1 on average over a whole flow; goals are scaled; no weight, no centre."""
    flows = [random_flow(2, 80), random_flow(2, 60, seed=1)]
    flows = [f.with_fields(scalars={"i": np.maximum(f.points[:, 0] - 0.5, 0)}) for f in flows]
    closure = Closure(Speed(), BALL, "concentration", 2, Scales(targets=((0.3, 2.0),)))
    config = TrainingConfig(centres=centres, dtype="float64")
    samples = Samples.concatenate(
        [draw_samples(closure, flow, number, config, "i") for number, flow in enumerate(flows)]
    )
    owner = np.searchsorted([len(flows[0])], samples.clouds.centres, side="right")
    place = samples.clouds.centres - owner * len(flows[0])
    assert set(owner) == {0, 1}
    for weight, goal, number, k in zip(
        samples.weights, samples.goals[0], owner, place, strict=True
    ):
        flow = flows[number]
        expected = flow.scalars["i"][k] * flow.weights[k] / flow.weights.mean()
        assert weight.item() == pytest.approx(expected, rel=1e-14) and expected > 0
        truth = flow.scalars["concentration"][k]
        assert goal.item() == pytest.approx((truth - 0.3) / 2.0, rel=1e-13)
    important = [np.count_nonzero(flow.scalars["i"]) for flow in flows]
    assert len(samples) == sum(
        important if centres is None else [min(centres, n) for n in important]
    )


def test_the_rate_rises_over_a_twentieth_of_all_steps_and_falls_as_a_cosine(steps):
    peak = CONFIG.learning_rate
    assert CONFIG.learning_rate_at(0.025) == pytest.approx(0.5 * peak, rel=1e-2)
    assert CONFIG.learning_rate_at(0.05) == pytest.approx(peak, rel=1e-2)
    assert CONFIG.learning_rate_at(0.5) == pytest.approx(0.5 * peak, rel=1e-12)
    assert CONFIG.learning_rate_at(1.0) == pytest.approx(0, abs=1e-15)
    fit(Speed(), [random_flow(2)], "concentration", BALL, CONFIG, progress=False)
    every = [CONFIG.learning_rate_at((k + 0.5) / 9) for k in range(9)]  # 3 epochs of 3 batches
    assert [rate for rate, _ in steps] == pytest.approx(every, rel=1e-14)


def test_long_gradients_are_shortened_and_short_ones_left(steps):
    """A weight of 1000 is off by as much: its gradient is about as long."""
    network = Speed(1000.0)
    fit(network, [random_flow(2)], "concentration", BALL, CONFIG, progress=False)
    assert [length for _, length in steps] == pytest.approx([1.0] * len(steps), rel=1e-4)
    steps.clear()
    fit(Speed(0.1), [random_flow(2)], "concentration", BALL, CONFIG, progress=False)
    assert 0 < min(length for _, length in steps) < 0.9


def test_clouds_are_cut_afresh_in_every_epoch():
    """To `max_points`, each epoch with others of their points."""
    network, seen = Speed(), []

    def look(_, arguments):
        (clouds, _) = arguments
        if network.training:
            seen.append(clouds)

    network.register_forward_pre_hook(look)
    config = TrainingConfig(epochs=2, batch_size=200, max_points=5, dtype="float64")
    flow = random_flow(2)
    fit(network, [flow], "concentration", BALL, config, progress=False)
    whole = BALL.clouds(flow).counts
    assert len(seen) == 2 and whole.max() > 5
    for clouds in seen:
        assert sorted(clouds.counts) == sorted(np.minimum(whole, 5))
    chosen = [
        {tuple(sorted(cloud)) for cloud in np.split(clouds.positions[:, 0], clouds.offsets[1:-1])}
        for clouds in seen
    ]
    assert len(chosen[0] - chosen[1]) > len(flow) / 2
