"""Planes of symmetry, in any direction: half a flow is that of all of it."""

import numpy as np
import pytest

import meshes
from solvers import RANS, LaminarFlow, Periodic, ScalarTransport, Symmetry, Wall, evaluate
from solvers.fenics import ufl
from tests.support.channels import WALLS, bumpy, channel_box, one, turned


def test_a_flow_slips_along_a_curved_boundary():
    """Any solenoidal u along it is exact with p = 0 and a = 2 ν S − u u, where the stress at it, u
    (u·n), is none.

    u = (∂ψ/∂y, −∂ψ/∂x), ψ = y − h(x) (1 − y)²: of a ceiling y = 1 that moves, and along the wavy
    floor ψ = 0."""

    def exact(x, y):
        h, slope = 0.1 * np.sin(np.pi * x), 0.1 * np.pi * np.cos(np.pi * x)
        gradient = np.array(
            [[2 * slope * (1 - y), -(np.pi**2) * h * (1 - y) ** 2], [-2 * h, -2 * slope * (1 - y)]]
        )
        return np.stack([1 + 2 * h * (1 - y), slope * (1 - y) ** 2]), gradient

    def error(n):
        mesh = meshes.channel(2.0, 1.0, cells=(2 * n, n))
        x, y = mesh.points.T
        h = 0.1 * np.sin(np.pi * x)
        mesh.points[:, 1] += 2 * h / (1 + 2 * h + np.sqrt(1 + 4 * h)) * (1 - y)
        u, gradient = exact(*mesh.points.T)
        a = (0.1 * (gradient + gradient.swapaxes(0, 1)) - u * u[:, None]).transpose(2, 0, 1)
        sides = {"bottom": Symmetry(), "top": Wall((1.0, 0.0)), "inlet": Periodic("outlet")}
        result = RANS(
            mesh, 0.1, closure=0 * x, anisotropy=a, location="vertex", conditions=sides
        ).solve()
        through = ufl.dot(result.velocity, ufl.FacetNormal(result.domain.mesh))
        assert abs(result.domain.boundary_integral(through, "bottom")) < 1e-12
        flow = result.flow("vertex")
        return np.sqrt(flow.weights @ ((flow.velocity - u.T) ** 2).sum(axis=1))

    coarse, fine = error(8), error(16)
    assert np.log2(coarse / fine) > 1.9
    assert fine < 2e-3


def test_half_a_symmetric_channel_flows_like_all_of_it():
    whole = bumpy(2.0, cells=(12, 8))
    half = bumpy(1.0, cells=(12, 4))
    ends = {"inlet": Periodic("outlet", bulk_velocity=1.0)}
    full = LaminarFlow(whole, 0.05, conditions={**WALLS, **ends}).solve()
    part = LaminarFlow(half, 0.05, conditions={"bottom": Wall(), "top": Symmetry(), **ends}).solve()
    assert part.pressure_gradient == pytest.approx(full.pressure_gradient, rel=1e-9)
    points = np.stack([np.linspace(0.1, 1.9, 30), np.linspace(0.3, 0.95, 30)], axis=-1)
    np.testing.assert_allclose(
        evaluate(part.velocity, points), evaluate(full.velocity, points), atol=1e-9
    )
    scalars = [
        ScalarTransport(
            half, part, conditions={"bottom": Wall(), "top": Symmetry(), **ends}, production=one
        ),
        ScalarTransport(whole, full, conditions={**WALLS, **ends}, production=one),
    ]
    a, b = (evaluate(scalar.solve().concentration, points) for scalar in scalars)
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_a_symmetry_plane_may_lie_in_any_direction():
    """Half a channel with waves, turned by 30 degrees with its flow, and half a straight one."""
    sides = {"bottom": Wall(), "top": Symmetry(), "inlet": Periodic("outlet", bulk_velocity=1.0)}
    mesh, R = turned(bumpy(1.0, cells=(12, 4)), np.pi / 6)
    aligned = LaminarFlow(bumpy(1.0, cells=(12, 4)), 0.05, conditions=sides).solve()
    result = LaminarFlow(mesh, 0.05, conditions=sides).solve()
    assert result.pressure_gradient == pytest.approx(aligned.pressure_gradient, rel=1e-10)
    np.testing.assert_allclose(
        result.flow("vertex").velocity, aligned.flow("vertex").velocity @ R.T, atol=1e-10
    )
    mesh, R = turned(meshes.channel(1.0, 1.0, cells=(4, 3), kind="triangle"), np.pi / 3)
    flow = LaminarFlow(mesh, 0.05, conditions=sides).solve().flow("vertex")
    y = (flow.points @ R)[:, 1]
    np.testing.assert_allclose(
        flow.velocity @ R, np.stack([1.5 * y * (2 - y), 0 * y], axis=-1), atol=1e-10
    )


def test_planes_of_symmetry_may_meet():
    """A quarter of a square duct, turned about two axes; U = 0.0351443 f a²/ν (White, Viscous Fluid
    Flow, eq. 3-48).
    """

    def quarter(R):
        mesh = channel_box(3)
        mesh.points = mesh.points * [1, 0.5, 0.5] @ R.T
        sides = {"bottom": Wall(), "front": Wall(), "top": Symmetry(), "back": Symmetry()}
        ends = {"inlet": Periodic("outlet", bulk_velocity=1.0)}
        return LaminarFlow(mesh, 0.1, conditions={**sides, **ends}).solve()

    a, b = 0.4, 0.7
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    R = R @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    straight, tilted = quarter(np.eye(3)), quarter(R)
    assert 0.0351443 * straight.pressure_gradient / 0.1 == pytest.approx(1, rel=0.003)
    assert tilted.pressure_gradient == pytest.approx(straight.pressure_gradient, rel=1e-10)
    expected = straight.flow("vertex").velocity @ R.T
    np.testing.assert_allclose(tilted.flow("vertex").velocity, expected, atol=1e-10)
