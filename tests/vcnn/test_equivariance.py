"""Every output turns with the frame, in two and three dimensions, on any cloud; and what breaks
that is seen.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    InputError,
    RegionOfInfluence,
    Scales,
    VCNNe,
    VectorCloudNetwork,
    Zhou2022,
)
from vcnn.baselines import GraphKernelNetwork
from vcnn.flow import concatenate
from vcnn.network import PairEmbeddingNetwork
from vcnn.network.heads import OUTPUTS
from vcnn.testing import assert_equivariant, equivariance_errors

BALL = RegionOfInfluence.ball(0.6)
TRANSPORT = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
# Outputs that vary by one (`varying`) are sums of about a hundred terms through five layers, each
# rounded by eps/2: errors are 20 to 200 eps in either precision. What does not turn with the frame
# changes such outputs by 0.01 to 1, which single precision sees.
TOLERANCE = {dtype: 2000 * torch.finfo(dtype).eps for dtype in (torch.float64, torch.float32)}

# Local fits of fewer points than unknowns stand on their ridge, 1e-3 of what it is added to, and
# magnify by its reciprocal what coordinates of a turned frame are rounded by: in proportion to it,
# however exactly the equations are solved. Ten times the ridge would bias derivatives ten times as
# much. Fits are in double precision always.
ILL_CONDITIONED = {torch.float64: 500, torch.float32: 1}


def tolerance_of(name, dtype):
    return TOLERANCE[dtype] * (ILL_CONDITIONED[dtype] if "vector-cloud" in name else 1)


def pair_embedding(**changes):
    options = {
        "output": list(OUTPUTS),
        "tensors": ["gradient"],
        "order": 2,
        "galilean": True,
        **changes,
    }
    return PairEmbeddingNetwork(["strain_rate"], ["pressure_gradient"], **options)


def vector_cloud(**changes):
    options = {"output": list(OUTPUTS), "tensors": ["gradient"], **changes}
    return VectorCloudNetwork(["strain_rate"], ["pressure_gradient"], **options)


def calibrated(network):
    flows = (with_gradient(random_flow(d, n=300, seed=9)) for d in (2, 3))
    for flow in flows:
        network.calibrate(BALL.clouds(flow))
    return network


NETWORKS = {
    "vector-cloud": vector_cloud,
    "vector-cloud, calibrated": lambda: calibrated(vector_cloud()),
    "vector-cloud, Galilean": lambda: vector_cloud(galilean=True),
    "vector-cloud, pseudo-scalars": lambda: vector_cloud(pseudoscalars=["boundary"]),
    "first order": lambda: pair_embedding(order=1, tensors=[], galilean=False),
    "second order": lambda: pair_embedding(galilean=False),
    "Galilean": pair_embedding,
    "calibrated": lambda: calibrated(pair_embedding(galilean=False)),
    "pseudo-scalars": lambda: pair_embedding(pseudoscalars=["boundary"]),
    "zhou2022": Zhou2022,
    "vcnn-e": VCNNe,
}


def varying(network, clouds):
    """The network with coefficients of mean 0 and standard deviation 1 on these clouds.

    An untrained one gives nearly the same everywhere: what its outputs have of a flow, and what a
    mistake does to that, would disappear behind the constant that errors are relative to.
    """
    network, last, seen = network.double(), network.fitting[-1], []
    with torch.no_grad():
        hook = last.register_forward_hook(lambda module, inputs, output: seen.append(output))
        network(clouds)
        hook.remove()
        deviation, mean = torch.std_mean(torch.cat(seen), dim=0)
        last.weight.div_(deviation[:, None])
        last.bias.sub_(mean).div_(deviation)
    return network


def with_gradient(flow, seed=0):
    rng = np.random.default_rng(seed)
    return flow.with_fields(
        tensors={"gradient": rng.standard_normal((len(flow), flow.dimension, flow.dimension))}
    )


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_turn_with_the_frame(name, d, dtype):
    flow = with_gradient(random_flow(d, periodic=True))
    for region in (BALL, TRANSPORT)[: 1 if "Galilean" in name else 2]:
        network = varying(NETWORKS[name](), region.clouds(flow))
        assert_equivariant(network, flow, tolerance_of(name, dtype), region, dtype=dtype)


@settings(max_examples=30)
@given(
    d=st.sampled_from([1, 2, 3]),
    n=st.integers(1, 30),
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(["scattered", "collinear", "coincident", "at rest", "planar"]),
    name=st.sampled_from([name for name in sorted(NETWORKS) if "vector-cloud" not in name]),
)
def test_degenerate_clouds(d, n, seed, kind, name):
    """Beside an ordinary flow, which sets the scale: outputs of degenerate clouds may vanish."""
    flow = with_gradient(random_flow(d, n=n, seed=seed), seed)
    points, velocity = flow.points.copy(), flow.velocity
    if kind == "collinear":
        points = points[:, :1] * np.ones(d)
    elif kind == "coincident":
        points = np.repeat(points[:1], n, axis=0)
    elif kind == "at rest":
        velocity = np.zeros_like(velocity)
    elif kind == "planar":
        points[:, 0] = 0.3
    flow = replace(flow, points=points + 4 * np.eye(d)[0], velocity=velocity)
    ordinary = with_gradient(random_flow(d, n=40, seed=1), 1)
    network, both = varying(NETWORKS[name](), BALL.clouds(ordinary)), concatenate([ordinary, flow])
    # Coordinates, in double precision always, are rounded by eps times the extent; directions
    # r / (|r| + 1e-5) by that over the smallest distance.
    smallest = max(pdist(both.points).min(), 1e-5)
    geometry = 8 * np.finfo(float).eps * np.ptp(both.points) / smallest
    for dtype in TOLERANCE:
        errors = equivariance_errors(network, both, BALL, dtype=dtype, seed=seed)
        assert errors.worst <= tolerance_of(name, dtype) + geometry, errors


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_cloud_of_five_thousand_points(d):
    """All clouds are nearly the same: what they differ by is a tenth of what is rounded."""
    flow = with_gradient(random_flow(d, n=5000))
    everywhere = RegionOfInfluence.ball(4.0)
    centres = np.arange(0, 5000, 400)
    for network in (vector_cloud(), pair_embedding(), Zhou2022(), VCNNe()):
        network = varying(network, everywhere.clouds(flow, centres))
        for dtype, tolerance in TOLERANCE.items():
            assert_equivariant(
                network, flow, 10 * tolerance, everywhere, centres=centres, dtype=dtype
            )


def test_a_cloud_in_a_plane_with_three_velocities():
    """The cross-section of a duct: a flow in the plane z = 0, its period included.

    Its points do not determine derivatives across the plane.
    """
    rng = np.random.default_rng(1)
    flow = FlowField(rng.random((80, 2)), rng.standard_normal((80, 3)), periods=[(1.0, 0.0)])
    assert flow.dimension == 3
    np.testing.assert_array_equal(flow.periods, [(1.0, 0.0, 0.0)])
    tolerance = tolerance_of("vector-cloud", torch.float64)
    assert_equivariant(VectorCloudNetwork(output="reynolds_stress"), flow, tolerance, BALL)
    assert_equivariant(PairEmbeddingNetwork(output="reynolds_stress"), flow, 1e-12, BALL)


def test_the_table_shows_what_breaks():
    flow = random_flow(2, n=60, periodic=True)
    errors = equivariance_errors(GraphKernelNetwork(["strain_rate"]), flow, BALL)
    assert errors.claimed == "translations"
    assert min(errors.rebuilt[k] for k in ("rotation 1", "rotation 2", "reflection")) > 1e-2
    assert max(errors.rebuilt[k] for k in ("translation", "permutation")) <= 1e-12
    with pytest.raises(AssertionError, match=r"not equivariant to 1e-12(.|\n)*rotation 1"):
        assert_equivariant(GraphKernelNetwork(["strain_rate"]), flow, 1e-12, BALL)
    with pytest.raises(InputError, match="region: needed with a network"):
        equivariance_errors(Zhou2022(), flow)


class Careless(VectorCloudNetwork):
    """One component of the velocity slips in."""

    def points(self, flow):
        return super().points(flow.with_fields(scalars={"strain_rate": flow.velocity[:, 0]}))


class Positional(VectorCloudNetwork):
    """Points of the first half of the list count differently."""

    def points(self, flow):
        half = np.arange(len(flow)) < len(flow) // 2
        return super().points(flow.with_fields(scalars={"strain_rate": half.astype(float)}))


class Skewed(VectorCloudNetwork):
    """One invariant has a part of the first component of a moment, a twentieth of it."""

    def forward(self, clouds, points=None):
        sums = torch.from_numpy(np.add.reduceat(clouds.positions[:, 0], clouds.offsets[:-1]))
        return super().forward(clouds, points) + 0.05 * (sums / sums.std()).to(self.shift)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_either_precision_sees_what_breaks(dtype):
    """By 20 times more than the tolerance of what does not break."""
    flow = random_flow(2, n=60, periodic=True)
    for kind, turning, kept in (
        (Careless, ("rotation 1",), ("translation", "permutation")),
        (Positional, ("permutation",), ("translation", "rotation 1")),
        (Skewed, ("rotation 1", "reflection"), ("translation", "permutation")),
    ):
        network = varying(kind(["strain_rate"]), BALL.clouds(flow))
        errors = equivariance_errors(network, flow, BALL, dtype=dtype)
        assert min(errors.rebuilt[name] for name in turning) > 20 * TOLERANCE[dtype], kind
        assert max(errors.rebuilt[name] for name in kept) <= TOLERANCE[dtype], kind
        with pytest.raises(AssertionError, match="not equivariant to"):
            assert_equivariant(network, flow, TOLERANCE[dtype], BALL, dtype=dtype)


def test_galilean_invariance_is_claimed_with_a_ball_only():
    flow = random_flow(2)
    network = VectorCloudNetwork(["strain_rate"], output="vector", galilean=True)

    def make(region):
        return Closure(network, region, "force", 2, Scales(scalars={"strain_rate": (0.0, 1.0)}))

    assert make(BALL).galilean and not make(TRANSPORT).galilean
    errors = equivariance_errors(make(BALL), flow)
    assert "Galilean" in errors.rebuilt and errors.worst <= 1e-12
    boosted = flow.boosted([30.0, -4.0])
    relative = VectorCloudNetwork(["strain_rate"], output="vector").double()
    with torch.no_grad():
        a, b = (relative(BALL.clouds(f)) for f in (flow, boosted))
    assert (a - b).abs().max() > 1e-3 * a.abs().max()  # without the option it matters


def test_pseudoscalars_leave_rotations_only():
    network = VectorCloudNetwork(pseudoscalars=["boundary"])
    assert network.symmetry == "SO(d)" and VectorCloudNetwork(["boundary"]).symmetry == "O(d)"
    assert "reflection" not in equivariance_errors(network, random_flow(2), BALL).rebuilt
