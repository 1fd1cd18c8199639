"""Flows of noise at the cells of any mesh."""

import numpy as np

import meshes
from vcnn import FlowField


def flow_on(mesh, periods=(), walls=("bottom", "top")):
    """Noise at the cells of a mesh."""
    generator = np.random.default_rng(0)
    points = meshes.cell_centres(mesh)
    n, d = points.shape
    stress = generator.normal(size=(n, d, d))
    return FlowField(
        points,
        generator.normal(size=(n, d)),
        weights=meshes.cell_volumes(mesh),
        scalars={"pressure": generator.normal(size=n), "eddy_viscosity": generator.random(n)},
        vectors={"drift": generator.normal(size=(n, d))},
        tensors={
            "tau": stress + stress.transpose(0, 2, 1),
            "gradient": generator.normal(size=(n, d, d)),
        },
        periods=periods,
        parameters={"viscosity": 1 / 3},
        mesh=mesh,
        location="cell",
        provenance={"walls": list(walls)},
    )
