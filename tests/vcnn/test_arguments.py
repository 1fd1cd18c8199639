"""What networks and predictions are given wrongly is named in one line."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, InputError, Network, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.network import PairEmbeddingNetwork
from vcnn.testing import assert_equivariant

BALL = RegionOfInfluence.ball(0.4)
NETWORKS = (VectorCloudNetwork, PairEmbeddingNetwork)
ARGUMENTS = [
    ({"hidden": -1}, "hidden: expected a positive integer, got -1"),
    ({"hidden": 2.5}, "hidden: expected a positive integer, got 2.5"),
    ({"basis": 0}, "basis: expected a positive integer, got 0"),
    ({"fitting": 5}, "fitting: expected a list of positive integers, got 5"),
    ({"fitting": [8, -1]}, r"fitting: expected a list of positive integers, got \[8, -1\]"),
    ({"fitting": "88"}, "fitting: expected a list of positive integers, got '88'"),
    ({"scalars": 3}, "scalars: expected a list of names, got 3"),
    ({"vectors": [3]}, r"vectors: expected a list of names, got \[3\]"),
    ({"tensors": None}, "tensors: expected a list of names, got None"),
    ({"pseudoscalars": 0}, "pseudoscalars: expected a list of names, got 0"),
    ({"output": 3}, "output: expected scalar, positive_scalar, .*, got 3"),
    ({"output": ["scalar", 3]}, "output: expected scalar, positive_scalar, .*, got 3"),
    ({"seed": "a"}, "seed: expected an integer, got 'a'"),
]
OF_ONE = [
    (VectorCloudNetwork, {"mixed": 5}, "mixed: expected a list of positive integers, got 5"),
    (PairEmbeddingNetwork, {"embedding": -1}, "embedding: expected a positive integer, got -1"),
    (PairEmbeddingNetwork, {"retained": "2"}, "retained: expected 1..40 .*, got '2'"),
]


@pytest.mark.parametrize(
    ("kind", "arguments", "message"), [*((k, *a) for k in NETWORKS for a in ARGUMENTS), *OF_ONE]
)
def test_arguments_of_networks(kind, arguments, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        kind(**arguments)


@pytest.mark.parametrize("first", ["scalars", "pseudoscalars", "vectors", "tensors"])
@pytest.mark.parametrize("second", ["scalars", "pseudoscalars", "vectors", "tensors", "categories"])
def test_a_field_is_taken_as_one_thing(first, second):
    if first == second:
        arguments = {first: ["a", "a"]}
    else:
        arguments = {first: ["a"], second: {"a": 2} if second == "categories" else ["b", "a"]}
    with pytest.raises(InputError, match=r"expected names that stand once, 'a' is in .* already$"):
        VectorCloudNetwork(**arguments)


def test_a_network_of_ones_own_may_call_a_number_categories():
    class Own(Network):
        def __init__(self, categories=3):
            super().__init__(categories=categories)

        def forward(self, clouds, points):
            raise NotImplementedError

    assert Own(5).config == {"categories": 5}


def closure_of(network=None):
    return Closure((network or VectorCloudNetwork()).eval(), BALL, "energy", 2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int64, np.float32, "half"])
def test_precisions_that_no_network_computes_in(dtype):
    flow, message = random_flow(2, 30), r"^dtype: expected torch.float32 or torch.float64, got "
    with pytest.raises(InputError, match=message):
        closure_of().predict(flow, dtype=dtype)
    with pytest.raises(InputError, match=message):
        assert_equivariant(closure_of(), flow, 1e-3, dtype=dtype)


def test_a_network_of_half_precision_cannot_predict():
    with pytest.raises(InputError, match=r"^dtype: expected torch.float32 or torch.float64, got "):
        closure_of(VectorCloudNetwork().half()).predict(random_flow(2, 30))


@pytest.mark.parametrize("centres", [[], np.array([], dtype=int)])
def test_predictions_at_no_points(centres):
    with pytest.raises(InputError, match=r"^centres: expected at least one point index, got none$"):
        closure_of().predict(random_flow(2, 30), centres=centres)


def test_arrays_in_place_of_tensors():
    flow, network = random_flow(2, 30), VectorCloudNetwork(["strain_rate"])
    scales = Scales(scalars={"strain_rate": (0.0, 1.0)})
    predict = replace(closure_of(network), scales=scales).differentiable(flow)
    velocity = torch.from_numpy(flow.velocity.copy())
    with pytest.raises(InputError, match=r"^velocity: expected a tensor of shape \(30, 2\), got a"):
        predict(flow.velocity)
    with pytest.raises(InputError, match=r"^positions: expected a tensor of shape \(30, 2\), got"):
        predict(velocity, positions=flow.points)
    with pytest.raises(InputError, match=r"^scalars\['strain_rate'\]: expected a tensor of shape"):
        predict(velocity, scalars={"strain_rate": flow.scalars["strain_rate"]})
