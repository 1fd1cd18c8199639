"""Files of others whose numbers do not fit together: what VTK returns of them is not believed."""

import numpy as np
import pytest
import pyvista

from meshes import read_flow
from vcnn import InputError


@pytest.fixture
def path(tmp_path):
    """Two quadrilaterals side by side, in text."""
    points = np.array([(x, y, 0.0) for y in (0, 1) for x in (0, 1, 2)])
    quads = np.array([[0, 1, 4, 3], [1, 2, 5, 4]])
    grid = pyvista.UnstructuredGrid({pyvista.CellType.QUAD: quads}, points)
    grid.point_data["U"] = np.tile([1.0, 0, 0], (6, 1))
    grid.save(tmp_path / "flow.vtk", binary=False)
    return tmp_path / "flow.vtk"


def test_the_file_is_read_while_it_is_whole(path):
    assert read_flow(path).velocity.shape == (6, 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0 4 8", "0 4 9"),  # a vertex more than there are
        ("0 4 8", "0 4 -8"),
        ("0 4 8", "4 4 8"),
        ("1 2 5 4", "1 2 6 4"),  # no such point
        ("1 2 5 4", "1 2 -5 4"),
        ("\n9\n9", "\n12\n12"),  # hexahedra
        ("\n9\n9", "\n5\n5"),  # triangles
        ("\n9\n9", "\n9\n99"),
        ("POINTS 6", "POINTS 5"),
        ("POINTS 6", "POINTS 600000000000"),
        ("POINT_DATA 6", "POINT_DATA 7"),
        ("CELLS 3 8", "CELLS 3000000000 8"),
    ],
)
def test_numbers_that_do_not_fit(path, old, new):
    text = path.read_text()
    assert old in text, text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=r"flow\.vtk: ") as error:
        read_flow(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("time", ["nan", "inf", "late"])
def test_series_whose_times_are_no_numbers(tmp_path, time):
    entry = f'<DataSet timestep="{time}" file="a.vtu"/>'
    path = tmp_path / "a.pvd"
    path.write_text(f'<VTKFile type="Collection"><Collection>{entry}</Collection></VTKFile>')
    with pytest.raises(InputError, match=r"a\.pvd: cannot be read"):
        read_flow(path)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("velocity", "flow.npz: velocity: 1 values are NaN or infinite"),
        ("points", "flow.npz: points: a coordinate is beyond 1e\\+100"),
    ],
)
def test_numbers_that_cannot_be_computed_with_are_one_error(tmp_path, recwarn, broken, words):
    """NumPy says nothing on the way to it."""
    grid = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    arrays = {
        "points": grid,
        "cells": np.array([[0, 1, 4, 3], [1, 2, 5, 4]]),
        "velocity": np.ones((2, 2)),
    }
    arrays[broken][0, 0] = {"velocity": np.inf, "points": -1e200}[broken]
    np.savez(tmp_path / "flow.npz", **arrays)
    with pytest.raises(InputError, match=words):
        read_flow(tmp_path / "flow.npz")
    assert [w for w in recwarn if issubclass(w.category, RuntimeWarning)] == []
