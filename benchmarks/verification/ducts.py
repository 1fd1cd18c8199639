"""Rectangular ducts against SST and DNS, with the stresses of either in our equations.

    python -m benchmarks.verification.ducts [RATIO...]

Prints, for each width-to-height ratio, the challenge's score of the velocity, mean |ΔU| / mean |U|
over cells: ours with the ν_t of OpenFOAM's k-ω SST against OpenFOAM's velocity, SST's against DNS,
and ours with the stress of the DNS, split into an eddy viscosity in the operator and the rest,
against DNS: what is left is interpolation, sampling and discretisation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import DUCTS
from benchmarks.data.ducts import RATIOS, dns_flow, duct_file, read_duct, sst_flow
from vcnn import DivergenceError

HEADER = (
    "ratio",
    "cells",
    "ν_t of SST",
    "steps",
    "s",
    "SST to DNS",
    "stress of DNS",
    "steps",
    "s",
    "of the secondary flow",
    "its maximum / u_τ",
)


def row(ratio: int) -> list[str]:
    """One duct's line of the table."""
    path = duct_file(ratio)
    _, data = read_duct(path)
    sst, dns = data["sst_velocity"], data["les_velocity"]
    try:
        _, with_viscosity = solve(sst_flow, path, sst)
        secondary, with_stress = solve(dns_flow, path, dns)
    except DivergenceError as error:
        return [str(ratio), str(error)]
    return [
        str(ratio),
        str(len(dns)),
        *with_viscosity,
        f"{100 * score(sst, dns):.2f} %",
        *with_stress,
        f"{100 * score(secondary, dns[:, 1:]):.2f} %",
        f"{np.linalg.norm(secondary, axis=1).max():.3f}",
    ]


def solve(flow: Callable, path: Path, truth: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The secondary velocity (N, 2) of a flow, and its score, steps and seconds as text."""
    begin = time.perf_counter()
    result = flow(path)
    seconds, u = time.perf_counter() - begin, result.flow("cell").velocity
    steps = len(result.residuals) - 1
    return u[:, 1:], [f"{100 * score(u, truth):.2f} %", str(steps), f"{seconds:.1f}"]


def main():
    command = parser(__doc__)
    command.add_argument("ratios", nargs="*", metavar="RATIO", type=int, choices=RATIOS)
    ratios = command.parse_args().ratios or RATIOS
    DUCTS.require([duct_file(ratio).stem for ratio in ratios])
    print(table(HEADER, []))
    for ratio in ratios:
        print(table(row(ratio), []).splitlines()[0], flush=True)


if __name__ == "__main__":
    run(main)
