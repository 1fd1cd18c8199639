"""Points gathered at the nodes of a lattice: sums stay, and neither frame nor order nor mesh is
seen.
"""

import numpy as np
import pytest
import torch
from scipy.stats import special_ortho_group

from tests.support.synthetic import random_flow
from vcnn import Closure, FlowField, InputError, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.clouds.lattice import gather_at_lattice
from vcnn.network import PairEmbeddingNetwork
from vcnn.network.cloud_rows import cloud_rows
from vcnn.testing import assert_equivariant

REGION = RegionOfInfluence.ball(0.8, spacing=0.2)


def sheet(n, round_=False):
    """A hill-shaped sheet (or a disc) of points, with a field that is smooth."""
    s, t = (
        (
            np.stack(np.meshgrid(np.arange(2 * n), np.arange(n), indexing="ij"), -1).reshape(-1, 2)
            + 0.5
        )
        / n
    ).T
    if round_:
        points, weights = np.stack([t * np.cos(np.pi * s), t * np.sin(np.pi * s)], axis=1), t
    else:
        points = np.stack([s, 0.3 * np.sin(np.pi * s) ** 2 * (1 - t) + t], axis=1)
        weights = 1 - 0.3 * np.sin(np.pi * s) ** 2
    return FlowField(
        points, np.stack([points[:, 1] ** 2, np.sin(points[:, 0])], axis=1), weights / n**2
    )


def by_weight(flow):
    order = np.argsort(flow.weights)
    return flow.weights[order], flow.scalars["strain_rate"][order]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("periodic", [False, True])
def test_weights_and_linear_fields_are_kept(d, periodic):
    flow = random_flow(d, periodic=periodic)
    nodes = gather_at_lattice(flow, 0.3)
    assert nodes.weights.sum() == pytest.approx(flow.weights.sum(), rel=1e-14)
    np.testing.assert_allclose(
        nodes.weights @ nodes.velocity, flow.weights @ flow.velocity, rtol=1e-12
    )
    if not periodic:  # else points may have gone to the other side
        np.testing.assert_allclose(
            nodes.weights @ nodes.points, flow.weights @ flow.points, rtol=1e-12
        )
    assert (
        nodes.velocity.max() <= flow.velocity.max() and nodes.velocity.min() >= flow.velocity.min()
    )


def test_integrals_differ_by_the_square_of_the_spacing():
    """∫ f dx of f = exp(x - y²): nodes stand for points within a spacing of them, with the right
    first moments.
    """
    flow = sheet(160)

    def f(x):
        return np.exp(x[:, 0] - x[:, 1] ** 2)

    exact = flow.weights @ f(flow.points)
    coarse, fine = (
        abs((nodes := gather_at_lattice(flow, h)).weights @ f(nodes.points) - exact)
        for h in (0.24, 0.12)
    )
    assert np.log2(coarse / fine) > 1.8
    assert fine < 1e-3 * exact


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("periodic", [False, True])
def test_nodes_do_not_depend_on_frame_order_or_splitting(d, periodic):
    flow = random_flow(d, periodic=periodic)
    if d == 3:  # else its second moments might be too round
        flow = FlowField(
            flow.points * [1, 1.3, 1.7],
            flow.velocity,
            flow.weights,
            flow.scalars,
            periods=[p * [1, 1.3, 1.7] for p in flow.periods],
        )
    rng = np.random.default_rng(0)
    R, _ = np.linalg.qr(rng.normal(size=(d, d)))
    twice = flow.permuted(np.arange(len(flow))).subset(np.repeat(np.arange(len(flow)), 2))
    twice = FlowField(
        twice.points, twice.velocity, twice.weights / 2, twice.scalars, periods=flow.periods
    )
    turned = flow.rotated(R).translated(rng.normal(size=d))
    for other in (turned, flow.permuted(rng.permutation(len(flow))), twice):
        for found, expected in zip(
            by_weight(gather_at_lattice(other, 0.3)),
            by_weight(gather_at_lattice(flow, 0.3)),
            strict=True,
        ):
            np.testing.assert_allclose(found, expected, atol=1e-11)


def test_points_on_the_borders_of_cells_of_the_lattice_do_not_jump():
    """A square grid whose points lie where shares change; it has no second moments of its own but
    fourth ones.
    """
    x = np.stack(np.meshgrid(np.arange(-10, 11), np.arange(-10, 11)), axis=-1).reshape(-1, 2) * 0.1
    flow = FlowField(x, x[:, ::-1] ** 2, scalars={"strain_rate": x[:, 0] + 2 * x[:, 1] ** 2})
    nodes = gather_at_lattice(flow, 0.2)
    angle = 0.7
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = gather_at_lattice(flow.rotated(R), 0.2).rotated(R.T)

    def heavy(f):
        return f.subset(np.flatnonzero(f.weights > 1e-9))

    nodes, back = heavy(nodes), heavy(back)
    nearest = np.linalg.norm(nodes.points[:, None] - back.points, axis=2)
    assert len(nodes) == len(back) and nearest.min(axis=1).max() < 1e-9
    np.testing.assert_allclose(back.velocity[nearest.argmin(axis=1)], nodes.velocity, atol=1e-9)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_networks_stay_equivariant(d):
    flow = random_flow(d, periodic=True)
    network = VectorCloudNetwork(
        ["strain_rate"], ["pressure_gradient"], output=["scalar", "vector"], galilean=True
    )
    assert_equivariant(network, flow, 1e-12, REGION)


@pytest.mark.parametrize(
    "network, most",
    [
        (PairEmbeddingNetwork(output="vector", embedding=12, fitting=(16,)), 2e-3),
        # second derivatives see the interpolation to nodes more than means do
        (VectorCloudNetwork(output="vector", channels=4, fitting=(16,)), 4e-3),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_clouds_are_as_large_on_any_mesh_and_predictions_follow_the_flow(network, most):
    closure = Closure(network, REGION, "a", 2, Scales())
    coarse, fine, finest = (sheet(n) for n in (20, 40, 80))
    sizes = [REGION.clouds(flow).counts.mean() for flow in (coarse, fine, finest)]
    assert max(sizes) < 1.1 * min(sizes)

    def gap(a, b):
        """Where b has four points around each one of a."""
        four = (
            closure.predict(b)
            .reshape(len(a) // (n := int((len(a) / 2) ** 0.5)), 2, n, 2, 2)
            .mean(axis=(1, 3))
        )
        return np.abs(closure.predict(a).reshape(four.shape) - four).max() / np.abs(four).max()

    assert gap(coarse, fine) < most
    assert gap(fine, finest) < 0.4 * gap(coarse, fine)


def test_a_disc_has_no_axes():
    with pytest.raises(InputError, match="spacing: the domain is too round for axes"):
        gather_at_lattice(sheet(40, round_=True), 0.1)


def test_region_with_a_spacing():
    assert RegionOfInfluence.from_dict(REGION.to_dict()) == REGION
    with pytest.raises(
        InputError, match=r"spacing: expected at most a quarter of the radius 0\.8, got 0\.3"
    ):
        RegionOfInfluence.ball(0.8, spacing=0.3)
    with pytest.raises(InputError, match="spacing: expected a positive number, got 0"):
        RegionOfInfluence.ball(0.8, spacing=0)


@pytest.mark.parametrize("sides", [(1.0, 1.0), (1.0, 1.6)])
@pytest.mark.parametrize("periodic", [False, True])
def test_a_section_of_space_has_the_nodes_of_a_plane(sides, periodic):
    """Square or not, tilted, and with velocities across it."""
    line = (np.arange(20) + 0.5) / 20
    points = np.stack(np.meshgrid(*line[None] * np.array(sides)[:, None]), axis=-1).reshape(-1, 2)
    periods = [(sides[0], 0.0)] if periodic else []
    plane = FlowField(points, points, periods=periods)
    axes = special_ortho_group.rvs(3, random_state=4)[:2]
    tilted = FlowField(
        points @ axes + 5,
        points @ axes + np.cross(*axes),
        periods=periods @ axes if periodic else [],
    )
    expected, got = gather_at_lattice(plane, 0.13), gather_at_lattice(tilted, 0.13)

    def nodes(flow, at):
        """Places and weights in order, without nodes that only round-off gives something to."""
        heard = flow.weights > 1e-12 * flow.weights.sum()
        order = np.lexsort(np.round(at[heard], 9).T)
        return at[heard][order], flow.weights[heard][order]

    places, weights = nodes(got, (got.points - 5) @ axes.T)
    expected_places, expected_weights = nodes(expected, expected.points)
    np.testing.assert_allclose(places, expected_places, atol=1e-12)
    np.testing.assert_allclose(weights, expected_weights, atol=1e-12)


@pytest.mark.parametrize("second_moments", [False, True])
def test_velocities_are_not_multiplied_with_where_nodes_happen_to_lie(second_moments):
    """Moments of r are about the mean of the nodes: a motion in common leaves no Σ φ r ⊗ u."""
    flow = random_flow(2)
    clouds = REGION.clouds(flow, np.arange(20))
    rows = cloud_rows(clouds, torch.zeros(0, dtype=torch.float64), 4, 0, False, second_moments)
    moments = rows.moments.sum(dim=2).unflatten(1, (-1, 4))
    assert moments[:, 0].min() > 1e-6
    assert (moments[:, 1:3] / moments[:, :1]).abs().max() < 1e-15
    if second_moments:  # a variance
        assert (moments[:, [3, 5]] >= 0).all()
