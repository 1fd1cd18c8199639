"""How near our equations come to the LES of a hill with a stress that is given: the floors beneath
every closure.

Fields are kept as files in a folder, so that an interrupted study goes on where it stopped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.data.hills import at_vertices, read_hill
from benchmarks.data.thinned_hills import flow_to_learn, rows
from benchmarks.in_the_loop.flows import known_flow
from benchmarks.paths import HILLS
from benchmarks.verification.turbulence import errors
from solvers import evaluate, invert_stress

LENGTH = 0.1  # corrections are smooth over this part of the hill's height
STRENGTH = 1e-6
STRESS = 0.03  # of the bulk velocity squared: what the anisotropy is measured in
STEPS = {"eddy viscosity": 20, "eddy viscosity and anisotropy": 8}


def floors(name, kind, folder, les_folder) -> dict:
    """The stress with which a hill comes nearest to its LES; keeps the flow and returns its errors.

    An eddy viscosity alone begins as that of SST, and one with an anisotropy as the stress of the
    LES.

    Returns
    -------
    dict
        ``before`` and ``after``, relative L2 of the velocity with the fields begun with and at the
        end; ``score``, the challenge's, at the end; ``steps``.
    """
    mesh, data = read_hill(HILLS / f"{name}.npz")
    kept = np.unique(rows(mesh)[:, ::2])
    if kind == "eddy viscosity":
        given, options = [hill_baseline(name)], {}
    else:
        les = known_flow("les", name, les_folder)
        given, options = (
            [les.scalars["eddy_viscosity"][kept], les.tensors["anisotropy"][kept]],
            {"stress": STRESS},
        )
    flow = flow_to_learn(name)
    found = invert_stress(
        flow.problem,
        flow.observations,
        *given,
        length=LENGTH,
        strength=STRENGTH,
        steps=STEPS[kind],
        **options,
    )
    path = inverted(name, kind, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    found.flow.flow("vertex").save(path)
    return {
        "before": found.misfits[0] ** 0.5,
        "after": found.misfits[-1] ** 0.5,
        "steps": len(found.misfits) - 1,
        "score": errors(evaluate(found.flow.velocity, data["cell_centres"][:, :2]), data)[0],
    }


def inverted(name, kind, folder) -> Path:
    """Where the flow of an inversion is kept, with its stress."""
    return Path(folder) / "inverted" / f"{kind.replace(' ', '_')}_{name}.vtu"


def hill_baseline(name) -> np.ndarray:
    """SST's ν_t at the vertices of the thinned mesh, for the bulk velocity of the LES: SST ran at
    another, ν_t ∝ U.
    """
    mesh, data = read_hill(HILLS / f"{name}.npz")
    nu_t = np.maximum(at_vertices(mesh, data, "sst_nut"), 0)[np.unique(rows(mesh)[:, ::2])]
    return nu_t * float(data["ubar_dns"][0] / data["ubar"][0])
