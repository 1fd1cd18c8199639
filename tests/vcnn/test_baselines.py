"""Networks to compare with: their symmetries, clouds that do not mix, files, learning, clear
errors.
"""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    InputError,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.baselines import (
    EGNN,
    AttentionNetwork,
    CanonicalNetwork,
    DeepSets,
    E3nnNetwork,
    GraphKernelNetwork,
    InvariantGraphKernelNetwork,
)
from vcnn.flow.norms import relative_l2
from vcnn.network.registry import build_network
from vcnn.testing import assert_equivariant, equivariance_errors

BALL = RegionOfInfluence.ball(0.6)
SCALARS = ("strain_rate",)
INVARIANT = (
    InvariantGraphKernelNetwork,
    EGNN,
    pytest.param(
        E3nnNetwork,
        marks=pytest.mark.skipif(not find_spec("e3nn"), reason="the extra rivals is not installed"),
    ),
)
FRAMED = (GraphKernelNetwork, DeepSets, AttentionNetwork)
ALL = (*INVARIANT, *FRAMED, CanonicalNetwork)


def by_name(kinds):
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name)


@by_name(INVARIANT)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_invariant_networks_do_not_see_the_frame(kind, d):
    flow = random_flow(d, n=80, periodic=True)
    assert_equivariant(kind(SCALARS, d), flow, 1e-12, BALL, centres=range(0, 80, 4))
    values = kind(SCALARS, d)(BALL.clouds(flow))
    assert values.std() > 1e-3 * values.abs().max()  # and yet they see the flow


@by_name(FRAMED)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_other_networks_see_the_frame_but_not_the_order_of_points(kind, d):
    network = kind(SCALARS, d)
    errors = equivariance_errors(
        network, random_flow(d, n=80, periodic=True), BALL, centres=range(0, 80, 4)
    )
    assert errors.claimed == "translations"
    frames = {"rotation 1", "rotation 2", "reflection"} & errors.rebuilt.keys()
    assert len(frames) == (1 if d == 1 else 3)
    assert min(errors.rebuilt[k] for k in frames) > 1e-2
    kept = {"translation", "permutation", "refinement"} & errors.rebuilt.keys()
    assert ("refinement" in kept) == network.weighted
    assert max(errors.rebuilt[k] for k in kept) <= 1e-12


@by_name(ALL)
def test_clouds_do_not_mix(kind):
    """Clouds of few and of many points: what else is in the batch does not change a prediction."""
    flow = random_flow(2, n=150, periodic=True)
    clouds = RegionOfInfluence.ellipsoid(along=0.9, across=0.2).clouds(flow)
    assert clouds.counts.max() > 4 * clouds.counts.min()
    network = kind(SCALARS).double()
    with torch.no_grad():
        together = network(clouds)
        alone = torch.cat([network(clouds.select([k])) for k in range(0, len(clouds), 10)])
    assert torch.allclose(together[::10], alone, rtol=1e-12, atol=1e-13)


@by_name(ALL)
def test_one_cloud_of_many_points(kind):
    """Cut into parts, the prediction is that of the whole."""
    flow = random_flow(2, n=400)
    clouds = RegionOfInfluence.ball(9.0).clouds(flow, [7])
    network = kind(SCALARS).double()
    order = np.random.default_rng(0).permutation(400)
    turned = RegionOfInfluence.ball(9.0).clouds(flow.permuted(order), [int(np.argsort(order)[7])])
    with torch.inference_mode():
        assert torch.allclose(network(clouds), network(turned), rtol=1e-11, atol=0)


@by_name(ALL)
def test_files_restore_predictions_bit_for_bit(tmp_path, kind):
    flow = random_flow(3, n=60)
    closure = Closure(
        kind(SCALARS, 3, "positive_scalar", seed=5).eval(),
        BALL,
        "concentration",
        3,
        Scales(scalars={"strain_rate": (1.0, 2.0)}),
    )
    values = closure.predict(flow)
    assert (values > 0).all()
    again = Closure.load(closure.save(tmp_path / "model.safetensors"))
    assert again.network.outputs == ("positive_scalar",)
    np.testing.assert_array_equal(again.predict(flow), values)


@by_name(ALL)
def test_positive_outputs_are_positive_whatever_the_weights(kind):
    network = kind(SCALARS, output="positive_scalar")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3).sub_(0.1)
        assert (network(BALL.clouds(random_flow(2))) >= 0).all()


def mean_flow(seed, n=150):
    """Target: the weighted mean over the cloud of s (1 + r·u), a frame-independent nonlocal
    functional.
    """
    flow = random_flow(2, n=n, periodic=True, seed=seed)
    clouds = BALL.clouds(flow)
    j = clouds.neighbours
    kernel = (
        clouds.shares
        * flow.scalars["strain_rate"][j]
        * (1 + (clouds.positions * flow.velocity[j]).sum(1))
    )
    return flow.with_fields(scalars={"target": np.add.reduceat(kernel, clouds.offsets[:-1])})


@by_name(ALL)
def test_every_network_learns(kind):
    flow = mean_flow(0, 100)
    epochs = 60 if kind is E3nnNetwork else 40  # the factors of its messages begin at 0
    config = TrainingConfig(epochs=epochs, batch_size=10, learning_rate=5e-3, max_points=12)
    closure = fit(kind(SCALARS), [flow], "target", BALL, config, progress=False)
    truth = flow.scalars["target"]
    mean_only = relative_l2(np.full_like(truth, truth.mean()), truth)
    assert relative_l2(closure.predict(flow), truth) < 0.5 * mean_only


@by_name(ALL)
def test_clear_errors(kind):
    with pytest.raises(InputError, match="dimension: expected 1, 2 or 3, got 4"):
        kind(SCALARS, 4)
    with pytest.raises(
        InputError, match=r"output: expected scalar or positive_scalar( or vector)?, got 'tensor'"
    ):
        kind(SCALARS, output="tensor")
    with pytest.raises(InputError, match="got an unexpected keyword argument 'breadth'"):
        build_network(kind.name, {"breadth": 3})
    flow = random_flow(3).with_fields(scalars={"target": np.ones(120)})
    with pytest.raises(InputError, match="the network takes 2-D flows, this flow is 3-D"):
        kind(SCALARS)(BALL.clouds(flow))
    with pytest.raises(InputError, match="flow 0: is 3-D, the network takes 2-D flows"):
        fit(kind(SCALARS), [flow], "target", BALL)


@pytest.mark.parametrize("kind", [*INVARIANT, *FRAMED], ids=lambda kind: kind.name)
def test_values_follow_the_velocity(kind):
    """Slopes are those of central differences; frames that jump have none and are refused."""
    flow = random_flow(2, n=40)
    network = kind(SCALARS).double().eval()
    closure = Closure(network, BALL, "c", 2, Scales(scalars={"strain_rate": (0.0, 1.0)}))
    predicted = closure.differentiable(flow)
    u = torch.tensor(flow.velocity, requires_grad=True)
    (slope,) = torch.autograd.grad(predicted(u)["c"].sum(), u)
    step = torch.randn(u.shape, generator=torch.Generator().manual_seed(0), dtype=u.dtype)
    h = 1e-7  # off by 1e-15 / h of round-off, and by the share of kinks of ReLU within h: 100 h
    with torch.no_grad():
        change = (predicted(u + h * step)["c"] - predicted(u - h * step)["c"]).sum() / (2 * h)
    assert (slope * step).sum().item() == pytest.approx(change.item(), rel=1e-4)
    assert abs(change) > 1e-3
    canonical = replace(closure, network=CanonicalNetwork(SCALARS).double())
    with pytest.raises(InputError, match="network: 'canonical' cannot be differentiated by the"):
        canonical.differentiable(flow)


@pytest.mark.parametrize("inner", ["deep-sets", "attention", "graph-kernel"])
@pytest.mark.parametrize("frame, symmetry", [("velocity", "SO(d)"), ("axes", "O(d)")])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_clouds_in_frames_of_their_own(d, frame, symmetry, inner):
    flow = random_flow(d, n=80, periodic=True)
    resting = np.arange(80) < 10  # as on walls
    flow = replace(flow, velocity=np.where(resting[:, None], 0.0, flow.velocity))
    network = CanonicalNetwork(SCALARS, d, inner=inner, frame=frame)
    errors = equivariance_errors(network, flow, BALL, centres=range(0, 80, 4))
    assert errors.claimed == symmetry and errors.worst <= 1e-10


def test_frames_of_clouds_are_not_continuous():
    """Where the velocity of the centre vanishes, 1e-8 of it decides which way a cloud is turned."""
    flow = random_flow(2, n=100)
    at_rest = flow.velocity - flow.velocity[[7]]
    clouds = [
        BALL.clouds(
            replace(flow, velocity=at_rest + (np.arange(100) == 7)[:, None] * [[0.0, speed]]), [7]
        )
        for speed in (1e-8, -1e-8)
    ]

    def values(network):
        return [network.double()(cloud).item() for cloud in clouds]

    a, b = values(CanonicalNetwork(SCALARS))
    assert abs(a - b) > 1e-2 * abs(a)
    a, b = values(VectorCloudNetwork(SCALARS))
    assert abs(a - b) < 1e-7 * abs(a)


def test_augmented_training_comes_closer_to_the_symmetry():
    flow = mean_flow(0)
    config = TrainingConfig(epochs=20, batch_size=15, learning_rate=5e-3, max_points=20)
    worst = {}
    for augmentation in ("none", "rotations"):
        network = DeepSets(SCALARS, width=32)
        fit(
            network,
            [flow],
            "target",
            BALL,
            replace(config, augmentation=augmentation),
            progress=False,
        )
        errors = equivariance_errors(network, flow, BALL)
        worst[augmentation] = max(errors.rebuilt["rotation 1"], errors.rebuilt["rotation 2"])
    assert 1e-6 < worst["rotations"] < 0.5 * worst["none"]


@by_name(ALL)
def test_gradients_reach_every_weight(kind):
    network = kind(SCALARS)
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():  # factors that begin at 0 hide what they multiply
                parameter.fill_(0.1)
    network(BALL.clouds(random_flow(2))).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name
