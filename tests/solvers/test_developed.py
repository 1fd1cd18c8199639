"""Flows that do not change across the plane of their mesh: against series, flows in space, and
themselves.
"""

from dataclasses import replace

import numpy as np
import pytest

import meshes
from solvers import (
    RANS,
    Developed,
    LaminarFlow,
    Periodic,
    SpalartAllmaras,
    Wall,
    evaluate,
    locate,
    wall_force,
)
from solvers.fem.fields import values_of
from solvers.studies.rotated_problem import rotate_problem
from tests.support.boxes import box
from tests.support.sections import FRAME, QUARTER, WALLS, Quadratic, along, duct, stress, vortices
from vcnn import FlowField, InputError
from vcnn.flow.mesh import named_mesh


def rectangle(y, z, a, b, terms=60):
    """u of −∇²u = 1 in [0, a] x [0, b], 0 around (White, Viscous Fluid Flow, eq. 3-48 in another
    frame).
    """
    k = np.pi / a * np.arange(1, 2 * terms, 2)[:, None]
    bump = 1 - np.cosh(k * (z - b / 2)) / np.cosh(k * b / 2)
    return (4 / (a * k**3) * bump * np.sin(k * y)).sum(axis=0)


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_rectangular_duct_tends_to_the_exact_flow_with_third_order(kind):
    def error(n):
        mesh = duct(1.0, 1.5, (n, n), FRAME, kind=kind)
        conditions = {**WALLS, **along(FRAME, pressure_gradient=2.0)}
        flow = LaminarFlow(mesh, 0.1, conditions=conditions).solve().flow("cell")
        u, (_, y, z) = flow.velocity @ FRAME, (flow.points @ FRAME).T
        assert np.abs(u[:, 1:]).max() < 1e-12
        exact = 20 * rectangle(y, z, 1.0, 1.5)
        return np.sqrt((flow.weights @ (u[:, 0] - exact) ** 2) / (flow.weights @ exact**2))

    coarse, fine = error(8), error(16)
    assert np.log2(coarse / fine) > 2.8
    assert fine < 4e-4


def test_a_quarter_flows_like_all_of_it():
    whole = LaminarFlow(
        duct(2.0, 3.0, (8, 8), FRAME), 0.1, conditions={**WALLS, **along(FRAME)}
    ).solve()
    mesh = duct(1.0, 1.5, (4, 4), FRAME)
    quarter = LaminarFlow(mesh, 0.1, conditions={**QUARTER, **along(FRAME)}).solve()
    assert quarter.pressure_gradient == pytest.approx(whole.pressure_gradient, rel=1e-10)
    there = mesh.points + FRAME @ [0, 1.0, 1.5]
    np.testing.assert_allclose(
        quarter.flow("vertex").velocity, evaluate(whole.velocity, there), atol=1e-10
    )


def test_the_bulk_velocity_is_held_to_the_side_that_is_named():
    mesh = duct(1.0, 1.5, (4, 4), FRAME)
    there, back = (
        LaminarFlow(
            mesh,
            0.1,
            conditions={**WALLS, "any name": Developed(s * FRAME[:, 0], bulk_velocity=0.7)},
        ).solve()
        for s in (3, -1)
    )
    flow = there.flow("cell")
    assert flow.parameters["bulk_velocity"] == pytest.approx(0.7, rel=1e-12)
    assert there.domain.integral(there.velocity[0]) == pytest.approx(
        1.5 * 0.7 * FRAME[0, 0], rel=1e-10
    )
    np.testing.assert_allclose(back.flow("cell").velocity, -flow.velocity, atol=1e-12)
    drag = wall_force(there, "bottom", "top", "inlet", "outlet")  # for a length of 1
    np.testing.assert_allclose(drag, 1.5 * there.pressure_gradient * FRAME[:, 0], atol=1e-10)


def test_the_same_as_a_flow_in_space_that_is_periodic_along_itself():
    """The discrete equations in space have solutions that do not change along x: they are those on
    a section.
    """
    space, n = box(3, "hexahedron"), 16
    nu_t, a = stress(*space.points[:, 1:].T)
    options = {"location": "vertex", "walls": ("wall",)}
    solid = RANS(space, 0.002, 1.0, closure=nu_t, anisotropy=a, **options).solve()
    faces = next(block.data for block in space.cells if block.type == "quad")

    def on(name):
        return faces[np.concatenate(space.cell_sets[name]).astype(int)]

    inlet, walls = on("inlet"), on("wall")
    edges = [w[np.isin(w, inlet)] for w in walls if np.isin(w, inlet).sum() == 2]
    plane = named_mesh(space.points[:n], [("quad", inlet)], {"wall": [("line", edges)]})
    assert inlet.max() < n
    flat = RANS(
        plane,
        0.002,
        closure=nu_t[:n],
        anisotropy=a[:n],
        location="vertex",
        conditions={"wall": Wall(), **along()},
    ).solve()
    u, there = flat.flow("vertex").velocity, solid.flow("vertex").velocity
    assert np.abs(u[:, 1:]).max() > 0.02 * np.abs(u).max()
    np.testing.assert_allclose(there.reshape(-1, n, 3), np.broadcast_to(u, (4, n, 3)), atol=1e-9)
    assert flat.pressure_gradient == pytest.approx(solid.pressure_gradient, rel=1e-9)


@pytest.mark.parametrize("options", [{}, {"kind": "triangle"}, {"grading": 50.0}])
def test_a_turned_section_has_the_turned_flow(options):
    problem = vortices(**options)
    here, there = problem.solve(), rotate_problem(problem, FRAME).solve()
    assert there.pressure_gradient == pytest.approx(here.pressure_gradient, rel=1e-10)
    for location in ("cell", "vertex"):
        expected, got = here.flow(location).rotated(FRAME), there.flow(location)
        for name in ("velocity", "points"):
            np.testing.assert_allclose(getattr(got, name), getattr(expected, name), atol=1e-10)
        np.testing.assert_allclose(
            got.tensors["velocity_gradient"], expected.tensors["velocity_gradient"], atol=1e-9
        )
        for name, values in expected.scalars.items():
            np.testing.assert_allclose(got.scalars[name], values, atol=1e-9, err_msg=name)


def test_values_at_points_of_a_section():
    problem = rotate_problem(vortices(), FRAME)
    result = problem.solve()
    flow = result.flow("cell")
    np.testing.assert_allclose(evaluate(result.velocity, flow.points), flow.velocity, atol=1e-12)
    above = flow.points + 0.02 * FRAME[:, 0]
    np.testing.assert_allclose(
        evaluate(result.velocity, above), flow.velocity, atol=1e-12
    )  # as beside a mesh
    with pytest.raises(InputError, match="points: 30 of 30 are outside the mesh"):
        evaluate(result.velocity, flow.points + FRAME[:, 0])


def test_gradients_at_points_of_a_section():
    result = rotate_problem(vortices(), FRAME).solve()
    flow = result.flow("cell")
    gradient = locate(result.domain.mesh, flow.points).gradients(result.velocity.function_space)(
        result.velocity
    )
    np.testing.assert_allclose(
        gradient, flow.tensors["velocity_gradient"].swapaxes(1, 2), atol=1e-10
    )


def test_a_closure_that_predicts_agrees_with_its_flow(tmp_path):
    problem = RANS(
        duct(1.0, 1.0, (6, 6)), 0.01, closure=Quadratic(), conditions={**QUARTER, **along()}
    )
    result = problem.solve(checkpoint=tmp_path / "flow.npz")
    flow = result.flow("cell")
    expected = Quadratic().predict(flow)
    np.testing.assert_allclose(
        flow.scalars["eddy_viscosity"], expected["eddy_viscosity"], atol=1e-8
    )
    a = values_of(result.domain, result.anisotropy, "cell")
    np.testing.assert_allclose(a, expected["anisotropy"], atol=1e-7)
    again = problem.solve(start=tmp_path / "flow.npz")
    assert len(again.history) < 5 < len(result.history)
    np.testing.assert_allclose(again.flow("cell").velocity, flow.velocity, atol=1e-7)


def test_kept_in_a_file_and_begun_on_another_mesh(tmp_path):
    problem = vortices()
    result = problem.solve()
    flow = result.flow("cell")
    back = FlowField.load(flow.save(tmp_path / "duct.vtu"))
    np.testing.assert_array_equal(back.velocity, flow.velocity)
    np.testing.assert_array_equal(back.mesh.points, flow.mesh.points)
    finer = vortices((8, 8))
    warm, cold = finer.solve(start=result), finer.solve()
    assert len(warm.residuals) < len(cold.residuals)
    np.testing.assert_allclose(warm.flow("cell").velocity, cold.flow("cell").velocity, atol=1e-9)


def test_a_turbulence_model_on_a_section_of_a_channel():
    """Across a channel, periodic in its span, the flow is that along it."""
    size = {"cells": (3, 24), "grading": 20.0}
    channel = SpalartAllmaras(meshes.channel(1.0, 2.0, **size), 0.002, 1.0).solve()
    ends = {"bottom": Wall(), "top": Wall(), "inlet": Periodic("outlet")}
    mesh = duct(1.0, 2.0, **size)
    across = SpalartAllmaras(mesh, 0.002, conditions={**ends, **along()}).solve()
    assert across.pressure_gradient == pytest.approx(channel.pressure_gradient, rel=1e-8)
    np.testing.assert_allclose(
        across.flow().velocity[:, 0], channel.flow().velocity[:, 0], atol=1e-8
    )
    force = channel.pressure_gradient
    driven = replace(across.problem, conditions={**ends, **along(pressure_gradient=force)}).solve()
    assert driven.flow().parameters["bulk_velocity"] == pytest.approx(1.0, rel=1e-8)


def test_square_duct_agrees_with_openfoam_and_with_dns(shared_data, monkeypatch):
    """The eddy viscosity of SST gives SST's velocity, the stress of the DNS that of the DNS, its
    vortices included.
    """
    from benchmarks.common.velocity_errors import score
    from benchmarks.data import ducts

    _, data = ducts.read_duct(shared_data / "closure_challenge" / "train" / "AR_1_Ret_180.npz")
    sst, dns = (solve(ducts.duct_file(1)) for solve in (ducts.sst_flow, ducts.dns_flow))
    assert sst.pressure_gradient == pytest.approx(data["pressure_gradient"], rel=0.005)
    assert score(sst.flow().velocity, data["sst_velocity"]) < 0.001
    u, truth = dns.flow().velocity, data["les_velocity"]
    assert score(u, truth) < 0.001
    assert score(u[:, 1:], truth[:, 1:]) < 0.01
