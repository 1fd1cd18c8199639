"""Closures that predict stresses: they act as such, however they are split."""

import numpy as np
import pytest

import meshes
from solvers import RANS, LaminarFlow
from tests.support.closures import Predicting, linear_stress
from tests.support.hills import HILL, REYNOLDS, gap, hill, point_values, strains


def test_stress_of_an_eddy_viscosity_acts_as_that():
    """τ = c I − 2 ν_t S as numbers leads to the velocity that it is of, but for what is between the
    points.
    """

    def error(cells):
        mesh = meshes.periodic_hill(1.0, cells=cells)
        x, y = mesh.points[mesh.cells[0].data].mean(axis=1).T
        nu_t = 0.01 + 0.005 * np.sin(3 * x + 2 * y)
        given = RANS(mesh, **REYNOLDS, closure=nu_t).solve()
        stress = 0.1 * np.eye(2) - 2 * nu_t[:, None, None] * strains(given)
        return gap(RANS(mesh, **REYNOLDS, closure=Predicting(lambda flow: stress)).solve(), given)

    coarse, fine = error((20, 14)), error((40, 28))
    assert fine < 5e-3
    assert np.log2(coarse / fine) > 1.3


def test_closures_that_split_the_stress_themselves():
    """An eddy viscosity and an anisotropy predicted together act as the same fields given."""
    x, y = HILL.points[HILL.cells[0].data].mean(axis=1).T
    nu_t, a = 0.01 + 0.005 * np.sin(3 * x + 2 * y), np.zeros((len(x), 2, 2))
    a[:, 0, 0], a[:, 0, 1], a[:, 1, 0] = 0.1 * np.sin(x) + 0.3, 0.02 * np.sin(y), 0.02 * np.sin(y)
    found = hill(Predicting(lambda flow: {"anisotropy": a, "eddy_viscosity": nu_t})).solve()
    given = RANS(HILL, **REYNOLDS, closure=nu_t, anisotropy=a).solve()
    assert gap(found, given) < 1e-8
    assert gap(given, RANS(HILL, **REYNOLDS, closure=nu_t).solve()) > 0.01


def test_linear_shear_stress_is_balanced_by_the_driving_force():
    """τ₁₂ = 0.1 y of the cells: ∇·τ adds 0.1 to the force and leaves Poiseuille's profile, up to
    h².
    """

    def error(n):
        def predict(flow):
            tau = np.zeros((len(flow), 2, 2))
            tau[:, 0, 1] = tau[:, 1, 0] = 0.1 * flow.points[:, 1]
            return tau

        mesh = meshes.channel(1.0, 2.0, cells=(4, n))
        result = RANS(mesh, 0.1, 1.0, closure=Predicting(predict)).solve()
        laminar = LaminarFlow(mesh, 0.1, 1.0).solve()
        assert result.pressure_gradient == pytest.approx(
            laminar.pressure_gradient + 0.1, rel=5 / n**2
        )
        return gap(result, laminar)

    coarse, fine = error(12), error(24)
    assert fine < 0.01
    assert np.log2(coarse / fine) > 1.7


def test_velocity_does_not_depend_on_how_the_stress_was_split():
    """More eddy viscosity with as much less in the rest is the same stress, up to h² between the
    points.
    """

    def difference(cells):
        mesh = meshes.periodic_hill(1.0, cells=cells)
        found = RANS(mesh, **REYNOLDS, closure=Predicting(linear_stress)).solve()
        more = 0.01 * (1 + found.flow().scalars["wall_distance"])
        nu_t = found.flow().scalars["eddy_viscosity"] + more
        a = point_values(found.anisotropy) + 2 * more[:, None, None] * strains(found)
        return gap(RANS(mesh, **REYNOLDS, closure=nu_t, anisotropy=a).solve(), found)

    coarse, fine = difference((20, 14)), difference((40, 28))
    assert fine < 0.02
    assert np.log2(coarse / fine) > 1.5
