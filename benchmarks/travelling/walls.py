"""Friction and pressure along walls, and shear stress at stations, of separated flows.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.walls [-o build/travelling]

The flows of validation that separate, with k-ω SST and with `sst-correction`, beside their LES: a
minute each, after their models. Curves are kept in the folder -o: an interrupted run goes on where
it stopped. Writes results/walls.md and its pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.paths import RESULTS
from benchmarks.common.velocity_errors import score, score_spread
from benchmarks.data.catalogue import SEPARATIONS, require
from benchmarks.data.hills import at_vertices
from benchmarks.data.openings import read_opening
from benchmarks.travelling.flows import FLOWS, KnownFlow
from benchmarks.travelling.imposed import solve_with, split
from benchmarks.travelling.learning import flow_to_learn
from benchmarks.travelling.models import FOLDER, model_flow, start_file
from benchmarks.travelling.page import SEPARATED
from benchmarks.travelling.scores import along_lower_wall
from benchmarks.travelling.wall_pictures import draw_stations, draw_walls
from solvers import FlowResult, evaluate, station_profiles
from solvers.fem.fields import function_from
from solvers.fem.sampling import sample
from vcnn import Closure
from vcnn.evaluation.report.text import percent
from vcnn.files import replacing, write_text
from vcnn.flow.norms import relative_l2

STATIONS = {"hill": (0.5, 2.0, 4.0, 6.0), "step": (1.0, 2.0, 3.0, 5.0)}
WALL = 0.75  # of the wall, over which friction is compared
SOURCES = ("known", "model", "closure")  # of each curve

type Curves = dict[str, np.ndarray]


def lower_wall(flow: FlowResult) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, c_f and c_p (k,) along the lower wall; c_p is 0 in the mean over it.

    c_f is that of the velocity at the vertices, linear between them, as an LES is known.
    """
    velocity = flow.flow("vertex").velocity
    flow = replace(flow, velocity=function_from(flow.domain, velocity, "vertex", "velocity"))
    wall = along_lower_wall(flow)
    mean = np.average(wall.pressure_coefficient, weights=wall.lengths)
    return wall.points[:, 0], wall.skin_friction, wall.pressure_coefficient - mean


def shear_stress(flow: FlowResult) -> np.ndarray:
    """-<u'v'> (M,) at the vertices of a plane flow, as it is modelled."""
    at = flow.flow("vertex")
    gradient = at.tensors["velocity_gradient"]
    shear = at.scalars["eddy_viscosity"] * (gradient[:, 0, 1] + gradient[:, 1, 0])
    if flow.anisotropy is None:
        return shear
    return shear - sample(flow.domain, "vertex", functions={"a": flow.anisotropy[0, 1]})["a"]


def at_stations(
    flow: FlowResult, values: np.ndarray, stations: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Heights and values, of values (M,) at the vertices, along all stations in a row."""
    lines = station_profiles(flow, stations)
    points = np.concatenate([line.points for line in lines])
    function = function_from(flow.domain, values, "vertex", "values")
    return points, evaluate(function, points)


def curves(name: str, folder: Path) -> Curves:
    """All curves of a flow: ``x``, ``friction``, ``pressure`` of each of `SOURCES`, scores."""
    kept = folder / "walls" / f"{name}.npz"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as part, part.open("wb") as file:
            np.savez(file, **_measured(FLOWS[name](), folder))
    with np.load(kept) as file:
        return dict(file)


def _measured(reference: KnownFlow, folder: Path) -> Curves:
    model_flow(reference, folder)
    start = start_file(reference.name, folder)
    model = reference.model.solve(start)
    learnt = flow_to_learn(reference, folder)
    closure = learnt.with_closure(Closure.pretrained("sst-correction"))
    flows = {"model": model, "closure": closure.solve(start, tolerance=1e-8)}
    velocity = function_from(model.domain, reference.velocity[:, :2], "vertex", "velocity")
    truth = replace(model, velocity=velocity, pressure=_pressure(reference, model, start))
    stations = STATIONS[reference.family]
    data = {}
    data["x"], data["known friction"], data["known pressure"] = lower_wall(truth)
    data["points"], data["known shear"] = at_stations(model, -reference.stress[:, 0, 1], stations)
    seen = reference.observation
    for source, flow in flows.items():
        _, data[f"{source} friction"], data[f"{source} pressure"] = lower_wall(flow)
        _, data[f"{source} shear"] = at_stations(flow, shear_stress(flow), stations)
        velocity = evaluate(flow.velocity, seen.points)
        data[f"{source} score"] = np.array(
            [score(velocity, seen.values), score_spread(velocity, seen.values)]
        )
    return data


def _pressure(reference: KnownFlow, model: FlowResult, start: Path):
    """The pressure of the LES, of hills that which its stress gives, for none is published."""
    if reference.family == "step":
        mesh, data, _ = read_opening(SEPARATIONS.file(reference.name))
        values = at_vertices(mesh, data, "les_pressure", seams=(), walls=())
        return function_from(model.domain, values, "vertex", "pressure")
    values = solve_with(reference, *split(reference), start).flow("vertex").scalars["pressure"]
    return function_from(model.domain, values, "vertex", "pressure")


def page(flows: dict[str, Curves]) -> str:
    """The page in Markdown."""
    scores = table(
        ["flow", "k-ω SST", "sst-correction"],
        [
            [name, *(_with_spread(data[f"{source} score"]) for source in SOURCES[1:])]
            for name, data in flows.items()
        ],
    )
    kinds = ("friction", "pressure", "shear")
    errors = table(
        ["flow", *(f"{kind}: {model}" for kind in kinds for model in ("SST", "correction"))],
        [
            [name, *(_error(data, source, kind) for kind in kinds for source in SOURCES[1:])]
            for name, data in flows.items()
        ],
    )
    return f"""# At walls and stations

Written by `python -m benchmarks.travelling.walls`: flows of validation that separate, with k-ω SST
and with `sst-correction`, which learned none of them.

## Scores

Mean |ΔU| by mean |U| over all points, and how much that varies, as standard deviation, from one
choice of 1000 points to another: bootstrap with replacement, 1000 times.

{scores}

## Friction, pressure, shear stress

Relative L2 errors of c_f and c_p along the lower wall, of hills from crest to crest, and of -<u'v'>
at the stations in the picture. c_f is that of velocities at the vertices of one mesh, linear
between them, over the first {WALL:.0%} of the wall: on windward slopes the velocities given for the
LES of steep hills are nearly at rest, and their peak of c_f is missing. c_p is 0 in the mean along
the wall. The pressure of the LES is published for the curved step alone; for hills it is that of
the flow with the LES stress imposed ([there](travelling.md#the-stress-of-the-les-imposed)).

{errors}

![Friction and pressure along the lower wall](walls.png)

![Shear stress at stations](walls_stations.png)
"""


def _error(data: Curves, source: str, kind: str) -> str:
    shown = slice(None)
    if kind == "friction":
        x = data["x"]
        shown = x - x.min() < WALL * np.ptp(x)
    return percent(relative_l2(data[f"{source} {kind}"][shown], data[f"known {kind}"][shown]))


def _with_spread(pair: np.ndarray) -> str:
    return f"{percent(pair[0])} ± {percent(pair[1])}"


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.travelling.walls")
    flows = {}
    for name in tqdm(SEPARATED, unit="flow"):
        flows[name] = curves(name, options.output)
    draw_walls(flows, RESULTS / "walls.png")
    draw_stations(flows, RESULTS / "walls_stations.png")
    write_text(RESULTS / "walls.md", page(flows))


if __name__ == "__main__":
    run(main)
