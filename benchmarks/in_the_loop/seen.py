"""What a closure in the loop had better see: pairs, moments alone, or derivatives as well."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from benchmarks.data.hills import VALIDATION, hill_names
from benchmarks.in_the_loop.flows import REGION, SCALARS, teacher_flow
from benchmarks.in_the_loop.solve import solve_as_taught
from vcnn import Closure, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation.report.text import percent
from vcnn.network import PairEmbeddingNetwork

NETWORKS = {
    "pairs": lambda: PairEmbeddingNetwork(SCALARS, output="positive_scalar"),
    "moments": lambda: VectorCloudNetwork(SCALARS, output="positive_scalar", fits=0),
    "moments and derivatives": lambda: VectorCloudNetwork(SCALARS, output="positive_scalar"),
}
COMPARED = [name for name in VALIDATION if name.startswith("alpha_15")]  # those that settle soon
HEADER = [
    "hill",
    *(f"{name}: {what}" for name in NETWORKS for what in ("ν_t a priori", "velocity", "rounds")),
]


@cache
def train_briefly(network: str, folder: Path) -> Closure:
    """A closure of SST's ν_t, trained for 10 epochs of 1,000 points a flow."""
    return fit(
        NETWORKS[network](),
        [teacher_flow("sst", hill, folder) for hill in hill_names("train")],
        "eddy_viscosity",
        REGION,
        TrainingConfig(epochs=10, centres=1000),
        importance="importance",
        run_directory=Path(folder) / f"brief_{network.replace(' ', '_')}",
    )


def seen(network: str, hill: str, folder: Path) -> dict:
    """Errors of ν_t a priori and of the coupled velocity against the teacher, and rounds."""
    return solve_as_taught(train_briefly(network, folder), "sst", hill, folder)[0]


def seen_rows(results: Mapping[str, dict]) -> list[list[str]]:
    """A row of the page for each hill."""
    rows = []
    for hill in COMPARED:
        cells = [hill]
        for network in NETWORKS:
            row = results[f"{network}, {hill}"]
            loop = ["-", "does not settle"]
            if "failure" not in row:
                loop = [percent(row["error"]), row["rounds"]]
            cells += [percent(row["a priori"]), *loop]
        rows.append(cells)
    return rows
