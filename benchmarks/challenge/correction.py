"""A correction β of another model's eddy viscosity, learned on hills, that can go elsewhere.

ν_t = β ν₀ with ν₀ that of OpenFOAM's k-ω SST, a field given once: what the model knows of a flow is
kept where nothing better is known. What β should be comes from inversions (`floors.py`), in
the manner of Parish & Duraisamy, J. Comput. Phys. 305 (2016) 758; here it is nonlocal and is asked
in the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.challenge.floors import LENGTH, hill_baseline, inversion_file
from benchmarks.data.hills import hill_names
from benchmarks.in_the_loop.flows import REGION, UNITS
from solvers import RANS
from solvers.learning.smoothing import Smoothing
from vcnn import Closure, FlowField, TrainingConfig, VectorCloudNetwork, fit

BOUNDS = (0.25, 4.0)  # of β


@dataclass(frozen=True, eq=False)
class Corrected:
    """A closure ν_t = β ν₀, to be given to `solvers.RANS` at vertices.

    Parameters
    ----------
    factor : vcnn.Closure
        β from a flow.
    baseline : (M,)
        ν₀ at the vertices of the mesh.
    trust : (M,) or float
        From 0 to 1: how much of β − 1 is used, as from :func:`trust`. It is given once: one that
        followed the flow would keep flow and closure from settling.
    smoothed : callable (M,) -> (M,), optional
        Makes β as smooth as it was in training
        (:meth:`solvers.learning.smoothing.Smoothing.smooth`).
    """

    factor: object
    baseline: np.ndarray
    trust: np.ndarray | float = 1.0
    smoothed: Callable = np.asarray

    def predict(self, flow) -> np.ndarray:
        beta = np.clip(self.factor.predict(flow), *BOUNDS)
        return self.smoothed(1 + self.trust * (beta - 1)) * self.baseline

    def extrapolation(self, flow) -> np.ndarray:
        return self.factor.extrapolation(flow)


def corrected(factor, problem, first) -> RANS:
    """A problem whose closure is ν₀ (M,), corrected where ``first``, its solution, is like flows of
    training.
    """
    smoothed = Smoothing(first.domain, LENGTH).smooth
    return replace(
        problem,
        closure=Corrected(factor, problem.closure, trust(factor, first.flow("vertex")), smoothed),
    )


def trust(factor, flow) -> np.ndarray:
    """(M,): 1 where a flow is like those of training, 0 from an extrapolation of 2 on, smooth in
    between.
    """
    x = np.clip(2 - factor.extrapolation(flow), 0, 1)
    return x**2 * (3 - 2 * x)


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
    network = VectorCloudNetwork(["wall_distance"], output="positive_scalar", order=2)
    return fit(
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
