"""Test flows of the Closure Challenge as problems for the model: no truth, nothing is learned.

The hill at Re_h = 10,595 and the curved step count as flows to learn from, but are evaluated, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.data.catalogue import CLOSED, OPENINGS, SEPARATIONS
from benchmarks.data.ducts import conditions, read_duct
from benchmarks.data.hills import read_hill
from benchmarks.data.openings import SCALES, initial_flow, opening_field, read_opening
from benchmarks.data.thinned_hills import thinned
from benchmarks.travelling.flows import FLOWS, ModelledFlow
from benchmarks.travelling.learning import over_flow
from benchmarks.travelling.models import model_file, model_flow, start_file
from solvers import RANS, FlowResult, KOmegaSST, evaluate
from vcnn import Closure

# Of the shipped closures that with the smallest score on the family's flows of validation, in
# travelling.md and closure_challenge.md: hills, the step, AR_7, channels for Reynolds numbers.
CHOSEN = {
    "hill": "sst-correction",
    "step": "sst-correction",
    "hump": "sst-correction",
    "duct": "duct-correction",
}


@dataclass(frozen=True, eq=False)
class EvaluatedFlow(ModelledFlow):
    """A flow whose velocity is to be predicted at the challenge's points of evaluation.

    Parameters
    ----------
    name, family, model
        As of `ModelledFlow`.
    points : (1000, d)
        In the units of the model.
    velocity : float
        The model's unit of velocity, in those of the file.
    axes : sequence of int
        Components of the file's velocities that the model's are.
    """

    points: np.ndarray
    velocity: float
    axes: tuple[int, ...]

    def predicted(self, result: FlowResult) -> np.ndarray:
        """Velocities (1000, 3) in the units and along the axes of the file."""
        values = np.zeros((len(self.points), 3))
        values[:, self.axes] = self.velocity * evaluate(result.velocity, self.points)
        return values


def input_file(name: str) -> Path:
    """The file of a test flow."""
    return (OPENINGS if name in OPENINGS.originals else CLOSED).file(name)


def _hill(name: str) -> EvaluatedFlow:
    """A hill driven as the DNS of its family is, on the mesh with every other row."""
    mesh, data = read_hill(input_file(name))
    model = KOmegaSST(thinned(mesh), float(data["nu"]), float(data["ubar_dns"][0]))
    return EvaluatedFlow(name, "hill", model, data["eval_points"][:, :2], 1.0, (0, 1))


def _known(name: str, family: str) -> EvaluatedFlow:
    """A flow of `FLOWS`, driven as its LES."""
    with np.load(input_file(name)) as file:
        points = file["eval_points"][:, :2]
    return EvaluatedFlow(name, family, FLOWS[name]().model, points, 1.0, (0, 1))


def _duct(name: str) -> EvaluatedFlow:
    """A quarter of a duct, at the bulk velocity of its file."""
    mesh, data = read_duct(input_file(name))
    with np.load(input_file(name)) as file:
        points = data["cell_centres"][file["eval_cells"]]
    model = KOmegaSST(mesh, data["viscosity"], conditions=conditions(data))
    return EvaluatedFlow(name, "duct", model, points, data["friction_velocity"], (0, 1, 2))


def _hump(name: str) -> EvaluatedFlow:
    """The hump, with the profiles of OpenFOAM's run at its inlet."""
    mesh, data, ends = read_opening(input_file(name))
    model = KOmegaSST(mesh, float(data["nu"]), conditions=ends)
    points = data["cell_centres"][data["eval_cells"]]
    return EvaluatedFlow(name, "hump", model, points, SCALES[name][1], tuple(data["plane_axes"]))


def pose(flow: EvaluatedFlow, folder: Path) -> tuple[RANS, Path]:
    """A flow with the closure of its family in the loop, and where it begins.

    It is over our own k-ω SST, solved first, but over OpenFOAM's for the hump, where ours does not
    settle.
    """
    closure = Closure.pretrained(CHOSEN[flow.family])
    if flow.family == "hump" and not model_file(flow.name, folder).is_file():
        _keep_given_model(flow, folder)
    model_flow(flow, folder)
    closure = over_flow(flow, folder)(closure)
    problem = RANS.from_problem(flow.model, closure=closure, location="vertex")
    return problem, start_file(flow.name, folder)


def _keep_given_model(flow, folder) -> None:
    """Our velocity with OpenFOAM's ν_t, its k and 1/ω."""
    mesh, data, ends = read_opening(input_file(flow.name))
    data["sst_time"] = 1 / data["sst_omega"]
    fields = {
        name: np.maximum(opening_field(mesh, data, ends, f"sst_{field}"), 0)
        for name, field in (
            ("eddy_viscosity", "nut"),
            ("turbulent_kinetic_energy", "k"),
            ("turbulent_time_scale", "time"),
        )
    }
    problem = RANS.from_problem(flow.model, closure=fields["eddy_viscosity"], location="vertex")
    begin = time.process_time()
    result = problem.solve(initial_flow(problem, mesh, data))
    path = model_file(flow.name, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    result.checkpoint(start_file(flow.name, folder))
    seconds = {"seconds": time.process_time() - begin}
    result.flow("vertex").with_fields(scalars=fields, parameters=seconds).save(path)


_HILLS = (name for name in CLOSED.originals if name.startswith("alpha"))
_DUCTS = (name for name in CLOSED.originals if name.startswith("AR"))
TESTS: dict[str, Callable[[], EvaluatedFlow]] = {
    **{name: partial(_hill, name) for name in _HILLS},
    **{name: partial(_duct, name) for name in _DUCTS},
    "NASA_2DWMH": partial(_hump, "NASA_2DWMH"),
    "PHLL10595": partial(_known, "PHLL10595", "hill"),
    "CBFS13700": partial(_known, "CBFS13700", "step"),
}
LEARNABLE = tuple(SEPARATIONS.originals)
