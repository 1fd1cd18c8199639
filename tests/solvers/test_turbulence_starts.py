"""Turbulence models converge from any start, or say what to try."""

import numpy as np
import pytest

import meshes
from solvers import KOmegaSST, LaminarFlow, MixingLength, OneEquationKL, SpalartAllmaras, evaluate
from vcnn import DivergenceError

MODELS = (SpalartAllmaras, KOmegaSST, OneEquationKL, MixingLength)


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
@pytest.mark.parametrize("model", [SpalartAllmaras, KOmegaSST, OneEquationKL])
def test_flow_separates_behind_a_hill(model, kind):
    """Re = 5600, from the model's own start: reversed flow in the lee, forward flow on the crest
    and above.
    """
    mesh = meshes.periodic_hill(1.0, cells=(48, 36), grading=30.0, kind=kind)
    result = model(mesh, 1 / 5600, 0.72).solve()
    assert result.residuals[-1] < 1e-9
    u = evaluate(result.velocity, np.array([[2.0, 0.2], [0.0, 1.1], [2.0, 2.5]]))[:, 0]
    assert u[0] < 0 < u[1] and u[2] > 0.5
    assert result.domain.integral(result.velocity[0]) / result.domain.integral(
        1.0
    ) == pytest.approx(0.72, rel=1e-10)
    assert result.flow("vertex").scalars["eddy_viscosity"].max() > 20 / 5600


@pytest.mark.parametrize("model", MODELS)
def test_a_converged_flow_is_its_own_solution(model, tmp_path):
    problem = model(meshes.periodic_hill(1.0, cells=(24, 18), grading=10.0), 1 / 1000, 0.72)
    cold = problem.solve()
    checkpoint = cold.checkpoint(tmp_path / "flow.npz")
    for start in (cold, checkpoint):
        warm = problem.solve(start=start)
        assert len(warm.residuals) <= 2 < len(cold.residuals) - 3
        np.testing.assert_allclose(warm.flow().velocity, cold.flow().velocity, atol=1e-7)
        assert warm.pressure_gradient == pytest.approx(cold.pressure_gradient, rel=1e-7)


@pytest.mark.parametrize("model", MODELS)
def test_a_start_may_differ_in_mesh_speed_and_model(model):
    """From a coarser mesh, at another bulk velocity, and from another model's flow: the same
    solution.
    """
    coarse, fine = (
        meshes.periodic_hill(1.0, cells=cells, grading=10.0) for cells in ((20, 14), (30, 20))
    )
    problem = model(fine, 1 / 1000, 0.72)
    cold = problem.solve()
    others = (
        model(coarse, 1 / 1000, 0.72),
        model(fine, 1 / 1000, 0.6),
        LaminarFlow(fine, 0.01, 0.72),
    )
    for other in others:
        warm = problem.solve(start=other.solve())
        np.testing.assert_allclose(warm.flow().velocity, cold.flow().velocity, atol=1e-6)
        mean = warm.domain.integral(warm.velocity[0]) / warm.domain.integral(1.0)
        assert mean == pytest.approx(0.72, rel=1e-9)
        if other is others[0]:
            assert len(warm.residuals) < len(cold.residuals)


def test_divergence_is_an_error_that_says_what_to_try():
    with pytest.raises(DivergenceError, match=r"try a .*finer.*give a `start`") as caught:
        SpalartAllmaras(meshes.periodic_hill(1.0, cells=(8, 6)), 1e-9, 1.0).solve()
    assert caught.value.best is None or caught.value.best.problem.viscosity > 1e-9


@pytest.mark.parametrize("model", [MixingLength, KOmegaSST, OneEquationKL])
def test_what_is_not_found_at_once_is_found_by_way_of_larger_viscosities(model):
    """And is what a flow from a near start is."""
    mesh = meshes.periodic_hill(1.0, cells=(8, 6))
    found = model(mesh, 1e-9, 1.0).solve()
    assert len(found.notes) == 1 and found.notes[0].startswith("Found by way of viscosities")
    assert found.problem.viscosity == 1e-9 and found.residuals[-1] <= 1e-9
    near = model(mesh, 1.1e-9, 1.0).solve(start=found)
    again = model(mesh, 1e-9, 1.0).solve(start=near)
    assert again.notes == ()
    np.testing.assert_allclose(again.flow().velocity, found.flow().velocity, atol=1e-6)
