"""Channels with waves on their walls, and the cube of a channel."""

import numpy as np

import meshes
from solvers import Wall
from vcnn.flow.mesh import named_mesh

WALLS = {"bottom": Wall(), "top": Wall()}


def parabola(y):
    """Poiseuille flow of bulk velocity 1 between y = 0 and 1."""
    return 6 * y * (1 - y)


def exact_error(result, u):
    """Largest difference at the vertices to the unidirectional flow (u(y), 0)."""
    flow = result.flow("vertex")
    return np.abs(
        flow.velocity - np.stack([u(flow.points[:, 1]), 0 * flow.points[:, 1]], axis=-1)
    ).max()


def bumpy(height, cells):
    """A channel with waves on the floor and their mirror image on what lies above y = 1."""
    mesh = meshes.channel(2.0, height, cells=cells)
    x, y = mesh.points.T
    mesh.points = np.stack([x, y + 0.1 * np.sin(np.pi * x) * (1 - y)], axis=-1)
    return mesh


def turned(mesh, angle):
    """The mesh in another frame, and its rotation matrix."""
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mesh.points = mesh.points @ R.T
    return mesh, R


def one(x):
    return 1 + 0 * x[0]


def channel_box(n):
    """The unit cube in n³ hexahedra; walls at y = 0 and 1, ends at x and sides at z."""
    line = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(3 * [n + 1])

    def corner(i, j, k):
        return number[i : n + i, j : n + j, k : n + k].ravel()

    cells = np.stack(
        [corner(i, j, k) for k in (0, 1) for i, j in [(0, 0), (1, 0), (1, 1), (0, 1)]], axis=-1
    )
    faces = np.concatenate(
        [
            cells[:, f]
            for f in (
                [0, 1, 2, 3],
                [4, 5, 6, 7],
                [0, 1, 5, 4],
                [1, 2, 6, 5],
                [2, 3, 7, 6],
                [3, 0, 4, 7],
            )
        ]
    )

    def on(axis, at):
        return [("quad", faces[(points[faces][:, :, axis] == at).all(axis=1)])]

    names = [("inlet", "outlet"), ("bottom", "top"), ("front", "back")]
    boundaries = {
        name: on(axis, at) for axis, pair in enumerate(names) for at, name in enumerate(pair)
    }
    return named_mesh(points, [("hexahedron", cells)], boundaries)
