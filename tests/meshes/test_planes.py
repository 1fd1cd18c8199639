"""Planes of any orientation, and what is across them."""

from dataclasses import replace

import meshio
import numpy as np
import pytest

from meshes import read_flow, read_mesh
from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow
from meshes.readers.openfoam.case import read_case
from tests.support.foam_cases import BoxCase
from tests.support.shear import read_noting, shear, shear_mesh
from vcnn import InputError


def turned(angle=0.7):
    """A rotation of space about an axis that is none of the coordinates'."""
    axis = np.array([0.3, -0.5, 0.8]) / np.linalg.norm([0.3, -0.5, 0.8])
    cross = np.cross(np.eye(3), axis)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


SWAP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # the plane z = 0 becomes y = 0


def dataset(rotation=None, shift=(0, 0, 0), across=0.0, **fields):
    R = np.eye(3) if rotation is None else rotation
    mesh = shear_mesh("cell")
    u = mesh.cell_data["U"][0] + np.array([0, 0, across])
    return Dataset(
        mesh.points @ R.T + shift,
        [(block.type, block.data) for block in mesh.cells],
        cell_fields={"U": u @ R.T, **fields},
        provenance={"source": "f"},
    )


@pytest.mark.parametrize("rotation", [None, SWAP, turned()], ids=["z", "y", "oblique"])
@pytest.mark.parametrize("precision", [float, np.float32])
def test_a_plane_of_any_orientation_makes_a_plane_flow(rotation, precision):
    given = dataset(rotation, (0.1, 0.2, 0.3))
    noisy = Dataset(
        given.points.astype(precision).astype(float),
        given.cells,
        cell_fields={"U": given.cell_fields["U"].astype(precision).astype(float)},
        provenance={"source": "f"},
    )
    flow, _ = read_noting(dataset_flow, noisy)
    assert flow.dimension == 2 and len(flow.mesh.points) == 63
    np.testing.assert_allclose(flow.scalars["strain_rate"], 2, rtol=1e-4)
    np.testing.assert_allclose(flow.weights.sum(), 2, rtol=1e-5)
    speeds = np.linalg.norm(flow.velocity, axis=1)
    np.testing.assert_allclose(speeds, np.linalg.norm(given.cell_fields["U"], axis=1), rtol=1e-5)


def test_planes_along_axes_keep_their_digits():
    flow, _ = read_noting(dataset_flow, dataset(SWAP, (0.1, 0.0, 0.3)))
    given = dataset(SWAP, (0.1, 0.0, 0.3))
    np.testing.assert_array_equal(flow.mesh.points, given.points[:, [0, 2]])
    np.testing.assert_array_equal(flow.velocity, given.cell_fields["U"][:, [0, 2]])


@pytest.mark.parametrize("rotation", [None, SWAP, turned()], ids=["z", "y", "oblique"])
def test_velocity_across_the_plane_makes_a_section(rotation):
    given = dataset(rotation, (0.1, 0.2, 0.3), across=5.0)
    flow, _ = read_noting(dataset_flow, given)
    assert flow.dimension == 3 and [block.dim for block in flow.mesh.cells] == [2]
    np.testing.assert_allclose(flow.velocity, given.cell_fields["U"], atol=1e-14)
    np.testing.assert_allclose(flow.mesh.points, given.points, atol=1e-14)
    # there is no gradient across a section: 2 y and 5 give what 2 y gives alone
    np.testing.assert_allclose(flow.scalars["strain_rate"], 2, rtol=1e-9)


def test_a_swirling_section_from_a_file(tmp_path):
    mesh = shear_mesh()
    mesh.point_data["U"] = mesh.point_data["U"] + np.array([0, 0, 5.0])
    meshio.write(tmp_path / "swirl.vtk", mesh)
    flow, _ = read_noting(read_flow, tmp_path / "swirl.vtk", walls=["outer"], period=(2, 0, 0))
    assert np.linalg.norm(flow.velocity, axis=1).max() == pytest.approx(np.sqrt(29), rel=1e-12)
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1 - y), atol=1e-12)
    assert read_mesh(tmp_path / "swirl.vtk").points.shape == (63, 2)


def test_round_off_across_the_plane_is_none():
    flow, _ = read_noting(dataset_flow, dataset(across=1e-7))
    assert flow.dimension == 2 and "velocity_3" not in flow.scalars


def fields_of(R):
    rng = np.random.default_rng(1)
    v, t = rng.normal(size=(96, 3)), rng.normal(size=(96, 3, 3))
    t = t + t.swapaxes(1, 2)
    return v, t, {"v": v @ R.T, "t": R @ t @ R.T}


def test_components_across_are_kept_and_keep_their_meaning():
    v, t, given = fields_of(np.eye(3))
    flow, _ = read_noting(dataset_flow, dataset(**given))
    np.testing.assert_array_equal(flow.vectors["v"], v[:, :2])
    np.testing.assert_array_equal(flow.scalars["v_3"], v[:, 2])
    np.testing.assert_array_equal(flow.tensors["t"], t[:, :2, :2])
    np.testing.assert_array_equal(flow.scalars["t_33"], t[:, 2, 2])
    np.testing.assert_array_equal(flow.vectors["t_3"], t[:, :2, 2])
    assert "t_3_transposed" not in flow.vectors
    # the same section turned in space: all invariants of the whole tensor are there
    _, _, given = fields_of(turned())
    other, _ = read_noting(dataset_flow, dataset(turned(), **given))
    np.testing.assert_allclose(other.scalars["t_33"], t[:, 2, 2], atol=1e-12)
    for vector, length in (("t_3", t[:, :2, 2]), ("v", v[:, :2])):
        sizes = [np.linalg.norm(a, axis=1) for a in (other.vectors[vector], length)]
        np.testing.assert_allclose(*sizes, atol=1e-12)
    # the tensor's quadratic form of the vector is a scalar too
    forms = [
        np.einsum("ni,nij,nj->n", f.vectors["v"], f.tensors["t"], f.vectors["v"])
        for f in (flow, other)
    ]
    np.testing.assert_allclose(*forms, atol=1e-12)


def test_a_gradient_keeps_both_of_its_parts_across():
    _, t, _ = fields_of(np.eye(3))
    t[:, 2, :2] = 0.5
    flow, _ = read_noting(dataset_flow, dataset(grad=t.reshape(-1, 9)))
    np.testing.assert_array_equal(flow.vectors["grad_3"], t[:, :2, 2])
    np.testing.assert_array_equal(flow.vectors["grad_3_transposed"], t[:, 2, :2])


def test_own_fields_win_over_components():
    *_, given = fields_of(np.eye(3))
    flow, note = read_noting(dataset_flow, dataset(v_3=np.arange(96.0), **given))
    np.testing.assert_array_equal(flow.scalars["v_3"], np.arange(96.0))
    assert "components across the plane left out" in note and "v_3" in note


def test_zero_components_leave_no_fields():
    flow, _ = read_noting(
        dataset_flow,
        dataset(v=shear(np.random.default_rng(0).random((96, 2))), t=np.zeros((96, 9))),
    )
    assert set(flow.scalars) == {"strain_rate"} and set(flow.vectors) == {"v"}


def test_surfaces_that_are_no_plane_are_refused():
    given = dataset()
    bent = given.points + [0, 0, 1] * given.points[:, :1] ** 2
    with pytest.raises(InputError, match=r"no cells of dimension 3 \(cells: triangle\)"):
        dataset_flow(
            Dataset(bent, given.cells, cell_fields=given.cell_fields, provenance={"source": "f"})
        )


@pytest.mark.parametrize(("across", "dimension"), [(0.0, 2), (1e-3, 2), (5.0, 3)])
def test_slabs_of_cases(tmp_path, across, dimension):
    """What a mean of a turbulent velocity keeps across an empty direction is a scalar."""
    case = BoxCase(cells=(6, 5, 1))
    folder = case.write(tmp_path / "case")
    whole, _ = read_noting(read_flow, folder)
    raw = read_case(folder)
    normal = [0, 0, across * np.abs(whole.velocity).max()]
    fields = {**raw.cell_fields, "U": raw.cell_fields["U"] * [1, 1, 0] + normal}
    flow, note = read_noting(dataset_flow, replace(raw, cell_fields=fields))
    assert flow.dimension == dimension
    if dimension == 2:
        np.testing.assert_array_equal(flow.points, whole.points)
        assert ("velocity_3" in flow.scalars) == ("velocity_3" in note) == (across > 0)
    else:
        np.testing.assert_allclose(flow.velocity[:, 2], normal[2])
        np.testing.assert_allclose(flow.points[:, 2], np.mean(raw.points[:, 2]), atol=1e-12)
