"""Flows with inlet and outlet of the Closure Challenge, as the benchmark reads them."""

import numpy as np
import pytest

from benchmarks.data.openings import read_opening
from benchmarks.verification.openings import compare
from solvers import Inlet, Outlet, Symmetry, Wall


@pytest.mark.parametrize("name", ["CBFS13700", "NASA_2DWMH"])
def test_profiles_are_those_of_the_file(shared_data, name):
    mesh, data, conditions = read_opening(
        shared_data / "closure_challenge" / "test_inputs" / f"{name}.npz"
    )
    kinds = [type(condition) for condition in conditions.values()]
    assert {Inlet, Outlet, Wall} <= set(kinds) and kinds.count(Symmetry) == (name == "NASA_2DWMH")
    for boundary, field in (("inlet", "inlet_velocity"), ("outlet", "outlet_pressure")):
        lines = data["bfacet_points"][
            data["bfacet_patch"] == data["patch_names"].tolist().index(boundary)
        ]
        given = conditions[boundary].value if boundary == "inlet" else conditions[boundary].pressure
        found = given(mesh.points[lines].mean(axis=1).T)
        np.testing.assert_allclose(found.T, data[field], rtol=1e-6, atol=1e-9)
    low = np.argmin(
        mesh.points[:, 0] + 1e-3 * mesh.points[:, 1]
    )  # where the inlet meets the lower wall
    assert np.abs(conditions["inlet"].value(mesh.points[[low]].T)).max() == 0
    assert 0.9 < np.abs(data["inlet_velocity"]).max() < 1.1


def test_the_step_agrees_with_openfoam_for_the_same_eddy_viscosity(shared_data):
    row = compare(shared_data / "closure_challenge" / "test_inputs" / "CBFS13700.npz")
    assert row["score"] < 0.008
    assert row["steps"] <= 6
