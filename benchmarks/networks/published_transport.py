"""The published protocol: concentration over 21 hills, tested on slopes between and outside them.

    python -m benchmarks.networks.published_transport [-o build/published_transport] [--ship]

Slopes 1.00, 1.05 ... 2.00 for training, as Zhou, Han & Xiao (CMAME 388, 2022, 114211), on flows of
our own solvers. Writes results/published_transport.md with the errors, those of the publication
beside them, and pictures of where the error sits. What was solved and trained is kept in the folder
-o, so that an interrupted run goes on where it stopped. With --ship the model becomes
`Closure.pretrained("hill-concentration")`, its card included.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

import meshes
from benchmarks.common.cards import use_of
from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.paths import PRETRAINED, RESULTS
from benchmarks.data.catalogue import LAMINAR_HILLS, PUBLISHED_HILL
from meshes.generate.periodic_hill import hill_length
from solvers import hill_concentration
from vcnn import Closure, FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation import relative_l2
from vcnn.evaluation.report.fields import field_comparison
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text

TRAINING = tuple(np.round(np.arange(1.0, 2.01, 0.05), 2).tolist())
BETWEEN = (1.025, 1.225, 1.475, 1.725, 1.975)
OUTSIDE = (0.5, 0.75, 2.5, 3.0, 4.0)
REGION = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0, tolerance=0.1)
SCALARS = ("strain_rate", "wall_distance")
CONFIG = {"epochs": 160, "centres": 4000, "max_points": 64}
UNITS = {"length": "H", "velocity": "U", "time": "H/U", "concentration": "1"}
OPENFOAM = {  # read if they exist
    "α = 1 by OpenFOAM, second order, 200 x 200": (LAMINAR_HILLS, "foam_alpha1.00_linearUpwind"),
    "α = 1 as published (first-order upwind)": (PUBLISHED_HILL, "alpha_1.00"),
}
PUBLISHED = {"training flows": "0.38 %", "0.5": "3.31 %"}


def flow_of(slope: float, folder: Path, cells: tuple[int, int] = (96, 64)) -> FlowField:
    """A hill's flow, solved or read back; as many cells a length for every slope."""
    cells = (round(cells[0] * hill_length(slope) / hill_length(1.0)), cells[1])
    path = folder / f"hill_{slope:g}_{cells[0]}x{cells[1]}.vtu"
    if not path.exists():
        hill_concentration(slope, cells).save(path)
    return FlowField.load(path)


def error(closure: Closure, flow: FlowField) -> float:
    """Relative L2 error of the concentration."""
    return relative_l2(closure.predict(flow), flow.scalars["concentration"], flow.weights)


def shares(closure: Closure, flow: FlowField) -> str:
    """Shares of the squared error, the squared concentration and the area by wall distance."""
    wrong = flow.weights * (closure.predict(flow) - flow.scalars["concentration"]) ** 2
    right = flow.weights * flow.scalars["concentration"] ** 2
    d, rows = flow.scalars["wall_distance"], []
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, np.inf)):
        inside = (low <= d) & (d < high)
        parts = [v[inside].sum() / v.sum() for v in (wrong, right, flow.weights)]
        rows.append([f"{low} to {high}", *(f"{100 * part:.0f} %" for part in parts)])
    return table(["distance", "squared error", "squared concentration", "area"], rows)


def errors_of(closure: Closure, flows: dict[float, FlowField], coarse: FlowField) -> str:
    """The table of errors, with those of the publication."""
    measured = {slope: error(closure, flow) for slope, flow in flows.items()}
    training = np.mean([measured[slope] for slope in TRAINING])
    rows = [["21 training flows, mean", percent(training), PUBLISHED["training flows"]]]
    rows += [[f"α = {s:g}, between", percent(measured[s]), ""] for s in BETWEEN]
    for s in OUTSIDE:
        rows.append([f"α = {s:g}, outside", percent(measured[s]), PUBLISHED.get(f"{s:g}", "")])
    rows.append(["α = 1.225 on a mesh of 60 x 40", percent(error(closure, coarse)), ""])
    for name, (data, stem) in OPENFOAM.items():
        if not data.missing([stem]):
            flow = meshes.read_flow(data.file(stem))
            rows.append([name, percent(error(closure, flow)), ""])
    return table(["flow", "error", "published"], rows)


def page(closure: Closure, errors: str, hill: FlowField, seconds: float, config: dict) -> str:
    """The page in Markdown."""
    parameters = sum(p.numel() for p in closure.network.parameters())
    return f"""# The published transport problem

Written by `python -m benchmarks.networks.published_transport`. Relative L2 error of the
concentration, weighted by area, of whole flows with whole clouds. Training: {config["epochs"]}
epochs of {config["max_points"]}-point random parts of the clouds of {config["centres"]:,} points of
each of 21 flows, {seconds / 60:.0f} min on one thread of a shared machine; {parameters:,}
parameters. The published figures are for the authors' own data, after 66,898 s on a GPU.

{errors}

Where the squared error sits at α = 0.5, by distance to the wall:

{shares(closure, hill)}

![Prediction at α = 0.5](published_transport.png)
"""


def card(errors: str, config: dict) -> str:
    """The card of the model."""
    return f"""# hill-concentration

The concentration of a scalar in laminar flow over a periodic hill, at any point from the velocities
around it: the problem of Zhou, Han & Xiao, CMAME 388 (2022) 114211.
`Closure.pretrained("hill-concentration")`.

**Equation.** u·∇c − D∇²c + ζ|c|c = P, P = γ l_m √c₀ |S|², l_m = min(κ d, 0.09 δ), c = 0 on walls; D
= 0.1, ζ = 3, γ = 200, c₀ = 0.001, κ = 0.41, δ = 1.5, in units of the hill's height H and the bulk
velocity U at the crest (Re = 100).

**Needs** the velocity at points with quadrature weights, the scalars `strain_rate` (√2 |sym ∇u|)
and `wall_distance`, and the period, in these units. Invariant under rotation, reflection,
translation and permutation (O(2)).

{use_of("hill-concentration")}

**Trained** on 21 slopes 1.00, 1.05 ... 2.00, second-order finite elements on 96 x 64 cells a length
of 9, by `python -m benchmarks.networks.published_transport --ship` ({config["epochs"]} epochs, seed
0).

**Relative L2 errors**, weighted by area:

{errors}

**Limits.** Re = 100 and the coefficients above only: they are not inputs. Slopes from 0.5 to 4 as
in the table; other shapes of walls were not tried. Velocities from first-order upwind schemes lead
to errors of their own (several per cent). On coarse meshes quadrature errors of the clouds add up.
Two dimensions.
"""


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/published_transport"))
    command.add_argument("--epochs", type=int, default=CONFIG["epochs"])
    command.add_argument(
        "--ship", action="store_true", help="put the model and its card into the package"
    )
    options = command.parse_args()
    config = {**CONFIG, "epochs": options.epochs}
    folder = options.output / "flows"
    flows = {slope: flow_of(slope, folder) for slope in (*TRAINING, *BETWEEN, *OUTSIDE)}
    coarse = flow_of(1.225, folder, cells=(60, 40))

    folder = options.output / f"run_{options.epochs}"
    clock = folder / "seconds"
    start = time.perf_counter()
    closure = fit(
        VectorCloudNetwork(SCALARS),
        [flows[slope] for slope in TRAINING],
        "concentration",
        REGION,
        TrainingConfig(**config),
        run_directory=folder,
        units=UNITS,
        provenance={
            "command": "benchmarks.networks.published_transport",
            "slopes": list(TRAINING),
            **config,
        },
    )
    if not clock.exists():
        write_text(clock, str(time.perf_counter() - start))
    errors = errors_of(closure, flows, coarse)
    text = page(closure, errors, flows[0.5], float(clock.read_text()), config)
    write_text(RESULTS / "published_transport.md", text)
    hill = flows[0.5]
    figure = field_comparison(
        hill, hill.scalars["concentration"], closure.predict(hill), "concentration"
    )
    figure.savefig(RESULTS / "published_transport.png", dpi=110)
    print(text)
    if options.ship:
        path = PRETRAINED / "hill-concentration.md"
        closure.save(path.with_suffix(".safetensors"))
        write_text(path, card(errors, config))
        print(f"written: {path} and the model beside it")


if __name__ == "__main__":
    run(main)
