"""Means and sums over clouds: what belongs to a flow, and what grows with the points around."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, FlowField, InputError, RegionOfInfluence, TrainingConfig, fit
from vcnn.network import VectorCloudNetwork
from vcnn.network.cloud_rows import weights_around
from vcnn.testing import assert_equivariant

BALL, LATTICE = RegionOfInfluence.ball(0.7), RegionOfInfluence.ball(0.7, spacing=0.17)


def network_of(normalization, flow):
    network = VectorCloudNetwork(
        ["strain_rate"], normalization=normalization, galilean=True
    ).double()
    network.calibrate(BALL.clouds(flow))
    return network.eval()


def values(network, flow):
    with torch.no_grad():
        return network(BALL.clouds(flow)).numpy()


def twice(flow, shift):
    """The flow and a copy of it, shifted."""
    return FlowField(
        np.concatenate([flow.points, flow.points + shift]),
        np.tile(flow.velocity, (2, 1)),
        np.tile(flow.weights, 2),
        {"strain_rate": np.tile(flow.scalars["strain_rate"], 2)},
    )


def test_means_do_not_see_how_much_a_point_weighs_but_sums_do():
    flow = random_flow(2)
    heavy = replace(flow, weights=2 * flow.weights)
    mean, total = network_of("mean", flow), network_of("sum", flow)
    np.testing.assert_allclose(values(mean, heavy), values(mean, flow), rtol=1e-12)
    assert np.abs(values(total, heavy) - values(total, flow)).min() > 1e-6


@pytest.mark.parametrize("region", [BALL, LATTICE], ids=["ball", "lattice"])
def test_mixed_sums_double_with_the_weights(region):
    flow = random_flow(3, periodic=True)
    network, heavy = network_of("sum", flow), replace(flow, weights=2 * flow.weights)
    clouds = [region.clouds(each).compact() for each in (flow, heavy)]
    with torch.no_grad():
        once, double = (network._describe(c, network.points(c.flow)) for c in clouds)
    scalars, vectors, matrices = network.sizes.mixed
    for name, count in (("scalars", scalars), ("vectors", vectors), ("matrices", matrices)):
        a, b = (getattr(members, name)[:, :count] for members in (once, double))
        torch.testing.assert_close(b, 2 * a, rtol=1e-12, atol=1e-14)
        derivatives = (getattr(members, name)[:, count:] for members in (once, double))
        torch.testing.assert_close(*derivatives, rtol=1e-9, atol=1e-12)


def test_the_centre_is_left_out_of_sums():
    """A lone point has no moments, however much it weighs."""
    flow = random_flow(2)
    network = network_of("sum", flow)
    lone = replace(flow.subset([0]), periods=())
    clouds = BALL.clouds(lone)
    with torch.no_grad():
        members = network._describe(clouds, network.points(lone))
    assert len(clouds.neighbours) == 1 and not members.scalars.any() and not members.vectors.any()


def test_sums_over_nodes_of_a_lattice_turn_with_the_frame():
    """A node that took of the centre only lies there, to round-off: it must count in every frame,
    as the others do that took of it, and the centre's weight with them.
    """
    flow = random_flow(2, 40, periodic=True)
    clouds = LATTICE.clouds(flow)
    at_centre = np.linalg.norm(clouds.positions, axis=1)
    assert ((at_centre > 0) & (at_centre < 1e-12)).any() and (at_centre == 0).any()
    assert_equivariant(network_of("sum", flow), flow, 1e-12, LATTICE)
    lone = replace(flow.subset([0, 1]), periods=())
    weights = weights_around(LATTICE.clouds(lone, np.array([0])))
    assert weights.sum() >= lone.weights[0]


def test_two_parts_far_apart_add_up():
    flow = random_flow(3)
    network = network_of("sum", flow)
    total = values(network, twice(flow, 50.0)).sum()
    assert total == pytest.approx(2 * values(network, flow).sum(), rel=1e-12)


def test_files_keep_the_constant(tmp_path):
    flow = random_flow(2)
    flow = flow.with_fields(scalars={"energy": flow.scalars["strain_rate"] ** 2})
    network = VectorCloudNetwork(["strain_rate"], normalization="sum", hidden=8, fitting=(8,))
    config = TrainingConfig(epochs=2, batch_size=32)
    closure = fit(network, [flow], "energy", BALL, config, progress=False)
    assert network.total > 1
    again = Closure.load(closure.save(tmp_path / "model.safetensors"))
    assert np.array_equal(again.predict(flow), closure.predict(flow))


def test_parts_of_clouds_are_refused():
    flow = random_flow(2).with_fields(scalars={"energy": np.ones(120)})
    network = VectorCloudNetwork(normalization="sum")
    with pytest.raises(InputError, match="max_points: a part of a cloud has another sum; expected"):
        fit(network, [flow], "energy", BALL, TrainingConfig(max_points=10), progress=False)
    with pytest.raises(InputError, match="normalization: expected 'mean' or 'sum', got 'total'"):
        VectorCloudNetwork(normalization="total")
