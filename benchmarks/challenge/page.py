"""The page and the pictures of `closure_challenge.py`."""

from __future__ import annotations

import matplotlib
import numpy as np

from benchmarks.challenge.flows import TESTS
from benchmarks.data.ducts import RATIOS, VALIDATION
from benchmarks.in_the_loop.flows import hills
from benchmarks.in_the_loop.page import beside_les
from benchmarks.verification.page import table
from vcnn.evaluation.report.text import percent

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SHOWN = "alpha_15_7929_2024"
DUCTS = [f"AR_{ratio}_Ret_180" for ratio in RATIOS]
VALIDATION_DUCT = f"AR_{VALIDATION}_Ret_180"
FLOORS = ("eddy viscosity", "eddy viscosity and anisotropy")


def means(rows, kind, names, key="score") -> float | None:
    """Of a number over flows; None if one of them has none."""
    found = [rows.get(f"{kind}, {name}", {}).get(key) for name in names]
    return None if None in found else float(np.mean(found))


def page(rows, closures) -> str:
    """All of it in Markdown."""
    return "\n".join(
        [_head(rows, closures), _known(rows), _tests(rows), _turned(rows), _limits(rows)]
    )


def _head(rows, closures) -> str:
    learning = closures["hill"].provenance["learning"]
    before, after = learning["validation"]
    spent = closures["duct"].provenance["training_seconds"] / 60
    solving = (
        sum(row.get("seconds", 0) for key, row in rows.items() if key.startswith(("known", "test")))
        / 3600
    )
    return f"""# The Closure Challenge

Written by `python -m benchmarks.challenge.study`. The challenge (McConkey et al., arXiv 2603.28884) asks for the mean
velocity of eight flows of which no truth is given, and for two more; closures may learn from 21 hills and 4 ducts, and
4 hills and a duct are for validation. Its score is mean |ΔU| by mean |U|. Every flow here is a solution of the
equations with a closure that is asked while they are solved; the velocities at the points of evaluation are in
[closure_challenge/](closure_challenge), a file for each flow, with the residuals of each round.

## Method

**Hills** (also PHLL10595). A vector-cloud network puts out ν_t >= 0 and a traceless symmetric anisotropy a,
−<u'u'> + 2k/3 = 2 ν_t S − a, from the mean velocities and wall distances within 1 hill height. It is told neither
positions nor directions, no gradient, no turbulence quantity, no viscosity. First it learns the split stresses of the
21 LES ([Closures in the loop](coupled_rans.md)). Then it learns through the solver: the loss is the relative error of
the velocity that flow and closure settle at, its gradient that of the coupled fixed point
(`solvers.fit_through_solver`), Adam with two hills a step over 4 epochs, on meshes with every other row, and a penalty
on what the predictions move away from the first closure's. The weights with the smallest error on the validation hills
are kept (epoch {learning["kept"]} of 4; mean relative L2 there {percent(before)} before, {percent(after)} after).
Hills are driven at `ubar_dns`, PHLL10595 at the volume mean of its file.

**Ducts.** A second network puts out β and â, ν_t = β ν₀ with ν₀ the ν_t of SST and a = (1 − exp(−d⁺/26)) â, learned
from DNS stresses at ratios 1, 3, 5 and 10 (`duct_closure.py`), not through the solver. A quarter of the duct is solved
and shown to the network with its mirror images. Lengths are in half heights, velocities in the friction velocity of SST
and relative to those around: the Reynolds number, of which it has seen one, is in ν₀ and in the damping only. That
form was chosen among four with an eye on a test flow, AR_1_Ret_360, though not on its truth: two that were told
1 − exp(−d⁺/26) led to vortices there that are much weaker than at Re_τ = 180, or to a faster core than SST's, and one
told d alone did not settle in AR_7_Ret_180; with this form the vortices are about as strong as at Re_τ = 180.

**Hump and curved step.** The equations from the inlet profiles of the files to their outlet pressures, with ν_t = β ν₀:
ν₀ is SST's, and β a third network's, which learned the ratio of the viscosities of inversions (below) and SST's on the
21 hills. Where a cloud is unlike those of training β goes to 1. It was validated on hills only (below); that it is
smoothed as in the inversions was decided by whether flow and closure settle, on these two test flows too.

**Cost**, on two shared cores without a graphics card: the hills' closure {learning["seconds"] / 3600:.1f} h through the
solver, that of ducts {spent:.1f} minutes; solving the flows below {solving:.1f} h of one thread.
"""


def _scores(rows, names, kind="known"):
    for name in names:
        row = rows[f"{kind}, {name}"]
        if "failure" in row:
            yield [name, row["failure"], *6 * [""]]
            continue
        yield [
            name,
            percent(row["score"]),
            percent(row["sst"]),
            f"{row['score'] / row['sst']:.2f}",
            row["rounds"],
            f"{row['residual'][-1]:.0e}",
            f"{row['change'][-1]:.0e}",
            f"{row['seconds']:.0f}",
        ]


def _known(rows) -> str:
    header = ["flow", "score", "SST", "ratio", "rounds", "residual", "change", "s"]
    tables = {}
    ratios = [row["score"] / row["sst"] for key, row in rows.items() if key.startswith("known, ")]
    for split, duct in (
        ("validation", [VALIDATION_DUCT]),
        ("train", [d for d in DUCTS if d != VALIDATION_DUCT]),
    ):
        names = hills(split)
        mean = [percent(means(rows, "known", names, key)) for key in ("score", "sst")]
        lines = [*_scores(rows, names), ["mean of hills", *mean, *5 * [""]], *_scores(rows, duct)]
        tables[split] = table(header, lines)
    return f"""## Validation

Over all cells, on the meshes of the challenge. *Residual*: of the momentum balance; *change*: what the closure still
changes, relative L2 (asked for: 1e-6 here and 1e-9 of test flows; of ducts, hump and step 1e-3, where the fields
then stay and the flow is solved with them). Seconds are of a clock on the wall, beside up to four other runs on two
cores. The largest ratio to SST, of all 30 flows, is {max(ratios):.2f}.

{tables["validation"]}

![Scores](closure_challenge.png)

![Velocity profiles](closure_challenge_profiles.png)

## Training

{tables["train"]}
"""


def _tests(rows) -> str:
    lines = []
    for name in TESTS:
        row = rows[f"test, {name}"]
        lines.append(
            [
                f"[{name}](closure_challenge/{name}.csv)",
                row["rounds"],
                f"{row['residual'][-1]:.0e}",
                f"{row['change'][-1]:.0e}",
                f"{row['seconds']:.0f}",
                percent(row["from SST"]),
                percent(row["extrapolating"]),
            ]
        )
    header = ["flow", "rounds", "residual", "change", "s", "from SST", "extrapolating"]
    return f"""## Test flows

*From SST*: the score of the solution with SST's velocity for truth, at the points of evaluation. *Extrapolating*: share
of the mesh's vertices whose clouds are unlike those of training.

{table(header, lines)}
"""


def _turned(rows) -> str:
    (name,) = [key.removeprefix("turned, ") for key in rows if key.startswith("turned")]
    study = rows[f"turned, {name}"]
    told = [f"{run['change']:.0e} ({run['rounds']})" for run in study["runs"]]
    return f"""## In turned frames

{name} on the mesh with every other row: mesh, period and driving direction turned, solved anew from rest, turned back.
Change of the velocity and, in brackets, rounds.

{table([f"{angle:g}°" for angle in study["angles"]], [told])}

![Flows in turned frames](closure_challenge_turned.png)
"""


def _limits(rows) -> str:
    lines = []
    keys = [
        *(f"floor of {kind}" for kind in FLOORS),
        "prior",
        "of inversions",
        "corrected",
        "known",
    ]
    of = lambda key, name: percent(rows.get(f"{key}, {name}", {}).get("score"))
    for label, names in (("validation", hills("validation")), ("training", hills("train"))):
        if label == "validation":
            lines += [[name, *(of(key, name) for key in keys)] for name in names]
        lines.append([f"mean of {label}", *(percent(means(rows, key, names)) for key in keys)])
    told = lambda key: percent(means(rows, key, hills("validation")))
    header = [
        "hill",
        "ν_t inverted",
        "ν_t and a inverted",
        "learned from LES stresses",
        "from inverted ν_t",
        "β of SST's ν_t",
        "learned through the solver",
    ]
    return f"""## What limits the score

Inversions (`solvers.invert_stress`) look for the smooth ν_t, or ν_t and a, with which our equations come nearest to
one hill's LES, {20} and {8} steps of L-BFGS from SST's ν_t and from the stress of the LES: floors beneath what a
closure of that form can reach. Networks beside them: the one before it learns through the solver; one that learned the
inverted ν_t from clouds, without the solver; the correction β of SST's ν_t that hump and step are solved with; the one
submitted.

{table(header, lines)}

- *Floor.* A smooth ν_t of its own for each hill leads to {told("floor of eddy viscosity")} on the validation hills:
  the form of the closure is not what limits it.
- *Anisotropy*: a smooth ν_t and an anisotropy of its own lead to {told("floor of eddy viscosity and anisotropy")}.
- *The network* loses the rest: {told("known")} through the solver, {told("prior")} from stresses alone; the same form
  as the first floor, learned from clouds of inverted flows: {told("of inversions")}.
- *Unseen geometry*: training hills {percent(means(rows, "known", hills("train")))}, validation hills {told("known")},
  {of("known", "alpha_05_10071_2024")} and {of("known", "alpha_15_7929_2024")} where the channel is lowest.
- *Ducts*: on {VALIDATION_DUCT} {of("floor of DNS stress", VALIDATION_DUCT)} with the stress of the DNS in our
  equations, {of("known", VALIDATION_DUCT)} with the closure.
"""


def cards(rows, closures) -> dict:
    """Name of each closure that is shipped -> the closure and its card."""
    return {
        "hill-stress": (closures["hill"], _hill_card(rows)),
        "duct-stress": (closures["duct"], _duct_card(rows)),
        "hill-correction": (closures["opening"], _correction_card()),
    }


_MADE = "`OMP_NUM_THREADS=1 python -m benchmarks.challenge.study --ship`"


def _hill_card(rows) -> str:
    lines = [line[:5] for line in _scores(rows, hills("validation"))]
    return f"""# hill-stress

Eddy viscosity ν_t and anisotropy a of turbulent flow over periodic hills, the deviator of <u'u'> being a − 2 ν_t S, at
any point from the mean velocities around it, to be asked while the RANS equations are solved.
`Closure.pretrained("hill-stress")`.

**Needs** the velocity at points with quadrature weights, the scalar `wall_distance`, and the period; in units of the
hill's height H and of the velocity whose 0.72-fold is the mean over the volume. Flows in other units:
`closure.in_units(length=..., velocity=...)`. No turbulence equation, no gradient and no viscosity is an input. ν_t is
positive; both turn with the frame under rotation and reflection, O(2), and do not feel translation and permutation.

**Trained** on the 21 training hills of the Closure Challenge (McConkey et al., arXiv 2603.28884) at Re = 5,600: first
on the stresses of their LES, then through the solver on their velocities
([method](../../benchmarks/results/closure_challenge.md)), by
{_MADE}. The weights were chosen on the four validation hills.

**In the loop**, on the validation hills, from rest, closure asked at the vertices: mean |ΔU| by mean |U| against LES.

{table(["hill", "score", "k-ω SST", "ratio", "rounds"], lines)}

**Limits.** Plane flow over periodic hills, slopes 0.5 to 1.5, lengths 4 to 14, heights 2 to 4 (in H). It is told
neither the viscosity nor the Reynolds number: far from Re = 5,600, and in laminar flow, it is wrong without an alarm.
It was fitted to velocities: its stress is the one that leads to them in these equations, not that of the LES. Where it
extrapolates `closure.extrapolation(flow)` exceeds 1.
"""


def _duct_card(rows) -> str:
    lines = [line[:5] for line in _scores(rows, DUCTS)]
    return f"""# duct-stress

Correction β of an eddy viscosity, and anisotropy a, of developed turbulent flow in rectangular ducts, at any point of a
section from the mean velocities around it; with the secondary flow. `Closure.pretrained("duct-stress")` predicts
`beta` and `anisotropy` â: ν_t = β ν₀ with ν₀ the ν_t of k-ω SST, a = (1 − exp(−d⁺/26)) â.

**Needs** the whole section (`benchmarks/challenge/duct_closure.py` mirrors a quarter), velocities with three components, and the
scalars `wall_distance` d and `layer`, 1 − exp(−d/0.145); in units of the half height and of the friction velocity of
k-ω SST, √(f A / P). O(3), translation, permutation, and a uniform velocity added to all change nothing but the frame
of a.

**Trained** on the DNS stresses of ducts of width to height 1, 3, 5 and 10 at Re_τ = 180 (Vinuesa, Schlatter & Nagib,
Phys. Rev. Fluids 3, 2018, 054606, as in the Closure Challenge), by
{_MADE}.

**In the loop**: mean |ΔU| by mean |U| against DNS; AR_7 is not among those it learned from.

{table(["duct", "score", "k-ω SST", "ratio", "rounds"], lines)}

**Limits.** Re_τ = 180, ratios 1 to 10; other Reynolds numbers are extrapolation. Flow and closure are made to agree to
1e-3.
"""


def _correction_card() -> str:
    return f"""# hill-correction

Correction β of the eddy viscosity of k-ω SST where flow separates, ν_t = β ν₀, at any point from the mean velocities
around it. `Closure.pretrained("hill-correction")`; `benchmarks/challenge/correction.py` shows it in the loop.

**Needs** velocity, weights and the scalar `wall_distance`; in units of the hill's height and of the velocity whose
0.72-fold is the mean over the volume.

**Trained** on β = (ν + ν_t) / (ν + ν₀) of field inversions over the 21 training hills of the Closure Challenge, by
{_MADE}.

**Limits.** Far from periodic hills at Re = 5,600 nothing is known of it: use `closure.extrapolation(flow)`, and β = 1
where that is large.
"""


def draw(rows, folder, results_folder):
    """Scores of all flows with a truth, and profiles of one hill."""
    names = [
        *hills("validation"),
        VALIDATION_DUCT,
        *hills("train"),
        *(d for d in DUCTS if d != VALIDATION_DUCT),
    ]
    figure, axis = plt.subplots(figsize=(13, 4.6), layout="constrained")
    x = np.arange(len(names))
    series = {
        "k-ω SST": ("0.7", [rows[f"known, {n}"].get("sst") for n in names]),
        "closure": ("C1", [rows[f"known, {n}"].get("score") for n in names]),
        "ν_t inverted": (
            "C0",
            [rows.get(f"floor of {FLOORS[0]}, {n}", {}).get("score") for n in names],
        ),
    }
    for k, (label, (colour, values)) in enumerate(series.items()):
        heights = [np.nan if v is None else 100 * v for v in values]
        axis.bar(x + 0.28 * (k - 1), heights, 0.28, color=colour, label=label)
    axis.axvline(4.5, color="0.4", lw=0.8)
    axis.text(4.4, axis.get_ylim()[1] * 0.93, "validation", ha="right")
    axis.text(4.6, axis.get_ylim()[1] * 0.93, "training", ha="left")
    axis.set(ylabel="mean |ΔU| / mean |U|, per cent", xlim=(-0.6, len(names) - 0.4))
    axis.set_xticks(
        x, [n.replace("alpha_", "").replace("_Ret_180", "") for n in names], rotation=60, ha="right"
    )
    axis.grid(axis="y", alpha=0.3)
    axis.legend()
    figure.savefig(results_folder / "closure_challenge.png", dpi=90)
    plt.close(figure)

    beside_les(
        SHOWN, folder / "solved" / f"{SHOWN}.vtu", results_folder / "closure_challenge_profiles.png"
    )
