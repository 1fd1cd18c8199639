"""A start does not hide a boundary that has no condition."""

import pytest

import meshes
from solvers import Inlet, LaminarFlow, Outlet, Symmetry, Wall
from vcnn import InputError


def test_a_boundary_without_condition_is_refused_with_a_start_too():
    mesh = meshes.channel(2.0, 1.0, cells=(8, 5))
    conditions = {
        "inlet": Inlet((1.0, 0.0)),
        "outlet": Outlet(),
        "bottom": Wall(),
        "top": Symmetry(),
    }
    result = LaminarFlow(mesh, 0.1, conditions=conditions).solve()
    again = LaminarFlow(mesh, 0.1, conditions=conditions).solve(start=result)
    assert again.domain is result.domain
    del conditions["top"]
    with pytest.raises(InputError, match="top"):
        LaminarFlow(mesh, 0.1, conditions=conditions).solve(start=result)
