"""The network of atoms: its moments are sums over neighbours of each species, and nothing else."""

import numpy as np
import pytest
import torch

from vcnn import FlowField, InputError, RegionOfInfluence
from vcnn.network import AtomCloudNetwork, build_network
from vcnn.network.atom_cloud import kind_moments
from vcnn.network.cloud_rows import weights_around
from vcnn.network.pairs import Pairs
from vcnn.network.radial import RADIAL


def atoms(count=30, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 1.5, (count, 3))
    species = rng.integers(0, 3, count).astype(float)
    return FlowField(points, np.zeros_like(points), np.ones(count), {"species": species})


def clouds_of(flow):
    return RegionOfInfluence.ball(1.0, smooth=0.2).clouds(flow, np.arange(4))


def test_moments_are_sums_over_each_species():
    flow = atoms()
    clouds, like = clouds_of(flow), torch.zeros(1, dtype=torch.float64)
    columns = torch.from_numpy(np.eye(3)[flow.scalars["species"].astype(int)])
    pairs = Pairs.from_clouds(clouds, like, weights_around(clouds))
    members = kind_moments(pairs, columns, 4, "bessel")
    for k in range(4):
        part = slice(clouds.offsets[k], clouds.offsets[k + 1])
        r, kinds = clouds.positions[part], flow.scalars["species"][clouds.neighbours[part]]
        squared = (r**2).sum(axis=1)
        weights = clouds.pair_weights[part] * (squared > 1e-12)
        values = RADIAL["bessel"](torch.from_numpy(squared), 4).numpy() * weights
        for n in range(4):
            for kind in range(3):
                w, of_kind = values[n] * (kinds == kind), n * 3 + kind
                assert members.scalars[k, of_kind] == pytest.approx(w.sum(), abs=1e-12)
                np.testing.assert_allclose(members.vectors[k, of_kind], w @ r, atol=1e-12)
                outer = np.einsum("p,pi,pj->ij", w, r, r)
                np.testing.assert_allclose(members.matrices[k, of_kind], outer, atol=1e-12)


def test_species_are_told_apart_and_velocities_are_not_seen():
    flow = atoms()
    network = AtomCloudNetwork(3, radial=4, mixed=(6, 4, 2), fitting=(8,)).double()
    clouds = clouds_of(flow)
    network.calibrate(clouds)
    with torch.no_grad():
        values = network(clouds)
        moving = FlowField(flow.points, flow.points[:, ::-1], flow.weights, dict(flow.scalars))
        assert torch.equal(network(clouds_of(moving)), values)
        others = {"species": 2 - flow.scalars["species"]}
        exchanged = FlowField(flow.points, flow.velocity, flow.weights, others)
        assert (network(clouds_of(exchanged)) - values).abs().max() > 1e-4


def test_it_is_built_again_from_its_configuration():
    network = AtomCloudNetwork(2, ["scalar", "vector"], radial=3, fitting=(8, 8), seed=3)
    again = build_network(network.name, network.config)
    assert again.config == network.config and again.outputs == ("scalar", "vector")
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(InputError, match="architecture 'atom-cloud'"):
        build_network("atom-cloud", {"scalars": ["k"]})
    with pytest.raises(InputError, match="categories"):
        AtomCloudNetwork(0)
