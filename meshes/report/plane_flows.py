"""Plane flows for pictures: sections laid flat, the stream function."""

from __future__ import annotations

import meshio
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from vcnn.flow.field import FlowField
from vcnn.flow.mesh import plane_normal


def flat_section(flow: FlowField) -> tuple[FlowField, tuple[str, str]]:
    """A section of space in coordinates of its plane, and their names if they are axes."""
    normal = plane_normal(flow.mesh)
    across = np.abs(normal).argmax()
    first, second = (axis for axis in range(3) if axis != across)
    u = np.eye(3)[first] - normal[first] * normal
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    axes = np.stack([u, v * (np.sign(v[second]) or 1.0)])
    aligned = np.abs(normal[across]) > 1 - 1e-12
    labels = ("xyz"[first], "xyz"[second]) if aligned else ("first axis", "second axis")
    mesh = meshio.Mesh(flow.mesh.points @ axes.T, flow.mesh.cells)
    points = flow.points @ axes.T
    velocity = flow.velocity @ axes.T
    return FlowField(points, velocity, mesh=mesh, location=flow.location), labels


def stream_function(
    points: np.ndarray, triangles: np.ndarray, velocity: np.ndarray, tight: np.ndarray
) -> np.ndarray:
    """(n,) ψ at vertices with ∇ψ nearest to (−v, u), ψ = 0 at the first vertex.

    Linear elements: the least squares over all cells are a Poisson problem. Nothing passes the
    edges ``tight`` (k, 2), so that ψ is one unknown on each connected chain of them.
    """
    corners = points[triangles]
    edges = np.roll(corners, 1, axis=1) - np.roll(corners, -1, axis=1)  # opposite to each vertex
    area = np.linalg.det(corners[:, 1:] - corners[:, :1])[:, None, None] / 2  # < 0 if clockwise
    slopes = np.stack([edges[..., 1], -edges[..., 0]], axis=-1) / (2 * area)
    u, v = velocity[triangles].mean(axis=1).T
    load = np.einsum("kid,kd->ki", slopes, np.stack([-v, u], axis=-1)) * np.abs(area[..., 0])
    stiffness = np.einsum("kid,kjd->kij", slopes, slopes) * np.abs(area)
    rows = np.broadcast_to(triangles[:, :, None], stiffness.shape)
    n = len(points)
    places = rows.ravel(), rows.swapaxes(1, 2).ravel()
    A = coo_array((stiffness.ravel(), places), shape=(n, n)).tocsc()
    b = np.bincount(triangles.ravel(), load.ravel(), n)
    chains = coo_array((np.ones(len(tight)), tight.T), shape=(n, n))
    count, merged = connected_components(chains, directed=False)
    P = coo_array((np.ones(n), (np.arange(n), merged)), shape=(n, count)).tocsc()
    return np.append(0.0, spsolve((P.T @ A @ P).tocsc()[1:, 1:], (P.T @ b)[1:]))[merged]
