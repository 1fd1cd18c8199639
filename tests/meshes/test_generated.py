"""Generated meshes: the published geometry, exact periodicity, positive cells, clear refusals."""

import sys

import numpy as np
import pytest

from meshes import cell_volumes, channel, hill_profile, periodic_hill, periodic_hill_gmsh
from meshes.generate.structured import wall_fractions
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets

AREA = 25.41307  # of the α = 1 domain, 9 x 3.036 less the hills


def vertices(mesh, name):
    return np.unique(np.concatenate([v.ravel() for _, v in boundary_facets(mesh)[name]]))


def signed_areas(mesh):
    x, y = np.moveaxis(mesh.points[mesh.cells[0].data], -1, 0)
    return np.sum(x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1), axis=1) / 2


MESHES = {
    "quadrilateral": lambda slope: periodic_hill(slope, (60, 31)),
    "triangle": lambda slope: periodic_hill(slope, (60, 30), "triangle"),
    "gmsh": lambda slope: periodic_hill_gmsh(slope, 0.3),
}


@pytest.mark.parametrize("kind", MESHES)
@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_cells_are_positive_and_sides_are_exact_translates(kind, slope):
    mesh = MESHES[kind](slope)
    assert signed_areas(mesh).min() > 0
    assert list(boundary_facets(mesh)) == ["bottom", "top", "inlet", "outlet"]
    inlet, outlet = (mesh.points[vertices(mesh, name)] for name in ("inlet", "outlet"))
    np.testing.assert_array_equal(np.sort(inlet[:, 1]), np.sort(outlet[:, 1]))
    assert (inlet[:, 0] == 0).all() and (outlet[:, 0] == 3.858 * slope + 5.142).all()
    floor = mesh.points[vertices(mesh, "bottom")]
    np.testing.assert_allclose(floor[:, 1], hill_profile(floor[:, 0], slope), atol=1e-15)
    assert (mesh.points[vertices(mesh, "top"), 1] == 3.036).all()


@pytest.mark.parametrize("kind", MESHES)
def test_area_converges_to_that_of_the_domain(kind):
    np.testing.assert_allclose(cell_volumes(MESHES[kind](1.0)).sum(), AREA, rtol=1e-4)


def test_boundary_closes_around_the_domain():
    mesh = periodic_hill(0.8, (20, 10))
    ends = np.concatenate([v for blocks in boundary_facets(mesh).values() for _, v in blocks])
    start, stop = mesh.points[ends[:, 0]], mesh.points[ends[:, 1]]
    np.testing.assert_allclose((stop - start).sum(axis=0), 0, atol=1e-12)
    enclosed = (
        np.sum(start[:, 0] * stop[:, 1] - start[:, 1] * stop[:, 0]) / 2
    )  # positive: domain on the left
    np.testing.assert_allclose(enclosed, cell_volumes(mesh).sum(), rtol=1e-12)


def test_profile_is_continuous_and_has_no_kinks():
    x = np.linspace(0, 9, 90_001)
    h = hill_profile(x)
    assert h[0] == h[-1] == 1 and h[45_000] == 0
    np.testing.assert_allclose(h, h[::-1], atol=1e-12)
    assert np.abs(np.diff(h, 2)).max() < 1e-4 * 1e-4 * 20  # bounded second derivative


@pytest.mark.parametrize("slope", [1.0, 1.5])
def test_default_mesh_is_the_published_one(shared_data, slope):
    name = "published/alpha_1.00.npz" if slope == 1 else f"openfoam/foam_alpha{slope:.2f}.npz"
    data = np.load(shared_data / name, allow_pickle=False)
    mesh = periodic_hill(
        slope, (int(data["nx"]), 200), length=float(data["Lx"]), height=float(data["Ly"])
    )
    np.testing.assert_allclose(
        mesh.points, data["points"], atol=1e-4
    )  # the published coordinates are rounded
    np.testing.assert_array_equal(mesh.cells[0].data, data["cells"])


def test_profile_fits_hills_of_independent_slope_and_length(shared_data):
    files = sorted((shared_data / "closure_challenge" / "train").glob("alpha_*_*_*.npz"))
    assert len(files) > 10
    for path in files:
        slope, length, _ = map(float, path.stem.split("_")[1:])
        data = np.load(path, allow_pickle=False)
        floor = data["bfacet_points"][
            data["bfacet_patch"] == list(data["patch_names"]).index("bottomWall")
        ]
        x, y = data["points"][np.unique(floor)].T
        profile = hill_profile(np.clip(x, 0, length / 1000), slope / 10, length / 1000)
        np.testing.assert_allclose(
            profile, y, atol=1e-3
        )  # these meshes differ by 4e-4 at the crest among themselves


def test_grading_is_the_ratio_of_middle_to_wall_cell():
    for cells, grading in ((200, 5.0), (7, 3.0), (4, 0.5), (9, 1.0)):
        sizes = np.diff(wall_fractions(cells, grading))
        np.testing.assert_allclose(sizes[cells // 2] / sizes[0], grading, rtol=1e-10)
        np.testing.assert_allclose(sizes, sizes[::-1], rtol=1e-10)


def test_channel():
    mesh = channel(4.0, 2.0, (8, 6), "triangle", grading=2.0)
    assert signed_areas(mesh).min() > 0
    np.testing.assert_allclose(cell_volumes(mesh).sum(), 8)
    np.testing.assert_array_equal(mesh.points[vertices(mesh, "top"), 1], 2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(slope=0), "slope: expected a positive number"),
        (dict(slope=float("nan")), "slope"),
        (dict(cells=(1, 5)), "cells: expected two integers >= 2"),
        (dict(cells=(4.0, 5)), "cells: expected two integers"),
        (dict(cells=7), "cells: expected two numbers"),
        (dict(kind="hexagon"), "kind: expected one of quadrilateral, triangle"),
        (dict(grading=-1), "grading"),
        (dict(length=3.0), "length: the hills of slope 1 need at least 3.857"),
        (dict(height=1.0), "height: the ceiling must be above the hill"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        periodic_hill(**arguments)


def test_missing_gmsh_library_is_named(monkeypatch):
    class Finder:
        def find_spec(self, name, *_):
            if name == "gmsh":
                raise OSError("libGLU.so.1: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "gmsh", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(InputError, match=r"gmsh cannot be loaded: libGLU\.so\.1"):
        periodic_hill_gmsh()
