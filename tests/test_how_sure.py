"""Members of an ensemble of corrections, and what is read off their flows: known distributions."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from benchmarks.travelling.members import flows_of_member, mean_of_weights
from benchmarks.travelling.sureness import (
    calibrations,
    component_coverage,
    component_quantiles,
    component_scales,
    left_out,
)
from benchmarks.travelling.sureness_page import page
from tests.support.solve_cases import small_closure

MEMBERS, POINTS = 5, 20_000


def closure(value):
    """The small closure with all weights of a value."""
    small = small_closure()
    with torch.no_grad():
        for parameter in small.network.parameters():
            parameter.fill_(value)
    return replace(small, provenance={"flows": ["a"], "learning": {"seconds": value}})


def test_weights_are_averaged():
    one = mean_of_weights([closure(1.0), closure(2.0), closure(6.0)])
    for parameter in one.network.parameters():
        torch.testing.assert_close(parameter, torch.full_like(parameter, 3.0))
    assert one.provenance["learning"] == {"seconds": 9.0, "members": 3}
    assert one.provenance["flows"] == ["a"]


def test_members_see_halves_and_all_channels():
    first, second = map(set, map(flows_of_member, (1, 2)))
    assert first != second
    assert len(first) == len(second) == 11 + 2 + 8
    channels = {name for name in first if "channel" in name or "wide" in name}
    assert channels < second and len(channels) == 8


@pytest.fixture
def files(tmp_path):
    """Three flows whose truth is one more draw of what members are drawn from, times 3."""
    rng, files = np.random.default_rng(0), []
    for number in range(3):
        size = np.exp(rng.standard_normal((POINTS, 1))) * [1.0, 0.5]
        draws = size * rng.standard_normal((MEMBERS + 1, POINTS, 2))
        scalars = rng.standard_normal((MEMBERS, POINTS))
        tensors = rng.standard_normal((MEMBERS, POINTS, 3, 3))
        path = tmp_path / f"flow_{number}.npz"
        np.savez(
            path,
            truth=3 * draws[0],
            each=draws[1:],
            model=np.full((POINTS, 2), 10.0),
            mean=draws[1:].mean(axis=0),
            weights=np.ones(POINTS),
            extrapolation=rng.random(POINTS),
            **{"eddy_viscosity": scalars, "eddy_viscosity known": np.zeros(POINTS)},
            **{"stress": tensors, "stress known": np.zeros((POINTS, 3, 3))},
            **{"stress weights": np.ones(POINTS)},
        )
        files.append(path)
    return files


def test_the_factor_of_other_flows_mends_the_coverage(files):
    by_flow = {path.stem: calibrations(path) for path in files}
    parts = {name: of["velocity"] for name, of in by_flow.items()}
    for name, (factor, after) in left_out(parts).items():
        assert factor > 3
        assert parts[name].coverage([0.9])[0] < 0.6
        assert after.coverage([0.9])[0] == pytest.approx(0.9, abs=0.01)
    of_scalars = by_flow["flow_0"]["eddy_viscosity"]  # 0 by the mean of five standard normals
    assert np.mean(of_scalars.errors**2) == pytest.approx(1 / MEMBERS, rel=0.05)
    assert np.mean(of_scalars.spread**2) == pytest.approx(1, rel=0.05)
    correlations = parts["flow_0"].rank_correlations()
    assert correlations["spread"] > 0.4 > abs(correlations["extrapolation"])
    row = {"model": 0.1, "mean": 0.02, "mean flow": 0.02, "members": [0.03, 0.04]}
    rows = {name: row | {"seconds": [10.0, 20.0]} for name in by_flow}
    text = page(rows, by_flow, {name: {0.9: 0.87} for name in by_flow})
    assert "3 % to 4 %" in text and "| 3.0 |" in text and "87 %" in text


def test_quantiles_hold_components_of_another_flow(files):
    """Errors are normal, a fifth of the scale: what was changed, or a share of the speed."""
    rng = np.random.default_rng(3)
    for path in files:
        with np.load(path) as file:
            data = dict(file)
        data["mean"] = data["model"] + rng.standard_normal((POINTS, 2))
        speed = np.linalg.norm(data["mean"], axis=1).mean()
        far = data["extrapolation"] = 3.0 * (rng.random(POINTS) < 0.3)
        scale = component_scales(data["mean"], data["model"], far, speed)
        change = np.abs(data["mean"] - data["model"])
        assert (scale >= change).all() and (scale[far > 2] >= 0.05 * speed).all()
        data["truth"] = data["mean"] + 0.2 * scale * rng.standard_normal((POINTS, 2))
        np.savez(path, **data)
    for level in (0.5, 0.9):
        assert component_quantiles(files[:2], [level])[level] == pytest.approx(
            0.2 * norm.ppf(0.5 + level / 2), rel=0.03
        )
        covered = component_coverage(files[2], files[:2], level)
        assert covered == pytest.approx(level, abs=0.01)
