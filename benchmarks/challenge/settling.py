"""How flow and closure settle: change against rounds, its spectrum, and what keeps it from falling.

    OMP_NUM_THREADS=1 python -m benchmarks.challenge.settling [-o build/settling]

With the shipped closures: a hill, ducts and the curved step; then one thing after the other is
varied on the hill, α = 1 on a mesh of 40 x 24 cells. Writes results/settling.md with pictures.
Everything is kept in the folder at once: a run that was interrupted goes on where it stopped. About
half an hour. AR_1_Ret_360 and the hump are test flows of the Closure Challenge: they come last, and
nothing is chosen on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

import meshes
from benchmarks.challenge.flows import duct_problem, opening_problem
from benchmarks.challenge.rounds import DEPTH, Rounds, leading_eigenvalues, make_rounds
from benchmarks.challenge.settling_page import HILL, STEP, draw, page
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import CLOSED, DUCTS, OPENINGS, require
from solvers import RANS, ActiveScalar, FlowResult
from solvers.coupling.scalar_feedback import ScalarFeedback
from vcnn import Closure, FlowField, RegionOfInfluence
from vcnn.files import write_text
from vcnn.flow.norms import relative_l2

SHARP, SMOOTH = 1.0, 0.5
SPECTRA = (HILL, "AR_1_Ret_180")  # the flows whose rounds are cheapest
LIMIT = 60  # rounds of a variant


@dataclass(frozen=True, eq=False)
class SinglePrecision:
    """A closure that computes in single precision whatever it is asked for."""

    closure: Closure

    @property
    def targets(self) -> dict[str, str]:
        """Those of the closure."""
        return self.closure.targets

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """As `vcnn.Closure`."""
        return self.closure.by_name().predict(flow, centres, torch.float32)


def row(made: Rounds, spectrum: bool = False) -> dict:
    """Numbers of rounds, with what the velocity still moved by from a change of 1e-3 on."""
    numbers = {
        "rounds": len(made.change),
        "change": made.change,
        "residual": made.residual,
        "clipped": made.clipped[-1],
        "seconds": made.seconds,
    }
    if made.loose is not None:
        flow = made.flow.result().flow("cell")
        numbers["moved"] = relative_l2(made.loose.velocity, flow.velocity, flow.weights)
    if spectrum:
        numbers["eigenvalues"] = [[v.real, v.imag] for v in leading_eigenvalues(made)]
    return numbers


def hill(closure: object, start: FlowResult | None = None) -> tuple[RANS, FlowResult | None]:
    """The hill α = 1 at Re = 5,600 and where its rounds begin, on a coarse mesh."""
    mesh = meshes.periodic_hill(1.0, cells=(40, 24), grading=15.0)
    return RANS(mesh, 1.786e-4, 0.72, closure=closure, location="vertex"), start


def duct(name: str) -> tuple[RANS, FlowResult]:
    """A duct with the shipped closure, and where its rounds begin."""
    data = DUCTS if name in DUCTS.originals else CLOSED
    return duct_problem(data.file(name), Closure.pretrained("duct-stress"))[:2]


def opening(name: str) -> tuple[RANS, FlowResult]:
    """The hump or the curved step with the shipped correction, and where its rounds begin."""
    return opening_problem(OPENINGS.file(name), Closure.pretrained("hill-correction"))[:2]


def flow_row(make: Callable[[], tuple], depth: int = DEPTH, spectrum: bool = False) -> dict:
    """Rounds of a problem until the change is 1e-9, and the spectrum there."""
    return row(make_rounds(*make(), depth=depth), spectrum)


def variants() -> dict[str, Callable[[], Rounds]]:
    """What is varied on the hill -> the rounds it leads to."""
    closure, R = Closure.pretrained("hill-eddy-viscosity"), RegionOfInfluence
    regions = {
        "ball, lattice, sharp edge": R.ball(1.0, spacing=0.2, smooth=SHARP),
        "ball, lattice, smooth edge": R.ball(1.0, spacing=0.2, smooth=SMOOTH),
        "ball, all points, sharp edge": R.ball(1.0, smooth=SHARP),
        "ellipsoid, all points, sharp edge": R.ellipsoid(1.2, 0.8, smooth=SHARP),
        "ellipsoid, all points, smooth edge": R.ellipsoid(1.2, 0.8, smooth=SMOOTH),
    }
    closures = {name: replace(closure, region=region) for name, region in regions.items()}
    closures["ball, lattice, sharp edge; single precision"] = SinglePrecision(closure)
    jobs = {
        name: partial(make_rounds, *hill(closure), limit=LIMIT)
        for name, closure in closures.items()
    }
    for edge, smooth in (("sharp", SHARP), ("smooth", SMOOTH)):
        jobs[f"`hill-concentration`, transport, {edge} edge"] = partial(buoyant, smooth)
    return jobs


def buoyant(smooth: float) -> Rounds:
    """The laminar hill with a buoyant scalar from the shipped closure with such an edge."""
    closure = Closure.pretrained("hill-concentration")
    problem = ActiveScalar(
        meshes.periodic_hill(1.325, cells=(30, 20)),
        0.01,
        0.721039,
        scalar=replace(closure, region=replace(closure.region, smooth=smooth)),
        buoyancy=(0, -0.3),
    )
    return make_rounds(problem, None, limit=LIMIT, feedback=ScalarFeedback)


def measure(measurements: Measurements) -> None:
    """All of it; test flows last."""
    shipped = partial(hill, Closure.pretrained("hill-eddy-viscosity"))
    flows = {
        HILL: shipped,
        "AR_1_Ret_180": partial(duct, "AR_1_Ret_180"),
        "AR_3_Ret_180": partial(duct, "AR_3_Ret_180"),
        STEP: partial(opening, STEP),
    }
    for name, make in flows.items():
        spectrum = name in SPECTRA
        measurements.measure(partial(flow_row, make, spectrum=spectrum), "flows", name)
    for name in SPECTRA:
        measurements.measure(partial(flow_row, flows[name], depth=0), "plain", name)
    for name, job in variants().items():
        measurements.measure(lambda job=job: row(job()), "variants", name)
    for name, make in (("AR_1_Ret_360", duct), ("NASA_2DWMH", opening)):
        measurements.measure(partial(flow_row, partial(make, name)), "test flows", name)


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/settling"))
    options = command.parse_args()
    require("benchmarks.challenge.settling")
    measurements = Measurements(options.output / "results.json")
    measure(measurements)
    draw(measurements.rows, RESULTS)
    text = page(measurements.rows)
    write_text(RESULTS / "settling.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
