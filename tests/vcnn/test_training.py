"""Training: it learns a nonlocal closure, resumes exactly, stops early, and refuses bad runs."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    DivergenceError,
    InputError,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    Zhou2022,
    fit,
)
from vcnn.baselines import DeepSets, GraphKernelNetwork, InvariantGraphKernelNetwork
from vcnn.flow.norms import relative_l2

REGION = RegionOfInfluence.ball(0.5)
SCALARS = ("strain_rate",)
CONFIG = TrainingConfig(epochs=6, batch_size=32, max_points=12, seed=1)


def nonlocal_flow(seed, n=400):
    """Target: the weighted mean over the cloud of s (1 + r·u), a frame-independent nonlocal
    functional.
    """
    flow = random_flow(2, n=n, periodic=True, seed=seed)
    clouds = REGION.clouds(flow)
    j = clouds.neighbours
    kernel = flow.scalars["strain_rate"][j] * (1 + (clouds.positions * flow.velocity[j]).sum(1))
    target = np.bincount(clouds.owners, clouds.shares * kernel)
    return flow.with_fields(scalars={"target": target})


def small_network():
    return VectorCloudNetwork(SCALARS, channels=4, hidden=16, fitting=(32,))


def weights(closure):
    return torch.cat([p.detach().flatten() for p in closure.network.parameters()])


def test_learns_a_nonlocal_closure_on_a_flow_it_never_saw():
    flows = [nonlocal_flow(seed) for seed in range(3)]
    unseen = nonlocal_flow(9)
    config = TrainingConfig(epochs=60, batch_size=64, learning_rate=5e-3)
    closure = fit(small_network(), flows, "target", REGION, config, progress=False)
    truth = unseen.scalars["target"]
    mean_only = relative_l2(np.full_like(truth, np.average(truth)), truth)
    assert relative_l2(closure.predict(unseen), truth, unseen.weights) < 0.15 * mean_only


def stressed_flow(seed, n=300):
    """Targets of several kinds: means over the cloud of s u ⊗ u and of s u, and its fluctuation
    energy of s.
    """
    flow = random_flow(2, n=n, periodic=True, seed=seed)
    clouds = REGION.clouds(flow)
    j, w, s = clouds.neighbours, clouds.shares, flow.scalars["strain_rate"]
    u, mean = flow.velocity[j], lambda values: np.add.reduceat(values, clouds.offsets[:-1])
    return flow.with_fields(
        scalars={"energy": 0.1 + mean(w * s[j] ** 2)},
        vectors={"flux": mean((w * s[j])[:, None] * u)},
        tensors={"stress": mean((w * s[j])[:, None, None] * u[:, :, None] * u[:, None])},
    )


def test_learns_stress_flux_and_energy_at_once(tmp_path):
    targets = ("stress", "flux", "energy")
    network = VectorCloudNetwork(
        SCALARS,
        output=["reynolds_stress", "vector", "positive_scalar"],
        channels=4,
        hidden=16,
        fitting=(32,),
    )
    config = TrainingConfig(epochs=60, batch_size=64, learning_rate=5e-3)
    closure = fit(
        network, [stressed_flow(seed) for seed in range(3)], targets, REGION, config, progress=False
    )
    unseen = stressed_flow(9)
    errors = closure.errors(unseen)
    assert list(errors) == list(targets)
    assert max(errors.values()) < 0.15, errors
    found = Closure.load(closure.save(tmp_path / "model.safetensors")).predict(unseen)
    assert (np.linalg.eigvalsh(found["stress"]) >= -1e-6 * np.abs(found["stress"]).max()).all()
    assert found["energy"].min() > 0 and found["flux"].shape == unseen.velocity.shape
    for name, values in closure.predict(unseen).items():
        np.testing.assert_array_equal(found[name], values)


def test_points_without_importance_are_not_learned_from():
    flow = nonlocal_flow(0, 200)
    inside = (flow.points[:, 0] < 1.5).astype(float)
    other = np.where(inside, flow.scalars["target"], 1e6)
    a, b = (
        fit(
            small_network(),
            [flow.with_fields(scalars={"target": values, "inside": inside})],
            "target",
            REGION,
            CONFIG,
            importance="inside",
            progress=False,
        )
        for values in (flow.scalars["target"], other)
    )
    assert torch.equal(weights(a), weights(b)) and a.scales == b.scales
    with pytest.raises(
        InputError, match="flow 0: importance 'trust' is missing; its scalars: strain_rate"
    ):
        fit(small_network(), [flow], "target", REGION, CONFIG, importance="trust")


@pytest.mark.parametrize(
    "make, augmentation",
    [
        (small_network, "none"),
        (Zhou2022, "none"),
        (lambda: GraphKernelNetwork(SCALARS, kernel=(8,)), "none"),
        (lambda: DeepSets(SCALARS, width=16), "rotations"),
    ],
)
def test_an_interrupted_run_resumes_bit_for_bit(tmp_path, make, augmentation):
    config = replace(CONFIG, augmentation=augmentation)
    flows, validation = [nonlocal_flow(0, 150), nonlocal_flow(1, 100)], [nonlocal_flow(2, 80)]
    arguments = dict(
        flows=flows, target="target", region=REGION, validation=validation, progress=False
    )
    whole = fit(make(), config=config, run_directory=tmp_path / "whole", **arguments)

    class Killed(Exception):
        pass

    steps = []

    def kill(network, _):
        steps.append(network.training)
        if sum(steps) > 20:  # in the middle of the third epoch
            raise Killed

    victim = make()
    victim.register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        fit(victim, config=config, run_directory=tmp_path / "killed", **arguments)
    before = json.loads((tmp_path / "killed" / "history.json").read_text())
    assert 0 < len(before) < CONFIG.epochs
    resumed = fit(make(), config=config, run_directory=tmp_path / "killed", **arguments)
    assert torch.equal(weights(resumed), weights(whole))
    saved = Closure.load(tmp_path / "killed/model.safetensors")
    assert torch.equal(weights(saved), weights(whole)) and saved.scales == whole.scales
    assert saved.provenance["training_seconds"] > sum(entry["seconds"] for entry in before) > 0
    assert saved.provenance["training_threads"] == torch.get_num_threads()


@pytest.mark.parametrize(
    "make, targets",
    [
        (
            lambda: VectorCloudNetwork(
                SCALARS, output=["reynolds_stress", "vector"], channels=4, hidden=8, fitting=(8,)
            ),
            ("stress", "flux"),
        ),
        (lambda: InvariantGraphKernelNetwork(SCALARS, kernel=(8,)), "energy"),
    ],
)
def test_rotations_change_nothing_for_networks_that_turn_with_the_frame(make, targets):
    """Clouds, velocities, vector and tensor goals are turned together."""
    config = TrainingConfig(epochs=2, batch_size=32, max_points=12, dtype="float64")
    flows = [stressed_flow(0, 100)]
    plain, turned = (
        fit(make(), flows, targets, REGION, replace(config, augmentation=kind), progress=False)
        for kind in ("none", "rotations")
    )
    assert torch.allclose(weights(turned), weights(plain), rtol=1e-9, atol=1e-11)
    assert not torch.equal(weights(turned), weights(plain))  # and yet clouds were turned


def test_validation_keeps_the_best_weights_and_patience_stops(tmp_path):
    flows, validation = [nonlocal_flow(0, 150)], [nonlocal_flow(2, 80)]
    config = TrainingConfig(
        epochs=40, batch_size=32, learning_rate=0.1, patience=3
    )  # too fast: errors jump about
    closure = fit(
        small_network(), flows, "target", REGION, config, validation, tmp_path, progress=False
    )
    history = json.loads((tmp_path / "history.json").read_text())
    errors = [entry["validation_error"] for entry in history]
    assert len(history) == np.argmin(errors) + 1 + 3 < 40
    error = relative_l2(
        closure.predict(validation[0]), validation[0].scalars["target"], validation[0].weights
    )
    assert error == pytest.approx(min(errors), rel=1e-12)


def test_refusals(tmp_path):
    flows = [nonlocal_flow(0, 60)]
    fit(small_network(), flows, "target", REGION, CONFIG, run_directory=tmp_path, progress=False)
    with pytest.raises(InputError, match="belongs to another run"):
        fit(
            small_network(),
            flows,
            "target",
            REGION,
            replace(CONFIG, seed=2),
            run_directory=tmp_path,
        )
    with pytest.raises(
        InputError, match="flow 0: target 'stress' is missing; its scalars: strain_rate"
    ):
        fit(small_network(), flows, "stress", REGION, CONFIG)
    with pytest.raises(InputError, match="flow 1: is 3-D, the first one is 2-D"):
        fit(
            small_network(),
            [flows[0], random_flow(3).with_fields(scalars={"target": np.ones(120)})],
            "target",
            REGION,
        )
    with pytest.raises(InputError, match="needs vectors gradient; the flow has: pressure_gradient"):
        fit(VectorCloudNetwork(vectors=["gradient"]), flows, "target", REGION)
    with pytest.raises(InputError, match="at least one training flow"):
        fit(small_network(), [], "target", REGION)
    for wrong in (
        dict(epochs=0),
        dict(learning_rate=-1.0),
        dict(dtype="float16"),
        dict(seed=1.5),
        dict(patience=True),
        dict(augmentation="mirrors"),
    ):
        with pytest.raises(InputError, match=next(iter(wrong))):
            TrainingConfig(**wrong)
    with pytest.raises(DivergenceError, match="lower learning_rate"):
        fit(
            small_network(),
            flows,
            "target",
            REGION,
            TrainingConfig(epochs=30, learning_rate=1e30),
            progress=False,
        )
