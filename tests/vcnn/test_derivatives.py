"""Predictions differentiated by all that they depend on, against central differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    InputError,
    Network,
    RegionOfInfluence,
    Scales,
    VectorCloudNetwork,
    Zhou2022,
)
from vcnn.baselines import (
    EGNN,
    AttentionNetwork,
    DeepSets,
    GraphKernelNetwork,
    InvariantGraphKernelNetwork,
)
from vcnn.network import PairEmbeddingNetwork, VCNNe

N, AT_REST = 40, 5
REGIONS = {
    "ball": RegionOfInfluence.ball(0.9),
    "lattice": RegionOfInfluence.ball(0.9, spacing=0.22),
    "ellipsoid": RegionOfInfluence.ellipsoid(1.3, 0.7),
    "transport": RegionOfInfluence.transport(0.2, 1.0),
}
NETWORKS = {
    "first order": {"order": 1},
    "second order": {"order": 2},
    "galilean": {"order": 2, "galilean": True},
}
SCALES = Scales(
    length=0.7,
    velocity=1.3,
    scalars={name: (1.0, 2.0) for name in ("strain_rate", "wall_distance", "boundary")},
    vectors={"pressure_gradient": 2.0},
    tensors={"stress": 1.5},
    targets=((0.0, 20.0),),
)
H = 2e-5  # of central differences: 1e-15 / h of round-off


def flow_of(d, periodic=False):
    """With a point at rest, as on a wall, and a field of each kind."""
    flow = random_flow(d, N, periodic)
    stress = np.random.default_rng(1).normal(size=(N, d, d))
    moving = np.arange(N)[:, None] != AT_REST
    return replace(flow, velocity=moving * flow.velocity, tensors={"stress": stress})


def closure_of(network, region, flow):
    """With inputs of order one, as before training, so that slopes are far above round-off."""
    scales = SCALES if network.scaling else Scales()
    closure = Closure(network.double().eval(), region, "c", flow.dimension, scales)
    network.calibrate(closure.scale_clouds(region.clouds(flow)))
    return closure


def pair_embedding(**options):
    return PairEmbeddingNetwork(
        ["strain_rate"],
        ["pressure_gradient"],
        tensors=["stress"],
        embedding=8,
        retained=4,
        hidden=8,
        fitting=(8,),
        basis=3,
        **options,
    )


def vector_cloud(**options):
    return VectorCloudNetwork(
        ["strain_rate"],
        ["pressure_gradient"],
        tensors=["stress"],
        channels=4,
        hidden=8,
        fitting=(8,),
        **options,
    )


def inputs_of(closure, flow):
    """What a prediction is a function of, as tensors by name; positions where they may be given."""
    given = {"velocity": flow.velocity}
    if closure.network.weighted or closure.region.lattice_spacing is None:
        given["positions"] = flow.points
    for kind in ("scalars", "vectors", "tensors"):
        names = getattr(closure.network, kind)
        given |= {f"{kind} {name}": getattr(flow, kind)[name] for name in names}
    return {name: torch.tensor(values) for name, values in given.items()}


def predict(predicted, given):
    """Predictions of such inputs."""
    arguments = {}
    for name, values in given.items():
        kind, _, field = name.partition(" ")
        if field:
            arguments.setdefault(kind, {})[field] = values
        else:
            arguments[kind] = values
    return predicted(**arguments)["c"]


def assert_slopes(closure, flow, h=H, tolerance=1e-7):
    """By every input and by the weights, of a random sum of the values, in random directions."""
    predicted, generator = closure.differentiable(flow), torch.Generator().manual_seed(0)

    def random(like):
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)

    given = {name: v.requires_grad_() for name, v in inputs_of(closure, flow).items()}
    values = predict(predicted, given)
    wanted = random(values)
    parameters = list(closure.network.parameters())
    slopes = torch.autograd.grad((wanted * values).sum(), [*given.values(), *parameters])
    assert all(slope.isfinite().all() for slope in slopes)
    with torch.no_grad():

        def change(moved):
            """Of the sum, by ``moved(h)``: differences over h and over 2 h, of fourth order."""
            far, near = (
                ((moved(step) - moved(-step)) * wanted).sum() / (2 * step) for step in (2 * h, h)
            )
            return float(4 * near - far) / 3

        for (name, v), slope in zip(given.items(), slopes, strict=False):
            direction = random(v)
            if name == "velocity":  # forms along the velocity jump where that vanishes
                direction[AT_REST] = 0
            found = change(
                lambda t, name=name, by=direction, v=v: predict(
                    predicted, {**given, name: v + t * by}
                )
            )
            assert float((slope * direction).sum()) == pytest.approx(found, rel=tolerance), name
            assert abs(found) > 1e-4, name

        directions = [random(w) * w.abs().mean() for w in parameters]

        def with_weights(t):
            for w, by in zip(parameters, directions, strict=True):
                w += t * by
            values = predict(predicted, given)
            for w, by in zip(parameters, directions, strict=True):
                w -= t * by
            return values

        along = sum((s * by).sum() for s, by in zip(slopes[len(given) :], directions, strict=True))
        assert float(along) == pytest.approx(change(with_weights), rel=tolerance)


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
@pytest.mark.parametrize("periodic", [False, True], ids=["", "periodic"])
@pytest.mark.parametrize("d", [2, 3])
def test_slopes_are_those_of_central_differences(d, periodic, region, options):
    flow = flow_of(d, periodic)
    assert_slopes(closure_of(pair_embedding(**options), region, flow), flow)


@pytest.mark.parametrize(
    "options",
    [{}, {"galilean": True}, {"fits": 0, "second_moments": True}],
    ids=["", "galilean", "second moments alone"],
)
@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
@pytest.mark.parametrize("d", [2, 3])
def test_slopes_of_moments_and_local_fits(d, region, options):
    flow = flow_of(d, periodic=True)
    assert_slopes(closure_of(vector_cloud(**options), region, flow), flow)


OTHERS = [
    *(kind(["strain_rate"]) for kind in (DeepSets, AttentionNetwork, EGNN)),
    *(kind(["strain_rate"]) for kind in (GraphKernelNetwork, InvariantGraphKernelNetwork)),
    Zhou2022(),
    VCNNe(),
]


@pytest.mark.parametrize("network", OTHERS, ids=lambda network: network.name)
@pytest.mark.parametrize("region", ["lattice", "transport"])
def test_slopes_of_other_networks(network, region):
    """Kinks of ReLU within a step are rare, and fewer the smaller it is."""
    flow = flow_of(2)
    assert_slopes(closure_of(network, REGIONS[region], flow), flow, h=1e-7, tolerance=1e-5)


class Means(Network):
    """A user's own, which makes points of the velocity alone and takes positions as arrays."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def points(self, flow, velocity=None):
        return super().points(flow, velocity).velocity

    def forward(self, clouds, points):
        products = self.as_tensor(clouds.positions) * points[clouds.neighbours]
        return self.layer(self.mean(clouds, products)).sin().squeeze(1)


@pytest.mark.parametrize("region", ["ball", "ellipsoid"])
def test_slopes_of_a_network_of_ones_own(region):
    flow = flow_of(2)
    assert_slopes(closure_of(Means(), REGIONS[region], flow), flow)


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_values_are_those_of_predictions(region):
    """To the last bit where clouds are found once and no means are taken at nodes."""
    flow = flow_of(2, periodic=True)
    closure = closure_of(vector_cloud(), region, flow)
    predicted = closure.differentiable(flow)
    moved = replace(
        flow,
        velocity=np.sin(flow.velocity) + flow.velocity,
        points=flow.points + 0.1 * np.cos(flow.velocity),
        scalars={"strain_rate": flow.scalars["strain_rate"] ** 2},
    )
    still = replace(moved, points=flow.points)
    values = predicted(
        torch.tensor(moved.velocity),
        scalars={"strain_rate": torch.tensor(moved.scalars["strain_rate"])},
    )
    exact = 0 if region == REGIONS["ball"] else 1e-12
    np.testing.assert_allclose(values["c"].detach(), closure.predict(still), rtol=exact)
    values = predict(predicted, inputs_of(closure, moved))
    np.testing.assert_allclose(values.detach(), closure.predict(moved), rtol=1e-12)


def test_a_sharp_edge_that_moves_is_refused():
    """Values jump there."""
    flow = flow_of(2)
    sharp = {name: replace(region, smooth=1) for name, region in REGIONS.items()}
    for kind in ("ellipsoid", "transport"):
        closure = closure_of(vector_cloud(), sharp[kind], flow)
        with pytest.raises(InputError, match=f"region: the sharp edge of a region '{kind}' moves"):
            closure.differentiable(flow)
    positions, velocity = torch.tensor(flow.points), torch.tensor(flow.velocity)
    for kind in ("ball", "lattice"):
        predicted = closure_of(vector_cloud(), sharp[kind], flow).differentiable(flow)
        with pytest.raises(InputError, match="positions: clouds cannot be differentiated by them"):
            predicted(velocity, positions)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"velocity": torch.zeros(3, 2)}, r"velocity: expected a tensor of shape \(40, 2\)"),
        ({"positions": torch.zeros(40)}, "positions: expected a tensor of shape"),
        ({"scalars": {"strain": torch.zeros(40)}}, "scalars: unknown key 'strain'"),
        (
            {"vectors": {"pressure_gradient": torch.zeros(40)}},
            r"vectors\['pressure_gradient'\]: expected a tensor of shape \(40, 2\), got \(40,\)",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused(given, message):
    flow = flow_of(2)
    predicted = closure_of(vector_cloud(), REGIONS["ball"], flow).differentiable(flow)
    with pytest.raises(InputError, match=message):
        predicted(**{"velocity": torch.tensor(flow.velocity), **given})
