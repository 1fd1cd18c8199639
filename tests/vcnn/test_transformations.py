"""Other descriptions of a flow: closures that should not notice do not, and what is noticed is the
analytic amount.
"""

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import Closure, FlowField, InputError, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.baselines import DeepSets
from vcnn.evaluation.transformations import transformation_study
from vcnn.network.zhou2022 import Zhou2022

BALL = RegionOfInfluence.ball(0.6)
SCALARS = ["strain_rate"]
SMALL = {"channels": 4, "hidden": 8, "fitting": (8,)}


def closure_of(network, flow, region=BALL):
    scales = Scales.of([flow], region, network, ["concentration"])
    return Closure(network.eval(), region, "concentration", flow.dimension, scales)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_each_network_stands_what_it_is_made_to_stand(d):
    flow = random_flow(d, periodic=True)
    closures = {
        "cloud": closure_of(VectorCloudNetwork(SCALARS, **SMALL), flow),
        "published": closure_of(Zhou2022(seed=1), flow),
        "set": closure_of(DeepSets(SCALARS, d), flow),
    }
    found = transformation_study(closures, flow).responses
    turning = {"rotation 1", "rotation 2", "reflection"} if d > 1 else {"reflection"}
    kept = {"cloud": {*turning, "refinement"}, "published": turning, "set": {"refinement"}}
    for name, response in found.items():
        assert set(response.changes) == {*turning, "translation", "permutation", "refinement"}
        for transformation, change in response.changes.items():
            if transformation in {"translation", "permutation", *kept[name]}:
                assert change < 1e-12, (name, transformation)
            else:
                assert change > 1e-6, (name, transformation)


def test_larger_parts_of_clouds_change_a_prediction_less():
    flow = random_flow(2, n=500)
    closure = closure_of(VectorCloudNetwork(SCALARS, **SMALL), flow, RegionOfInfluence.ball(4.0))
    parts = transformation_study({"cloud": closure}, flow).responses["cloud"].parts
    assert list(parts) == [25, 50, 100, 200, 400]  # smaller than the clouds of 500 points
    # of a sample of n points out of N: standard error √(1/n − 1/N)
    ratio = parts[25] / parts[400]
    assert ratio == pytest.approx(np.sqrt((1 / 25 - 1 / 500) / (1 / 400 - 1 / 500)), rel=0.5)


class Flipping(VectorCloudNetwork):
    """Jumps by 1 where the velocity of the centre changes sides of a line: a frame that flips."""

    def forward(self, clouds, points=None):
        value = super().forward(clouds, points)
        return value + (clouds.flow.velocity[clouds.centres, 1] > 0)


def test_noise_finds_a_jump():
    rng = np.random.default_rng(0)
    flow = random_flow(2, n=300)
    along = np.stack([1 + rng.uniform(size=300), 2e-3 * rng.standard_normal(300)], axis=1)
    flow = FlowField(flow.points, along, scalars=flow.scalars)
    closures = {
        "smooth": closure_of(VectorCloudNetwork(SCALARS, **SMALL), flow),
        "flipping": closure_of(Flipping(SCALARS, **SMALL), flow),
    }
    found = transformation_study(closures, flow).responses
    assert 0 < max(found["smooth"].noise) < 0.05
    median, largest = found["flipping"].noise
    assert median < 0.05
    assert largest > 0.5


class Speed:
    target = "speed"

    def predict(self, flow, centres=None, dtype=None):
        return np.linalg.norm(flow.velocity, axis=1)[centres]


def line(n, **scalars):
    x = np.linspace(0, 1, n)
    scalars = {name: values * (1 + x) for name, values in scalars.items()}
    return FlowField(
        np.stack([x, 0 * x], axis=1), np.stack([1 + x, 0 * x], axis=1), scalars=scalars
    )


def test_errors_on_other_meshes_are_those_at_the_same_places():
    fine = line(
        201, speed=np.where(np.arange(201) % 20 == 0, 1.0, 99.0)
    )  # true at the places of the coarse mesh
    study = transformation_study(
        {"speed": Speed()}, line(11, speed=0.8), {"fine": fine}, name="coarse"
    )
    assert study.mesh_errors["speed"] == pytest.approx({"coarse": 0.25, "fine": 0.0}, abs=1e-12)
    assert study.mesh_sizes == {"coarse": 11, "fine": 201}
    assert study.responses == {}  # no network, whose clouds could be changed


def test_other_meshes_must_fit():
    with pytest.raises(InputError, match="fine: speed: has no speed to compare with"):
        transformation_study({"speed": Speed()}, line(11, speed=1.0), {"fine": line(21)})
    space = FlowField(np.eye(3), np.eye(3))
    with pytest.raises(InputError, match="space: expected a 2-D flow, got a 3-D one"):
        transformation_study({"speed": Speed()}, line(11, speed=1.0), {"space": space})
