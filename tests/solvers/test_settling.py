"""How rounds of flow and closure settle: what the benchmark measures, and which regions do."""

from dataclasses import replace

import numpy as np
import pytest

import meshes
from benchmarks.challenge.rounds import leading_eigenvalues, make_rounds
from solvers import RANS
from vcnn import Closure, RegionOfInfluence

CHANNEL = meshes.channel(2.0, 1.0, cells=(4, 8), grading=3.0)


class Length:
    """ν_t of a mixing length, more sensitive with a power of the strain rate."""

    def __init__(self, power=1.0):
        self.power = power

    def predict(self, flow):
        mixing = (0.4 * flow.scalars["wall_distance"]) ** 2
        return mixing * flow.scalars["strain_rate"] ** self.power


def channel(power=1.0):
    return RANS(CHANNEL, 0.01, 1.0, closure=Length(power))


def test_rounds_are_those_of_the_solver():
    made, history = make_rounds(channel(), None), channel().solve().history
    count = len(made.change)
    np.testing.assert_allclose(made.change, history.change[:count], rtol=1e-6, atol=1e-15)
    assert made.change[-1] <= 1e-9 and made.loose is not None


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_plain_rounds_contract_by_the_leading_eigenvalue(power):
    """As long as it is real and the only one of its size."""
    plain = make_rounds(channel(power), None, depth=0, tolerance=1e-11)
    values = leading_eigenvalues(make_rounds(channel(power), None))
    ratios = np.array(plain.change[1:]) / plain.change[:-1]
    assert abs(values[0].imag) < 1e-6 < abs(values[0]) < 1
    assert np.median(ratios[-5:]) == pytest.approx(abs(values[0]), rel=0.05)


def test_a_sharp_edge_keeps_rounds_from_settling_if_it_moves_with_the_flow():
    closure, R = Closure.pretrained("hill-eddy-viscosity"), RegionOfInfluence
    mesh = meshes.periodic_hill(1.0, cells=(30, 20), grading=15.0)
    least = {}
    for name, region in {
        "sharp ball": R.ball(1.0, smooth=1),
        "sharp ellipsoid": R.ellipsoid(1.2, 0.8, smooth=1),
        "smooth ellipsoid": R.ellipsoid(1.2, 0.8, smooth=0.5),
    }.items():
        problem = RANS(
            mesh, 1.786e-4, 0.72, closure=replace(closure, region=region), location="vertex"
        )
        least[name] = min(make_rounds(problem, None, tolerance=1e-8, limit=30).change)
    assert least["sharp ball"] <= 1e-8 and least["smooth ellipsoid"] <= 1e-8
    assert least["sharp ellipsoid"] > 1e-5
