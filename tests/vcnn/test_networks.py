"""Symmetries of the networks at round-off, with clouds rebuilt in the new frame, and what breaks them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import special_ortho_group
from synthetic import random_flow

from vcnn import FlowField, InputError, RegionOfInfluence, VectorCloudNetwork, Zhou2022
from vcnn.architectures import architectures, build_network
from vcnn.baselines import GraphKernelNetwork

REGION = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
SCALARS = ("strain_rate", "wall_distance")


def ours():
    return VectorCloudNetwork(SCALARS, ["pressure_gradient"])


INVARIANT = {"default": ours, "zhou2022": Zhou2022}
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}


def evaluate(network, flow, centres=None):
    with torch.no_grad():
        return network(REGION.clouds(flow, centres)).double().numpy()


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


@pytest.mark.parametrize("periodic", [False, True], ids=["bounded", "periodic"])
@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", INVARIANT)
def test_invariance(name, dtype, d, periodic):
    network = INVARIANT[name]().to(dtype)
    flow = random_flow(d, periodic=periodic)
    reference = evaluate(network, flow)
    assert np.ptp(reference) > 1e-3  # a constant would be invariant too
    R = special_ortho_group.rvs(d, random_state=2)
    order = np.random.default_rng(5).permutation(len(flow))
    assert relative(evaluate(network, flow.rotated(R)), reference) <= TOLERANCE[dtype]
    assert relative(evaluate(network, flow.reflected(np.arange(1, d + 1))), reference) <= TOLERANCE[dtype]
    assert relative(evaluate(network, flow.translated(np.full(d, 3.7))), reference) <= TOLERANCE[dtype]
    assert relative(evaluate(network, flow.permuted(order)), reference[order]) <= TOLERANCE[dtype]
    assert relative(evaluate(network, flow.rotated(R).translated(np.ones(d)).permuted(order)),
                    reference[order]) <= TOLERANCE[dtype]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(d=st.sampled_from([2, 3]), n=st.integers(1, 30), seed=st.integers(0, 10**6), kind=st.sampled_from(
    ["scattered", "collinear", "coincident", "at rest"]))  # fmt: skip
def test_invariance_on_degenerate_clouds(d, n, seed, kind):
    flow = random_flow(d, n=n, seed=seed)
    points, velocity = flow.points, flow.velocity
    if kind == "collinear":
        points = points[:, :1] * np.ones(d)
    elif kind == "coincident":
        points = np.repeat(points[:1], n, axis=0)
    elif kind == "at rest":
        velocity = np.zeros_like(velocity)
    flow = FlowField(points, velocity, scalars=flow.scalars, vectors=flow.vectors)
    R = special_ortho_group.rvs(d, random_state=seed)
    for make in INVARIANT.values():
        network = make().double()
        reference = evaluate(network, flow)
        assert np.isfinite(reference).all()
        assert np.abs(evaluate(network, flow.rotated(R)) - reference).max() <= 1e-12 * max(1, np.abs(reference).max())


def test_the_graph_kernel_network_depends_on_the_frame_but_not_on_order_or_origin():
    network = GraphKernelNetwork(SCALARS).double()
    flow = random_flow(2, n=60, periodic=True)
    reference = evaluate(network, flow)
    order = np.random.default_rng(5).permutation(len(flow))
    assert relative(evaluate(network, flow.permuted(order)), reference[order]) <= 1e-12
    assert relative(evaluate(network, flow.translated([3, 4])), reference) <= 1e-12
    turned = flow.rotated([[0, -1], [1, 0]])
    assert relative(evaluate(network, turned), reference) > 1e-2


def test_published_size():
    assert sum(p.numel() for p in Zhou2022().parameters()) == 39_553


def test_zhou2022_is_the_published_formula():
    """One cloud computed from the formulas of the paper, written out with plain numpy."""
    flow, centre = random_flow(2), 17
    network = Zhou2022().double()
    clouds = REGION.clouds(flow, [centre])
    j, r = clouds.neighbours, clouds.positions
    u, s = flow.velocity[j], flow.scalars
    distance, speed = np.hypot(*r.T), np.hypot(*u.T)
    near = 0.01 / (distance + 0.01)
    cos = -(r * u).sum(1) / (distance * speed + 1e-10)
    l2 = np.sqrt(0.1 / 3) * abs(np.log(0.2))
    wall = np.minimum(s["wall_distance"][j] / (1.5 * l2), 1)
    features = np.stack([s["strain_rate"][j], s["boundary"][j], flow.weights[j], speed, wall, near,
                         0.5 * (cos + 1.05) * speed * near], 1)  # fmt: skip
    with torch.no_grad():
        G = network.embedding(torch.tensor(features)).numpy()
        Q = np.hstack([r / (distance[:, None] + 1e-5), u, features])
        D = G.T @ Q @ Q.T @ G[:, :4] / len(j) ** 2
        expected = network.fitting(torch.tensor(D.reshape(1, -1))).item()
    assert evaluate(network, flow, [centre])[0] == pytest.approx(expected, rel=1e-12)


def test_default_network_approximates_an_integral():
    """Splitting every point into two of half the weight changes nothing: the closure belongs to the flow."""
    flow = random_flow(2)
    twice = np.repeat(np.arange(len(flow)), 2)
    split = FlowField(
        flow.points[twice], flow.velocity[twice], weights=flow.weights[twice] / 2,
        scalars={k: v[twice] for k, v in flow.scalars.items()},
        vectors={k: v[twice] for k, v in flow.vectors.items()},
    )  # fmt: skip
    network = ours().double()
    assert relative(evaluate(network, split)[::2], evaluate(network, flow)) <= 1e-12


def test_clouds_do_not_mix():
    flow = random_flow(3, periodic=True)
    for network in (ours().double(), Zhou2022().double(), GraphKernelNetwork(SCALARS, 3).double()):
        together = evaluate(network, flow)
        alone = np.concatenate([evaluate(network, flow, [k]) for k in range(0, len(flow), 30)])
        np.testing.assert_allclose(together[::30], alone, rtol=1e-11, atol=1e-13)


def test_gradients_reach_every_weight():
    flow = random_flow(2)
    for network in (ours(), Zhou2022(), GraphKernelNetwork(SCALARS)):
        network(REGION.clouds(flow)).square().sum().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_networks_are_built_by_name_and_refuse_nonsense():
    for name, kind in architectures().items():
        network = build_network(name, {})
        assert isinstance(network, kind)
        again = build_network(name, network.config)
        for a, b in zip(network.parameters(), again.parameters(), strict=True):
            assert torch.equal(a, b)  # the seed decides
    with pytest.raises(InputError, match="architecture: expected one of vector-cloud, zhou2022, vcnn-e, graph-kernel"):
        build_network("transformer", {})
    with pytest.raises(InputError, match="depth"):
        build_network("vector-cloud", {"depth": 3})
    with pytest.raises(InputError, match="output"):
        VectorCloudNetwork(output="spinor")
    with pytest.raises(InputError, match="retained"):
        VectorCloudNetwork(embedding=4, retained=5)
