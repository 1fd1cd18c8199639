"""Values of finite-element functions at arbitrary points."""

import numpy as np
import pytest

import meshes
from solvers import evaluate
from solvers.domain import build_domain
from solvers.fenics import fem
from vcnn import InputError


@pytest.fixture(scope="module", params=["quadrilateral", "triangle"])
def linear(request):
    """3 y + 1 and (y, 1) on a periodic hill, which linear elements hold exactly."""
    mesh = meshes.periodic_hill(1.0, cells=(12, 8), kind=request.param)
    domain = build_domain(mesh, ("bottom", "top"), ("inlet", "outlet"))
    scalar = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 1)))
    scalar.interpolate(lambda x: 3 * x[1] + 1)
    vector = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 1, (2,))))
    vector.interpolate(lambda x: np.stack([x[1], 1 + 0 * x[1]]))
    return scalar, vector


def test_linear_functions_are_exact_also_at_the_seam_and_just_outside(linear):
    rng = np.random.default_rng(0)
    points = rng.uniform([0, 1], [9, 3], size=(200, 2))
    points = np.vstack([points, [[0, 1.5], [9, 1.5], [9, 3.036], [4, 3.036 + 1e-3], [4, -1e-3]]])
    scalar, vector = linear
    np.testing.assert_allclose(evaluate(scalar, points), 3 * points[:, 1] + 1, atol=1e-10)
    expected = np.stack([points[:, 1], np.ones(len(points))], axis=-1)
    np.testing.assert_allclose(evaluate(vector, points), expected, atol=1e-10)


def test_points_far_outside_are_refused(linear):
    with pytest.raises(InputError, match=r"points: number 1, .* is outside the mesh"):
        evaluate(linear[0], [[1, 2], [1, 7]])
    with pytest.raises(InputError, match=r"expected finite numbers of shape \(n, 2\)"):
        evaluate(linear[0], [[1, 2, 3]])
