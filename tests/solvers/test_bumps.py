"""Flow and transport over a bump in three dimensions, on tetrahedra."""

import numpy as np
import pytest

from meshes import bump_channel, cell_volumes
from solvers import bump_concentration
from vcnn import RegionOfInfluence, VectorCloudNetwork
from vcnn.testing import assert_equivariant

SHAPE = dict(height=0.6, aspect=1.5, yaw=30.0)
CELLS = (6, 4, 6)


@pytest.fixture(scope="module")
def flow():
    return bump_concentration(**SHAPE, cells=CELLS)


def test_what_is_in_it(flow):
    assert (flow.dimension, flow.location, len(flow)) == (3, "cell", 6 * 6 * 4 * 6)
    np.testing.assert_allclose(
        flow.weights, cell_volumes(bump_channel(**SHAPE, cells=CELLS)), rtol=1e-12
    )
    np.testing.assert_allclose(flow.periods, [[4, 0, 0], [0, 0, 3]], atol=1e-12)
    assert {"strain_rate", "wall_distance", "boundary", "concentration"} <= set(flow.scalars)
    assert {**SHAPE, "viscosity": 0.01}.items() <= flow.parameters.items()


def test_bulk_velocity_and_sign_of_the_scalar(flow):
    mean = np.average(flow.velocity[:, 0], weights=flow.weights)
    assert mean == pytest.approx(
        flow.parameters["bulk_velocity"], rel=0.02
    )  # midpoints of cells, not the integral
    assert flow.parameters["bulk_velocity"] == pytest.approx(0.721039, rel=1e-10)
    assert flow.scalars["concentration"].min() > 0


def test_drift_to_one_side_changes_sign_with_the_yaw(flow):
    """Fluid moves along the oblique bump; nothing but the bump, not the cut of the cells either,
    prefers a side.
    """
    mirrored = bump_concentration(**{**SHAPE, "yaw": -30.0}, cells=CELLS)
    drift = [np.average(f.velocity[:, 2], weights=f.weights) for f in (flow, mirrored)]
    assert drift[0] > 0.005
    assert drift[1] == pytest.approx(-drift[0], rel=1e-8)


def test_balance_on_both_kinds_of_cells():
    """What is produced decays or leaves through the walls, and about as much on either kind."""
    from solvers import LaminarFlow, Periodic, ScalarTransport, Wall

    along, across = Periodic("outlet", bulk_velocity=0.72), Periodic("front")
    conditions = {"bottom": Wall(), "top": Wall(), "inlet": along, "back": across}
    gained = {}
    for kind in ("tetrahedron", "hexahedron"):
        mesh = bump_channel(**SHAPE, cells=CELLS, kind=kind)
        flow = LaminarFlow(mesh, 0.01, conditions=conditions).solve()
        balance = ScalarTransport(mesh, flow, conditions=conditions).solve().balance()
        assert flow.residuals[-1] < 1e-11
        assert abs(balance.defect) < 1e-10 * balance.production
        gained[kind] = balance.production, balance.decay
    np.testing.assert_allclose(gained["tetrahedron"], gained["hexahedron"], rtol=0.03)


def test_a_network_on_tetrahedra_turns_with_the_frame(flow):
    network = VectorCloudNetwork(["strain_rate", "wall_distance"])
    assert_equivariant(
        network, flow, 1e-11, RegionOfInfluence.transport(0.1, 3.0), centres=range(0, len(flow), 20)
    )
