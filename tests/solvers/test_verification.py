"""The verification suite itself: observed orders, balances, and the distance from another code's
solution.
"""

import json
import re

import pytest

from benchmarks.verification import laminar_hills, manufactured
from benchmarks.verification import study as verification


def observed_orders(kind, periodic, coarse, fine):
    first, second = (manufactured.errors(kind, periodic, n) for n in (coarse, fine))
    return {
        name: manufactured.order(first[name], second[name], fine / coarse)
        for name in manufactured.THEORY
    }


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_orders_of_convergence(kind, periodic):
    """Velocity 3, pressure 2, scalar 3, gradients 2, each to 0.1."""
    assert observed_orders(kind, periodic, 24, 48) == pytest.approx(manufactured.THEORY, abs=0.1)


def test_orders_of_convergence_in_hexahedra():
    assert observed_orders("hexahedron", False, 5, 8) == pytest.approx(manufactured.THEORY, abs=0.1)


def test_orders_of_convergence_in_tetrahedra():
    """As many as are solved quickly are too few for the pressure, which still falls faster than its
    order.
    """
    orders = observed_orders("tetrahedron", False, 5, 8)
    assert orders.pop("p") > 1.9
    assert orders == pytest.approx({name: manufactured.THEORY[name] for name in orders}, abs=0.1)


def test_balances_close(hill):
    flow, transport = hill
    forces, scalar = laminar_hills.wall_balance(flow), laminar_hills.scalar_balance(transport)
    assert abs(forces["reaction"]) < 1e-9
    assert abs(scalar["scalar"]) < 1e-9
    assert 0.1 < scalar["walls' share"] < 0.3


def test_gap_to_first_order_fields_is_their_diffusion(shared_data, monkeypatch):
    monkeypatch.setitem(laminar_hills.FIRST_ORDER, "1.00", (60, 60))
    gaps = laminar_hills.first_order("1.00")
    for plain, diffusive, least in zip(gaps["plain"], gaps["diffusive"], (0.03, 0.06), strict=True):
        assert plain > least
        assert diffusive < plain / 8


def test_the_report_holds_what_is_known(tmp_path):
    """It is composed from the numbers kept, without solving anything."""
    numbers = json.loads(verification.RESULTS.read_text(encoding="utf-8"))
    verification.compose(numbers | {"large": {}}, tmp_path / "verification")
    report = (tmp_path / "verification.md").read_text(encoding="utf-8")
    assert "A million unknowns" not in report
    pictures = re.findall(r"\]\((verification.*?)\)", report)
    assert sorted([*pictures, "verification.md"]) == sorted(
        path.name for path in tmp_path.iterdir()
    )
    rows = re.findall(r"^\| (?:quadri|tri|hexa|tetra).*$", report, re.MULTILINE)
    assert len(rows) == 2 * len(manufactured.SIZES)
    for row in rows:
        orders = [float(order) for order in re.findall(r"\(([\d.]+)\)", row)]
        assert orders == pytest.approx(list(manufactured.THEORY.values()), abs=0.1)
