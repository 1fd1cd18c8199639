"""Smooth edges of regions: what crosses one changes nothing at once, and integrals converge."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    InputError,
    RegionOfInfluence,
    Scales,
    VectorCloudNetwork,
    VectorClouds,
)
from vcnn.closure.file import pretrained_names
from vcnn.clouds.clouds import PointTensors
from vcnn.clouds.edge import edge_weights
from vcnn.network import PairEmbeddingNetwork
from vcnn.tensor_file import read_tensors, write_tensors

REGIONS = {
    "ball": RegionOfInfluence.ball(0.5),
    "lattice": RegionOfInfluence.ball(0.5, spacing=0.1),
    "ellipsoid": RegionOfInfluence.ellipsoid(0.7, 0.4),
    "transport": RegionOfInfluence.transport(0.02, 0.3),
}
STEPS = 1000


def pair_embedding(order):
    return PairEmbeddingNetwork(["height"], embedding=8, fitting=(16,), order=order)


def vector_cloud():
    return VectorCloudNetwork(["height"], channels=4, fitting=(16,))


def closure_of(region, flow, network):
    """With inputs of order one, as before training."""
    network = network.double()
    scales = Scales(scalars={"height": (0.0, 1.0)}, targets=((0.0, 10.0),))
    closure = Closure(network.eval(), region, "c", flow.dimension, scales)
    network.calibrate(closure.scale_clouds(region.clouds(flow, np.arange(50))))
    return closure


def carried(region, d):
    """A flow in a box as a function of the scaled distance of its last point from number 0.

    That point lies out where there is no other. A lattice follows the centroid of all weights, so
    for one it weighs next to nothing.
    """
    rng = np.random.default_rng(0)
    points = np.concatenate([[[0.9, 0.5, 0.5][:d]], rng.uniform(0, 1, (300, d)), np.zeros((1, d))])
    velocity = 1 + rng.normal(size=points.shape) / 3
    weights = np.append(np.ones(301), 1 if region.lattice_spacing is None else 1e-6)
    height = rng.uniform(size=302)
    out = np.array([[1.0, 0.1, -0.2]])[:, :d]
    reach = 1 / np.sqrt(region.squared_distances(out, velocity[:1], np.zeros(1, dtype=int)))

    def at(distance):
        points[-1] = points[0] + distance * reach * out[0]
        return FlowField(points, velocity, weights, {"height": height})

    return at


@pytest.mark.parametrize(
    "d, make", [(2, lambda: pair_embedding(1)), (3, lambda: pair_embedding(2)), (2, vector_cloud)]
)
@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_a_point_that_leaves_changes_nothing_at_once(region, d, make):
    """In a thousand steps, of which ρ = 1 is the last inside: neither values nor second
    differences jump. Out of a sharp region it takes its share along.
    """
    flow_at, distances, last = carried(region, d), np.linspace(0.8, 1.2, STEPS + 1), STEPS // 2
    closure = closure_of(region, flow_at(1.2), make())
    values = np.array([closure.predict(flow_at(at), [0])[0] for at in distances])
    assert abs(values[last + 1] - values[last]) <= 1e-9
    assert abs(values[last] - values[0]) > 1e-10  # it was seen where it weighs something
    if region.lattice_spacing is None:  # shares of nodes have kinks
        curvature = np.diff(values, 2)
        change = abs(np.diff(curvature)[last - 5 : last + 5]).max()
        assert change < 0.05 * abs(curvature).max()
    sharp = replace(closure, region=replace(region, smooth=1))
    inside, outside = (flow_at(distances[at]) for at in (last, last + 1))

    def jump_of(part):
        """With a part of the point's weight."""
        weights = np.append(inside.weights[:-1], part * inside.weights[-1])
        before, after = (replace(flow, weights=weights) for flow in (inside, outside))
        return (sharp.predict(after, [0]) - sharp.predict(before, [0]))[0]

    jump = jump_of(1)
    assert 0.49 < jump_of(0.005) / jump_of(0.01) < 0.51  # its share, whatever becomes of it
    clouds = sharp.region.clouds(inside, [0])
    far = np.linalg.norm(clouds.positions - inside.points[-1] + inside.points[0], axis=1)
    share = clouds.shares[far < 1e-6].sum()
    assert 0.01 * share < abs(jump) < 1000 * share  # how much a random network makes of it
    assert abs(jump) > 100 * abs(values[last + 1] - values[last])


def test_weights_of_edges():
    """1 inside, 0 outside, twice continuously differentiable at both ends; for tensors the same."""
    for smooth in (0.0, 0.5, 0.9):
        rho = np.linspace(0, 1.2, 10_001)
        weights = edge_weights(rho**2, smooth)
        of_tensors = edge_weights(torch.tensor(rho) ** 2, smooth)
        np.testing.assert_allclose(of_tensors, weights, rtol=0, atol=1e-15)
        assert (weights[rho <= smooth] == 1).all() and (weights[rho >= 1] == 0).all()
        near = np.nextafter(1, 0) - np.linspace(0, 1e-4, 1001)
        assert (edge_weights(near**2, smooth) >= 0).all()
        assert (np.diff(weights) <= 1e-15).all()
        h = rho[1]
        curvature = np.diff(weights, 2) / h**2  # up to 5.8 / (1 - ρ_s)², with a slope of 60 at most
        assert abs(np.diff(curvature)).max() <= 1.01 * 60 / (1 - smooth) ** 3 * h + 1e-7


@pytest.mark.parametrize("region", [*REGIONS.values()], ids=REGIONS)
def test_edges_of_tensors_are_those_of_arrays(region):
    rng = np.random.default_rng(0)
    r, u = (
        rng.uniform(-0.6, 0.6, (200, 3)),
        rng.normal(size=(200, 3)) * (rng.random((200, 1)) < 0.8),
    )
    owners = np.arange(200)
    squared = region.squared_distances(torch.tensor(r), torch.tensor(u), owners)
    expected = region.squared_distances(r, u, owners)
    np.testing.assert_allclose(squared, expected, rtol=1e-14)
    weights, expected = (edge_weights(rho2, region.smooth) for rho2 in (squared, expected))
    np.testing.assert_allclose(weights, expected, rtol=1e-14, atol=1e-15)


def test_integrals_converge_faster_than_with_a_sharp_edge():
    """Means of exp(x - y²) over discs around points anywhere in a uniform grid, against quadrature
    in polar coordinates. The third derivative of a smooth edge jumps where a sharp one itself does:
    an order of 3/2 + 3.
    """
    radius, sizes = 0.25, np.array([16, 32, 64])

    def function(x):
        return np.exp(x[..., 0] - x[..., 1] ** 2)

    def error(n, smooth):
        middles = (np.arange(n) + 0.5) / n
        grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
        centres = np.random.default_rng(0).uniform(0.3, 0.7, (100, 2))
        points = np.concatenate([grid, centres])
        weights = np.append(np.full(n * n, n**-2.0), np.full(100, 1e-30))
        flow = FlowField(points, np.zeros_like(points), weights)
        region = RegionOfInfluence.ball(radius, smooth=smooth)
        clouds = region.clouds(flow, n * n + np.arange(100))
        means = clouds.mean(function(points[clouds.neighbours]))
        s, shares = np.polynomial.legendre.leggauss(40)
        total = area = 0
        for a, b in ((0, smooth), (smooth, 1)):
            rho = a + (b - a) * (s + 1) / 2
            weight = shares * (b - a) * rho * (1 if smooth == 1 else edge_weights(rho**2, smooth))
            angle = np.arange(32) * np.pi / 16
            ring = radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
            values = function(centres[:, None, None] + rho[:, None, None] * ring).mean(axis=2)
            total, area = total + values @ weight, area + weight.sum()
        return np.sqrt(np.mean((means - total / area) ** 2))

    def order(smooth):
        return -np.polyfit(np.log(sizes), np.log([error(n, smooth) for n in sizes]), 1)[0]

    assert order(1.0) == pytest.approx(1.5, abs=0.4)
    assert order(0.5) > 3.5


def test_files_of_older_versions_have_a_sharp_edge(tmp_path):
    """They do not speak of it; predictions are the same to the last bit. So are shipped models."""
    flow = random_flow(2, 60)
    flow = flow.with_fields(scalars={"height": flow.points[:, 1]})
    for region in (RegionOfInfluence.ball(0.6), RegionOfInfluence.transport(0.1, 1.0)):
        smooth = closure_of(region, flow, vector_cloud())
        sharp = replace(smooth, region=replace(region, smooth=1))
        tensors, header = read_tensors(sharp.save(tmp_path / "new.safetensors"))
        assert header["region"].pop("smooth") == 1
        write_tensors(tmp_path / "old.safetensors", tensors, header)
        old = Closure.load(tmp_path / "old.safetensors")
        np.testing.assert_array_equal(old.predict(flow), sharp.predict(flow))
        assert abs(old.predict(flow) - smooth.predict(flow)).max() > 1e-3
        assert Closure.load(smooth.save(tmp_path / "smooth.safetensors")).region == region
    shipped = {name: Closure.pretrained(name).region.smooth for name in pretrained_names()}
    corrections = [shipped.pop(f"{name}-correction") for name in ("duct", "sst")]
    assert shipped.pop("hill-concentration") == 0.5 and corrections == [0.0, 0.0]
    assert set(shipped.values()) == {1.0}


def test_a_cloud_on_the_edge_of_its_region_is_refused():
    """None of its points has a weight, of arrays and of tensors."""
    flow = FlowField(np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros((2, 2)))
    clouds = VectorClouds(
        flow,
        np.array([0]),
        np.array([0, 1]),
        np.array([1]),
        flow.points[1:],
        RegionOfInfluence.ball(1),
    )
    tensors = PointTensors(torch.zeros(2, 2), torch.ones(2))
    of_tensors = replace(clouds, positions=torch.tensor(clouds.positions), tensors=tensors)
    for same in (clouds, of_tensors):
        for weighted in (True, False):
            with pytest.raises(InputError, match="clouds: the points of centre 0 have no weight"):
                same.shares_of(weighted)


@pytest.mark.parametrize("smooth", [-0.1, 1.5, np.nan, True, "sharp", None])
def test_an_edge_that_is_none(smooth):
    with pytest.raises(InputError, match="smooth: expected a number from 0 to 1, got"):
        RegionOfInfluence.ball(1.0, smooth=smooth)
