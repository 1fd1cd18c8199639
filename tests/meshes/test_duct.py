"""Sections of ducts."""

import numpy as np
import pytest

import meshes
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_the_whole_section(kind):
    mesh = meshes.duct(2.0, 1.0, cells=(6, 4), kind=kind, grading=4.0)
    assert mesh.points.shape == (35, 3) and (mesh.points[:, 0] == 0).all()
    assert meshes.cell_volumes(mesh).sum() == pytest.approx(2)
    at = {"left": (1, 0), "right": (1, 2), "bottom": (2, 0), "top": (2, 1)}
    sides = boundary_facets(mesh)
    assert set(sides) == set(at)
    for name, (axis, value) in at.items():
        ((_, facets),) = sides[name]
        assert (mesh.points[facets][..., axis] == value).all()
        assert len(facets) == {1: 4, 2: 6}[axis]
    for axis in (1, 2):
        sizes = np.diff(np.unique(mesh.points[:, axis].round(12)))
        np.testing.assert_allclose(sizes, sizes[::-1])
        assert sizes[len(sizes) // 2] == pytest.approx(4 * sizes[0])


def test_a_quarter_is_a_quarter_of_the_whole():
    whole = meshes.duct(2.0, 1.0, cells=(8, 6), grading=4.0)
    quarter = meshes.duct(2.0, 1.0, cells=(4, 3), grading=4.0, quarter=True)
    inside = (whole.points[:, 1] < 1 + 1e-9) & (whole.points[:, 2] < 0.5 + 1e-9)
    np.testing.assert_allclose(quarter.points, whole.points[inside], atol=1e-12)
    sides = boundary_facets(quarter)
    assert set(sides) == {"left", "bottom", "symmetry_y", "symmetry_z"}
    np.testing.assert_allclose(quarter.points[sides["symmetry_y"][0][1]][..., 1], 1, atol=1e-12)
    np.testing.assert_allclose(quarter.points[sides["symmetry_z"][0][1]][..., 2], 0.5, atol=1e-12)


def test_what_makes_no_sense_is_refused():
    for options, message in (
        ({"width": 0}, "width: expected a positive number, got 0"),
        ({"cells": (1, 4)}, "cells: expected two integers >= 2"),
        ({"grading": -1}, "grading: expected a positive ratio"),
        ({"kind": "tetra"}, "kind: expected one of quadrilateral, triangle"),
    ):
        with pytest.raises(InputError, match=message):
            meshes.duct(**options)
