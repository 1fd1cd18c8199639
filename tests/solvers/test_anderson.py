"""Anderson's acceleration of fixed points."""

import numpy as np
import pytest

from solvers.algebra.anderson import Anderson


def test_linear_fixed_point_converges_as_gmres():
    """Walker & Ni, thm 2.2: x_{k+1} = G(x_k of GMRES) for x = G(x) = A x + b."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    A, b = basis @ np.diag(np.repeat([-0.6, -0.2, 0.3, 0.7, 0.9], 6)) @ basis.T, rng.normal(size=30)
    anderson, x, krylov = Anderson(depth=10), np.zeros(30), []
    for k in range(6):
        y = np.zeros(30)
        if k:  # least squares over the Krylov space of I − A, r₀ = b
            krylov.append(np.linalg.matrix_power(np.eye(30) - A, k - 1) @ b)
            Z = np.transpose(krylov)
            y = Z @ np.linalg.lstsq((np.eye(30) - A) @ Z, b)[0]
        x = anderson.next(x, A @ x + b)
        np.testing.assert_allclose(x, A @ y + b, atol=1e-7 * np.linalg.norm(b))
    np.testing.assert_allclose(
        x, np.linalg.solve(np.eye(30) - A, b), rtol=1e-7
    )  # five eigenvalues, five steps


def test_relaxation_falls_where_plain_iteration_diverges():
    """x = cos(3 x) has the slope −2.7 at its fixed point."""
    anderson, x = Anderson(depth=1), np.array([2.0])
    for _ in range(30):
        x = anderson.next(x, np.cos(3 * x))
    np.testing.assert_allclose(x, np.cos(3 * x), atol=1e-12)


def test_more_modes_than_eight_that_plain_iteration_amplifies():
    """24 eigenvalues of modulus 1.5 to 7 in the plane, as of waves that a closure has not seen."""
    rng = np.random.default_rng(1)
    blocks = np.zeros((60, 60))
    for k in range(30):
        modulus, angle = (7 - 0.5 * k, 0.4 + 0.25 * k) if k < 12 else (0.5, 0.1 * k)
        c, s = modulus * np.cos(angle), modulus * np.sin(angle)
        blocks[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[c, -s], [s, c]]
    basis, _ = np.linalg.qr(rng.normal(size=(60, 60)))
    A, solution = basis @ blocks @ basis.T, rng.normal(size=60)

    def changes(depth):
        anderson, x, made = Anderson(depth, 0.5), solution + 1e-3 * rng.normal(size=60), []
        for _ in range(70):
            g = solution + A @ (x - solution)
            made.append(np.linalg.norm(g - x))
            x = anderson.next(x, g)
        return made

    assert changes(Anderson().depth)[-1] < 1e-9
    assert min(changes(8)) > 1e-4


def test_no_difference_is_left_out_for_being_small():
    """Changes fall by 100 a round: three eigenvalues take three differences all the same."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(40, 40)))
    A = basis @ np.diag(np.resize([0.02, -0.01, 0.9], 40)) @ basis.T
    b = basis @ (rng.normal(size=40) * np.resize([1, 1, 1e-6], 40))
    anderson, x, changes = Anderson(), np.zeros(40), []
    for _ in range(5):
        g = A @ x + b
        changes.append(np.linalg.norm(g - x))
        x = anderson.next(x, g)
    assert changes[3] > 1e-6  # the slow mode
    assert changes[4] < 1e-12


@pytest.mark.parametrize("change, same", [(0.05, True), (1e-4, False)])
def test_history_is_short_where_changes_are_large(change, same):
    """There as with 8 differences, whatever the rounds were."""
    rng = np.random.default_rng(2)
    long, short = Anderson(), Anderson(depth=8)
    for _ in range(20):
        x, f = rng.normal(size=(2, 50))
        g = x + change * np.linalg.norm(x) / np.linalg.norm(f) * f
        one, other = long.next(x, g), short.next(x, g)
    assert np.allclose(one, other, rtol=0, atol=1e-12) == same


def test_rounds_that_change_nothing_divide_by_nothing():
    anderson, x = Anderson(), np.ones(3)
    with np.errstate(all="raise"):
        for _ in range(3):
            x = anderson.next(x, x.copy())
            x = anderson.next(x, 2 * x)
    assert np.isfinite(x).all()
