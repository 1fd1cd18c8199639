"""What carries the momentum: nothing is added where viscosity acts, and what is added elsewhere."""

import meshio
import numpy as np
import pytest

import meshes
from benchmarks.verification import flat_plate
from solvers import LaminarFlow, SpalartAllmaras
from solvers.fem.build import build_domain
from solvers.fenics import MPI, fem, ufl
from solvers.flow.convection import RESOLVED, convection
from solvers.flow.incompressible import linearise_momentum
from solvers.flow.momentum import MomentumBalance

SIDES = ("bottom", "top", "inlet", "outlet")
N = 8  # cells along the unit square


def energy(mesh, velocity, carrier, viscosity):
    """∫ of what is added beside (β·∇)u · u, of functions of positions (2, k)."""
    domain = build_domain(mesh, SIDES)
    V = fem.functionspace(domain.mesh, ("Lagrange", 2, (domain.dimension,)))
    u, b = fem.Function(V), fem.Function(V)
    u.interpolate(velocity)
    b.interpolate(carrier)
    form = convection(u, u, carrier=b, viscosity=fem.Constant(domain.mesh, viscosity))
    return domain.integral(form - ufl.inner(ufl.grad(u) * b, u))


def square(kind="quadrilateral"):
    return meshes.channel(1.0, 1.0, cells=(N, N), kind=kind)


def bent(x):
    return np.stack([x[0] ** 2 + x[1] * x[0], x[1] ** 2])


def sheared(x):
    """Linear along x."""
    return np.stack([x[0] + x[1] ** 2, 3 * x[0] * x[1]])


def along(x):
    return np.stack([1 + 0 * x[0], 0 * x[0]])


def oblique(x):
    return np.stack([1 + 0.3 * x[1], 0.5 - 0.2 * x[0]])


@pytest.mark.parametrize("peclet", [0.5 * RESOLVED, RESOLVED, 4 * RESOLVED])
def test_the_size_of_what_is_added(peclet):
    """h³ (1 − Pe₀/Pe) / 12 |∂²u/∂x²|² where β = (1, 0), and nothing up to Pe₀."""
    h = 1 / N
    found = energy(square(), lambda x: np.stack([x[0] ** 2, 0 * x[0]]), along, h / (2 * peclet))
    assert found == pytest.approx(4 * h**3 * max(0, 1 - RESOLVED / peclet) / 12, abs=1e-16)


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_nothing_is_added_to_what_is_linear_along_streamlines(kind):
    assert abs(energy(square(kind), sheared, along, 1e-9)) < 1e-17
    assert energy(square(kind), bent, along, 1e-9) > 1e-5


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_it_is_the_same_in_another_frame_and_with_vertices_in_another_order(kind):
    mesh = square(kind)
    first = energy(mesh, bent, oblique, 1e-9)
    R = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = meshio.Mesh(mesh.points @ R.T, mesh.cells, cell_sets=mesh.cell_sets)
    back = [lambda x, f=f: R @ f(R.T @ x[:2]) for f in (bent, oblique)]
    assert energy(turned, *back, 1e-9) == pytest.approx(first, rel=1e-12)
    cells = [
        (block.type, np.roll(block.data, 1, axis=1) if block.dim == 2 else block.data)
        for block in mesh.cells
    ]
    other = meshio.Mesh(mesh.points, cells, cell_sets=mesh.cell_sets)
    assert energy(other, bent, oblique, 1e-9) == pytest.approx(first, rel=1e-12)


def test_what_goes_through_a_section_is_not_crossing_cells():
    """And secondary flow is, as in a plane."""
    plane = square()
    mesh = meshes.section(plane)

    def through(of, speed):
        return lambda x: np.stack([speed + 0 * x[0], *of(x[1:])])

    still = through(lambda x: 0 * x, 1.0)
    assert energy(mesh, through(bent, 0.0), still, 1e-9) == 0
    found = energy(mesh, through(bent, 0.0), through(oblique, 3.0), 1e-9)
    assert found == pytest.approx(energy(plane, bent, oblique, 1e-9), rel=1e-12)


@pytest.mark.parametrize("viscosity", [1.0, 1e-5])
def test_newton_knows_how_it_changes_with_the_flow(viscosity):
    """The derivative against central differences, without and with what is added."""
    problem = LaminarFlow(square(), viscosity, 1.0)
    domain = problem.boundary_conditions.build_domain(problem.mesh, MPI.COMM_WORLD)
    balance = MomentumBalance(domain, problem.boundary_conditions)
    residual, _, exact = linearise_momentum(balance, viscosity)
    rng, w = np.random.default_rng(0), balance.w
    for part, function in ((0, oblique), (1, lambda x: x[:1])):
        w.sub(part).interpolate(function)
    w.x.array[:] *= 1 + 0.02 * rng.standard_normal(len(w.x.array))
    start, step = w.x.array.copy(), fem.Function(balance.space)
    step.x.array[:] = rng.standard_normal(len(start))
    slope = fem.assemble_vector(fem.form(ufl.action(exact, step))).array
    form, h = fem.form(residual), 1e-5

    def at(size):
        w.x.array[:] = start + size * step.x.array
        return fem.assemble_vector(form).array.copy()

    difference = (at(h) - at(-h)) / (2 * h)
    assert np.linalg.norm(difference - slope) < 1e-8 * np.linalg.norm(slope)


def test_friction_along_a_plate_is_smooth():
    """Without what is added that of neighbours differs by more than its mean.

    c_f = 0.455 / ln²(0.06 Re_x) is White's law, Viscous Fluid Flow, 3rd ed. (2006), eq. 6-78.
    """
    flow = flat_plate.problem(SpalartAllmaras, flat_plate.plate(40, 40)).solve()
    x, c_f = flat_plate.friction(flow)
    assert flat_plate.roughness(c_f) < 0.03
    law = 0.455 / np.log(0.06 * flat_plate.REYNOLDS * x) ** 2
    assert np.abs(c_f / law - 1)[x > 1].max() < 0.05
