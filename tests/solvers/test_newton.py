"""Newton's method: quadratic where it can be, damped where a full correction would throw the
solution away.
"""

import numpy as np
import pytest

import meshes
from solvers.algebra.bordered import Constraint
from solvers.algebra.newton import solve_newton
from solvers.fem.build import build_domain
from solvers.fenics import fem, ufl
from vcnn import DivergenceError


@pytest.fixture(scope="module")
def u():
    domain = build_domain(
        meshes.channel(1.0, 1.0, cells=(3, 2)), ("bottom", "top"), ("inlet", "outlet")
    )
    return fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 1)))


def solve(u, function, start, **options):
    """function(u) = 0 in weak form, from a uniform start."""
    u.x.array[:] = start
    F = function(u) * ufl.TestFunction(u.function_space) * ufl.dx
    return solve_newton(F, [ufl.derivative(F, u)], u, [], **options)


def test_convergence_is_quadratic_near_the_solution(u):
    residuals = solve(u, lambda u: u**2 - 2, 1.5).residuals
    np.testing.assert_allclose(u.x.array, 2**0.5, rtol=1e-12)
    assert len(residuals) <= 6


def test_corrections_that_lead_away_are_damped(u):
    """From u = -5 the tangent of exp u - 1 leads to u = 142, and plain Newton would need as many
    steps back.
    """
    solve(u, lambda u: ufl.exp(u) - 1, -5.0)
    np.testing.assert_allclose(u.x.array, 0, atol=1e-10)


def test_the_force_holds_the_functional(u):
    """arctan u = f and ∫ u = 3: f = arctan 3."""
    u.x.array[:] = 0
    v = ufl.TestFunction(u.function_space)
    F = ufl.atan(u) * v * ufl.dx
    solution = solve_newton(
        F, [ufl.derivative(F, u)], u, [], constraint=Constraint(v * ufl.dx, target=3.0)
    )
    assert solution.force == pytest.approx(np.arctan(3), rel=1e-12)
    np.testing.assert_allclose(u.x.array, 3, rtol=1e-12)


def test_no_solution_is_an_error(u):
    with pytest.raises(DivergenceError, match=r"nothing: .* after \d+ steps .*; try"):
        solve(u, lambda u: u**2 + 1, 0.7, name="nothing")
