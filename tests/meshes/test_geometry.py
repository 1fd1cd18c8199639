"""Centres, volumes, wall distances and gradients: exact where they should be, of the right order
elsewhere.
"""

import meshio
import numpy as np
import pytest
from scipy.stats import special_ortho_group

from meshes import (
    cell_centres,
    cell_gradient,
    cell_volumes,
    channel,
    periodic_hill,
    read_arrays,
    strain_rate,
    wall_distance,
    wall_flag,
)
from vcnn import FlowField, InputError
from vcnn.flow.mesh import boundary_facets, named_mesh

CUBE = np.array(
    [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float
)
SHAPES = {  # kind: vertices of a reference cell, volume, centroid
    "triangle": ([[0, 0], [1, 0], [0, 1]], 1 / 2, [1 / 3, 1 / 3]),
    "triangle6": ([[0, 0], [1, 0], [0, 1], [0.5, 0], [0.5, 0.5], [0, 0.5]], 1 / 2, [1 / 3, 1 / 3]),
    "quad": ([[0, 0], [2, 0], [1, 1], [0, 1]], 3 / 2, [7 / 9, 4 / 9]),
    "polygon": ([[0, 0], [1, 0], [1, 1], [0.5, 1.5], [0, 1]], 5 / 4, [1 / 2, 19 / 30]),
    "tetra": ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], 1 / 6, [1 / 4] * 3),
    "hexahedron": (CUBE, 1, [1 / 2] * 3),
    "wedge": (CUBE[[0, 1, 3, 4, 5, 7]], 1 / 2, [1 / 3, 1 / 3, 1 / 2]),
    "pyramid": ([*CUBE[:4], [0.5, 0.5, 1]], 1 / 3, [1 / 2, 1 / 2, 1 / 4]),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_centre_and_volume_of_every_cell_type(kind):
    points, volume, centre = SHAPES[kind]
    points = np.array(points, float)
    d = points.shape[1]
    linear = special_ortho_group.rvs(d, random_state=1) @ np.diag(np.arange(1, d + 1))
    mesh = named_mesh(points @ linear.T + 7, [(kind, np.arange(len(points))[None])], {})
    np.testing.assert_allclose(cell_volumes(mesh), volume * np.linalg.det(linear), rtol=1e-12)
    np.testing.assert_allclose(cell_centres(mesh), [linear @ centre + 7], rtol=1e-12)


def test_polyhedron_and_mixed_blocks_keep_their_order():
    faces = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    points = np.concatenate([CUBE, CUBE * 2 + 3])
    polyhedron = [[8 + v for v in face] for face in faces]
    cells = [("tetra", [[0, 1, 3, 4]]), ("polyhedron8", [polyhedron]), ("hexahedron", [range(8)])]
    mesh = meshio.Mesh(points, cells)
    np.testing.assert_allclose(cell_volumes(mesh), [1 / 6, 8, 1])
    np.testing.assert_allclose(cell_centres(mesh), [[1 / 4] * 3, [4] * 3, [1 / 2] * 3])


def test_warped_neighbours_leave_no_gap():
    """Two hexahedra in a box of volume 2 share a face bent along z; the box's sides stay plane."""
    points = np.concatenate([CUBE, np.add(CUBE[4:], [0, 0, 1])])
    points[4:8, 2] += np.random.default_rng(0).uniform(-0.3, 0.3, 4)
    mesh = named_mesh(points, [("hexahedron", [np.arange(8), np.arange(4, 12)])], {})
    np.testing.assert_allclose(cell_volumes(mesh).sum(), 2, rtol=1e-12)


def test_degenerate_and_unknown_cells_are_refused():
    with pytest.raises(InputError, match="cell 0 has no volume"):
        cell_volumes(named_mesh([[0, 0], [1, 0], [2, 0]], [("triangle", [[0, 1, 2]])], {}))


ROWS = [0, 1, 3, 2, 4, 5, 7, 6]  # corners row by row, as of VTK's pixels and voxels


@pytest.mark.parametrize("cell", [("quad", ROWS[:4]), ("polygon", ROWS[:4]), ("hexahedron", ROWS)])
def test_cells_with_corners_row_by_row_are_refused(cell):
    kind, order = cell
    d = 3 if kind == "hexahedron" else 2
    skewed = CUBE[: len(order), :d] * (1 + 0.3 * CUBE[: len(order), 1:2])
    mesh = named_mesh(
        np.concatenate([skewed, skewed + 2]),
        [(kind, [np.arange(len(order)), np.add(order, len(order))])],
        {},
    )
    with pytest.raises(InputError, match=r"1 cells are folded over themselves, first is number 1"):
        cell_volumes(mesh)


@pytest.mark.parametrize("turn", [1, -1])
def test_cells_that_are_not_convex(turn):
    """A dart, and the letter C, a square of 3 without a rectangle of 2 x 1."""
    dart = np.array([[0, 0], [1, 0], [0.2, 0.2], [0, 1]])
    letter = np.array([[0, 0], [3, 0], [3, 1], [1, 1], [1, 2], [3, 2], [3, 3], [0, 3]]) + 5.0
    mesh = named_mesh(
        np.concatenate([dart, letter]),
        [("quad", [np.arange(4)[::turn]]), ("polygon", [np.arange(4, 12)[::turn]])],
        {},
    )
    np.testing.assert_allclose(cell_volumes(mesh), [0.2, 7])
    np.testing.assert_allclose(cell_centres(mesh), [[0.7 / 3, 0.7 / 3], [5 + 9.5 / 7, 6.5]])


@pytest.mark.parametrize("kind", SHAPES)
def test_cells_turned_inside_out_keep_their_volumes(kind):
    points, volume, centre = SHAPES[kind]
    mirror = [-1.0, *[1.0] * (len(centre) - 1)]
    mesh = named_mesh(np.multiply(points, mirror), [(kind, np.arange(len(points))[None])], {})
    np.testing.assert_allclose(cell_volumes(mesh), volume, rtol=1e-12)
    np.testing.assert_allclose(cell_centres(mesh), [np.multiply(centre, mirror)], rtol=1e-12)


def brute_force(mesh, points, walls, period, samples=400):
    """Distance to many points on each wall segment, images included: an upper bound, tight to
    (h/samples)².
    """
    facets = np.concatenate([v for name in walls for _, v in boundary_facets(mesh)[name]])
    t = np.linspace(0, 1, samples)[:, None, None]
    on = ((1 - t) * mesh.points[facets[:, 0]] + t * mesh.points[facets[:, 1]]).reshape(-1, 2)
    on = np.concatenate([on + m * np.asarray(period) for m in (-1, 0, 1)])
    return np.array([np.linalg.norm(on - p, axis=1).min() for p in points])


def test_wall_distance_against_brute_force():
    mesh = periodic_hill(0.5, (30, 10), length=5.0)
    points = cell_centres(mesh)
    found = wall_distance(mesh, points, periods=[[5.0, 0]])
    truth = brute_force(mesh, points, ("bottom", "top"), [5.0, 0])
    assert (found <= truth + 1e-13).all()
    np.testing.assert_allclose(found, truth, atol=1e-5)


def test_wall_distance_of_a_cube_with_split_faces():
    quads = {"base": [("quad", [[0, 1, 2, 3]])], "side": [("triangle", [[0, 1, 5], [0, 5, 4]])]}
    mesh = named_mesh(CUBE, [("hexahedron", [np.arange(8)])], quads)
    points = np.random.default_rng(1).uniform(0, 1, (500, 3))
    np.testing.assert_allclose(wall_distance(mesh, points, ["base"]), points[:, 2], atol=1e-15)
    np.testing.assert_allclose(
        wall_distance(mesh, points, ["base", "side"]), points[:, 1:].min(axis=1), atol=1e-15
    )
    beyond = np.add(
        points, [2, 0, 0]
    )  # nearest to the edge x = 1, but for the next image of the wall
    np.testing.assert_allclose(
        wall_distance(mesh, beyond, ["base"]), np.hypot(beyond[:, 0] - 1, beyond[:, 2])
    )
    found = wall_distance(mesh, np.add(points, [1, 0, 0]), ["base"], [[1, 0, 0]])
    np.testing.assert_allclose(found, points[:, 2], atol=1e-15)
    with pytest.raises(
        InputError, match=r"boundary 'lid': not in the mesh \(its boundaries: base, side\)"
    ):
        wall_distance(mesh, points, ["lid"])


@pytest.mark.parametrize(
    "case", ["alpha_10_9000_3036", "alpha_05_10071_2024", "alpha_15_7929_4048"]
)
def test_wall_distance_of_real_hills(shared_data, case):
    data = np.load(shared_data / "closure_challenge" / "train" / f"{case}.npz", allow_pickle=False)
    patches = {
        name: [("line", data["bfacet_points"][data["bfacet_patch"] == i])]
        for i, name in enumerate(data["patch_names"])
    }
    mesh = named_mesh(data["points"], [("quad", data["cells"])], patches)
    period = [[float(case.split("_")[2]) / 1000, 0]]
    found = wall_distance(mesh, data["cell_centres"], ["bottomWall", "topWall"], period)
    np.testing.assert_allclose(
        found, data["wall_distance"], atol=1e-7
    )  # the reference is in single precision


def test_wall_flag_marks_cells_and_vertices_at_walls():
    mesh = channel(1, 1, (4, 5))
    np.testing.assert_array_equal(
        wall_flag(mesh, ["bottom", "top"]), np.repeat([1.0, 0, 0, 0, 1], 4)
    )
    np.testing.assert_array_equal(
        wall_flag(mesh, ["bottom"], "vertex"), np.repeat([1.0, 0, 0, 0, 0, 0], 5)
    )


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_gradient_of_linear_field_is_exact(kind):
    mesh = periodic_hill(cells=(20, 12), kind=kind)
    x, y = cell_centres(mesh).T
    found = cell_gradient(mesh, np.stack([1 + 2 * x - y, 3 * y], axis=-1))
    np.testing.assert_allclose(found, np.broadcast_to([[2, 0], [-1, 3]], found.shape), atol=1e-10)


def test_gradient_sees_through_the_period_and_to_the_wall():
    """Uniform cells: central differences everywhere, also at inlet and outlet; the wall value sets
    the slope there.
    """
    errors = []
    for n in (32, 64):
        mesh = channel(1.0, 1.0, (n, n))
        x, y = cell_centres(mesh).T
        u = np.sin(2 * np.pi * x) * y
        found = cell_gradient(mesh, u, [[1.0, 0]], {"bottom": 0.0})
        errors.append(np.abs(found[:, 0] - 2 * np.pi * np.cos(2 * np.pi * x) * y).max())
        np.testing.assert_allclose(
            found[y < 1 - 1 / n, 1], np.sin(2 * np.pi * x)[y < 1 - 1 / n], atol=1e-12
        )
    assert np.log2(errors[0] / errors[1]) > 1.95


def test_gradient_on_hills_converges():
    def error(n):
        mesh = periodic_hill(cells=(n, n))
        x, y = cell_centres(mesh).T
        k = 2 * np.pi / 9
        truth = np.stack([k * np.cos(k * x) * np.cos(y), -np.sin(k * x) * np.sin(y)], axis=-1)
        difference = cell_gradient(mesh, np.sin(k * x) * np.cos(y), [[9.0, 0]]) - truth
        return np.sqrt(cell_volumes(mesh) @ (difference**2).sum(axis=1))

    assert np.log2(error(30) / error(60)) > 1.6


def test_strain_rate_of_shear_flow_and_its_refusal():
    mesh = channel(1.0, 1.0, (6, 6))
    centres = cell_centres(mesh)
    u = np.stack([3 * centres[:, 1], 0 * centres[:, 0]], axis=-1)
    flow = FlowField(centres, u, mesh=mesh, location="cell", periods=[[1.0, 0]])
    np.testing.assert_allclose(
        strain_rate(flow, ["bottom"]), 3.0, rtol=1e-12
    )  # √2 |sym ∇u| = |du/dy|
    turned = flow.rotated(special_ortho_group.rvs(2, random_state=3))
    np.testing.assert_allclose(strain_rate(turned, ["bottom"]), 3.0, rtol=1e-10)
    with pytest.raises(InputError, match="strain_rate: needs a flow at cell centres"):
        strain_rate(flow.permuted(np.arange(36)))


def test_strain_rate_of_the_published_flow(shared_data):
    """OpenFOAM's is from Gauss gradients: same order, other scheme. The two agree to 0.1 %."""
    flow = read_arrays(shared_data / "published" / "alpha_1.00.npz")
    found, truth = strain_rate(flow, ["bottom", "top"]), flow.scalars["strain_rate"]
    assert np.sqrt(flow.weights @ (found - truth) ** 2 / (flow.weights @ truth**2)) < 1e-3
