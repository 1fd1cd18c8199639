"""The results page of closures in OpenFOAM."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.common.markdown import table
from vcnn.evaluation.report.text import percent

_MIB = 2**20


def page(results: Mapping[str, dict]) -> str:
    """The page, of the measurements of the study."""
    return f"""# Closures in OpenFOAM

Written by `python -m benchmarks.openfoam.study`. OpenFOAM 1912 of Debian; its
`simpleFoam` asks closures through the library that `vcnn openfoam build` compiles ([how](
../../docs/how-to/openfoam-closure.md)).

## A hill

The hill of slope 1 at Re = 5,600, 120 x 90 = 10,800 cells, driven to its bulk velocity from rest to
initial residuals of 1e-6, with k-ω SST and with shipped closures: `hill-eddy-viscosity` is asked
every 30 iterations, `hill-stress` every 20, half of each of its answers being taken. One run after
the other, one thread each. CPU seconds are those of solver and worker, of which the worker's start
(Python, PyTorch, the mesh) is part. A call's are elapsed, on a shared machine.

{_hill(results)}

*Beside our solver*: relative L2 difference of the velocity to that of `solvers.RANS` with the same
closure on the same mesh, asked at vertices.

## A duct

A quarter of the duct of ratio 3 at Re_τ = 180, one cell long; `duct-stress` corrects the ν_t of
k-ω SST, which was solved before and is held (`baseline frozen`), and adds the anisotropy that
drives the secondary flow. Beside it our own solver, over the ν_t of the SST run of the Closure
Challenge.

{_duct(results["duct"])}
"""


def _hill(results) -> str:
    sst = results["hill"]["kOmegaSST"]
    rows = []
    for model, row in results["hill"].items():
        beside = results["beside ours"].get(model)
        rows.append(
            [
                "k-ω SST" if row is sst else model,
                row["iterations"],
                row["calls"] or "-",
                f"{row['cpu']:.1f}",
                f"{row['solver_cpu']:.1f}",
                f"{row['cpu'] / sst['cpu']:.2f}",
                f"{row['call']:.2f} s" if row["call"] else "-",
                f"{row['solver_memory'] / _MIB:.0f} MiB",
                f"{row['worker_memory'] / _MIB:.0f} MiB" if row["worker_memory"] else "-",
                percent(beside["difference"]) if beside else "-",
            ]
        )
    header = ["model", "iterations", "calls", "CPU s", "of it the solver", "ratio to SST"]
    header += ["one call", "memory of the solver", "of the worker", "beside our solver"]
    return table(header, rows)


def _duct(row) -> str:
    theirs, ours = (value / row["bulk"] for value in row["largest"])
    rows = [
        ["largest secondary velocity, of the bulk velocity", percent(theirs), percent(ours)],
        ["difference of the secondary velocity, relative L2", percent(row["secondary"]), ""],
        ["cosine between both secondary flows", f"{row['aligned']:.3f}", ""],
        ["difference of the whole velocity, relative L2", percent(row["velocity"]), ""],
        ["iterations, calls", f"{row['iterations']}, {row['calls']}", ""],
    ]
    return table(["", "OpenFOAM", "our solver"], rows)
