"""The network of e3nn: vectors, a cutoff that files keep, exact constants, the missing extra."""

import copy
import sys

import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, InputError, RegionOfInfluence, Scales
from vcnn.baselines import E3nnNetwork
from vcnn.network.registry import build_network, network_names
from vcnn.testing import assert_equivariant

BALL = RegionOfInfluence.ball(0.6)
SCALARS = ("strain_rate",)


@pytest.fixture
def e3nn():
    return pytest.importorskip("e3nn", reason="the extra rivals is not installed")


def awake(network):
    """The network with its factors that begin at 0 at something else."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1)
    return network


@pytest.mark.parametrize("d", [2, 3])
def test_vectors_of_degree_two_turn_with_the_frame(e3nn, d):
    """To round-off in double precision, which constants of single precision would spoil."""
    flow = random_flow(d, n=60, periodic=True)
    network = awake(E3nnNetwork(SCALARS, d, "vector", width=2, degree=2))
    assert_equivariant(network, flow, 1e-13, BALL, centres=range(0, 60, 12))
    assert network(BALL.clouds(flow, [0, 7])).abs().min() > 1e-4


def test_constants_are_exact_in_every_precision(e3nn):
    clouds = BALL.clouds(random_flow(2, n=40), range(5))
    network = awake(E3nnNetwork(SCALARS, width=2, degree=2))
    single = network(clouds)
    there_and_back = copy.deepcopy(network).double().float()
    assert torch.equal(there_and_back(clouds), single)
    assert torch.get_default_dtype() == torch.float32
    for name, constant in network.double().passing.named_buffers():
        if "_w3j_" in name:
            degrees = map(int, name.rpartition("_w3j_")[2].split("_"))
            assert torch.equal(constant, e3nn.o3.wigner_3j(*degrees, dtype=torch.float64))


def test_points_beyond_the_cutoff_do_not_count_and_files_keep_it(e3nn, tmp_path):
    flow = random_flow(2, n=60)
    network = awake(E3nnNetwork(SCALARS, width=2, depth=0)).double().eval()
    near, far = (RegionOfInfluence.ball(r, smooth=1).clouds(flow, [7]) for r in (0.4, 0.9))
    network.calibrate(near)
    assert 0.3 < network.cutoff < 0.4
    # The far ones make the shares of the near ones smaller, no more. A message has them twice: its
    # factor is made of the same means.
    weight = near.flow.weights[near.neighbours].sum() / far.flow.weights[far.neighbours].sum()
    message = network(near) - silent(network, near)
    assert torch.allclose(network(far) - silent(network, far), weight**2 * message, rtol=1e-9)
    closure = Closure(network, BALL, "c", 2, Scales(scalars={"strain_rate": (0.0, 1.0)}))
    again = Closure.load(closure.save(tmp_path / "model.safetensors"))
    assert again.network.cutoff == network.cutoff


def silent(network, clouds):
    """The value without messages."""
    deaf = copy.deepcopy(network)
    with torch.no_grad():
        deaf.passing.layers[-1].lin2.weight.zero_()
    return deaf(clouds)


def test_a_cloud_of_one_point(e3nn):
    network = awake(E3nnNetwork(SCALARS, width=2))
    clouds = RegionOfInfluence.ball(1e-6).clouds(random_flow(2))
    assert clouds.counts.max() == 1 and network(clouds).isfinite().all()


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "e3nn", None)
    with pytest.raises(InputError, match=r"^network 'e3nn': needs e3nn: pip install 'vcnn\[rivals"):
        build_network("e3nn", {})
    assert "e3nn" not in network_names()
