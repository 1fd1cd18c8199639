"""Coupled runs that stop at the round-off of their closure, and what a failed one leaves."""

import pickle

import numpy as np
import pytest

import meshes
from solvers import RANS, FlowResult, LaminarFlow
from vcnn import DivergenceError

MESH = meshes.channel(2.0, 1.0, cells=(4, 8), grading=3.0)


class Length:
    """ν_t of a mixing length, right to some share of its size."""

    def __init__(self, error=0.0):
        self.error, self.random = error, np.random.default_rng(0)

    def predict(self, flow):
        nu_t = (0.4 * flow.scalars["wall_distance"]) ** 2 * flow.scalars["strain_rate"]
        return nu_t * (1 + self.error * self.random.normal(size=len(nu_t)))


def problem(closure):
    return RANS(MESH, 0.01, 1.0, closure=closure)


def test_single_precision_is_as_good_as_it_gets(caplog):
    exact = problem(Length()).solve()
    assert exact.notes == () and exact.history.change[-1] <= 1e-9
    rounded = problem(Length(6e-8)).solve()
    assert 1e-9 < rounded.history.change[-1] < 1e-6
    assert len(rounded.history) <= len(exact.history) + 25
    (note,) = rounded.notes
    assert "round-off of single precision" in note and "float64" in note and "1e-09" in note
    assert any(note in record.getMessage() for record in caplog.records)
    np.testing.assert_allclose(rounded.flow().velocity, exact.flow().velocity, atol=1e-6)


def test_a_tolerance_above_the_round_off_is_met_without_a_word():
    assert problem(Length(6e-8)).solve(tolerance=1e-5).notes == ()


def test_larger_errors_are_no_round_off_and_leave_the_best_state(tmp_path):
    with pytest.raises(DivergenceError, match="do not settle, after 30 rounds") as caught:
        problem(Length(1e-4)).solve(max_rounds=30)
    best = caught.value.best
    assert isinstance(best, FlowResult)
    assert best.history.change[-1] == min(best.history.change) < 1e-3
    exact = problem(Length()).solve().flow().velocity
    np.testing.assert_allclose(best.flow().velocity, exact, atol=1e-3)
    path = tmp_path / "state.npz"
    with pytest.raises(DivergenceError, match=r"best state so far is in .*state\.npz") as caught:
        problem(Length(1e-4)).solve(max_rounds=30, checkpoint=path)
    again = problem(Length()).solve(start=path)
    assert len(again.history) < len(problem(Length()).solve().history)
    assert isinstance(caught.value.best, FlowResult)


def test_slow_convergence_is_not_taken_for_round_off():
    """Below the round-off of single precision, but still on its way down."""
    from solvers.coupling.loop import _at_round_off
    from solvers.flow.history import CouplingHistory

    def history(changes):
        flat = (1e-12,) * len(changes)
        return CouplingHistory(flat, tuple(changes), flat, flat)

    assert not _at_round_off(history(5e-7 * 0.9 ** np.arange(40)))
    assert _at_round_off(history([1e-3, *[2e-8] * 20]))
    assert not _at_round_off(history([2e-8] * 19))
    assert not _at_round_off(history([1e-3, *[2e-6] * 30]))


def test_other_solvers_have_nothing_or_the_flow_with_the_least_viscosity():
    """A hill so coarse that no flow is found with a viscosity as small."""
    with pytest.raises(DivergenceError, match=r"on the way down .* give a `start`") as caught:
        LaminarFlow(meshes.periodic_hill(1.0, cells=(8, 6)), 1e-5, 1.0).solve()
    best = caught.value.best
    assert best is None or (isinstance(best, FlowResult) and best.problem.viscosity > 1e-5)
    assert DivergenceError("nothing").best is None
    sent = pickle.loads(pickle.dumps(DivergenceError("far off", best=lambda: 0)))
    assert str(sent) == "far off" and sent.best is None
