"""The verification suite itself: observed orders, balances, and the distance from another code's solution."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import laminar_hills
import manufactured


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_orders_of_convergence(kind, periodic):
    """Velocity 3, pressure 2, scalar 3, gradients 2, each to 0.1."""
    coarse, fine = (
        manufactured.flow_errors(mesh, periodic) | manufactured.transport_errors(mesh, periodic)
        for mesh in (manufactured.square(n, kind) for n in (24, 48))
    )
    for name, order in manufactured.THEORY.items():
        assert np.log2(coarse[name] / fine[name]) == pytest.approx(order, abs=0.1), name


def test_orders_of_convergence_in_three_dimensions():
    """On meshes this coarse the pressure falls faster than its order."""
    coarse, fine = (
        manufactured.flow_errors(mesh, False) | manufactured.transport_errors(mesh, False)
        for mesh in (manufactured.cube(n) for n in (4, 8))
    )
    for name, order in manufactured.THEORY.items():
        assert np.log2(coarse[name] / fine[name]) > order - 0.1, name


def test_balances_close(hill):
    flow, transport = hill
    forces, scalar = laminar_hills.wall_balance(flow), laminar_hills.scalar_balance(transport)
    assert abs(forces["reaction"]) < 1e-9
    assert abs(scalar["scalar"]) < 1e-9
    assert abs(scalar["scalar convected"]) < 1e-5
    assert 0.1 < scalar["walls' share"] < 0.3


def test_gap_to_first_order_fields_is_their_diffusion(shared_data, monkeypatch):
    monkeypatch.setattr(laminar_hills, "FIRST_ORDER", {"1.00": (60, 60)})
    _, plain, diffusive = laminar_hills.first_order(lambda text: None)["1.00"]
    assert plain[0] > 0.03
    assert plain[1] > 0.06
    assert diffusive[0] < plain[0] / 8
    assert diffusive[1] < plain[1] / 8
