"""The whole problem is turned and solved anew: frame-independent closures find the turned flow,
others another one.
"""

import numpy as np
import pytest

import meshes
from solvers import RANS, Force, Inlet, Outlet, Periodic, Symmetry, Wall, coupled_rotation_study
from solvers.studies.coupled_rotation_report import coupled_section, coupled_verdict
from solvers.studies.rotated_problem import rotate_problem
from tests.support.closures import Predicting, mixing_length
from tests.support.pictures import coloured_share, drawn_values, png_of
from vcnn import InputError, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.baselines import GraphKernelNetwork
from vcnn.flow.norms import magnitudes

HILL = RANS(meshes.periodic_hill(1.0, cells=(20, 14)), 1 / 300, 0.72)
SMALL = RANS(meshes.periodic_hill(1.0, cells=(12, 8)), 1 / 50, 0.72)
SCALARS = ("wall_distance", "strain_rate")


def study(problem=SMALL, angles=(35, 90, 180), **closures):
    return coupled_rotation_study(closures, problem, angles, progress=False)


def changes(found, name):
    return [run.change for run in found.runs[name]]


def flows_to_the_left(flow):
    """Whether the mean velocity points to −x: what a closure must not ask."""
    return flow.weights @ flow.velocity[:, 0] < -0.1 * flow.weights.sum()


@pytest.fixture(scope="module")
def trained():
    """Two networks after three epochs on the eddy viscosity of a mixing length."""
    flow = RANS(HILL.mesh, HILL.viscosity, 0.72, closure=Predicting(mixing_length)).solve().flow()
    networks = {
        "cloud": VectorCloudNetwork(SCALARS, output="positive_scalar", channels=4, fitting=(16,)),
        "graph": GraphKernelNetwork(SCALARS, output="positive_scalar", kernel=(16, 16)),
    }
    config = TrainingConfig(epochs=3, batch_size=16, learning_rate=5e-3)
    region = RegionOfInfluence.ball(0.5)
    return {
        name: fit(n, [flow], "eddy_viscosity", region, config, progress=False)
        for name, n in networks.items()
    }


def test_a_vector_cloud_network_finds_the_turned_flow_and_a_graph_network_does_not(trained):
    found = study(HILL, **trained)
    assert found.angles.tolist() == [0, 35, 90, 180]
    assert max(changes(found, "cloud")) < 1e-8
    assert min(changes(found, "graph")[1:]) > 1e-3
    assert max(changes(found, "graph")) > 0.01
    for run, R in zip(found.runs["graph"], found.rotations, strict=True):
        np.testing.assert_allclose(run.flow.points, HILL.mesh.points @ R.T, atol=1e-12)
        np.testing.assert_allclose(run.back.points, HILL.mesh.points, atol=1e-12)
        assert run.flow.parameters["bulk_velocity"] == pytest.approx(0.72, rel=1e-9)
    words = coupled_verdict(found)
    assert words.startswith("Solved anew in turned frames: cloud finds the same flow, to ")
    assert "; graph finds another flow, " in words


@pytest.mark.parametrize("kind", ["callable", "array", "constant"])
def test_boundary_velocities_turn_with_the_mesh(kind):
    """From an inlet between a moving wall and a plane of symmetry to an outlet."""
    mesh = meshes.channel(3.0, 1.0, cells=(8, 6))

    def profile(x):
        return np.stack([0.4 + 0.6 * x[1], 0.1 * x[1] * (1 - x[1])])

    inlet = {"callable": profile, "array": profile(mesh.points.T).T, "constant": (1.0, 0.0)}[kind]
    conditions = {
        "bottom": Wall((0.4, 0.0)),
        "top": Symmetry(),
        "inlet": Inlet(inlet),
        "outlet": Outlet(),
    }
    found = study(RANS(mesh, 0.02, conditions=conditions), mixing=Predicting(mixing_length))
    assert max(changes(found, "mixing")) < 1e-10


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_a_given_anisotropy_turns_as_a_tensor(location):
    points = (
        HILL.mesh.points
        if location == "vertex"
        else HILL.mesh.points[HILL.mesh.cells[0].data].mean(axis=1)
    )
    a = 0.01 * points[:, 1, None, None] ** 2 * np.array([[1.0, 0.5], [0.5, -1.0]])
    problem = RANS(HILL.mesh, HILL.viscosity, 0.72, anisotropy=a, location=location)
    found = study(problem, mixing=Predicting(mixing_length))
    assert max(changes(found, "mixing")) < 1e-8


def test_a_problem_in_space_turns_about_a_generic_axis():
    """Two periods and a closure that prefers a direction of space besides one that does not."""
    mesh = meshes.bump_channel(cells=(3, 3, 3))
    conditions = {
        "bottom": Wall(),
        "top": Wall(),
        "inlet": Periodic("outlet", bulk_velocity=0.72),
        "back": Periodic("front"),
    }
    closures = {
        "mixing": Predicting(mixing_length),
        "tied": Predicting(lambda flow: 0.01 * flow.velocity[:, 0] ** 2),
    }
    problem = RANS(mesh, 0.05, conditions=conditions)
    found = study(problem, (90,), **closures)
    np.testing.assert_allclose(found.axis, np.array([1, 2, 3]) / np.sqrt(14))
    assert max(changes(found, "mixing")) < 1e-10
    assert changes(found, "tied")[1] > 1e-3
    section = coupled_section(found, "bump.toml")
    assert [row[:2] for row in section.rows] == [[n, a] for n in closures for a in ("0°", "90°")]
    assert len(section.figures) == 2


def test_a_frame_without_a_solution_is_a_result():
    """NaN if the flow goes to the left, or always: no crash, and the other closures go on."""
    found = study(
        angles=(90, 180),
        tied=Predicting(
            lambda flow: mixing_length(flow) * (np.nan if flows_to_the_left(flow) else 1)
        ),
        broken=Predicting(lambda flow: np.full(len(flow), np.nan)),
        mixing=Predicting(mixing_length),
    )
    assert max(changes(found, "mixing")) < 1e-10
    assert changes(found, "tied")[1] < 1e-10 and changes(found, "tied")[2] is None
    assert "predicts NaN" in found.runs["tied"][2].failure
    assert [run.flow for run in found.runs["broken"]] == [None]
    words = coupled_verdict(found)
    assert "mixing finds the same flow, to " in words
    assert words.endswith("; tied does not settle at 180°; broken does not settle at 0°.")
    section = coupled_section(found, "hill.toml")
    assert [row[:3] for row in section.rows if "does not settle" in row] == [
        ["tied", "180°", "does not settle"],
        ["broken", "0°", "does not settle"],
    ]
    assert "tied at 180°: RANS: the closure predicts NaN" in section.text
    assert len(section.figures) == 2
    speeds, changed = section.figures.values()
    fastest = max(magnitudes(run.flow.velocity).max() for run in found.runs["mixing"])
    assert drawn_values(speeds).max() == pytest.approx(fastest, rel=1e-12)
    assert coloured_share(png_of(speeds)) > 0.1
    said = [text.get_text() for axes in changed.axes for text in axes.texts]
    assert said.count("does not settle") == 1
    assert sum(text.startswith("< 1e-1") for text in said) == len(said) - 1 == 3


def test_nothing_to_draw_if_nothing_settles():
    found = study(angles=(90,), broken=Predicting(lambda flow: np.full(len(flow), np.nan)))
    assert coupled_section(found, "hill.toml").figures == {}
    assert coupled_verdict(found) == "Solved anew in turned frames: broken does not settle at 0°."


def test_the_outcome_is_what_was_not_given():
    """With a given driving force the bulk velocity is what a closure changes."""
    given = study(
        RANS(SMALL.mesh, 0.02, drive=Force(0.05)),
        angles=(90,),
        mixing=Predicting(mixing_length),
    )
    assert coupled_section(given, "").header[-1] == "bulk velocity"
    assert (
        coupled_section(study(angles=(), mixing=Predicting(mixing_length)), "").header[-1]
        == "driving force"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "closures: expected at least one"),
        ({"ν_t": np.zeros(96)}, "ν_t: expected a closure that predicts, got values"),
        (
            {"mixing": Predicting(mixing_length), "angles": (np.nan,)},
            "angles: expected finite numbers",
        ),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(InputError, match=message):
        study(**options)


def test_turbulence_that_enters_turns_with_the_inlet():
    mesh = meshes.channel(2.0, 1.0, cells=(4, 3))
    entering = {
        "turbulent_kinetic_energy": lambda x: x[1] ** 2,
        "turbulent_time_scale": 0.1,
        "layer": np.arange(float(len(mesh.points))),
    }
    walls = {"bottom": Wall(), "top": Wall()}
    inlet = Inlet((1.0, 0.0), turbulence=entering)
    problem = RANS(mesh, 0.1, conditions={**walls, "inlet": inlet, "outlet": Outlet()})
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = rotate_problem(problem, turn).boundary_conditions.by_name["inlet"]
    x = np.random.default_rng(0).uniform(size=(2, 5))
    k = turned.turbulence["turbulent_kinetic_energy"]
    np.testing.assert_allclose(k(turn @ x), x[1] ** 2, rtol=1e-14)
    for name in ("turbulent_time_scale", "layer"):
        assert turned.turbulence[name] is entering[name]
    np.testing.assert_allclose(turned.value, turn @ (1.0, 0.0))
