"""Periodic boundaries, and what drives the flow between them."""

import numpy as np
import pytest

import meshes
from solvers import LaminarFlow, Periodic, ScalarTransport, Wall
from solvers.fenics import ufl
from tests.support.channels import WALLS, channel_box, exact_error, parabola
from vcnn import FlowField


def test_couette_flow_is_exact():
    mesh = meshes.channel(1.0, 2.0, cells=(4, 5))
    conditions = {"bottom": Wall(), "top": Wall(velocity=(3.0, 0.0)), "inlet": Periodic("outlet")}
    result = LaminarFlow(mesh, 0.01, conditions=conditions).solve()
    assert exact_error(result, lambda y: 1.5 * y) < 1e-10
    assert result.pressure_gradient == 0


@pytest.mark.parametrize("force", [0.3, -0.3])
def test_a_given_pressure_gradient_gives_the_bulk_velocity(force):
    """U = f h² / 12 ν, h the height."""
    mesh = meshes.channel(1.0, 2.0, cells=(4, 5))
    conditions = {**WALLS, "inlet": Periodic("outlet", pressure_gradient=force)}
    flow = LaminarFlow(mesh, 0.2, conditions=conditions).solve().flow()
    assert flow.parameters["bulk_velocity"] == pytest.approx(force * 2**2 / 12 / 0.2, rel=1e-10)
    assert flow.parameters["pressure_gradient"] == force


def test_bulk_velocity_and_pressure_gradient_are_inverse():
    mesh = meshes.periodic_hill(1.0, cells=(16, 10))
    driven = LaminarFlow(mesh, 0.02, 0.7).solve()
    ends = Periodic("outlet", pressure_gradient=driven.pressure_gradient)
    forced = LaminarFlow(mesh, 0.02, conditions={**WALLS, "inlet": ends}).solve()
    np.testing.assert_allclose(forced.flow().velocity, driven.flow().velocity, atol=1e-9)
    named = LaminarFlow(
        mesh, 0.02, conditions={**WALLS, "inlet": Periodic("outlet", bulk_velocity=0.7)}
    ).solve()
    np.testing.assert_array_equal(named.flow().velocity, driven.flow().velocity)


def test_periodic_in_both_directions():
    """A manufactured scalar without any boundary left; the masses of the vertices add up to the
    area.
    """
    pi, D, zeta, u = np.pi, 0.1, 3.0, (1.0, 0.5)

    def exact(x, lib):
        return 2 + lib.sin(2 * pi * x[0]) * lib.cos(2 * pi * x[1])

    def production(x):
        sx, cx, sy, cy = (f(2 * pi * x[i]) for i in (0, 1) for f in (np.sin, np.cos))
        return (
            2 * pi * (u[0] * cx * cy - u[1] * sx * sy)
            + D * 8 * pi**2 * sx * cy
            + zeta * (2 + sx * cy)
        )

    def error(n):
        mesh = meshes.channel(1.0, 1.0, cells=(n, n), kind="triangle")
        flow = FlowField(mesh.points, np.tile(u, (len(mesh.points), 1)), mesh=mesh)
        conditions = {"inlet": Periodic("outlet"), "bottom": Periodic("top")}
        result = ScalarTransport(
            mesh,
            flow,
            diffusivity=D,
            decay=zeta,
            exponent=0.0,
            production=production,
            conditions=conditions,
        ).solve()
        domain = result.carrier.domain
        np.testing.assert_allclose(domain.periods, np.eye(2), atol=1e-14)
        return np.sqrt(
            domain.integral(
                (result.concentration - exact(ufl.SpatialCoordinate(domain.mesh), ufl)) ** 2
            )
        )

    coarse, fine = error(8), error(16)
    assert np.log2(coarse / fine) > 2.9


def test_poiseuille_flow_periodic_in_two_of_three_directions():
    sides = {"front": Periodic("back"), "inlet": Periodic("outlet", bulk_velocity=1.0)}
    result = LaminarFlow(channel_box(3), 0.1, conditions={**WALLS, **sides}).solve()
    assert result.pressure_gradient == pytest.approx(12 * 0.1, rel=1e-10)
    flow = result.flow("vertex")
    assert flow.weights.sum() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(
        flow.periods, [[1, 0, 0], [0, 0, 1]], atol=1e-14
    )  # first the one it is driven along
    assert flow.parameters["bulk_velocity"] == pytest.approx(1, rel=1e-10)
    y = flow.points[:, 1]
    np.testing.assert_allclose(
        flow.velocity, np.stack([parabola(y), 0 * y, 0 * y], axis=-1), atol=1e-10
    )
