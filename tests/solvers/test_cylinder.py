"""The cylinder of Schäfer & Turek through a case file, its inlet a formula."""

import pytest

from benchmarks.verification.cylinder import DRAG, LIFT, coefficients, flow_around_cylinder
from solvers.diagnostics.boundaries import boundary_fluxes, reynolds_number


def test_drag_is_right_to_two_thousandths():
    flow = flow_around_cylinder(16)
    drag, lift = coefficients(flow)
    assert drag == pytest.approx(DRAG, rel=2e-3) and lift == pytest.approx(LIFT, rel=2e-2)
    assert -boundary_fluxes(flow)["inlet"] == pytest.approx(0.2 * 0.41, rel=1e-12)
    assert reynolds_number(flow).velocity == pytest.approx(0.2, rel=1e-12)
    coarse, _ = coefficients(flow_around_cylinder(8))  # the circle is a polygon of 32 edges
    assert abs(drag - DRAG) < 0.3 * abs(coarse - DRAG)
