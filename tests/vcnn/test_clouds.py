"""Clouds against a brute-force search, in turned frames, across periods, and their bookkeeping."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from tests.support.synthetic import random_flow
from vcnn import FlowField, InputError, RegionOfInfluence, VectorClouds

TRANSPORT = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)


def brute_force(region, flow, centre):
    """All (neighbour, relative position) by trying every point and every image within three
    periods.
    """
    u0 = flow.velocity[centre]
    along, across = (float(axis[0]) for axis in region.half_axes(np.linalg.norm(u0)[None]))
    found = set()
    for shifts in product(range(-3, 4), repeat=len(flow.periods)):
        r = flow.points + sum(
            (n * p for n, p in zip(shifts, flow.periods, strict=True)), np.zeros(flow.dimension)
        )
        r = r - flow.points[centre]
        parallel = r @ u0 / np.linalg.norm(u0)
        inside = (parallel / along) ** 2 + ((r**2).sum(1) - parallel**2) / across**2 <= 1
        found |= {(int(j), *np.round(r[j], 9)) for j in np.flatnonzero(inside)}
    return found


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize(
    "region",
    [TRANSPORT, RegionOfInfluence.ball(0.6), RegionOfInfluence.ellipsoid(2.5, 0.3)],
    ids=lambda r: r.kind,
)
def test_clouds_equal_brute_force(d, periodic, region):
    flow = random_flow(d, periodic=periodic)
    clouds = region.clouds(flow)
    for k in range(0, len(flow), 7):
        pairs = slice(clouds.offsets[k], clouds.offsets[k + 1])
        got = {
            (int(j), *np.round(r, 9))
            for j, r in zip(clouds.neighbours[pairs], clouds.positions[pairs], strict=True)
        }
        assert len(got) == clouds.counts[k]
        assert got == brute_force(region, flow, k)


def planar(n=150):
    rng = np.random.default_rng(3)
    points = np.concatenate(
        [np.full((n, 1), 0.7), rng.random((n, 2))], axis=1
    )  # the cross-section of a duct
    return FlowField(points, rng.standard_normal((n, 3)))


def needles(n=150):
    rng = np.random.default_rng(4)
    points = rng.random((n, 2)) * [1e4, 1e-3]
    points[n // 2 :] += [3e4, 50.0]
    return FlowField(points, np.tile([1.0, 1e-4], (n, 1)))


@pytest.mark.parametrize(
    ("flow", "region"),
    [
        (planar(), RegionOfInfluence.ball(0.3)),
        (planar(), RegionOfInfluence.ellipsoid(0.1, 0.5)),
        (needles(), RegionOfInfluence.ellipsoid(900.0, 3e-4)),
        (FlowField(np.zeros((5, 2)), np.ones((5, 2))), RegionOfInfluence.ball(1.0)),
    ],
    ids=["planar ball", "planar flat ellipsoid", "stretched mesh", "coincident points"],
)
def test_search_in_degenerate_geometry(flow, region):
    clouds = region.clouds(flow)
    for k in range(0, len(flow), 7):
        found = clouds.neighbours[clouds.offsets[k] : clouds.offsets[k + 1]]
        assert len(found) == len(set(found))
        assert set(found) == {j for j, *_ in brute_force(region, flow, k)}


def test_half_axes_are_the_published_ones():
    along, across = TRANSPORT.half_axes([0.0, 0.5, 1.3, 1e4])
    u = np.array([0.5, 1.3])
    np.testing.assert_allclose(
        along[1:3], np.abs(2 * 0.1 * np.log(0.2) / (u - np.sqrt(u**2 + 1.2))), rtol=1e-12
    )
    np.testing.assert_allclose(across, np.sqrt(0.1 / 3) * np.log(5))
    np.testing.assert_allclose(along[0], across[0], rtol=1e-12)  # a circle at rest
    np.testing.assert_allclose(
        along[3], np.log(5) * 1e4 / 3, rtol=1e-6
    )  # pure convection: |u| |ln ε| / ζ


@pytest.mark.parametrize("d", [1, 2, 3])
def test_same_neighbours_in_every_frame_even_on_a_lattice(d):
    # lattice spacing equal to the radius: every nearest neighbour is a tie
    axes = np.arange(6) * 0.25
    points = np.stack(np.meshgrid(*[axes] * d, indexing="ij"), -1).reshape(-1, d)
    velocity = np.tile([1.0, 0.3, 0.2][:d], (len(points), 1))
    flow = FlowField(points, velocity, periods=1.5 * np.eye(d)[:1])
    region = RegionOfInfluence.ball(0.25)
    reference = region.clouds(flow)
    assert reference.counts.max() == 2 * d + 1
    for seed in range(5):
        R = -np.eye(1) if d == 1 else special_ortho_group.rvs(d, random_state=seed)
        turned = region.clouds(flow.rotated(R).translated(np.arange(d) * 100.3))
        np.testing.assert_array_equal(turned.offsets, reference.offsets)
        for k in range(len(flow)):
            pairs = slice(reference.offsets[k], reference.offsets[k + 1])
            expected, got = (
                sorted(
                    zip(
                        c.neighbours[pairs], np.linalg.norm(c.positions[pairs], axis=1), strict=True
                    )
                )
                for c in (reference, turned)
            )
            np.testing.assert_allclose(got, expected, atol=1e-12)


def test_cloud_reaches_over_several_periods():
    flow = FlowField([[0.1, 0.0], [0.6, 0.0]], [[1.0, 0], [1.0, 0]], periods=[[1.0, 0]])
    clouds = RegionOfInfluence.ball(2.2).clouds(flow, centres=[0])
    np.testing.assert_allclose(np.sort(clouds.positions[:, 0]), np.arange(-4, 5) * 0.5, atol=1e-12)


def test_stream_gives_the_same_clouds_in_any_block_size():
    flow = random_flow(2, periodic=True)
    whole = TRANSPORT.clouds(flow)
    for pairs in (1, 170, 10**6):
        parts = list(TRANSPORT.stream(flow, pairs=pairs))
        np.testing.assert_array_equal(
            np.concatenate([p.neighbours for p in parts]), whole.neighbours
        )
        np.testing.assert_array_equal(np.concatenate([p.positions for p in parts]), whole.positions)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["more", "fewer"])
def test_clouds_are_those_of_the_stream_however_their_sizes_change(order):
    """The later a point comes the closer it lies to others."""
    n, region = 3000, RegionOfInfluence.ball(0.2)
    points = np.random.default_rng(0).uniform(0, 1, (n, 2)) * np.linspace(2, 0.2, n)[:, None]
    flow, centres = FlowField(points, np.ones((n, 2))), np.arange(n)[order]
    parts = list(region.stream(flow, centres))
    assert len(parts) > 4
    clouds = region.clouds(flow, centres)
    np.testing.assert_array_equal(clouds.centres, centres)
    np.testing.assert_array_equal(clouds.counts, np.concatenate([p.counts for p in parts]))
    for kind in ("neighbours", "positions"):
        whole = np.concatenate([getattr(part, kind) for part in parts])
        np.testing.assert_array_equal(getattr(clouds, kind), whole)


def test_clouds_are_kept_in_memory_that_is_taken_once():
    flow, region = random_flow(2, n=6000), RegionOfInfluence.ball(0.5)
    tracemalloc.start()
    clouds = region.clouds(flow)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.85 * (clouds.neighbours.nbytes + clouds.positions.nbytes)


def test_select_split_compact_concatenate_keep_each_cloud():
    flow, other = random_flow(2), random_flow(2, n=50, seed=1)
    a, b = TRANSPORT.clouds(flow), TRANSPORT.clouds(other)
    picked = a.select([5, 2])
    assert picked.counts.tolist() == [a.counts[5], a.counts[2]]
    np.testing.assert_array_equal(
        picked.positions[: a.counts[5]], a.positions[a.offsets[5] : a.offsets[6]]
    )
    parts = list(a.split(a.counts, budget=100))
    assert max(p.counts.sum() for p in parts) <= 100 + a.counts.max()
    np.testing.assert_array_equal(np.concatenate([p.centres for p in parts]), a.centres)
    small = picked.compact()
    assert len(small.flow) == len(np.unique(picked.neighbours))
    np.testing.assert_array_equal(
        small.flow.points[small.neighbours], flow.points[picked.neighbours]
    )
    np.testing.assert_array_equal(small.flow.points[small.centres], flow.points[picked.centres])
    both = VectorClouds.concatenate([a, b])
    np.testing.assert_array_equal(both.counts, np.concatenate([a.counts, b.counts]))
    np.testing.assert_array_equal(
        both.flow.velocity[both.neighbours[len(a.neighbours) :]], other.velocity[b.neighbours]
    )


def test_random_subsample_is_capped_seeded_and_unbiased():
    flow = random_flow(2, n=400)
    region = RegionOfInfluence.ball(0.5)
    full = region.clouds(flow)
    sub = region.clouds(flow, max_points=10, seed=3)
    np.testing.assert_array_equal(sub.counts, np.minimum(full.counts, 10))
    np.testing.assert_array_equal(
        sub.neighbours, region.clouds(flow, max_points=10, seed=3).neighbours
    )
    assert (sub.neighbours != region.clouds(flow, max_points=10, seed=4).neighbours).any()
    # every point of a cloud is drawn with the same probability k/n: 4 standard deviations over 2000
    # draws
    rng = np.random.default_rng(0)
    one = full.select([int(full.counts.argmax())])
    n, draws = one.counts[0], 2000
    hits = sum(np.isin(one.neighbours, one.subsample(10, rng).neighbours) for _ in range(draws))
    assert abs(hits / draws - 10 / n).max() < 4 * np.sqrt(10 / n / draws)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RegionOfInfluence.ball(-1), "radius: expected a positive number, got -1"),
        (lambda: RegionOfInfluence.transport(0.1, 3, tolerance=2), "tolerance"),
        (
            lambda: RegionOfInfluence.from_dict({"kind": "cube"}),
            "kind: expected one of transport, ball, ellipsoid",
        ),
        (lambda: RegionOfInfluence.from_dict({"kind": "ball", "size": 1}), "size"),
        (lambda: TRANSPORT.clouds(random_flow(2), centres=[500]), r"indices must lie in 0\.\.119"),
        (lambda: TRANSPORT.clouds(random_flow(2), centres=[0.5]), "point indices"),
        (lambda: TRANSPORT.clouds(random_flow(2), centres=np.empty(0, int)), "at least one"),
        (lambda: TRANSPORT.clouds(random_flow(2), max_points=5), "seed"),
        (lambda: TRANSPORT.clouds(random_flow(2), max_points=0, seed=0), "max_points"),
        (
            lambda: VectorClouds(
                random_flow(2),
                np.array([4, 9]),
                np.array([0, 1, 1]),
                np.zeros(1, int),
                np.zeros((1, 2)),
            ),
            "1 clouds are empty, first at centre 9",
        ),
    ],
)
def test_bad_input_names_the_culprit(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("d", [1, 2, 3])
def test_clouds_rotated_each_by_its_own_rotation(d):
    """Each is the cloud of a flow that was turned by that rotation."""
    stress = np.random.default_rng(1).normal(size=(120, d, d))
    flow = random_flow(d, periodic=True).with_fields(tensors={"stress": stress})
    clouds = RegionOfInfluence.ball(0.5).clouds(flow, [3, 50, 3])
    rotations = special_ortho_group.rvs(d, size=3, random_state=0)
    if d == 1:
        rotations = rotations * np.array([-1.0, 1.0, -1.0])[:, None, None]
    together = clouds.rotated(rotations)
    for k, R in enumerate(rotations):
        one, other = together.select([k]), flow.rotated(R)
        index, centre = one.neighbours, one.centres
        original = clouds.select([k])
        np.testing.assert_allclose(one.positions, original.positions @ R.T, atol=1e-14)
        for now, then in ((index, original.neighbours), (centre, original.centres)):
            np.testing.assert_allclose(one.flow.points[now], other.points[then], atol=1e-14)
            np.testing.assert_allclose(one.flow.velocity[now], other.velocity[then], atol=1e-14)
            np.testing.assert_allclose(
                one.flow.tensors["stress"][now], other.tensors["stress"][then], atol=1e-13
            )
            np.testing.assert_allclose(
                one.flow.vectors["pressure_gradient"][now],
                other.vectors["pressure_gradient"][then],
                atol=1e-13,
            )
            np.testing.assert_array_equal(one.flow.weights[now], flow.weights[then])
