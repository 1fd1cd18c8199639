"""Derivatives by local fits, and the radial functions that weigh them."""

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group

from vcnn.network import local_fit
from vcnn.network.local_fit import LocalFit, fit_rows
from vcnn.network.radial import bessel_functions, gaussian_functions

DIMENSIONS = [1, 2, 3]
CLOUDS, POINTS, FIELDS, WEIGHTS = 6, 40, 3, 2


def quadratic(d, seed=0):
    """Random clouds in the unit ball, unequal weights, and fields f = f₀ + g·r + ½ r·H r."""
    rng = np.random.default_rng(seed)
    r = rng.uniform(-1, 1, (CLOUDS, POINTS, d)) / np.sqrt(d)
    g = rng.normal(size=(CLOUDS, d, FIELDS))
    H = rng.normal(size=(CLOUDS, d, d, FIELDS))
    H = H + H.transpose(0, 2, 1, 3)
    f = np.einsum("mni,mik->kmn", r, g) + 0.5 * np.einsum("mni,mnj,mijk->kmn", r, r, H)
    return r, f, rng.uniform(0.1, 2, (WEIGHTS, CLOUDS, POINTS)), g, H


def fit_derivatives(positions, differences, weights, clouds):
    """The fit to positions (d, N), differences (k, N), weights (q, N) of clouds side by side."""
    rows = fit_rows(positions, weights, clouds)
    by_cloud = differences.view(len(differences), clouds, -1).permute(1, 2, 0)
    return LocalFit.of(rows @ by_cloud, len(positions))


def fitted(r, f, w, dtype=torch.float64):
    """The fit to clouds r (m, n, d), differences f (k, m, n) and weights w (q, m, n)."""
    positions = torch.tensor(r, dtype=dtype).flatten(0, 1).T
    differences, weights = (torch.tensor(x, dtype=dtype).flatten(1) for x in (f, w))
    return fit_derivatives(positions, differences, weights, len(r))


def furthest(fit, g, H):
    """Largest errors of gradients and second derivatives, relative to the largest of these."""
    return [
        float(abs(found - wanted[:, None]).max() / abs(wanted).max())
        for found, wanted in ((fit.gradients.numpy(), g), (fit.hessians.numpy(), H))
    ]


@pytest.mark.parametrize("d", DIMENSIONS)
def test_quadratic_fields_are_fitted_exactly(d, monkeypatch):
    """Wherever the points lie and whatever they weigh. The ridge shortens second derivatives, which
    are hardest to tell from one another, by less than 0.5 %, and in proportion to it.
    """
    *cloud, g, H = quadratic(d)
    biased = furthest(fitted(*cloud), g, H)
    monkeypatch.setattr(local_fit, "_RIDGE", 1e-4)
    less = furthest(fitted(*cloud), g, H)
    monkeypatch.setattr(local_fit, "_RIDGE", 0)
    fit = fitted(*cloud)
    assert fit.gradients.shape == (CLOUDS, WEIGHTS, d, FIELDS)
    assert fit.hessians.shape == (CLOUDS, WEIGHTS, d, d, FIELDS)
    assert max(furthest(fit, g, H)) <= 1e-12
    assert max(biased) < 5e-3
    np.testing.assert_allclose(np.divide(biased, less), 10, rtol=0.05)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_fits_turn_with_the_frame(d):
    """The ridge included: cubic fields, which are not fitted exactly, and a mirror."""
    r, f, w, _, _ = quadratic(d)
    f = f + r[..., 0] ** 3
    R = -np.eye(1) if d == 1 else ortho_group.rvs(d, random_state=1)
    R = R if np.linalg.det(R) < 0 else R * np.append(-1, np.ones(d - 1))
    for turn in (R, R @ R):
        fit, turned = fitted(r, f, w), fitted(r @ turn.T, f, w)
        g = np.einsum("ij,mqjk->mqik", turn, fit.gradients)
        H = np.einsum("ia,jb,mqabk->mqijk", turn, turn, fit.hessians)
        assert abs(turned.gradients.numpy() - g).max() <= 1e-12 * abs(g).max()
        assert abs(turned.hessians.numpy() - H).max() <= 1e-12 * abs(H).max()


@pytest.mark.parametrize("d", DIMENSIONS)
def test_a_length_scales_derivatives(d):
    r, f, w, _, _ = quadratic(d)
    for length in (1e-3, 1e3):
        fit, scaled = fitted(r, f, w), fitted(length * r, f, w)
        for power, name in ((1, "gradients"), (2, "hessians")):
            wanted = getattr(fit, name) / length**power
            assert (getattr(scaled, name) - wanted).abs().max() <= 1e-12 * wanted.abs().max()


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("kind", ["one point", "on a line", "of the centre alone", "no weight"])
def test_clouds_that_have_no_derivatives(d, kind):
    """Finite values and slopes in either precision; on a line, what it has of derivatives."""
    r, f, w, _, _ = quadratic(d)
    if kind == "one point":
        r, f, w = r[:, :1], f[:, :, :1], w[:, :, :1]
    elif kind == "on a line":
        r = r[..., :1] * np.eye(d)[0]
        f = np.broadcast_to(r[..., 0] * (2 + r[..., 0]), f.shape)
    elif kind == "of the centre alone":
        r, f = 0 * r, 0 * f
    else:
        w = 0 * w
    for dtype in (torch.float32, torch.float64):
        inputs = [torch.tensor(x, dtype=dtype, requires_grad=True) for x in (r, f, w)]
        positions, differences, weights = inputs
        fit = fit_derivatives(
            positions.flatten(0, 1).T, differences.flatten(1), weights.flatten(1), len(r)
        )
        total = (fit.gradients**2).sum() + (fit.hessians**2).sum()
        slopes = torch.autograd.grad(total, inputs)
        assert total.isfinite() and all(slope.isfinite().all() for slope in slopes)
        if kind == "of the centre alone" or kind == "no weight":
            assert total == 0
        if kind == "on a line":
            assert (fit.gradients[:, :, 0] - 2).abs().max() < 5e-3
            assert (fit.hessians[:, :, 0, 0] - 2).abs().max() < 2e-2
            assert d == 1 or fit.gradients[:, :, 1:].abs().max() == 0


def test_radial_functions_are_gaussians_of_half_the_width():
    """φ_n(0) = 1; each falls to exp(-1/2) where |r| is its width. Squares lose some digits."""
    r = np.linspace(0, 1.5, 301)
    wanted = [np.exp(-0.5 * (r * 2**n / 1.2) ** 2) for n in range(7)]
    found = gaussian_functions(torch.tensor(r**2), 7).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-300)
    assert (found[:4] > 0).all() and (np.diff(found[:3], axis=1) < 0).all()
    single = gaussian_functions(torch.tensor(r**2, dtype=torch.float32), 7)
    assert abs(single.numpy() - wanted).max() < 1e-5


def test_spherical_waves_are_orthonormal_in_the_ball_and_vanish_at_its_edge():
    """∫ φ_m φ_n r² dr = δ_mn over 0 <= r <= 1, by the midpoint rule; at r = 0 they are √2 n π."""
    r = (np.arange(20_000) + 0.5) / 20_000
    found = bessel_functions(torch.tensor(r**2), 6).numpy()
    np.testing.assert_allclose((found * r**2) @ found.T / len(r), np.eye(6), atol=1e-6)
    edge, centre = bessel_functions(torch.tensor([1.0, 0.0], dtype=torch.float64), 6).T
    np.testing.assert_allclose(edge, 0, atol=1e-9)
    np.testing.assert_allclose(centre, 2**0.5 * np.pi * np.arange(1, 7), rtol=1e-6)
