"""Graph networks on layers of torch_geometric: the published formulas, memory, files of before."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, RegionOfInfluence
from vcnn.baselines import EGNN, GraphKernelNetwork, InvariantGraphKernelNetwork
from vcnn.baselines.cloud_network import invariants
from vcnn.evaluation.costs import _peak_memory

BALL = RegionOfInfluence.ball(0.6)
SCALARS = ("strain_rate",)
BEFORE = Path(__file__).with_name("baselines_of_0_2")
RECORDED = json.loads((BEFORE / "values.json").read_text(encoding="utf-8"))


def one_cloud(d):
    """A cloud, r, u and s of its n points, and u and s of its centre."""
    flow = random_flow(d, n=40)
    clouds = RegionOfInfluence.ball(0.9, smooth=1).clouds(flow, [5])
    j = clouds.neighbours
    s = flow.scalars["strain_rate"][:, None]
    arrays = (clouds.positions, flow.velocity[j], s[j], flow.velocity[[5]], s[[5]])
    return clouds, *map(torch.tensor, arrays)


def matrices(network, ends, products):
    """κ (n, n, width, width) of edges from j, the first axis, to i, by what its layers do."""
    κ, n = network.convolution.nn, len(ends)
    first = (ends @ κ.source.weight.T + κ.source.bias)[:, None] + ends @ κ.target.weight.T
    if products is not None:
        first = first + products @ κ.products.weight.T
    hidden = torch.relu(first)
    hidden = torch.relu(hidden @ κ.hidden[1].weight.T + κ.hidden[1].bias)
    return (hidden @ κ.kernel.weight.T + κ.kernel.bias).view(n, n, 16, 16)


@pytest.mark.parametrize("kind", [GraphKernelNetwork, InvariantGraphKernelNetwork])
@pytest.mark.parametrize("d", [2, 3])
def test_graph_kernel_networks_are_the_published_formula(kind, d):
    clouds, r, u, s, *_ = one_cloud(d)
    network = kind(SCALARS, d, seed=1).double()
    ends, products = torch.cat([r, u, s], dim=1), None
    if kind is InvariantGraphKernelNetwork:
        ends, products = invariants(r, u, s), torch.stack([r @ r.T, u @ u.T], dim=2)
    with torch.no_grad():
        κ = matrices(network, ends, products)
        W, b = network.convolution.lin.weight, network.convolution.bias
        h = network.lift(ends)
        for _ in range(2):
            h = torch.relu(h @ W.T + b + torch.einsum("jiab,ja->ib", κ, h) / len(h))
        expected = network.readout(h.mean(dim=0))
        assert torch.allclose(network(clouds), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("d", [2, 3])
def test_egnn_is_the_published_formula(d):
    """Equations 3 to 7, the centre as the last node, from which no message comes."""
    clouds, r, u, s, u0, s0 = one_cloud(d)
    network = EGNN(SCALARS, d, seed=1).double()
    r, u, s = torch.cat([r, 0 * u0]), torch.cat([u, u0]), torch.cat([s, s0])
    n = len(r) - 1
    with torch.no_grad():
        h, x, v = network.lift(invariants(r, u, s)), r, u
        for layer in network.layers:
            m, pushes = 0, 0
            for j in range(n):
                a = [(u * u[j]).sum(1), ((r - r[j]) * u).sum(1), (r - r[j]) @ u[j]]
                e = torch.stack([(x - x[j]).square().sum(1), *a], dim=1)
                m_j = layer.encode(layer.target(h) + layer.source(h[j]) + layer.edge(e))
                m, pushes = m + m_j / n, pushes + (x - x[j]) * layer.coordinate(m_j) / n
            v = layer.velocity(h) * v + pushes
            x, h = x + v, h + layer.node(torch.cat([h, m], dim=1))
        expected = network.readout(invariants(x[-1:], v[-1:], h[-1:]))[0]
        assert torch.allclose(network(clouds), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", [GraphKernelNetwork, InvariantGraphKernelNetwork, EGNN])
def test_memory_of_a_large_cloud_is_that_of_a_part_of_its_edges(kind):
    """The matrices of all edges of the graph kernel network would be 90 MB, and 360 MB."""
    flow = random_flow(2, n=600)
    network, ball = kind(SCALARS), RegionOfInfluence.ball(9.0)
    used = []
    for count in (300, 600):
        clouds = ball.clouds(flow.subset(np.arange(count)), [7])
        with torch.inference_mode():
            used.append(_peak_memory(lambda clouds=clouds: network(clouds)))
    edges = 8 * 600**2  # bytes of a number each
    assert max(used) < 45e6 and used[1] - used[0] < 6 * edges


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_files_of_version_0_2_are_read_and_predict_the_same(name):
    """When the layers were the package's own and their weights had other names."""
    closure = Closure.load(BEFORE / f"{name}.safetensors")
    d = closure.dimension
    predicted = closure.predict(random_flow(d, n=60, periodic=True), dtype=torch.float64)[::5]
    np.testing.assert_allclose(predicted, RECORDED[name], rtol=1e-12)
    single = closure.predict(random_flow(d, n=60, periodic=True), dtype=torch.float32)[::5]
    np.testing.assert_allclose(single, RECORDED[name], rtol=1e-5)


def test_weights_of_a_seed_are_those_of_version_0_2():
    """The file's, less what was added to them when it was written."""
    closure = Closure.load(BEFORE / "graph-kernel.safetensors")
    network = GraphKernelNetwork(**closure.network.config).double()
    change = closure.network.lift.weight - network.lift.weight
    number = torch.arange(change.numel(), dtype=change.dtype)
    assert torch.allclose(change, 0.05 * torch.sin(number).view_as(change), rtol=0, atol=1e-15)
    mean = closure.network.convolution.nn.kernel.weight - network.convolution.nn.kernel.weight
    assert mean.abs().max() <= 0.05 + 1e-12
