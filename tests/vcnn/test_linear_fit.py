"""Potentials by least squares: a law that is linear is found, and no other fit is better."""

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    DivergenceError,
    InputError,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    Zhou2022,
    fit,
)
from vcnn.atoms import (
    Accuracy,
    EnergyLoss,
    Frame,
    Potential,
    fit_linear_potential,
    fit_potential,
    join_clouds,
)
from vcnn.network import OUTPUTS, AtomCloudNetwork
from vcnn.training import fit_linear
from vcnn.training.least_squares import NormalEquations

SMALL = {"radial": 4, "mixed": (6, 4, 2)}


def places(seed):
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1], [2.4, 0.2, 0.1]])
    return corners + 0.15 * np.random.default_rng(seed).standard_normal((5, 3))


@pytest.fixture(scope="module")
def teacher():
    """A potential that is linear in the invariants of a network with the same first layers."""
    network = AtomCloudNetwork(2, fitting=(), seed=1, **SMALL).double()
    potential = Potential(network, ["C", "H"], 4.0, [-30.0, -5.0], 1.3)
    frames = [Frame(places(k), "CHCHH") for k in range(8)]
    clouds = join_clouds([potential.clouds(frame) for frame in frames])
    x = torch.from_numpy(np.concatenate([frame.positions for frame in frames]))
    near = clouds.relative(x) / potential.cutoff
    network.calibrate(clouds.as_vector_clouds(near, potential.smooth))
    with torch.no_grad():
        network.fitting[-1].weight[1:], network.fitting[-1].bias[1:] = 0, 0
    return potential


def test_a_law_that_is_linear_is_found(teacher, monkeypatch):
    """Energies and forces to round-off, also of frames that it has not seen."""
    frames = teacher.predict([Frame(places(k), "CHCHH") for k in range(40)])
    network = AtomCloudNetwork(2, fitting=(), seed=1, **SMALL).double()
    network.load_state_dict(teacher.network.state_dict())
    monkeypatch.setattr(network, "calibrate", lambda clouds: None)  # has that of the teacher
    with torch.no_grad():
        network.fitting[-1].weight.fill_(7)
    learned = fit_linear_potential(network, frames, 4.0, ridge=1e-14, progress=False)
    unseen = teacher.predict([Frame(places(k), "CHCHH") for k in range(40, 50)])
    accuracy = Accuracy.of(learned.predict(unseen), unseen)
    size = np.std([frame.forces for frame in unseen])
    assert accuracy.force_rmse < 1e-5 * size and accuracy.energy_rmse < 1e-5 * size


def springs(seed):
    """Bonds that break: forces e^(−r²) r between all pairs."""
    x = places(seed)
    r = x[None] - x[:, None]
    weights = np.exp(-(r**2).sum(axis=2))
    return Frame(
        x, "CHCHH", energy=0.25 * weights.sum() - 3, forces=-(weights[..., None] * r).sum(1)
    )


def test_no_other_last_layer_has_a_smaller_loss():
    frames = [springs(k) for k in range(30)]
    weights = EnergyLoss(energy=(1.0, 50.0))
    network = AtomCloudNetwork(2, fitting=(6,), **SMALL)
    learned = fit_linear_potential(network, frames, 4.0, weights=weights, progress=False)

    def loss():
        pairs = list(zip(learned.predict(frames), frames, strict=True))
        energy = np.mean([(p.energy - f.energy) ** 2 / len(f) ** 2 for p, f in pairs])
        return 50 * energy + np.mean([(p.forces - f.forces) ** 2 for p, f in pairs])

    best, last = loss(), network.fitting[-1]
    for number in (0, 3, None):
        for step in (1e-3, -1e-3):
            entry = last.bias[:1] if number is None else last.weight[:1, number]
            entry.data += step
            assert loss() > best
            entry.data -= step


def test_training_goes_on_from_it():
    frames, unseen = [springs(k) for k in range(60)], [springs(k) for k in range(60, 80)]
    network = AtomCloudNetwork(2, fitting=(12,), **SMALL)
    linear = fit_linear_potential(network, frames, 4.0, progress=False)
    before = Accuracy.of(linear.predict(unseen), unseen)
    config = TrainingConfig(epochs=20, batch_size=5, learning_rate=3e-3, dtype="float64")
    again = AtomCloudNetwork(2, fitting=(12,), seed=5, **SMALL)
    trained = fit_potential(again, frames, 4.0, config, start=linear, progress=False)
    assert Accuracy.of(trained.predict(unseen), unseen).force_rmse < 0.7 * before.force_rmse
    assert Accuracy.of(linear.predict(unseen), unseen) == before  # it stays as it is
    with pytest.raises(InputError, match="start: expected its settings"):
        fit_potential(again, frames, 4.5, config, start=linear)
    with pytest.raises(InputError, match=r"start: expected a vcnn\.atoms\.Potential"):
        fit_potential(again, frames, 4.0, config, start=network)


def test_what_cannot_be():
    frames = [springs(0)]
    with pytest.raises(InputError, match="expected a VectorCloudNetwork of one scalar"):
        fit_linear_potential(AtomCloudNetwork(2, "vector", **SMALL), frames, 4.0)
    with pytest.raises(InputError, match="ridge: expected a positive number"):
        fit_linear_potential(
            AtomCloudNetwork(2, fitting=(), **SMALL), frames, 4.0, ridge=0.0, progress=False
        )
    equations = NormalEquations(2)
    equations.add(torch.full((1, 2), torch.nan), torch.ones(1))
    with pytest.raises(DivergenceError, match="linear fit"):
        equations.solve(1e-8)
    assert issubclass(AtomCloudNetwork, VectorCloudNetwork)


@pytest.mark.parametrize("kind", ["scalar", "vector", "symmetric_tensor"])
def test_closures_that_are_linear_are_found(kind):
    """The teacher is a closure with other coefficients over the same invariants."""
    flow = random_flow(2, 150)
    small = {"channels": 4, "hidden": 8, "mixed": (4, 3, 2), "retained": 2, "basis": 2, "fits": 1}
    region = RegionOfInfluence.ball(0.5)

    def network():
        return VectorCloudNetwork(["strain_rate"], output=kind, fitting=(), **small)

    def known(values):
        return flow.with_fields(**{f"{OUTPUTS[kind]}": {"target": values}})

    shape = {"scalar": (), "vector": (2,), "symmetric_tensor": (2, 2)}[kind]
    config = TrainingConfig(dtype="float64")
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((150, *shape))
    noise = noise if kind != "symmetric_tensor" else noise + noise.swapaxes(1, 2)
    teacher = fit_linear(network(), [known(noise)], "target", region, config)
    truth = known(teacher.predict(flow))
    learned = fit_linear(network(), [truth], "target", region, config, ridge=1e-13)
    error = np.linalg.norm(learned.predict(flow) - teacher.predict(flow))
    assert error < 1e-5 * np.linalg.norm(teacher.predict(flow))
    again = fit(flows=[truth], start=learned, config=TrainingConfig(epochs=1), progress=False)
    assert again.targets == learned.targets


def test_closures_that_are_not_linear():
    flow = random_flow(2, 50)
    for network, message in (
        (VectorCloudNetwork(output="positive_scalar"), "output: expected some of scalar"),
        (Zhou2022(["strain_rate"]), "network: expected a VectorCloudNetwork"),
    ):
        with pytest.raises(InputError, match=message):
            fit_linear(network, [flow], "concentration", RegionOfInfluence.ball(0.5))
