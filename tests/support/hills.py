"""A coarse hill with a closure, and how far apart two flows are."""

import numpy as np

import meshes
from solvers import RANS, LaminarFlow
from solvers.fem.sampling import sample
from solvers.fenics import ufl

HILL = meshes.periodic_hill(1.0, cells=(20, 14))
REYNOLDS = {"viscosity": 1 / 300, "bulk_velocity": 0.72}


def hill(closure, **options):
    return RANS(HILL, **REYNOLDS, closure=closure, **options)


def gap(a, b):
    """Relative L² difference of two velocities at cells."""
    a, b = a.flow(), b.flow()
    return np.sqrt(
        (a.weights @ (a.velocity - b.velocity) ** 2).sum() / (a.weights @ b.velocity**2).sum()
    )


def laminar_hill(cells=(18, 10), kind="triangle"):
    return LaminarFlow(meshes.periodic_hill(1.0, cells=cells, kind=kind), 0.02, 0.7).solve()


def strains(result):
    """(n, 2, 2) sym ∇u at the midpoints of the cells."""
    S, parts = ufl.sym(ufl.grad(result.velocity)), {}
    for i in range(2):
        for j in range(2):
            parts[f"{i}{j}"] = S[i, j]
    found = sample(result.domain, "cell", expressions=parts)
    return np.array([[found["00"], found["01"]], [found["10"], found["11"]]]).transpose(2, 0, 1)


def point_values(function):
    """Values of a piecewise constant function by the number of the cell."""
    values = function.x.array.reshape(-1, *function.ufl_shape)[
        function.function_space.dofmap.list[:, 0]
    ]
    return values[np.argsort(function.function_space.mesh.topology.original_cell_index)]
