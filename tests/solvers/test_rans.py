"""RANS with a given eddy viscosity: exact where it can be, and the same as another code's."""

from dataclasses import replace

import numpy as np
import pytest

import meshes
from benchmarks.verification import sst_hills
from solvers import RANS, LaminarFlow, evaluate
from tests.support.closures import Predicting, mixing_length
from tests.support.paraview import assert_shows, values_at_vertices
from vcnn import DivergenceError


def channel(n=8):
    return meshes.channel(length=1.0, height=2.0, cells=(4, n))


def parabola(y):
    """An eddy viscosity for which u(y) is known: the total viscosity is 0.1 + 0.2 y (2 − y)."""
    return 0.2 * y * (2 - y)


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_uniform_eddy_viscosity_adds_to_the_molecular_one(location):
    mesh = meshes.periodic_hill(1.0, cells=(16, 10))
    n = 160 if location == "cell" else len(mesh.points)
    rans = RANS(mesh, 0.005, 0.7, closure=np.full(n, 0.015), location=location).solve()
    laminar = LaminarFlow(mesh, 0.02, 0.7).solve()
    assert rans.pressure_gradient == pytest.approx(laminar.pressure_gradient, rel=1e-9)
    np.testing.assert_allclose(rans.flow().velocity, laminar.flow().velocity, atol=1e-9)


def test_channel_with_varying_viscosity_tends_to_the_exact_profile():
    """f (1 − y) = (ν + ν_t) du/dy; the eddy viscosity at vertices is second order, and so is all
    that follows.
    """

    def error(n):
        mesh = channel(n)
        result = RANS(
            mesh, 0.1, 1.0, closure=parabola(mesh.points[:, 1]), location="vertex"
        ).solve()
        y = np.linspace(0.05, 1.95, 39)
        u = evaluate(result.velocity, np.stack([np.full(39, 0.5), y], axis=-1))[:, 0]

        # u = f/0.4 ln((0.1 + 0.2 y (2 − y)) / 0.1), since d/dy (0.2 y (2 − y)) = 0.4 (1 − y)
        def profile(y):
            return np.log1p(2 * y * (2 - y)) / 0.4

        nodes, weights = np.polynomial.legendre.leggauss(40)
        force = 1 / (weights @ profile(1 + nodes) / 2)
        assert result.pressure_gradient == pytest.approx(force, rel=0.1)
        return np.abs(u - force * profile(y)).max()

    coarse, fine = error(8), error(16)
    assert np.log2(coarse / fine) > 1.9
    assert fine < 0.01


def test_balance_of_a_prescribed_anisotropy():
    """A shear stress a₁₂ linear in y is balanced by the driving force: ∇·a adds to it, the flow
    stays.
    """
    mesh = channel()
    a = np.zeros((len(mesh.points), 2, 2))
    a[:, 0, 1] = a[:, 1, 0] = 0.3 * mesh.points[:, 1]
    plain = RANS(mesh, 0.1, 1.0, closure=np.zeros(len(mesh.points)), location="vertex")
    with_stress = replace(plain, anisotropy=a).solve()
    plain = plain.solve()
    assert with_stress.pressure_gradient == pytest.approx(plain.pressure_gradient + 0.3, rel=1e-9)
    np.testing.assert_allclose(with_stress.flow().velocity, plain.flow().velocity, atol=1e-9)


def test_a_flow_with_its_eddy_viscosity_is_a_closure():
    mesh = meshes.periodic_hill(1.0, cells=(12, 8))
    closure = 0.01 + 0.01 * np.sin(np.arange(96))
    first = RANS(mesh, 0.01, 0.7, closure=closure).solve()
    flow = first.flow()
    np.testing.assert_allclose(flow.scalars["eddy_viscosity"], closure, rtol=1e-12)
    again = RANS(mesh, 0.01, 0.7, closure=flow).solve(start=first)
    assert len(again.residuals) < len(first.residuals) - 3  # it had nothing left to do
    assert again.pressure_gradient == pytest.approx(first.pressure_gradient, rel=1e-9)


def test_warm_start_leads_to_the_same_flow():
    mesh = meshes.periodic_hill(1.0, cells=(16, 10))
    cold = RANS(mesh, 0.01, 0.7, closure=np.full(160, 0.002)).solve()
    near = RANS(mesh, 0.01, 0.6, closure=np.full(160, 0.003)).solve()
    warm = RANS(mesh, 0.01, 0.7, closure=np.full(160, 0.002)).solve(start=near)
    assert len(warm.residuals) < len(cold.residuals)
    np.testing.assert_allclose(warm.flow().velocity, cold.flow().velocity, atol=1e-9)


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_flow_and_predicted_eddy_viscosity_agree(location):
    """Mixing length in a channel: ν_t is that of the flow, and (ν + ν_t)|S| = f |1 − y|."""
    mesh = meshes.channel(1.0, 2.0, cells=(4, 40), grading=8.0)
    result = RANS(mesh, 0.002, 1.0, closure=Predicting(mixing_length), location=location).solve()
    flow = result.flow(location)
    np.testing.assert_allclose(flow.scalars["eddy_viscosity"], mixing_length(flow), atol=1e-8)
    if location == "cell":
        stress = (0.002 + flow.scalars["eddy_viscosity"]) * flow.scalars["strain_rate"]
        expected = result.pressure_gradient * np.abs(1 - flow.points[:, 1])
        np.testing.assert_allclose(stress, expected, atol=0.01 * expected.max())


def test_a_predicting_closure_may_begin_on_another_mesh():
    mesh, coarse = (meshes.channel(1.0, 2.0, cells=(4, n), grading=8.0) for n in (30, 20))
    problem, first = (
        RANS(m, 0.002, 1.0, closure=Predicting(mixing_length)) for m in (mesh, coarse)
    )
    cold, warm = problem.solve().flow(), problem.solve(start=first.solve()).flow()
    np.testing.assert_allclose(
        warm.velocity, cold.velocity, atol=1e-6
    )  # ν_t settles to a millionth


def test_saved_with_its_eddy_viscosity(tmp_path):
    mesh = meshes.periodic_hill(1.0, cells=(8, 6))
    result = RANS(mesh, 0.05, 0.7, closure=np.linspace(0.05, 0.1, 48)).solve()
    path = result.save(tmp_path / "flow.bp")
    assert_shows(path, mesh, velocity=result.velocity, pressure=result.pressure)
    nu_t = values_at_vertices(path, mesh, "eddy_viscosity")  # the mean over the cells around
    expected = result.flow("vertex").scalars["eddy_viscosity"]
    np.testing.assert_allclose(nu_t, expected, rtol=1e-9)
    assert np.ptp(expected) > 0.01


def test_a_closure_that_never_settles_is_an_error():
    calls = []

    def alternating(flow):
        calls.append(flow)
        return np.full(len(flow), 0.1 + 0.1 * (len(calls) % 2))

    with pytest.raises(
        DivergenceError, match=r"RANS: flow and eddy viscosity do not settle, after \d+ rounds"
    ):
        RANS(meshes.channel(cells=(4, 4)), 0.1, 1.0, closure=Predicting(alternating)).solve()


def test_hill_agrees_with_openfoam_for_the_same_eddy_viscosity(shared_data):
    row = sst_hills.compare(shared_data / "closure_challenge" / "train" / "alpha_10_9000_3036.npz")
    assert row["error"] < 0.006
    assert row["pressure_gradient"] == pytest.approx(row["reference_gradient"], rel=0.02)
