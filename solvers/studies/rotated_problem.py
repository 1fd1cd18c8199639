"""The same problem in a rotated frame."""

from __future__ import annotations

from dataclasses import replace

import meshio
import numpy as np

from solvers.coupling.rans import RANS
from solvers.flow.conditions import Condition, Inlet, Wall
from vcnn.flow.tensors import rotate


def rotate_problem(problem: RANS, rotation: np.ndarray) -> RANS:
    """The problem with its mesh and all that is given on it rotated by R (d, d).

    x -> R x, u -> R u, a -> R a Rᵀ; periods, normals and the driving direction rotate with the
    mesh. The closure stays as it is.
    """
    R, mesh, a = np.asarray(rotation, dtype=float), problem.mesh, problem.anisotropy
    conditions, drive = problem.boundary_conditions.by_name, problem.boundary_conditions.drive
    return replace(
        problem,
        mesh=meshio.Mesh(mesh.points @ R.T, mesh.cells, cell_sets=mesh.cell_sets),
        bulk_velocity=None,
        drive=None if drive is None else drive.rotated(R),
        conditions={
            name: _rotate_condition(condition, R) for name, condition in conditions.items()
        },
        anisotropy=None if a is None else rotate(a, R),
    )


def _rotate_condition(condition, R) -> Condition:
    if isinstance(condition, Inlet):
        scalars = {name: _move(value, R) for name, value in condition.turbulence.items()}
        return Inlet(_rotate_velocity(condition.value, R), turbulence=scalars)
    if isinstance(condition, Wall) and condition.velocity is not None:
        return Wall(_rotate_velocity(condition.velocity, R))
    return condition


def _rotate_velocity(value, R):
    """Of a callable of positions (d, k), of values (M, d) at vertices, or of a constant (d,)."""
    if callable(value):
        return lambda x: R @ value(R.T @ x)
    return np.asarray(value, dtype=float) @ R.T


def _move(value, R):
    """Of a callable of positions (d, k), of values (M,) at vertices, or of a number."""
    return (lambda x: value(R.T @ x)) if callable(value) else value
