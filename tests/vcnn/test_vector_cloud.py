"""The vector-cloud network: sums, frames, calibration."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, InputError, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.network import OUTPUTS
from vcnn.network.cloud_rows import cloud_rows
from vcnn.network.features import Inputs, point_data
from vcnn.network.moments import MomentPoints, cloud_moments
from vcnn.network.pairs import Pairs
from vcnn.network.radial import gaussian_functions
from vcnn.testing import assert_equivariant, equivariance_errors

BALL = RegionOfInfluence.ball(0.6)
REGIONS = {
    "smooth": RegionOfInfluence.ball(0.9),
    "sharp": RegionOfInfluence.ball(0.9, smooth=1),
    "lattice": RegionOfInfluence.ball(0.9, spacing=0.22),
}
# Clouds of at least four points for each derivative of a fit, whose condition is good then.
POINTS = {1: 60, 2: 120, 3: 300}


def flow_of(d, n=None):
    flow = random_flow(d, n or POINTS[d], periodic=True)
    gradient = np.random.default_rng(1).normal(size=(len(flow), d, d))
    return flow.with_fields(tensors={"gradient": gradient})


def network_of(**changes):
    options = {"output": list(OUTPUTS), "tensors": ["gradient"], "hidden": 16, "fitting": (16,)}
    network = VectorCloudNetwork(["strain_rate"], ["pressure_gradient"], **{**options, **changes})
    return network.double().eval()


def calibrated(network, clouds):
    network.calibrate(clouds)
    return network


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("galilean", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_moments_are_sums_over_pairs(d, galilean, second):
    """Of several vectors and tensors, pair by pair, with numpy."""
    rng, channels, radial = np.random.default_rng(0), 2, 3
    inputs = Inputs(("strain_rate",), ("a", "b"), ("S", "T"), galilean)
    flow = random_flow(d, 30)
    n = len(flow)
    flow = flow.with_fields(
        vectors={name: rng.normal(size=(n, d)) for name in "ab"},
        tensors={name: rng.normal(size=(n, d, d)) for name in "ST"},
    )
    network = VectorCloudNetwork(inputs.scalars, ["a", "b"], tensors=["S", "T"]).double()
    fields = super(VectorCloudNetwork, network).points(flow)
    own, others = rng.normal(size=(n, 4)), rng.normal(size=(n, channels))
    data = point_data(fields, inputs)
    points = MomentPoints.of(data, torch.tensor(own), torch.tensor(others), inputs, second)
    clouds = BALL.clouds(flow)
    like = torch.zeros(1, dtype=torch.float64)
    pairs = Pairs.from_clouds(clouds, like)
    rows = cloud_rows(clouds, like, radial, 1, False, second)
    squared = (pairs.positions**2).sum(dim=0)
    weights = pairs.shares * gaussian_functions(squared, radial)
    found = cloud_moments(rows, points, channels, inputs, second)

    vectors = [v.T.numpy() for v in data.vectors]
    tensors = [T.permute(2, 0, 1).numpy() for T in data.tensors]
    sums = {}
    owners = np.arange(len(pairs.shares)) // (len(pairs.shares) // len(clouds))
    for k, (cloud, j) in enumerate(zip(owners, pairs.neighbours.numpy(), strict=True)):
        w, r, e, o = weights[:, k].numpy(), pairs.positions[:, k].numpy(), own[j], others[j]
        u = [v[j] for v in vectors]
        if galilean:
            u[0] = u[0] - vectors[0][clouds.centres[cloud]]
        terms = {
            "scalars": [np.einsum("n,c->nc", w, e)],
            "vectors": [
                np.einsum("n,c,i->nci", w, e, r),
                *(np.einsum("n,c,i->nci", w, o, v) for v in u),
                *(np.einsum("n,c,ij,j->nci", w, o, T[j], r) for T in tensors),
            ],
            "matrices": [
                *(np.einsum("n,c,i,j->ncij", w, o, r, v) for v in u),
                *(np.einsum("n,c,ij->ncij", w, o, T[j]) for T in tensors),
                *[np.einsum("n,c,i,j->ncij", w, o, r, r)] * second,
            ],
        }
        for kind, parts in terms.items():
            part = np.concatenate([part.reshape(-1, *part.shape[2:]) for part in parts])
            sums.setdefault(kind, np.zeros((len(clouds), *part.shape)))[cloud] += part
    for kind, wanted in sums.items():
        np.testing.assert_allclose(getattr(found, kind), wanted, rtol=0, atol=1e-13)
        assert abs(wanted).max() > 0.1


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_every_output_turns_with_the_frame(d, region, second):
    """Also translated, permuted, refined; relative to how much outputs vary."""
    flow = flow_of(d)
    network = calibrated(network_of(second_moments=second), region.clouds(flow))
    with torch.no_grad():  # outputs of an untrained one are nearly the same everywhere
        network.fitting[-1].weight.mul_(10)
        for value in network(region.clouds(flow)):
            assert d == 1 or value.std(dim=0, correction=0).max() > 0.05
    assert_equivariant(network, flow, 1e-12, region, dtype=torch.float64)
    assert_equivariant(network, flow, 1e-5, region, dtype=torch.float32)


def test_symmetries_that_settings_change():
    flow = flow_of(2)
    clouds = BALL.clouds(flow)
    errors = equivariance_errors(calibrated(network_of(galilean=True), clouds), flow, BALL)
    assert "Galilean" in errors.rebuilt and errors.worst <= 1e-12
    network = calibrated(network_of(pseudoscalars=["boundary"]), clouds)
    errors = equivariance_errors(network, flow, BALL)
    assert network.symmetry == "SO(d)" and "reflection" not in errors.rebuilt
    assert network_of().symmetry == "O(d)" and errors.worst <= 1e-12
    boosted = flow.boosted([3.0, -4.0])
    with torch.no_grad():
        a, b = (calibrated(network_of(), clouds)(BALL.clouds(f))[0] for f in (flow, boosted))
    assert (a - b).abs().max() > 1e-3 * a.abs().max()  # without the option it matters


def test_clouds_do_not_mix():
    """Clouds of different sizes, of which the smaller are filled up."""
    flow = flow_of(3)
    clouds = BALL.clouds(flow)
    network = calibrated(network_of(), clouds)
    with torch.no_grad():
        together = network(clouds)
        for k in (0, 17, 80):
            alone = network(BALL.clouds(flow, [k]))
            for value, one in zip(together, alone, strict=True):
                assert (value[k] - one[0]).abs().max() <= 1e-11 * value.abs().max()
    assert np.ptp(clouds.counts) > 5


@pytest.mark.parametrize("size", [1e-2, 1e2])
def test_calibration_brings_what_enters_to_order_one(size):
    """Of fields of any size: the inputs of ρ have mean 0, and deviation 1 but for what hardly
    varies; members of the description have that size too, and no member is beyond its bound.
    """
    flow = flow_of(2)
    flow = replace(flow, velocity=size * flow.velocity)
    network, clouds, inputs = network_of(), BALL.clouds(flow), []
    network.fitting.register_forward_pre_hook(lambda _, x: inputs.append(x[0]))
    with torch.no_grad():
        network(clouds)
        network.calibrate(clouds)
        network(clouds)
        raw = network._describe(clouds.compact(), network.points(flow))
        members = raw.scaled(*network._member_sizes)
    before, after = inputs
    assert after.abs().max() < 8  # they are shortened; below, as they were
    before, after = (x / torch.sqrt(1 - (x / 8) ** 2) for x in inputs)
    deviation = after.std(dim=0, correction=0)
    assert after.mean(dim=0).abs().max() < 1e-10
    assert deviation.max() <= 1 + 1e-12 and deviation.median() > 0.9
    assert not 0.1 < before.std(dim=0).median() < 10 or before.mean(dim=0).abs().max() > 10
    assert members.scalars.square().mean(dim=0).sqrt().max() == pytest.approx(1, rel=1e-6)
    for part in (members.vectors, members.matrices.flatten(2)):
        assert part.norm(dim=2).max() <= 3
        assert 0.5 < part.norm(dim=2).square().mean(dim=0).sqrt().median() <= 1


def test_no_channel_is_blown_up():
    """Points without features have constants for channels, of which one begins near 0."""
    network = VectorCloudNetwork(galilean=True, channels=8, seed=0).double()
    with torch.no_grad():
        constants = network.point_embedding(torch.zeros(1, 0, dtype=torch.float64))[0].abs()
        network.calibrate(BALL.clouds(random_flow(2)))
    assert constants.min() < 0.01 * constants.max()
    assert network.channel_sizes.min() > 0.1 * network.channel_sizes.max()
    assert (constants / network.channel_sizes).max() == pytest.approx(1)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_moments_alone(d):
    """Without fits nothing is solved for, and clouds of five points turn as exactly as any."""
    flow = flow_of(d, 5)
    region = RegionOfInfluence.ball(5.0)
    network = calibrated(network_of(fits=0), region.clouds(flow))
    rows = cloud_rows(region.clouds(flow), network.shift, 4, 0, False, False)
    assert rows.fits.shape == (5, 0, rows.moments.shape[2])
    assert_equivariant(network, flow, 1e-12, region)


@pytest.mark.parametrize("fits", [0, 1])
def test_a_file_gives_it_back_to_the_last_bit(fits, tmp_path):
    flow = flow_of(2)
    network = network_of(
        output=["vector", "reynolds_stress"], fits=fits, mixed=(6, 5, 4), retained=3
    )
    scales = Scales(
        scalars={"strain_rate": (1.0, 2.0)},
        vectors={"pressure_gradient": 2.0},
        tensors={"gradient": 1.5},
        targets=((0.0, 1.0), (0.0, 2.0)),
    )
    closure = Closure(network, BALL, ("force", "stress"), 2, scales)
    network.calibrate(closure.scale_clouds(BALL.clouds(flow)))
    again = Closure.load(closure.save(tmp_path / "model.safetensors"))
    assert again.network.name == "vector-cloud" and again.network.config == network.config
    assert again.network.config["mixed"] == [6, 5, 4]
    for name, value in closure.predict(flow).items():
        np.testing.assert_array_equal(again.predict(flow)[name], value)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_clouds_of_few_points(count):
    """A centre alone has no derivatives: values and slopes are finite, also of coincident ones."""
    flow = flow_of(2)
    network = calibrated(network_of(), BALL.clouds(flow))
    few = flow_of(2, count)
    for points in (few.points, np.ones((count, 2)), few.points * [1, 0]):
        values = network(
            RegionOfInfluence.ball(5.0).clouds(replace(few, points=points, periods=()))
        )
        total = sum(value.square().sum() for value in values)
        slopes = torch.autograd.grad(total, list(network.parameters()))
        assert total.isfinite() and all(slope.isfinite().all() for slope in slopes)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"radial": 0}, "radial: expected a positive integer, got 0"),
        ({"channels": 2.5}, "channels: expected a positive integer, got 2.5"),
        ({"retained": True}, "retained: expected a positive integer, got True"),
        ({"basis": -1}, "basis: expected a positive integer, got -1"),
        ({"fits": 5}, r"fits: expected 0..4 \(radial functions\), got 5"),
        ({"fits": -1}, r"fits: expected 0..4 \(radial functions\), got -1"),
        ({"second_moments": 2}, "second_moments: expected true or false, got 2"),
        ({"mixed": (8, 4)}, r"mixed: expected three integers from 2 on, got \[8, 4\]"),
        ({"mixed": (8, 8, 1)}, r"mixed: expected three integers from 2 on, got \[8, 8, 1\]"),
        ({"retained": 13}, r"retained: expected 1..12 \(mixed vectors\), got 13"),
        ({"output": "spinor"}, "output: expected scalar, "),
        ({"tensors": "gradient"}, "tensors: expected a list of names, got the text"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(InputError, match=f"^{message}"):
        VectorCloudNetwork(**settings)
