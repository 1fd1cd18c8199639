"""Laminar flow: exact where it can be, close to another code where it cannot, and conservative."""

import numpy as np
import pytest

import meshes
from benchmarks.verification import circular_couette
from solvers import Inlet, LaminarFlow, Outlet, Periodic, Symmetry, Wall, evaluate
from solvers.fem.fields import cell_vertices
from solvers.fenics import fem, ufl
from tests.support.boxes import box
from tests.support.paraview import assert_shows
from vcnn import DivergenceError, InputError


def relative_error(values, truth, weights):
    """Weighted relative L2."""
    weights = np.reshape(weights, (-1, *[1] * (truth.ndim - 1)))
    return np.sqrt((weights * (values - truth) ** 2).sum() / (weights * truth**2).sum())


def test_hill_agrees_with_a_second_order_finite_volume_code(hill, reference):
    flow, _ = hill
    u = evaluate(flow.velocity, reference["centres"])
    assert relative_error(u, reference["velocity"], reference["volume"]) < 0.003
    assert flow.pressure_gradient == pytest.approx(float(reference["pressure_gradient"]), rel=0.005)
    p = evaluate(flow.pressure, reference["centres"])
    weight, truth = reference["volume"], reference["pressure"]
    truth = truth - np.average(truth, weights=weight)
    assert relative_error(p, truth, weight) < 0.01


def test_a_solved_flow_says_its_walls_and_becomes_an_openfoam_case(hill, tmp_path):
    flow = hill[0].flow("cell")
    assert flow.provenance["walls"] == ["bottom", "top"]
    again = meshes.read_openfoam(meshes.write_openfoam(flow, tmp_path / "hill"))
    assert again.provenance["walls"] == ["bottom", "top"]
    assert again.parameters["viscosity"] == flow.parameters["viscosity"]
    np.testing.assert_array_equal(again.velocity, flow.velocity)


def test_bulk_velocity_is_met_and_the_residual_small(hill):
    flow, _ = hill
    mean = flow.domain.integral(flow.velocity[0]) / flow.domain.integral(1.0)
    assert abs(mean - 0.721039) < 1e-10
    assert flow.residuals[-1] < 1e-11
    assert abs(flow.domain.integral(flow.pressure)) < 1e-10


def test_mass_passes_every_section_of_the_hill(hill):
    """The flux weighted with a ramp across one column of cells is U |Ω| / L for every column."""
    flow, _ = hill
    domain, (nx, ny) = flow.domain, (60, 40)
    u = fem.Function(fem.functionspace(domain.parent, ("Lagrange", 2, (2,))))
    u.interpolate(flow.velocity, domain.cells, domain.cells)
    ramp = fem.Function(fem.functionspace(domain.parent, ("Lagrange", 1)))
    flux = fem.form(ufl.dot(u, ufl.grad(ramp)) * ufl.dx(degree=5))
    column = np.tile(np.arange(nx + 1), ny + 1)[cell_vertices(domain)]
    fluxes = []
    for j in range(nx):
        ramp.x.array[ramp.function_space.dofmap.list] = np.clip(column - j, 0, 1)
        fluxes.append(fem.assemble_scalar(flux))
    expected = 0.721039 * domain.integral(1.0) / domain.period[0]
    np.testing.assert_allclose(fluxes, expected, rtol=1e-10)


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_poiseuille_flow_is_exact(kind):
    nu, bulk, height = 0.05, 0.7, 2.0
    mesh = meshes.channel(length=3.0, height=height, cells=(5, 6), kind=kind, grading=2.0)
    result = LaminarFlow(mesh, nu, bulk).solve()
    # f = 3 ν U / h² with the half height h; u = 3/2 U (1 − η²), η the distance from the middle over
    # h
    assert result.pressure_gradient == pytest.approx(3 * nu * bulk / (height / 2) ** 2, rel=1e-10)
    flow = result.flow("vertex")
    eta = flow.points[:, 1] / (height / 2) - 1
    exact = np.stack([1.5 * bulk * (1 - eta**2), 0 * eta], axis=-1)
    np.testing.assert_allclose(flow.velocity, exact, atol=1e-10)
    cells = result.flow("cell")
    eta = cells.points[:, 1] / (height / 2) - 1
    np.testing.assert_allclose(
        cells.scalars["strain_rate"], np.abs(3 * bulk * eta / (height / 2)), atol=1e-10
    )
    np.testing.assert_allclose(cells.scalars["pressure"], 0, atol=1e-10)


def test_curved_walls_with_straight_cells_are_second_order():
    coarse, fine = (circular_couette.velocity_error(n) for n in (4, 8))
    assert 1.9 < np.log2(coarse / fine) < 2.2
    assert fine < 0.004


@pytest.mark.parametrize(("length", "speed"), [(1e-3, 20.0), (1e3, 1e-5), (1.0, 1e-8), (1.0, -1.0)])
def test_units_and_direction_do_not_matter(length, speed):
    """Flows of equal Reynolds number are similar, a symmetric hill looks alike from both sides."""

    def coefficient(length, speed):
        mesh = meshes.periodic_hill(1.0, cells=(16, 10))
        mesh.points *= length
        result = LaminarFlow(
            mesh, viscosity=abs(0.02 * speed * length), bulk_velocity=speed
        ).solve()
        return result.pressure_gradient * length / speed / abs(speed)

    assert coefficient(length, speed) == pytest.approx(coefficient(1.0, 1.0), rel=1e-9)


@pytest.mark.parametrize("kind", ["hexahedron", "tetra"])
def test_square_duct_in_three_dimensions(kind):
    """U = 0.0351443 f a²/ν for a duct of side a (White, Viscous Fluid Flow, eq. 3-48)."""
    result = LaminarFlow(box(4, kind), 0.1, 0.5, walls=("wall",)).solve()
    assert 0.0351443 * result.pressure_gradient / 0.1 == pytest.approx(0.5, rel=0.01)
    flow = result.flow()
    assert flow.weights.sum() == pytest.approx(1)
    assert flow.dimension == 3


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_flow_field_integrates_to_the_solution(hill, location):
    flow, domain = hill[0].flow(location), hill[0].domain
    area = domain.integral(1.0)
    assert flow.weights.sum() == pytest.approx(area, rel=1e-12)
    assert np.average(flow.velocity[:, 0], weights=flow.weights) == pytest.approx(
        0.721039, rel=2e-3
    )
    strain = domain.integral(ufl.sqrt(2 * ufl.inner(*2 * [ufl.sym(ufl.grad(hill[0].velocity))])))
    assert flow.weights @ flow.scalars["strain_rate"] == pytest.approx(strain, rel=0.02)
    assert flow.parameters["pressure_gradient"] == hill[0].pressure_gradient
    touching = flow.scalars["boundary"] == 1
    assert touching.sum() == (120 if location == "cell" else 122)
    np.testing.assert_allclose(flow.periods[0], [9.0000036, 0], atol=1e-9)


def test_strain_rate_at_cells_agrees_with_the_other_code(hill, reference):
    from scipy.interpolate import NearestNDInterpolator

    flow = hill[0].flow("cell")
    inside = flow.scalars["wall_distance"] > 0.1
    near = NearestNDInterpolator(reference["centres"], reference["strain_rate"])(flow.points)
    assert (
        relative_error(flow.scalars["strain_rate"][inside], near[inside], flow.weights[inside])
        < 0.03
    )


def test_seam_does_not_show():
    """The same channel with a bump, cut open elsewhere, has the same flow."""

    def bumpy(shift):
        mesh = meshes.channel(4.0, 1.0, cells=(16, 6))
        x, y = mesh.points.T
        mesh.points = np.stack([x, y + 0.2 * (1 - y) * np.sin(np.pi * (x + shift) / 2)], axis=-1)
        return LaminarFlow(mesh, 0.02, 1.0).solve()

    a, b = bumpy(0.0), bumpy(1.0)
    points = np.stack([np.linspace(0.05, 2.9, 40), np.full(40, 0.5)], axis=-1)
    np.testing.assert_allclose(
        evaluate(b.velocity, points), evaluate(a.velocity, points + np.array([1, 0])), atol=1e-9
    )
    assert a.pressure_gradient == pytest.approx(b.pressure_gradient, rel=1e-9)


def test_a_start_spares_steps_and_leads_to_the_same_flow():
    mesh = meshes.periodic_hill(1.0, cells=(16, 10))
    cold = LaminarFlow(mesh, 0.01, 0.72).solve()
    warm = LaminarFlow(mesh, 0.01, 0.72).solve(start=LaminarFlow(mesh, 0.011, 0.72).solve())
    assert len(warm.residuals) < len(cold.residuals) - 2
    np.testing.assert_allclose(warm.flow().velocity, cold.flow().velocity, atol=1e-9)


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_a_start_may_come_from_another_mesh(kind):
    """A coarser one, with other chords along the hill; the flow is the same to round-off."""
    problem = LaminarFlow(meshes.periodic_hill(1.0, cells=(30, 20), kind=kind), 0.01, 0.72)
    cold = problem.solve()
    warm = problem.solve(
        start=LaminarFlow(meshes.periodic_hill(1.0, cells=(20, 12)), 0.01, 0.72).solve()
    )
    assert len(warm.residuals) < len(cold.residuals)
    np.testing.assert_allclose(warm.flow().velocity, cold.flow().velocity, atol=1e-10)


def test_a_start_need_not_satisfy_the_conditions():
    """From a closed channel to one with a turned plane of symmetry, and to one that is open."""
    mesh = meshes.channel(2.0, 1.0, cells=(8, 4))
    walls = {"bottom": Wall(), "top": Wall()}
    start = LaminarFlow(
        mesh, 0.05, conditions={**walls, "inlet": Periodic("outlet", bulk_velocity=1.0)}
    ).solve()
    c, s = np.cos(0.01), np.sin(0.01)
    mesh.points = mesh.points @ np.array([[c, s], [-s, c]])
    sides = {"bottom": Wall(), "top": Symmetry()}
    ends = [
        {"inlet": Periodic("outlet", bulk_velocity=1.0)},
        {"inlet": Inlet((1.0, 0.01)), "outlet": Outlet()},
    ]
    for conditions in ({**sides, **end} for end in ends):
        problem = LaminarFlow(mesh, 0.05, conditions=conditions)
        np.testing.assert_allclose(
            problem.solve(start).flow().velocity, problem.solve().flow().velocity, atol=1e-10
        )


def test_divergence_is_an_error_that_says_what_to_try():
    with pytest.raises(DivergenceError, match=r"laminar flow: .*larger viscosity"):
        LaminarFlow(meshes.periodic_hill(1.0, cells=(8, 6)), 1e-5, 1.0).solve()


def test_saved_for_paraview(tmp_path, hill):
    flow, transport = hill
    path = transport.save(tmp_path / "new" / "flow.bp")
    mesh, concentration = flow.domain.source, transport.concentration
    assert_shows(path, mesh, concentration=concentration)
    flow.save(path)  # what was there before is replaced
    assert_shows(path, mesh, velocity=flow.velocity, pressure=flow.pressure)
    assert [p.name for p in path.parent.iterdir()] == ["flow.bp"]
    with pytest.raises(InputError, match=r"saved as \.bp"):
        hill[0].save(tmp_path / "flow.xdmf")
