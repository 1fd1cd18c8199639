"""The solver's part of the talk with a worker, and cases to talk about."""

import socket
import threading
from dataclasses import dataclass

import numpy as np

import meshes
from openfoam.worker.protocol import Channel
from openfoam.worker.serve import serve
from vcnn import FlowField


@dataclass
class FakeSolver:
    """One end of a socket; at the other a worker."""

    socket: socket.socket

    def receive(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def numbers(self, kind, count):
        return np.frombuffer(self.receive(8 * count), kind)

    def message(self):
        """(kind, text) of what is said in words."""
        kind, length, _ = self.numbers(np.int64, 3)
        return int(kind), self.receive(int(length)).decode()

    def ready(self):
        """Names of fields to send, and of columns to come."""
        kind, text = self.message()
        assert kind == 0, text
        return [line.split() for line in text.split("\n")]

    def send(self, columns, kind=2, shape=None):
        columns = np.ascontiguousarray(columns, dtype=float)
        head = np.array([kind, *(shape or columns.shape)], np.int64)
        self.socket.sendall(head.tobytes() + columns.tobytes())

    def ask(self, columns):
        """Values, share clipped, share extrapolating."""
        self.send(columns)
        kind, n, count = self.numbers(np.int64, 3)
        assert kind == 0, self.receive(int(n)).decode()
        values = self.numbers(np.float64, n * count).reshape(n, count)
        return values, *self.numbers(np.float64, 2)


class Worker:
    """A worker in a thread, and the solver that asks it."""

    def __init__(self, case, model, **options):
        ours, theirs = socket.socketpair()
        self.solver, self.status = FakeSolver(ours), []

        def run():
            self.status.append(serve(Channel(theirs), case, model, **options))
            theirs.close()

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def __enter__(self):
        return self.solver

    def __exit__(self, *_):
        self.solver.socket.close()
        self.thread.join()


def in_space(vectors):
    """(n, 3) of vectors (n, d)."""
    return np.pad(vectors, ((0, 0), (0, 3 - vectors.shape[1])))


def tensors(columns):
    """(m, 3, 3) of xx, xy, xz, yy, yz, zz."""
    return columns[:, [[0, 1, 2], [1, 3, 4], [2, 4, 5]]]


def hill_flow(cells=(12, 8), size=1.0, speed=1.0):
    """A flow over a hill that sticks to its walls, at cells, in some units."""
    mesh = meshes.periodic_hill(1.0, cells=cells)
    points = meshes.cell_centres(mesh)
    d = meshes.wall_distance(mesh, points)
    u = np.stack([d / (0.2 + d), 0.1 * d * np.sin(points[:, 0])], axis=-1)
    mesh.points = size * mesh.points
    return FlowField(
        size * points,
        speed * u,
        meshes.cell_volumes(mesh),
        mesh=mesh,
        location="cell",
        periods=[[9.0 * size, 0.0]],
        parameters={"viscosity": size * speed / 5600},
    )


def write_closures(folder):
    """A user's file of closures."""
    (folder / "own.py").write_text(
        """
import numpy as np


def mixing_length(flow):
    return np.minimum(0.41 * flow.scalars["wall_distance"], 0.09) ** 2 * flow.scalars["strain_rate"]


def stress(flow):
    u = flow.velocity
    return 0.01 * (u[:, :, None] * u[:, None, :] + np.eye(flow.dimension))


def huge(flow):
    return np.where(flow.points[:, 0] < flow.points[:, 0].mean(), 1e9, -1.0)


def pressure(flow):
    return {"eddy_viscosity": flow.scalars["pressure"]}


class Failing:
    def predict(self, flow):
        raise KeyError("no\\nluck")


class Beta:
    targets = {"beta": "scalar"}
    needs = ("k", "omega")

    def predict(self, flow, centres=None, dtype=None):
        beta = flow.scalars["k"] - flow.scalars["omega"]
        return {"beta": beta if centres is None else beta[centres]}


number = 7
"""
    )
    return "own.py"
