"""Points, stations, walls and checkpoints that a flow does not have, refused with one line."""

import json

import numpy as np
import pytest

from solvers import (
    Inlet,
    along_wall,
    evaluate,
    load_checkpoint,
    locate,
    save_checkpoint,
    station_profiles,
    wall_force,
)
from solvers.fenics import fem
from tests.support.wrong_setups import THROUGH, WALLS, Wrong, assert_refused, bounded
from vcnn import InputError


def load(s, domain=None, name="u", path=None):
    return load_checkpoint(path or s.checkpoint, domain or s.flow.domain, {name: s.flow.velocity})


def damaged(path):
    path.write_bytes(path.read_bytes()[:-100])
    return path


def cubic(domain):
    return fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 3)))


def relabelled(path):
    np.savez(path, header=json.dumps("velocity"), function_u=np.ones(3))
    return path


POINTS_AND_FILES = [
    Wrong(
        "points outside",
        lambda s: evaluate(s.flow.velocity, [[0.5, 0.5], [0.5, 7], [-8, 0.5]]),
        r"points: 2 of 3 are outside .* first is number 1, \(0\.5, 7\)",
    ),
    Wrong(
        "points in space",
        lambda s: locate(s.flow.domain.mesh, [[1, 2, 3]]),
        r"points: expected .* shape \(n, 2\)",
    ),
    Wrong(
        "point of NaN",
        lambda s: locate(s.flow.domain.mesh, [[1, np.nan]]),
        "points: expected finite numbers",
    ),
    Wrong(
        "space on another mesh",
        lambda s: locate(s.flow.domain.mesh, [[0.5, 0.5]]).values(s.other.velocity.function_space),
        "space: lives on another mesh than the points",
    ),
    Wrong(
        "points in words",
        lambda s: locate(s.flow.domain.mesh, "here"),
        r"points: expected .*\(n, 2\), got 'here'",
    ),
    Wrong(
        "ragged points",
        lambda s: locate(s.flow.domain.mesh, [[1, 2], [3]]),
        r"points: expected .*\(n, 2\), got a",
    ),
    Wrong(
        "stations in words",
        lambda s: station_profiles(s.flow, "x = 1"),
        "stations: expected a sequence of numbers",
    ),
    Wrong(
        "a bare station",
        lambda s: station_profiles(s.flow, 0.5),
        "stations: expected a sequence of num.*, got 0.5",
    ),
    Wrong(
        "no stations",
        lambda s: station_profiles(s.flow, []),
        "stations: expected a sequence of numbers, got",
    ),
    Wrong(
        "no points at stations",
        lambda s: station_profiles(s.flow, [0.5], 0),
        "count: expected a whole number >= 2",
    ),
    Wrong(
        "force on nothing",
        lambda s: wall_force(s.flow),
        "wall_force: expected the name of at least one wall",
    ),
    Wrong(
        "reference velocity of NaN",
        lambda s: along_wall(s.flow, "bottom", reference_velocity=np.nan),
        "reference_velocity: expected a number other than 0, got nan",
    ),
    Wrong(
        "station outside",
        lambda s: station_profiles(s.flow, [0.5, 11.0]),
        "station: x = 11 is outside the domain",
    ),
    Wrong(
        "friction on no wall",
        lambda s: along_wall(s.flow, "lid"),
        "wall 'lid': expected one of bottom, top",
    ),
    Wrong(
        "force on no wall",
        lambda s: wall_force(s.flow, "bottom", "lid"),
        "wall 'lid': expected one of bottom",
    ),
    Wrong(
        "checkpoint of another mesh",
        lambda s: load(s, s.other.domain),
        r"u\.npz: was written on another mesh",
    ),
    Wrong(
        "checkpoint without the function",
        lambda s: load(s, name="p"),
        r"u\.npz: holds no function 'p'",
    ),
    Wrong(
        "checkpoint of another element",
        lambda s: load_checkpoint(s.checkpoint, s.flow.domain, {"u": s.flow.pressure}),
        r"u\.npz: 'u' has \(9, 2\) values a cell, the function \(4, 1\)",
    ),
    Wrong(
        "cubic elements in a checkpoint",
        lambda s: save_checkpoint(
            s.checkpoint.with_name("cubic.npz"), s.flow.domain, {"c": cubic(s.flow.domain)}
        ),
        "c: only functions of degree 1 and 2",
    ),
    Wrong(
        "start from another mesh's checkpoint",
        lambda s: s.other.problem.solve(start=s.restart),
        r"flow\.npz: was written on another mesh",
    ),
    Wrong(
        "start from no file",
        lambda s: s.flow.problem.solve(start="none.npz"),
        r"none\.npz: no such file",
    ),
    Wrong(
        "start from a checkpoint without its force",
        lambda s: s.flow.problem.solve(start=s.nameless),
        r"nameless\.npz: was not written by FlowResult\.checkpoint",
    ),
    Wrong(
        "damaged checkpoint",
        lambda s: load(s, path=damaged(s.checkpoint)),
        r"u\.npz: cannot be read as plain NumPy arrays",
    ),
    Wrong(
        "checkpoint of another kind",
        lambda s: load(s, path=relabelled(s.checkpoint)),
        r"u\.npz: damaged or not",
    ),
    Wrong(
        "no checkpoint",
        lambda s: load(s, path=s.checkpoint.with_name("none.npz")),
        r"none\.npz: no such file",
    ),
    Wrong(
        "checkpoint with another suffix",
        lambda s: save_checkpoint(
            s.checkpoint.with_suffix(".h5"), s.flow.domain, {"u": s.flow.velocity}
        ),
        r"u\.h5: a checkpoint is saved as \.npz",
    ),
]


def test_what_a_callable_raised_is_the_cause():
    with pytest.raises(InputError, match="with ZeroDivisionError: division by zero") as caught:
        bounded({**WALLS, **THROUGH, "inlet": Inlet(lambda x: 1 / 0)})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("wrong", POINTS_AND_FILES, ids=lambda wrong: wrong.name)
def test_what_a_flow_does_not_have_is_refused_before_any_solve(
    wrong, small_channel, tmp_path, caplog
):
    assert_refused(wrong, small_channel, tmp_path, caplog)
