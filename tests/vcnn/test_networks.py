"""Networks: the published formulas, clouds that do not mix, gradients, names."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import InputError, RegionOfInfluence, VectorCloudNetwork, Zhou2022
from vcnn.baselines import GraphKernelNetwork
from vcnn.network import PairEmbeddingNetwork
from vcnn.network.registry import build_network, network_class, network_names

REGION = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
SCALARS = ("strain_rate", "wall_distance")


def ours():
    return VectorCloudNetwork(SCALARS, ["pressure_gradient"])


def of_pairs():
    return PairEmbeddingNetwork(SCALARS, ["pressure_gradient"])


def evaluate(network, flow, centres=None):
    with torch.no_grad():
        return network(REGION.clouds(flow, centres)).double().numpy()


def test_a_network_without_scalars_is_made_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        VectorCloudNetwork(galilean=True)


def test_published_size():
    assert sum(p.numel() for p in Zhou2022().parameters()) == 39_553


def test_zhou2022_is_the_published_formula():
    """One cloud computed from the formulas of the paper, written out with plain numpy."""
    flow, centre = random_flow(2), 17
    network = Zhou2022().double()
    clouds = replace(REGION, smooth=1.0).clouds(flow, [centre])
    j, r = clouds.neighbours, clouds.positions
    u, s = flow.velocity[j], flow.scalars
    distance, speed = np.hypot(*r.T), np.hypot(*u.T)
    near = 0.01 / (distance + 0.01)
    cos = -(r * u).sum(1) / (distance * speed + 1e-10)
    l2 = np.sqrt(0.1 / 3) * abs(np.log(0.2))
    wall = np.minimum(s["wall_distance"][j] / (1.5 * l2), 1)
    features = np.stack(
        [
            s["strain_rate"][j],
            s["boundary"][j],
            flow.weights[j],
            speed,
            wall,
            near,
            0.5 * (cos + 1.05) * speed * near,
        ],
        1,
    )
    with torch.no_grad():
        G = network.embedding(torch.tensor(features)).numpy()
        Q = np.hstack([r / (distance[:, None] + 1e-5), u, features])
        D = G.T @ Q @ Q.T @ G[:, :4] / len(j) ** 2
        expected = network.fitting(torch.tensor(D.reshape(1, -1))).item()
    assert network(clouds).item() == pytest.approx(expected, rel=1e-12)


def test_clouds_do_not_mix():
    flow = random_flow(3, periodic=True)
    for network in (ours(), of_pairs(), Zhou2022(), GraphKernelNetwork(SCALARS, 3)):
        network.double()
        # fits of fewer points than unknowns stand on their ridge, of condition 1e4
        least = 1e-11 if isinstance(network, VectorCloudNetwork) else 1e-13
        together = evaluate(network, flow)
        alone = np.concatenate([evaluate(network, flow, [k]) for k in range(0, len(flow), 30)])
        np.testing.assert_allclose(together[::30], alone, rtol=1e-11, atol=least)


def test_gradients_reach_every_weight():
    flow = random_flow(2)
    for network in (ours(), of_pairs(), Zhou2022(), GraphKernelNetwork(SCALARS)):
        network(REGION.clouds(flow)).square().sum().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_networks_are_built_by_name_and_refuse_nonsense():
    for name in network_names():
        network = build_network(name, {})
        assert isinstance(network, network_class(name)) and network.name == name
        again = build_network(name, network.config)
        for a, b in zip(network.parameters(), again.parameters(), strict=True):
            assert torch.equal(a, b)  # the seed decides
    with pytest.raises(
        InputError,
        match="architecture: expected one of vector-cloud, pair-embedding, zhou2022, vcnn-e, graph",
    ):
        build_network("transformer", {})
    with pytest.raises(InputError, match="depth"):
        build_network("vector-cloud", {"depth": 3})
    with pytest.raises(InputError, match="output"):
        VectorCloudNetwork(output="spinor")
    with pytest.raises(InputError, match="retained"):
        PairEmbeddingNetwork(embedding=4, retained=5)
    with pytest.raises(InputError, match="order: expected 1 or 2, got 3"):
        PairEmbeddingNetwork(order=3)
