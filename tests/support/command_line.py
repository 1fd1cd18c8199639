"""A working folder with everything that commands need, and how they are run in tests."""

import numpy as np
import pytest

from vcnn import Closure, FlowField, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.cli import main
from vcnn.flow.mesh import named_mesh

CONFIGURATION = """
target = "c"
flows = ["flows/a_*.vtu"]
validation = ["flows/b.vtu"]
units = { c = "1", length = "H" }
[network]
architecture = "vector-cloud"
scalars = ["k"]
channels = 4
hidden = 8
fitting = [8]
[region]
kind = "ball"
radius = 0.4
[training]
epochs = 3
batch_size = 16
"""


def plane_flow(seed=0, shear=1.0):
    """A sheared stream through a 6 x 5 mesh, periodic in x; the scalar c follows from k and the
    speed.
    """
    x, y = np.meshgrid(np.linspace(0, 2, 7), np.linspace(0, 1, 6))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    number = np.arange(42).reshape(6, 7)
    quads = np.stack(
        [number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1
    ).reshape(-1, 4)
    k = np.random.default_rng(seed).uniform(0, 1, len(points))
    velocity = np.stack([0.2 + shear * points[:, 1], 0.1 * np.sin(np.pi * points[:, 0])], axis=1)
    c = k + np.linalg.norm(velocity, axis=1)
    return FlowField(
        points,
        velocity,
        scalars={"k": k, "c": c},
        periods=[[2, 0]],
        parameters={"shear": shear},
        mesh=named_mesh(points, [("quad", quads)], {}),
    )


def untrained(dimension=2, scalars=("k",), seed=0):
    network = VectorCloudNetwork(list(scalars), channels=4, hidden=4, fitting=(4,), seed=seed)
    scales = Scales(scalars={name: (0.5, 0.3) for name in scalars}, targets=((1.0, 0.4),))
    return Closure(network.eval(), RegionOfInfluence.ball(0.4), "c", dimension, scales)


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return stop.value.code


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(capsys, folder, *arguments) -> str:
    """The one line with which a command refuses, having written nothing."""
    before = listing(folder)
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert listing(folder) == before
    return line.removeprefix("error: ")
