"""Turbulence models: the law of the wall, balances, limits, and convergence on separated flow."""

import numpy as np
import pytest

import meshes
from solvers import MixingLength, SpalartAllmaras, evaluate
from vcnn import DivergenceError, InputError

MODELS = (SpalartAllmaras, MixingLength)


def channel(model, reynolds, bulk, cells=64, kind="quadrilateral"):
    """A channel of half height 1 with u_τ about 1; the first cell is within y⁺ = 2."""
    mesh = meshes.channel(length=1.0, height=2.0, cells=(3, cells), grading=30.0, kind=kind)
    return model(mesh, 1 / reynolds, bulk).solve()


def wall_units(result, reynolds):
    """U⁺ at y⁺ = 30, 100 and the centre; the momentum balance gives u_τ² = f."""
    friction_velocity = result.pressure_gradient**0.5
    y = np.array([30, 100, np.nan]) / (reynolds * friction_velocity)
    y[2] = 1.0
    return evaluate(result.velocity, np.stack([np.full(3, 0.5), y], axis=-1))[:, 0] / friction_velocity


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.__name__)
def result(request):
    """Re_τ = 395 at the bulk velocity of the DNS."""
    return channel(request.param, 395, 17.545)


@pytest.mark.parametrize(
    ("reynolds", "bulk", "dns"),
    [
        (395, 17.545, (13.49, 16.54, 20.13)),  # Moser, Kim & Mansour, Phys. Fluids 11 (1999), Re_τ = 392
        (550, 18.4, (13.48, 16.51, 20.99)),    # del Álamo & Jiménez, Phys. Fluids 15 (2003), Re_τ = 547
    ],
)
@pytest.mark.parametrize(("model", "tolerance"), [(SpalartAllmaras, 0.03), (MixingLength, 0.04)])
def test_mean_profile_of_a_channel_agrees_with_dns(model, tolerance, reynolds, bulk, dns):
    np.testing.assert_allclose(wall_units(channel(model, reynolds, bulk), reynolds), dns, rtol=tolerance)


def test_total_stress_balances_the_driving_force(result):
    """(ν + ν_t) ∂U/∂y = f (1 − y), wherever in the channel."""
    flow, f = result.flow("cell"), result.pressure_gradient
    stress = (1 / 395 + flow.scalars["eddy_viscosity"]) * flow.scalars["strain_rate"]
    inner = flow.scalars["wall_distance"] > 0.1
    np.testing.assert_allclose(stress[inner], f * np.abs(1 - flow.points[inner, 1]), atol=0.01 * f)


def test_bulk_velocity_is_met_and_the_residual_small(result):
    mean = result.domain.integral(result.velocity[0]) / result.domain.integral(1.0)
    assert mean == pytest.approx(17.545, rel=1e-10)
    assert result.residuals[-1] < 1e-9
    assert abs(result.domain.integral(result.pressure)) < 1e-9


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_flow_holds_what_closures_are_trained_on(result, location):
    flow = result.flow(location)
    assert {"pressure", "eddy_viscosity", "strain_rate", "wall_distance"} <= set(flow.scalars)
    assert flow.scalars["eddy_viscosity"].min() >= 0
    np.testing.assert_allclose(flow.scalars["wall_distance"], 1 - np.abs(1 - flow.points[:, 1]), atol=1e-12)
    assert flow.parameters["pressure_gradient"] == result.pressure_gradient


def test_saved_for_paraview(tmp_path, result):
    assert result.save(tmp_path / "flow.bp").is_dir()


@pytest.mark.parametrize("model", MODELS)
def test_profile_does_not_depend_on_the_mesh(model):
    coarse, fine = (wall_units(channel(model, 395, 17.545, cells), 395) for cells in (48, 96))
    np.testing.assert_allclose(coarse, fine, rtol=2e-3)
    triangles = wall_units(channel(model, 395, 17.545, 48, "triangle"), 395)
    np.testing.assert_allclose(triangles, fine, rtol=2e-3)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("length", "speed"), [(1e-3, 20.0), (1e3, 1e-5), (1.0, -1.0)])
def test_units_and_direction_do_not_matter(model, length, speed):
    def coefficient(length, speed):
        mesh = meshes.channel(1.0, 2.0, cells=(3, 32), grading=20.0)
        mesh.points *= length
        result = model(mesh, abs(speed) * length / 5000, speed).solve()
        return result.pressure_gradient * length / speed / abs(speed)

    assert coefficient(length, speed) == pytest.approx(coefficient(1.0, 1.0), rel=1e-8)


@pytest.mark.parametrize(("model", "tolerance"), [(SpalartAllmaras, 1e-8), (MixingLength, 1e-4)])
def test_viscous_flow_is_laminar(model, tolerance):
    """At Re = 2 the flow is Poiseuille's, f = 3 ν U: ν̃ = 0 is where the transported model decays to."""
    result = model(meshes.channel(1.0, 2.0, cells=(3, 16)), 1.0, 1.0).solve()
    assert result.pressure_gradient == pytest.approx(3, rel=tolerance)
    assert np.abs(result.eddy_viscosity.x.array).max() < tolerance


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_flow_separates_behind_a_hill(kind):
    """Re = 5600, from the model's own start: reversed flow in the lee, forward flow on the crest and above."""
    mesh = meshes.periodic_hill(1.0, cells=(48, 36), grading=30.0, kind=kind)
    result = SpalartAllmaras(mesh, 1 / 5600, 0.72).solve()
    assert result.residuals[-1] < 1e-9
    u = evaluate(result.velocity, np.array([[2.0, 0.2], [0.0, 1.1], [2.0, 2.5]]))[:, 0]
    assert u[0] < 0 < u[1] and u[2] > 0.5
    assert result.domain.integral(result.velocity[0]) / result.domain.integral(1.0) == pytest.approx(0.72, rel=1e-10)
    assert result.flow("vertex").scalars["eddy_viscosity"].max() > 20 / 5600


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(viscosity=-0.01), "viscosity: expected a positive number, got -0.01"),
        (dict(bulk_velocity=0), "bulk_velocity: expected a number other than 0"),
        (dict(walls=("bottom", "lid")), "boundary 'lid' is not in the mesh"),
        (dict(periodic=None), "needs walls and two periodic boundaries"),
    ],
)
def test_bad_input_names_the_culprit(model, change, message):
    arguments = dict(mesh=meshes.channel(cells=(4, 4)), viscosity=0.1, bulk_velocity=1.0)
    with pytest.raises(InputError, match=message):
        model(**{**arguments, **change}).solve()


@pytest.mark.parametrize("model", MODELS)
def test_divergence_is_an_error_that_says_what_to_try(model):
    with pytest.raises(DivergenceError, match=r"try a .*finer"):
        model(meshes.periodic_hill(1.0, cells=(8, 6)), 1e-9, 1.0).solve()
