"""A correction β of another model's eddy viscosity, learned on hills, that can go elsewhere.

ν_t = β ν₀ with ν₀ that of OpenFOAM's k-ω SST, a field given once: what the model knows of a flow is
kept where nothing better is known. What β should be comes from inversions (`floors.py`), in
the manner of Parish & Duraisamy, J. Comput. Phys. 305 (2016) 758; here it is nonlocal and is asked
in the loop.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.challenge.floors import LENGTH, hill_baseline, inversion_file
from benchmarks.data.hills import hill_names
from benchmarks.in_the_loop.flows import REGION, UNITS
from solvers import RANS, FlowResult, Smoothing
from vcnn import Closure, FlowField, TrainingConfig, fit
from vcnn.closure import BaselineCorrection, trust
from vcnn.network import PairEmbeddingNetwork

BOUNDS = (0.25, 4.0)  # of β


USAGE = {
    "baseline": "eddy viscosity of k-omega SST",
    "bounds": list(BOUNDS),
    "smoothing": LENGTH,
}


def correct(factor: Closure, problem: RANS, first: FlowResult) -> RANS:
    """The problem with its ν₀ (M,) corrected where ``first``, its solution, is as in training.

    There β is as smooth as it was in training.
    """
    closure = BaselineCorrection(
        factor,
        problem.closure,
        trust=trust(factor, first.flow("vertex")),
        smooth=Smoothing(first.domain, LENGTH).smooth,
    )
    return replace(problem, closure=closure)


def training_flow(name: str, folder: Path) -> FlowField:
    """The flow of a hill's inversion with β = (ν + ν_t) / (ν + ν₀).

    An error of β counts for (ν₀ |S|)², what it does to the stress.
    """
    flow = FlowField.load(inversion_file(name, "eddy viscosity", folder))
    baseline = hill_baseline(name)
    nu = flow.parameters["viscosity"]
    beta = np.clip((nu + flow.scalars["eddy_viscosity"]) / (nu + baseline), *BOUNDS)
    weight = (baseline * np.minimum(flow.scalars["strain_rate"], 10)) ** 2
    return flow.with_fields(
        scalars={"correction": beta, "importance": weight / np.average(weight) + 0.1}
    )


def train_correction(folder: Path) -> Closure:
    """β, learned from the inversions of the training hills."""
    network = PairEmbeddingNetwork(  # as recorded
        ["wall_distance"], output="positive_scalar", order=2
    )
    closure = fit(
        network,
        [training_flow(name, folder) for name in hill_names("train")],
        "correction",
        REGION,
        TrainingConfig(epochs=12, centres=2500),
        importance="importance",
        run_directory=Path(folder) / "correction",
        units=UNITS,
        provenance={"teacher": "inversion over SST", "flows": hill_names("train")},
    )
    return replace(closure, usage=USAGE)
