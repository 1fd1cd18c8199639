"""Checkpoints: written on any number of ranks, read on any other."""

import numpy as np
import pytest

from solvers import load_checkpoint, save_checkpoint
from solvers.fenics import fem
from tests.support.hills import laminar_hill
from tests.support.mpi import mpirun

WRITE = """
import sys
from tests.support.hills import laminar_hill
from solvers import save_checkpoint
result = laminar_hill()
functions = {"velocity": result.velocity, "pressure": result.pressure}
save_checkpoint(sys.argv[1], result.domain, functions, {"force": result.pressure_gradient})
"""


def test_two_ranks_write_and_one_reads(tmp_path):
    path = tmp_path / "flow.npz"
    run = mpirun(2, WRITE, path)
    assert run.returncode == 0, run.stderr
    result = laminar_hill()
    u, p = (fem.Function(f.function_space) for f in (result.velocity, result.pressure))
    numbers = load_checkpoint(path, result.domain, {"velocity": u, "pressure": p})
    assert numbers["force"] == pytest.approx(result.pressure_gradient, rel=1e-10)
    for read, own in ((u, result.velocity), (p, result.pressure)):
        np.testing.assert_allclose(
            read.x.array, own.x.array, atol=1e-10 * np.abs(own.x.array).max(), rtol=0
        )


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_values_come_back_bit_for_bit(tmp_path, kind):
    result = laminar_hill(kind=kind)
    save_checkpoint(tmp_path / "flow.npz", result.domain, {"u": result.velocity})
    u = fem.Function(result.velocity.function_space)
    load_checkpoint(tmp_path / "flow.npz", result.domain, {"u": u})
    np.testing.assert_array_equal(u.x.array, result.velocity.x.array)
    assert [path.name for path in tmp_path.iterdir()] == ["flow.npz"]


def test_a_flow_goes_on_where_it_was_kept(tmp_path):
    """Written by two ranks; nothing is left to do but to see that it is a solution."""
    code = """
import sys
from tests.support.hills import laminar_hill
laminar_hill().checkpoint(sys.argv[1])
"""
    path = tmp_path / "flow.npz"
    run = mpirun(2, code, path)
    assert run.returncode == 0, run.stderr
    cold = laminar_hill()
    again = cold.problem.solve(start=str(path))
    assert len(again.residuals) < len(cold.residuals) - 3
    assert again.pressure_gradient == pytest.approx(cold.pressure_gradient, rel=1e-10)
    np.testing.assert_allclose(again.flow().velocity, cold.flow().velocity, atol=1e-10)
