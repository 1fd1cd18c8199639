"""Turbulence models: the law of the wall, balances, limits, and convergence on separated flow."""

import numpy as np
import pytest

import meshes
from solvers import (
    Inlet,
    KOmegaSST,
    MixingLength,
    OneEquationKL,
    Outlet,
    Periodic,
    SpalartAllmaras,
    Symmetry,
    Wall,
    along_wall,
    evaluate,
)
from solvers.fem.fields import wall_distance_function
from solvers.fenics import ufl
from solvers.flow.momentum import dx
from solvers.turbulence import one_equation_kl as kl
from tests.support.paraview import assert_shows, values_at_vertices

MODELS = (SpalartAllmaras, KOmegaSST, OneEquationKL, MixingLength)
WALLS = {"bottom": Wall(), "top": Wall()}


def channel(model, reynolds, bulk, cells=64, kind="quadrilateral"):
    """A channel of half height 1 with u_τ about 1; the first cell is within y⁺ = 2."""
    mesh = meshes.channel(length=1.0, height=2.0, cells=(3, cells), grading=30.0, kind=kind)
    return model(mesh, 1 / reynolds, bulk).solve()


def wall_units(result, reynolds):
    """U⁺ at y⁺ = 30, 100 and the centre; the momentum balance gives u_τ² = f."""
    friction_velocity = result.pressure_gradient**0.5
    y = np.array([30, 100, np.nan]) / (reynolds * friction_velocity)
    y[2] = 1.0
    return (
        evaluate(result.velocity, np.stack([np.full(3, 0.5), y], axis=-1))[:, 0] / friction_velocity
    )


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.__name__)
def result(request):
    """Re_τ = 395 at the bulk velocity of the DNS."""
    return channel(request.param, 395, 17.545)


@pytest.mark.parametrize(
    ("reynolds", "bulk", "dns"),
    [
        (
            395,
            17.545,
            (13.49, 16.54, 20.13),
        ),  # Moser, Kim & Mansour, Phys. Fluids 11 (1999), Re_τ = 392
        (
            550,
            18.4,
            (13.48, 16.51, 20.99),
        ),  # del Álamo & Jiménez, Phys. Fluids 15 (2003), Re_τ = 547
    ],
)
@pytest.mark.parametrize(
    ("model", "tolerance"),
    [(SpalartAllmaras, 0.03), (KOmegaSST, 0.06), (OneEquationKL, 0.07), (MixingLength, 0.04)],
)
def test_mean_profile_of_a_channel_agrees_with_dns(model, tolerance, reynolds, bulk, dns):
    np.testing.assert_allclose(
        wall_units(channel(model, reynolds, bulk), reynolds), dns, rtol=tolerance
    )


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
    np.testing.assert_allclose(
        flow.scalars["wall_distance"], 1 - np.abs(1 - flow.points[:, 1]), atol=1e-12
    )
    assert flow.parameters["pressure_gradient"] == result.pressure_gradient


def test_saved_for_paraview(tmp_path, result):
    path = result.save(tmp_path / "flow.bp")
    fields = {"velocity": result.velocity, "pressure": result.pressure, **result.scalars}
    assert_shows(path, result.domain.source, **fields)
    nu_t = values_at_vertices(path, result.domain.source, "eddy_viscosity")
    expected = result.flow("vertex").scalars["eddy_viscosity"]
    np.testing.assert_allclose(nu_t, expected, atol=1e-9 * expected.max())


@pytest.mark.parametrize(
    ("model", "tolerance"),
    [(SpalartAllmaras, 2e-3), (KOmegaSST, 3e-3), (OneEquationKL, 2e-3), (MixingLength, 2e-3)],
)
def test_profile_does_not_depend_on_the_mesh(model, tolerance):
    coarse, fine = (wall_units(channel(model, 395, 17.545, cells), 395) for cells in (48, 96))
    np.testing.assert_allclose(coarse, fine, rtol=tolerance)
    triangles = wall_units(channel(model, 395, 17.545, 48, "triangle"), 395)
    np.testing.assert_allclose(triangles, fine, rtol=tolerance)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("length", "speed"), [(1e-3, 20.0), (1e3, 1e-5), (1.0, -1.0)])
def test_units_and_direction_do_not_matter(model, length, speed):
    def coefficient(length, speed):
        mesh = meshes.channel(1.0, 2.0, cells=(3, 32), grading=20.0)
        mesh.points *= length
        result = model(mesh, abs(speed) * length / 5000, speed).solve()
        return result.pressure_gradient * length / speed / abs(speed)

    assert coefficient(length, speed) == pytest.approx(coefficient(1.0, 1.0), rel=1e-8)


def test_budget_of_the_kinetic_energy_closes():
    """What is produced is dissipated; the gap is that of a linear k in the cells at the walls,
    first order.
    """

    def gap(cells):
        result = channel(OneEquationKL, 550, 18.4, cells)
        domain, k, nu = result.domain, result.scalars["turbulent_kinetic_energy"], 1 / 550
        d = wall_distance_function(domain)
        L = (0.14 - 0.08 * (1 - d) ** 2 - 0.06 * (1 - d) ** 4) / 0.4
        lengths = {"distance": d, "length": L, "viscosity": nu}
        S = ufl.sym(ufl.grad(result.velocity))
        production = domain.total(2 * kl.eddy_viscosity(k, **lengths) * ufl.inner(S, S) * dx)
        flux = -nu * ufl.dot(ufl.grad(k), ufl.FacetNormal(domain.mesh))
        leaving = sum(domain.boundary_integral(flux, wall) for wall in WALLS)
        return (domain.total(kl.dissipation(k, **lengths) * dx) + leaving) / production - 1

    coarse, fine = gap(96), gap(192)
    assert abs(fine) < 0.011
    assert coarse / fine == pytest.approx(2, rel=0.05)


def test_kinetic_energy_where_production_and_dissipation_are_equal():
    """k is the shear stress by √c_μ in the logarithmic layer."""
    result = channel(OneEquationKL, 550, 18.4)
    k, f = result.scalars["turbulent_kinetic_energy"], result.pressure_gradient
    y = np.array([60, 100]) / 550 / f**0.5
    values = evaluate(k, np.stack([0 * y + 0.5, y], axis=-1))
    np.testing.assert_allclose(values, f * (1 - y) / 0.09**0.5, rtol=0.06)
    assert result.flow("vertex").scalars["turbulent_kinetic_energy"].min() >= 0


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("model", MODELS)
def test_bulk_velocity_and_pressure_gradient_are_inverse(model, direction):
    mesh = meshes.channel(1.0, 2.0, cells=(3, 32), grading=20.0)
    driven = model(mesh, 1 / 395, direction * 17.545).solve()
    ends = Periodic("outlet", pressure_gradient=driven.pressure_gradient)
    forced = model(mesh, 1 / 395, conditions={**WALLS, "inlet": ends}).solve()
    np.testing.assert_allclose(forced.flow().velocity, driven.flow().velocity, atol=1e-7)
    assert forced.flow().parameters["bulk_velocity"] == pytest.approx(direction * 17.545, rel=1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_half_a_channel_flows_like_all_of_it(model):
    whole = meshes.channel(1.0, 2.0, cells=(3, 48), grading=20.0)
    half = meshes.channel(1.0, 1.0, cells=(3, 24))
    half.points[:, 1] = np.unique(whole.points[:, 1])[np.rint(24 * half.points[:, 1]).astype(int)]
    ends = {"inlet": Periodic("outlet", bulk_velocity=17.545)}
    full = model(whole, 1 / 395, conditions={**WALLS, **ends}).solve()
    part = model(half, 1 / 395, conditions={"bottom": Wall(), "top": Symmetry(), **ends}).solve()
    assert part.pressure_gradient == pytest.approx(full.pressure_gradient, rel=1e-7)
    points = np.stack([np.full(30, 0.4), np.linspace(0.01, 0.99, 30)], axis=-1)
    np.testing.assert_allclose(
        evaluate(part.velocity, points), evaluate(full.velocity, points), atol=1e-6
    )


@pytest.mark.parametrize("model", MODELS)
def test_turbulent_couette_flow(model):
    """The stress is the same at every height; the profile is odd and steep at the walls."""
    mesh = meshes.channel(1.0, 2.0, cells=(3, 64), grading=30.0)
    walls = {"bottom": Wall(velocity=(-8.0, 0.0)), "top": Wall(velocity=(8.0, 0.0))}
    result = model(mesh, 1 / 395, conditions={**walls, "inlet": Periodic("outlet")}).solve()
    flow = result.flow("cell")
    stress = (1 / 395 + flow.scalars["eddy_viscosity"]) * flow.scalars["strain_rate"]
    wall_stress = stress[flow.scalars["boundary"] == 1].mean()
    np.testing.assert_allclose(stress, wall_stress, rtol=0.02)
    assert wall_stress > 5 * 8.0 / 395  # that of laminar flow
    height = np.array([0.05, 0.3, 0.6])
    u, mirrored = (
        evaluate(result.velocity, np.stack([0 * y + 0.5, y], axis=-1))[:, 0]
        for y in (height, 2 - height)
    )
    np.testing.assert_allclose(mirrored, -u, atol=1e-6)
    assert result.pressure_gradient == 0


def test_a_developed_profile_passes_from_inlet_to_outlet():
    mesh = meshes.channel(1.0, 2.0, cells=(3, 32), grading=20.0)
    periodic = MixingLength(mesh, 1 / 395, 17.545).solve()

    def profile(x):
        return evaluate(periodic.velocity, np.stack([np.full(x.shape[1], 0.4), x[1]], axis=-1)).T

    conditions = {**WALLS, "inlet": Inlet(profile), "outlet": Outlet()}
    opened = MixingLength(mesh, 1 / 395, conditions=conditions).solve()
    np.testing.assert_allclose(opened.flow().velocity, periodic.flow().velocity, atol=1e-6)


def test_boundary_layers_grow_from_an_inlet():
    """What leaves has entered, ν̃ enters as 3 ν, friction falls and the core speeds up."""
    mesh = meshes.channel(10.0, 2.0, cells=(50, 20), grading=20.0)
    mesh.points[:, 0] = 10 * np.expm1(0.3 * mesh.points[:, 0]) / np.expm1(3)  # finest at the inlet
    conditions = {**WALLS, "inlet": Inlet((17.545, 0.0)), "outlet": Outlet()}
    result = SpalartAllmaras(mesh, 1 / 395, conditions=conditions).solve()
    through = [
        result.domain.boundary_integral(result.velocity[0], name) for name in ("inlet", "outlet")
    ]
    assert through[1] == pytest.approx(through[0], rel=1e-9)
    modified = result.scalars["modified_viscosity"]
    assert evaluate(modified, np.array([[0.0, 1.0]]))[0] == pytest.approx(3 / 395, rel=1e-10)
    friction = along_wall(result, "bottom", reference_velocity=17.545)
    near, far = np.interp([1.0, 8.0], friction.arc, friction.skin_friction)
    assert near > 1.2 * far > 0
    core = evaluate(result.velocity, np.array([[1.0, 1.0], [8.0, 1.0]]))[:, 0]
    assert core[1] > core[0] > 17.5


@pytest.mark.parametrize(
    ("model", "tolerance"),
    [(SpalartAllmaras, 1e-8), (KOmegaSST, 1e-8), (OneEquationKL, 1e-8), (MixingLength, 1e-4)],
)
def test_viscous_flow_is_laminar(model, tolerance):
    """At Re = 2 the flow is Poiseuille's, f = 3 ν U: 0 is where transported scalars decay to."""
    result = model(meshes.channel(1.0, 2.0, cells=(3, 16)), 1.0, 1.0).solve()
    assert result.pressure_gradient == pytest.approx(3, rel=tolerance)
    assert np.abs(result.eddy_viscosity.x.array).max() < tolerance
