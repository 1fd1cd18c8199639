"""What is asked of closures, and the door through which everything else becomes one."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, ClosureLike, InputError, as_closure
from vcnn.closure import (
    ChecksFlows,
    Differentiable,
    MeasuresExtrapolation,
    NeedsFields,
    StatesUnits,
)
from vcnn.closure.plain import UNNAMED
from vcnn.evaluation.targets import common_target

HILL = Closure.pretrained("hill-concentration")
FLOW = random_flow(2, n=60, periodic=True)


def speed(flow):
    return np.linalg.norm(flow.velocity, axis=1)


@dataclass
class Speed:
    """By name, at some points or all."""

    name: str = "speed"

    @property
    def targets(self):
        return {self.name: "scalar"}

    def predict(self, flow, centres=None, dtype=None):
        return {self.name: speed(flow)[slice(None) if centres is None else centres]}


@dataclass
class Wrapper:
    """A plain closure around a trained one, that knows nothing of points or precision."""

    inner: Closure

    def predict(self, flow):
        return 2 * self.inner.predict(flow)


@dataclass
class Targeted:
    """As a trained closure with one target: a bare array."""

    target: str = "speed"

    def predict(self, flow, centres=None, dtype=None):
        return speed(flow)[slice(None) if centres is None else centres]


def test_a_trained_closure_predicts_by_name():
    closure = as_closure(HILL)
    assert isinstance(closure, ClosureLike) and closure.targets == {"concentration": "scalar"}
    np.testing.assert_array_equal(closure.predict(FLOW)["concentration"], HILL.predict(FLOW))
    assert as_closure(closure).predict(FLOW, [3]).keys() == {"concentration"}
    for ability in (ChecksFlows, NeedsFields, StatesUnits, Differentiable, MeasuresExtrapolation):
        assert isinstance(closure, ability) and not isinstance(as_closure(speed), ability)
    assert closure.needs == ("strain_rate", "wall_distance")
    assert repr(closure) == "Closure(concentration in 2-D; vector-cloud, 68,655 weights; transport)"


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Speed(), "speed"),
        (Targeted(), "speed"),
        (speed, UNNAMED),
        (Wrapper(HILL), UNNAMED),
        (speed(FLOW), UNNAMED),
        (list(speed(FLOW)), UNNAMED),
        (torch.from_numpy(speed(FLOW)), UNNAMED),
        (lambda flow: {"c": speed(flow)}, "c"),
    ],
    ids=["by name", "target", "callable", "plain", "array", "list", "tensor", "mapping"],
)
def test_everything_that_predicts_gives_float64_by_name_at_the_points_wanted(thing, name):
    closure, some = as_closure(thing), np.array([7, 3, 3])
    whole = closure.predict(FLOW)
    assert isinstance(closure, ClosureLike)
    assert whole.keys() == {name} and whole[name].dtype == np.float64
    np.testing.assert_array_equal(closure.predict(FLOW, some)[name], whole[name][some])


def test_a_plain_closure_has_its_inner_ones_compute_in_the_precision_it_is_asked_for():
    single, double = HILL.predict(FLOW), HILL.predict(FLOW, dtype=torch.float64)
    assert np.abs(single - double).max() > 1e-9  # else nothing is tested
    plain = as_closure(Wrapper(HILL))
    np.testing.assert_array_equal(plain.predict(FLOW)[UNNAMED], 2 * single)
    asked = plain.predict(FLOW, dtype=torch.float64)
    np.testing.assert_array_equal(asked[UNNAMED], 2 * double)
    np.testing.assert_array_equal(HILL.predict(FLOW), single)  # afterwards as before


def test_a_plain_closure_does_not_overrule_what_it_says_itself():
    told = as_closure(lambda flow: HILL.predict(flow, dtype=torch.float32))
    values = told.predict(FLOW, dtype=torch.float64)[UNNAMED]
    np.testing.assert_array_equal(values, HILL.predict(FLOW))


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (42, "got 42"),
        (np.float64(3.0), "one value for each point, got np.float64"),
        (None, "got None"),
        ("hill-stress", "got 'hill-stress'"),
        (["a", "b"], "expected numbers, got a list"),
        (Speed, "expected an object, got the class Speed"),
    ],
)
def test_nothing_else_passes(thing, message):
    with pytest.raises(InputError, match=f"^nonsense: .*{message}"):
        as_closure(thing, "nonsense")


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda flow: "fast", "expected numbers, got 'fast'"),
        (lambda flow: None, "expected numbers, got None"),
        (lambda flow: speed(flow)[:5], r"expected values at 60 points, got shape \(5,\)"),
    ],
)
def test_predictions_that_are_no_values_are_refused(predict, message):
    with pytest.raises(InputError, match=message):
        as_closure(predict).predict(FLOW, centres=[0])


def test_what_studies_need_to_know_of_targets():
    assert common_target({"a": Speed(), "b": Targeted()}) == "speed"
    with pytest.raises(InputError, match="expected the same target of all, but a predicts speed"):
        common_target({"a": Speed(), "b": Speed("c")})
    with pytest.raises(InputError, match="b: does not say what it predicts"):
        common_target({"a": Speed(), "b": speed})
    with pytest.raises(InputError, match=r"a: predicts several fields \(beta, anisotropy\)"):
        common_target({"a": Closure.pretrained("duct-stress")})
