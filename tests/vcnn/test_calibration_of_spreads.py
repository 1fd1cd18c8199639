"""What a calibration measures, on errors whose distribution is known."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from vcnn import FlowField, InputError
from vcnn.closure import Ensemble
from vcnn.evaluation.calibration import (
    LEVELS,
    Calibration,
    rank_histogram,
)
from vcnn.evaluation.recalibration import pool, recalibrate
from vcnn.evaluation.report import calibration_figure, calibration_table


def known(k=1, n=20_000, said=1.0, seed=0):
    """Errors of k normal components of standard deviation s each; σ = said · √k s is said."""
    rng = np.random.default_rng(seed)
    s = 0.2 + rng.random(n)
    errors = np.linalg.norm(s[:, None] * rng.normal(size=(n, k)), axis=1)
    return Calibration(errors, said * np.sqrt(k) * s, k, np.ones(n), {"luck": rng.random(n)})


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_the_true_spread_covers_what_it_should(k):
    calibration = known(k)
    np.testing.assert_allclose(calibration.coverage(), LEVELS, atol=0.01)
    assert kstest(calibration.pit(), "uniform").pvalue > 1e-3
    assert abs(calibration.factor() - 1) < 0.02


def test_a_spread_that_is_too_small_is_found_and_mended():
    half = known(2, said=0.5)
    assert half.coverage([0.9])[0] < 0.6
    assert half.factor() == pytest.approx(2, rel=0.02)
    mended = known(2, said=0.5, seed=1).scaled(recalibrate([half, known(2, said=0.5, seed=2)]))
    np.testing.assert_allclose(mended.coverage(), LEVELS, atol=0.015)


def test_flows_count_alike_however_many_points_they_have():
    many, few = known(n=30_000, said=1.0), known(n=300, said=0.25, seed=3)
    both = pool([many, few])
    expected = (many.coverage() + few.coverage()) / 2
    np.testing.assert_allclose(both.coverage(), expected, atol=1e-9)
    assert pool([many, few]).indicators["luck"].shape == (30_300,)


def test_a_spread_that_follows_the_error_correlates_and_sparsifies():
    calibration = known(3)
    correlations = calibration.rank_correlations()
    assert correlations["spread"] > 0.5 > 0.05 > abs(correlations["luck"])
    shares = np.linspace(0, 0.9, 10)
    by_spread, by_error = calibration.sparsification(shares)
    assert by_spread[0] == by_error[0] == 1
    assert (np.diff(by_spread) < 0.02).all() and by_spread[-1] < 0.6
    assert (by_error <= by_spread + 1e-12).all()
    constant = Calibration(calibration.errors, np.ones(20_000), 3, np.ones(20_000))
    assert constant.rank_correlations() == {"spread": 0.0}


def test_an_error_that_was_said_to_be_none_is_outside_of_every_band():
    calibration = Calibration(np.array([0.0, 1.0]), np.zeros(2), 1, np.array([3.0, 1.0]))
    np.testing.assert_array_equal(calibration.coverage([0.5, 0.999]), [0.75, 0.75])


def test_ranks_are_flat_for_draws_of_the_same_kind():
    rng = np.random.default_rng(0)
    draws, truth = rng.normal(size=(4, 50_000)), rng.normal(size=50_000)
    np.testing.assert_allclose(rank_histogram(draws, truth), 0.2, atol=0.01)
    narrow = rank_histogram(0.2 * draws, truth)
    assert narrow[0] > 0.35 and narrow[-1] > 0.35


def test_a_factor_counts_weights():
    errors, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0])
    calibration = Calibration(errors, np.ones(3), 1, weights)
    for level, held in ((0.8, 1), (0.9, 2), (0.95, 3)):
        assert calibration.factor(level) == pytest.approx(held / norm.ppf(0.5 + level / 2))


def test_a_picture_and_a_table_show_several(tmp_path):
    calibrations = {"right": known(2, n=2000), "too sure": known(2, n=2000, said=0.3)}
    figure = calibration_figure(calibrations)
    figure.savefig(tmp_path / "calibration.png")
    reliability, transforms, sparsification = figure.axes
    right, sure = (line.get_ydata() for line in reliability.lines[:2])
    assert np.abs(right - reliability.lines[0].get_xdata()).max() < 0.05
    assert (sure < right).all()
    ends = [patch.get_data().values[-1] for patch in transforms.patches]
    assert ends[0] == pytest.approx(0.1, abs=0.02) and ends[1] > 0.5
    assert len(sparsification.lines) == 4
    first, second = calibration_table(calibrations).splitlines()[1:]
    assert (
        first.split()[0] == "right"
        and second.split()[-3] == f"{calibrations['too sure'].factor():.2f}"
    )


class Constant:
    def __init__(self, value):
        self.value, self.targets = value, {"v": "vector"}

    def predict(self, flow, centres=None, dtype=None):
        count = len(flow) if centres is None else len(centres)
        return {"v": np.tile(self.value, (count, 1))}


def test_it_is_that_of_a_closure_in_a_flow():
    flow = FlowField(np.random.default_rng(0).random((5, 2)), vectors={"v": np.ones((5, 2))})
    ensemble = Ensemble([Constant([1.0, 0.0]), Constant([1.0, 1.0])])
    calibration = Calibration.of(ensemble, flow, "v")
    np.testing.assert_allclose(calibration.errors, 0.5)
    np.testing.assert_allclose(calibration.spread, np.sqrt(0.5))
    assert calibration.components == 2
    with pytest.raises(InputError, match="the flow has no 'w' to compare with"):
        Calibration.of(ensemble, flow, "w")


@pytest.mark.parametrize(
    ("name", "values"), [("spread", np.ones(3)), ("errors", -np.ones(2)), ("weights", [1, np.nan])]
)
def test_bad_numbers_are_refused(name, values):
    parts = {"errors": np.ones(2), "spread": np.ones(2), "weights": np.ones(2)}
    with pytest.raises(InputError, match="expected"):
        Calibration(**{**parts, name: np.asarray(values)}, components=1)
    with pytest.raises(InputError, match="at least one calibration"):
        pool([])
    with pytest.raises(InputError, match="calibrations of one kind of field"):
        pool([known(1, n=10), known(2, n=10)])
    good = known(n=10)
    for ask in (
        lambda: good.factor(90),
        lambda: good.coverage([50]),
        lambda: good.sparsification([1]),
    ):
        with pytest.raises(InputError, match="expected"):
            ask()
    sure = Calibration(np.ones(3), np.zeros(3), 1, np.ones(3))
    with pytest.raises(InputError, match="no factor mends it"):
        sure.factor()
    assert sure.rank_correlations() == {"spread": 0.0}
