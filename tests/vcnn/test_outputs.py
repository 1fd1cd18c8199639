"""Outputs are what they claim, and whatever turns with the frame can be represented."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import special_ortho_group

from tests.support.synthetic import random_flow
from vcnn import FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.network import PairEmbeddingNetwork

BALL = RegionOfInfluence.ball(0.6)
NETWORKS = {
    "vector-cloud": lambda **options: VectorCloudNetwork(["strain_rate"], **options),
    "pair embedding": lambda **options: PairEmbeddingNetwork(["strain_rate"], order=2, **options),
}


@settings(max_examples=30)
@given(
    d=st.sampled_from([1, 2, 3]),
    n=st.integers(1, 20),
    seed=st.integers(0, 10**6),
    scale=st.floats(1e-3, 1e3),
    name=st.sampled_from(sorted(NETWORKS)),
)
def test_reynolds_stresses_are_realizable_whatever_the_weights(d, n, seed, scale, name):
    network = NETWORKS[name](output="reynolds_stress", seed=seed).double()
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(scale)
        stress = network(BALL.clouds(random_flow(d, n=n, seed=seed)))
    assert torch.equal(stress, stress.transpose(1, 2))
    # a product of d x d matrices is rounded by d eps |R| |R|, with the norms of Frobenius
    trace = stress.diagonal(dim1=1, dim2=2).sum(dim=1)
    least = torch.linalg.eigvalsh(stress)[:, 0]
    assert (least >= -4 * d * torch.finfo(stress.dtype).eps * trace).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_traceless_and_positive_are_what_they_say(name):
    network = NETWORKS[name](output=["traceless_symmetric_tensor", "positive_scalar"]).double()
    clouds = BALL.clouds(random_flow(3))
    network.calibrate(clouds)
    with torch.no_grad():
        tensor, scalar = network(clouds)
    assert tensor.diagonal(dim1=1, dim2=2).sum(1).abs().max() <= 1e-13 * tensor.abs().max()
    assert scalar.min() > 0 and tensor.abs().max() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_on_a_line_the_only_traceless_tensor_is_zero(name):
    network = NETWORKS[name](output=["traceless_symmetric_tensor", "scalar"])
    clouds = BALL.clouds(random_flow(1))
    network.calibrate(clouds)
    with torch.no_grad():
        tensor, scalar = network(clouds)
    assert tensor.shape == (120, 1, 1) and not tensor.any()
    assert scalar.std() > 0


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_basis_of_a_generic_cloud_spans_all_symmetric_tensors(d, name):
    network = NETWORKS[name](output="symmetric_tensor").double()
    clouds = RegionOfInfluence.ball(1.2).clouds(random_flow(d)).compact()
    with torch.no_grad():
        network.calibrate(clouds)
        last = network.fitting[-1]
        last.weight.zero_()  # so that coefficients are what the bias says
        basis = []
        for coefficients in torch.eye(len(last.bias), dtype=torch.float64):
            last.bias.copy_(coefficients)
            basis.append(network(clouds).flatten(1))
        singular = torch.linalg.svdvals(torch.stack(basis, dim=1))
    needed = d * (d + 1) // 2
    assert (singular[:, needed - 1] > 1e-3 * singular[:, 0]).all()
    assert (singular[:, needed:] < 1e-12 * singular[:, :1]).all()  # symmetric ones only


@pytest.mark.parametrize("make", [VectorCloudNetwork, PairEmbeddingNetwork])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize(
    "kind", ["symmetric_tensor", "traceless_symmetric_tensor", "reynolds_stress", "vector"]
)
def test_any_equivariant_target_can_be_represented(kind, d, make):
    """Clouds are given random targets; a network learns them, and those of the turned clouds with
    them.
    """
    if (kind, d) == ("traceless_symmetric_tensor", 1):
        pytest.skip("the only one on a line is 0")
    flow = random_flow(d, n=60, seed=3)
    centres = np.arange(3)
    target = torch.randn(
        (3, *(d,) * (1 if kind == "vector" else 2)),
        dtype=torch.float64,
        generator=torch.Generator().manual_seed(0),
    )
    if kind != "vector":
        target = target + target.transpose(1, 2)
    if kind == "traceless_symmetric_tensor":
        target -= target.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(d)
    if kind == "reynolds_stress":
        target = target @ target
    target = target / target.square().mean().sqrt()
    network = make(["strain_rate"], output=kind, seed=1).double()
    clouds = RegionOfInfluence.ball(1.2).clouds(flow, centres)
    network.calibrate(clouds)
    optimizer = torch.optim.LBFGS(
        network.parameters(),
        max_iter=200,
        tolerance_grad=1e-12,
        tolerance_change=1e-15,
        history_size=50,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        loss = (network(clouds) - target).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        assert (network(clouds) - target).norm() < 1e-3 * target.norm()
        R = -np.eye(1) if d == 1 else special_ortho_group.rvs(d, random_state=4)
        turned = network(RegionOfInfluence.ball(1.2).clouds(flow.rotated(R), centres))
        expected = target @ R.T if kind == "vector" else R @ target.numpy() @ R.T
        assert (turned - torch.as_tensor(expected)).norm() < 1e-3 * target.norm()


def mirror_images(seed, count=300, pairs=12):
    """Clouds at rest that are their own mirror image through the centre, elongated at random: where
    it is a centre, ``anisotropy`` is the squared norm of the deviator of Σ w r ⊗ r / Σ w."""
    rng = np.random.default_rng(seed)
    points, weights, anisotropy = [], [], []
    for k in range(count):
        angle = rng.uniform(0, np.pi)
        r = rng.standard_normal((pairs, 2))
        r /= np.linalg.norm(r, axis=1, keepdims=True)
        w = 1 + rng.uniform(0.2, 1.0) * ((r @ [np.cos(angle), np.sin(angle)]) ** 2 - 0.5)
        moment = np.einsum("n,ni,nj->ij", w, r, r) / w.sum()
        points.append(np.array([10.0 * k, 0.0]) + np.concatenate([np.zeros((1, 2)), r, -r]))
        weights.append([1.0, *w, *w])
        anisotropy.append([np.linalg.norm(moment - 0.5 * np.eye(2)) ** 2] + 2 * pairs * [0.0])
    points, weights, anisotropy = (np.concatenate(parts) for parts in (points, weights, anisotropy))
    scalars = {"anisotropy": anisotropy, "centre": (anisotropy > 0).astype(float)}
    return FlowField(points, np.zeros_like(points), weights, scalars)


SEEING = {
    "pairs of order 1": (PairEmbeddingNetwork, {"order": 1, "embedding": 16}),
    "pairs of order 2": (PairEmbeddingNetwork, {"order": 2, "embedding": 16}),
    "moments": (VectorCloudNetwork, {}),
    "second moments": (VectorCloudNetwork, {"second_moments": True}),
}


@pytest.mark.parametrize("name", SEEING)
def test_second_moments_see_what_first_moments_cannot(name):
    """The anisotropy of clouds that are their own mirror image: a quadrupole."""
    network, options = SEEING[name]
    unseen = mirror_images(seed=1)
    centres = np.flatnonzero(unseen.scalars["centre"])
    truth = unseen.scalars["anisotropy"][centres]
    closure = fit(
        network(**options, hidden=16, fitting=(32,)),
        [mirror_images(seed=0)],
        "anisotropy",
        RegionOfInfluence.ball(1.1, smooth=1),
        TrainingConfig(epochs=100, batch_size=32, learning_rate=5e-3),
        importance="centre",
        progress=False,
    )
    error = np.std(closure.predict(unseen, centres) - truth) / np.std(truth)
    if name in ("pairs of order 2", "second moments"):
        assert error < 0.1
    else:
        assert error > 0.5  # the share of the centre says a little, the points around it nothing
