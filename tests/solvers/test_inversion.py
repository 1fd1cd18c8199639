"""Field inversion: a stress that is known is found again by its velocity."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import meshes
from solvers import RANS, Observation, evaluate, invert_stress
from solvers.learning.inversion import _traceless_basis
from solvers.learning.smoothing import Smoothing
from vcnn import InputError

POINTS = np.random.default_rng(0).uniform([0.5, 1.2], [8.5, 2.8], (200, 2))


@pytest.fixture(scope="module")
def known():
    """A hill, its eddy viscosity, and the velocity with that."""
    mesh = meshes.periodic_hill(1.0, cells=(16, 10))
    nu_t = 0.02 * (1 + 0.7 * np.sin(mesh.points[:, 0] * 2 * np.pi / 9) * np.sin(mesh.points[:, 1]))
    velocity = evaluate(
        RANS(mesh, 0.005, 0.7, closure=nu_t, location="vertex").solve().velocity, POINTS
    )
    return mesh, nu_t, velocity


def test_an_eddy_viscosity_is_found_again(known):
    """From a constant one: the misfit falls to a hundredth, the viscosity comes nearer where the
    flow is sheared.
    """
    mesh, truth, velocity = known
    problem, prior = RANS(mesh, 0.005, 0.7, location="vertex"), np.full_like(truth, 0.02)
    seen = [Observation(POINTS, velocity)]
    found = invert_stress(problem, seen, prior, length=0.7, strength=1e-7, steps=40)
    assert found.misfits[-1] < 1e-2 * found.misfits[0]
    strain = found.flow.flow("vertex").scalars["strain_rate"]

    def error(nu_t):
        return np.average((nu_t / truth - 1) ** 2, weights=strain**2)

    assert error(found.eddy_viscosity) < error(prior)
    fields = {"closure": found.eddy_viscosity, "anisotropy": found.anisotropy}
    again = replace(problem, **fields).solve()
    np.testing.assert_allclose(again.flow().velocity, found.flow.flow().velocity, atol=1e-8)


def test_an_anisotropy_explains_what_no_eddy_viscosity_can(known):
    """A velocity with a stress that is not along the strain."""
    mesh, nu_t, _ = known
    x, y = mesh.points.T
    a = (
        0.1
        * np.sin(y)[:, None, None]
        * np.array([[np.cos(x), np.sin(x)], [np.sin(x), -np.cos(x)]]).transpose(2, 0, 1)
    )
    problem = RANS(mesh, 0.005, 0.7, closure=nu_t, anisotropy=a, location="vertex")
    velocity = [Observation(POINTS, evaluate(problem.solve().velocity, POINTS))]
    bare, options = (
        RANS(mesh, 0.005, 0.7, location="vertex"),
        {"length": 0.7, "strength": 1e-7, "steps": 40},
    )
    viscous = invert_stress(bare, velocity, nu_t, **options)
    full = invert_stress(bare, velocity, nu_t, stress=0.1, **options)
    assert full.misfits[-1] < 0.5 * viscous.misfits[-1]
    assert np.abs(np.trace(full.anisotropy, axis1=1, axis2=2)).max() < 1e-15


def test_a_prior_that_is_nearly_right_is_made_better(known):
    """What counts is by how much the misfit falls, not how small it is."""
    mesh, truth, velocity = known
    problem, seen = RANS(mesh, 0.005, 0.7, location="vertex"), [Observation(POINTS, velocity)]
    near = invert_stress(
        problem, seen, truth * (1 + 0.01 * np.cos(mesh.points[:, 1])), length=0.7, strength=1e-9
    )
    assert near.misfits[0] < 1e-5
    assert near.misfits[-1] < 0.1 * near.misfits[0]


def test_a_strong_prior_is_kept(known):
    mesh, truth, velocity = known
    prior = np.full_like(truth, 0.02)
    problem, seen = RANS(mesh, 0.005, 0.7, location="vertex"), [Observation(POINTS, velocity)]
    held = invert_stress(problem, seen, prior, length=0.7, strength=1e4, steps=5)
    np.testing.assert_allclose(held.eddy_viscosity, prior, rtol=1e-3)


def test_smoothing_damps_a_wave_as_the_equation_says():
    """K cos(kx) = cos(kx) / (1 + ℓ²k²) on a periodic channel, with order 2."""
    errors = []
    for cells in (8, 16, 32):
        mesh = meshes.channel(length=1.0, height=1.0, cells=(cells, 2))
        smoothing = Smoothing(
            RANS(mesh, 1.0, 1.0, closure=np.ones(cells * 2)).solve().domain, length=0.2
        )
        wave = np.cos(2 * np.pi * mesh.points[:, 0])
        numbers = np.zeros(smoothing.count)
        numbers[smoothing._number] = wave
        numbers *= smoothing._sizes.numpy()  # (m |Ω|)^½, and the volume is 1
        by_numbers = smoothing(torch.from_numpy(numbers[:, None])).numpy()[:, 0]
        exact = wave / (1 + (0.2 * 2 * np.pi) ** 2)
        errors.append(
            [np.abs(smooth - exact).max() for smooth in (by_numbers, smoothing.smooth(wave))]
        )
    first, second = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(first, 2, atol=0.2)
    np.testing.assert_allclose(second, 2, atol=0.1)


@pytest.mark.parametrize("d, count", [(2, 2), (3, 5)])
def test_the_basis_of_anisotropies(d, count):
    basis = _traceless_basis(d).numpy()
    assert len(basis) == count
    np.testing.assert_allclose(np.trace(basis, axis1=1, axis2=2), 0, atol=1e-14)
    np.testing.assert_allclose(np.einsum("aij,bij->ab", basis, basis), np.eye(count), atol=1e-14)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"length": -1.0}, "length: expected a positive number"),
        ({"length": 1.0, "strength": -1.0}, "strength: expected a number >= 0"),
    ],
)
def test_wrong_input_is_refused(known, options, message):
    mesh, truth, velocity = known
    with pytest.raises(InputError, match=message):
        invert_stress(
            RANS(mesh, 0.005, 0.7, location="vertex"),
            [Observation(POINTS, velocity)],
            truth,
            **options,
        )


def test_cells_are_refused(known):
    mesh, truth, velocity = known
    with pytest.raises(InputError, match="location: expected 'vertex'"):
        invert_stress(RANS(mesh, 0.005, 0.7), [Observation(POINTS, velocity)], truth, length=1.0)
