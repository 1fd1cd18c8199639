"""The models that come with the package, on flows they never saw."""

import numpy as np
import pytest

from vcnn import Closure, FlowField, InputError
from vcnn.evaluation import relative_l2
from vcnn.testing import assert_equivariant


def test_pretrained_model_knows_unseen_hills_in_any_frame():
    from solvers import hill_concentration

    closure = Closure.pretrained("hill-concentration")
    for slope, cells, allowed in ((1.325, (60, 40), 0.02), (0.6, (40, 40), 0.03)):
        flow = hill_concentration(slope, cells)
        predicted = closure.predict(flow)
        assert relative_l2(predicted, flow.scalars["concentration"], flow.weights) < allowed
    some = np.arange(0, len(flow), 40)
    assert_equivariant(closure, flow, 1e-12, centres=some)


def test_pretrained_eddy_viscosity_in_the_loop_from_anywhere():
    """A hill of another shape on a coarse mesh: the same flow from rest and from a turbulence
    model, in any frame.
    """
    import meshes
    from solvers import RANS, SpalartAllmaras

    closure = Closure.pretrained("hill-eddy-viscosity")
    problem = {
        "mesh": meshes.periodic_hill(1.2, cells=(48, 40), grading=25.0),
        "viscosity": 1 / 5600,
    }
    problem |= {"bulk_velocity": 0.72}
    rans = RANS(**problem, closure=closure, location="vertex")
    flow, model = rans.solve().flow("vertex"), SpalartAllmaras(**problem).solve()
    other = rans.solve(start=model).flow("vertex")
    assert relative_l2(other.velocity, flow.velocity, flow.weights) < 1e-6
    known = model.flow("vertex")
    assert (
        relative_l2(flow.velocity, known.velocity, flow.weights) < 0.1
    )  # SST and Spalart-Allmaras are as far apart
    assert np.mean(closure.extrapolation(flow) > 1) < 0.1
    assert_equivariant(closure, flow, 1e-12, centres=np.arange(0, len(flow), 40))


def test_pretrained_eddy_viscosity_on_a_hill_it_never_saw(shared_data):
    """Velocity of OpenFOAM's k-ω SST at the same driving, whose ν_t it learned on other hills."""
    from benchmarks.data import hills
    from solvers import RANS

    mesh, data = hills.read_hill(
        shared_data / "closure_challenge" / "train" / "alpha_15_7929_4048.npz"
    )
    closure = Closure.pretrained("hill-eddy-viscosity")
    result = RANS(
        mesh, float(data["nu"]), float(data["ubar"][0]), closure=closure, location="vertex"
    ).solve()
    truth = data["sst_velocity"][:, :2].astype(float)
    assert relative_l2(result.flow("cell").velocity, truth, data["cell_areas"].astype(float)) < 0.02
    assert result.history.clipped[-1] == 0


def test_pretrained_stresses_turn_with_the_frame():
    """Of a hill, and of the section of a duct with velocities in three components."""
    import meshes
    from solvers import SpalartAllmaras

    hill = meshes.periodic_hill(1.2, cells=(32, 24), grading=15.0)
    flow = SpalartAllmaras(hill, viscosity=1 / 5600, bulk_velocity=0.72).solve().flow("vertex")
    for name in ("hill-stress", "hill-correction"):
        assert_equivariant(
            Closure.pretrained(name), flow, 1e-12, centres=np.arange(0, len(flow), 40)
        )
    rng = np.random.default_rng(0)
    points = np.pad(rng.uniform([-1, -2], [1, 2], (2000, 2)), ((0, 0), (1, 0)))
    wall = np.minimum(1 - np.abs(points[:, 1]), 2 - np.abs(points[:, 2]))
    velocity = np.stack([18 * wall ** (1 / 7), *rng.normal(size=(2, len(points))) * 0.1], axis=1)
    section = FlowField(
        points, velocity, scalars={"wall_distance": wall, "layer": 1 - np.exp(-wall / 0.145)}
    )
    assert_equivariant(
        Closure.pretrained("duct-stress"), section, 1e-12, centres=np.arange(0, len(section), 40)
    )


def test_unknown_model():
    with pytest.raises(
        InputError,
        match=r"pretrained: expected one of duct-correction, duct-stress, .*, got 'duct'",
    ):
        Closure.pretrained("duct")
