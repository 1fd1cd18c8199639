"""How near our equations come to the LES of a hill with any stress: floors beneath all closures.

Fields are kept as files in a folder, so that an interrupted study goes on where it stopped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.common.velocity_errors import errors_against_les
from benchmarks.data.hills import at_vertices, hill_file, read_hill
from benchmarks.data.thinned_hills import flow_to_learn, thinned_vertices
from benchmarks.in_the_loop.flows import teacher_flow
from solvers import evaluate, invert_stress

LENGTH = 0.1  # corrections are smooth over this part of the hill's height
STRENGTH = 1e-6
STRESS = 0.03  # of the bulk velocity squared: what the anisotropy is measured in
STEPS = {"eddy viscosity": 20, "eddy viscosity and anisotropy": 8}


def floors(name: str, kind: str, folder: Path, les_folder: Path) -> dict:
    """The stress with which a hill comes nearest to its LES; keeps the flow and returns its errors.

    An eddy viscosity alone begins as that of SST, and one with an anisotropy as the stress of the
    LES.

    Returns
    -------
    dict
        ``before`` and ``after``, relative L2 of the velocity with the fields begun with and at the
        end; ``score``, the challenge's, at the end; ``steps``.
    """
    mesh, data = read_hill(hill_file(name))
    if kind == "eddy viscosity":
        initial, options = [hill_baseline(name)], {}
    else:
        les, vertices = teacher_flow("les", name, les_folder), thinned_vertices(mesh)
        initial = [les.scalars["eddy_viscosity"][vertices], les.tensors["anisotropy"][vertices]]
        options = {"stress": STRESS}
    flow = flow_to_learn(name)
    inversion = invert_stress(
        flow.problem,
        flow.observations,
        *initial,
        length=LENGTH,
        strength=STRENGTH,
        steps=STEPS[kind],
        **options,
    )
    inversion.flow.flow("vertex").save(inversion_file(name, kind, folder))
    velocity = evaluate(inversion.flow.velocity, data["cell_centres"][:, :2])
    return {
        "before": inversion.misfits[0] ** 0.5,
        "after": inversion.misfits[-1] ** 0.5,
        "steps": len(inversion.misfits) - 1,
        "score": errors_against_les(velocity, data)[0],
    }


def inversion_file(name: str, kind: str, folder: Path) -> Path:
    """Where the flow of an inversion is kept, with its stress."""
    return Path(folder) / "inverted" / f"{kind.replace(' ', '_')}_{name}.vtu"


def hill_baseline(name: str) -> np.ndarray:
    """SST's ν_t at the vertices of the thinned mesh, for the bulk velocity of the LES.

    SST ran at another; ν_t is proportional to it.
    """
    mesh, data = read_hill(hill_file(name))
    nu_t = np.maximum(at_vertices(mesh, data, "sst_nut"), 0)[thinned_vertices(mesh)]
    return nu_t * float(data["ubar_dns"][0] / data["ubar"][0])
