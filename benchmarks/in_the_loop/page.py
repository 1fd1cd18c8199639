"""The page of the study of closures in the loop."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.common.markdown import table
from benchmarks.data.hills import VALIDATION
from benchmarks.in_the_loop.graininess import LAYERS, graininess_rows
from benchmarks.in_the_loop.seen import HEADER, seen_rows
from vcnn import Closure
from vcnn.evaluation.report.text import percent


def page(results: Mapping[str, dict], closures: Mapping[str, Closure]) -> str:
    """All of it in Markdown.

    Parameters
    ----------
    results : name of a measurement -> numbers
    closures : name of a teacher -> the closure that learned from it
    """
    spent = {name: c.provenance["training_seconds"] / 60 for name, c in closures.items()}
    return "\n".join(
        [
            _head(spent),
            _sst(results),
            _starts(results),
            _other(results),
            _graininess(results),
            _seen(results),
            _les(results),
            _rotated(results),
            _costs(results),
        ]
    )


def _head(spent) -> str:
    return f"""# Closures in the loop

Written by `python -m benchmarks.in_the_loop.study`. Networks learn ν_t (or ν_t and an anisotropy)
on the 21 training hills of the Closure Challenge, from clouds of mean velocity, strain rate and
wall distance in balls of radius 2 hill heights, gathered at a lattice with spacing 0.4; no
turbulence equation is an input. They are then asked while the equations are solved, on the four
validation hills, from rest, until what they say changes by less than 1e-9. No network was trained
on these hills, but the number of epochs and the region were chosen with an eye on them. Training
took {spent["sst"]:.1f} (SST), {spent["sa"]:.1f} (Spalart-Allmaras), {spent["les"]:.1f} (LES) and
{spent["sets"]:.1f} minutes (Deep Sets) of one thread. Seconds are those of a shared
machine but for the last section. All errors are relative L2 norms over the plane unless said.
The closure of the LES is a `vcnn.network.PairEmbeddingNetwork`, that of version 0.2, with balls of
radius 1, a lattice of 0.2 and a sharp edge.

**The closure of the package**, `hill-eddy-viscosity`, is such a network too: pairs, radius 1, a
lattice of 0.2, a sharp edge, 20 epochs, with strain rate and wall distance. It stands beside that
of this study in the first table and at another Reynolds number. The new one is nearer to SST's ν_t
and far smoother along walls; the velocities that it leads to are nearer on one hill of four only,
and it takes more rounds. So the package keeps the one that it has.
"""


def _sst(results) -> str:
    rows = []
    for name in VALIDATION:
        for kind, words in (("sst", name), ("shipped", f"{name}, the package's")):
            rows.append(_learned(words, results[f"{kind}, {name}"], "exact", "own error"))
    header = [
        "hill",
        "velocity",
        "with SST's own ν_t",
        "velocity from ours with SST's ν_t",
        "ν_t a priori",
        "ν_t coupled",
        "rounds",
        "extrapolating",
        "s",
    ]
    return f"""## Learned from another code's k-ω SST

*Velocity*: of the coupled flow against `sst_velocity` of OpenFOAM, at the same bulk velocity. *With
SST's own ν_t*: the same with ν_t prescribed, which is what the discretisations differ by.
*Extrapolating*: share of the points whose clouds are unlike those of training.

{table(header, rows)}

![Velocity profiles and eddy viscosity](coupled_rans.png)
"""


def _learned(name, row, *more) -> list[str]:
    if "failure" in row:
        return [name, row["failure"]]
    return [
        name,
        percent(row["error"]),
        *(percent(row[key]) for key in more),
        percent(row["a priori"]),
        percent(row["viscosity"]),
        row["rounds"],
        percent(row["extrapolating"]),
        f"{row['seconds']:.0f}",
    ]


def _starts(results) -> str:
    rows = []
    for name in VALIDATION:
        if (starts := results.get(f"starts, {name}")) is not None:
            begun = map(_solved_from, starts.values())
            rows.append([name, results[f"sst, {name}"].get("rounds", "–"), *begun])
    return f"""## Where the iteration begins

Rounds and, in brackets, how far the velocity ends from the one reached from rest. The laminar start
has 200 times the viscosity.

{table(["hill", "from rest", "from a laminar flow", "from Spalart-Allmaras"], rows)}
"""


def _solved_from(row) -> str:
    if row["failure"]:
        return row["failure"]
    return f"{row['rounds']} ({row['gap']:.0e})" if "gap" in row else f"{row['rounds']}"


def _other(results) -> str:
    rows = [_learned(name, results[f"sa, {name}"]) for name in VALIDATION]
    header = ["hill", "velocity", "ν_t a priori", "ν_t coupled", "rounds", "extrapolating", "s"]
    other, shipped = results["Reynolds number"], results["Reynolds number, shipped"]
    return f"""## Learned from our own Spalart-Allmaras

Against the velocity of that model on the same mesh.

{table(header, rows)}

## Another Reynolds number

The closure that learned from SST at Re = 5,600, on the hill α = 1 at Re = 10,595 and on another
mesh of {other["cells"]:,} cells: its velocity is {percent(other["error"])} from OpenFOAM's SST, its
ν_t {percent(other["viscosity"])}, after {other["rounds"]} rounds; {percent(other["extrapolating"])}
of the points extrapolate. That of the package: {percent(shipped["error"])} and
{percent(shipped["viscosity"])} after {shipped["rounds"]} rounds.
"""


def _graininess(results) -> str:
    layers = [f"d from {low:g} to {high:g}" for low, high in LAYERS]
    header = ["hill", "closure", *layers]
    sst = {"sst": "of this study", "shipped": "of the package"}
    return f"""## How grainy ν_t is along the wall

Root mean square of the distance of ν_t from the straight line between its neighbours on grid lines
along the walls, in layers of wall distance d: the coupled closure, the teacher's field on the same
mesh, and their ratio. Learned from Spalart-Allmaras:

{table(header, graininess_rows(results, {"sa": "of this study"}))}

Learned from SST, whose field comes from OpenFOAM's cells and is grainy itself:

{table(header, graininess_rows(results, sst))}
"""


def _seen(results) -> str:
    return f"""## Moments alone, or derivatives as well

Closures that learned SST's ν_t for a short while (10 epochs, 1,000 points of each flow): the
network of pairs, `VectorCloudNetwork(fits=0)`, and the same with derivatives fitted at the centre,
its default. ν_t a priori, velocity of the coupled flow against the teacher's, rounds. What is
better a priori need not be better in the loop. The closures above see moments alone.

{table(HEADER, seen_rows(results))}
"""


def _les(results) -> str:
    rows = []
    for name in VALIDATION:
        stress, viscosity = results[f"les at LES, {name}"], results[f"sst at LES, {name}"]
        columns = [_both_errors(row.get("error")) for row in (stress, viscosity)]
        columns.append(_both_errors(stress["sst"]))
        scores, norms = zip(*columns, strict=True)
        rows.append([name, *scores, *norms, stress.get("rounds", "–")])
    header = [
        "hill",
        "stress closure",
        "eddy viscosity",
        "SST",
        "stress closure, L2",
        "eddy viscosity, L2",
        "SST, L2",
        "rounds",
    ]
    failures = [
        f"{name}: {results[f'les at LES, {name}']['failure']}"
        for name in VALIDATION
        if "failure" in results[f"les at LES, {name}"]
    ]
    return f"""## Learned from LES: eddy viscosity and anisotropy

The stress of the LES is split as -2 ν_t S + a with the ν_t >= 0 that is nearest where S is not
small; the network puts out both. It sees clouds of velocities and wall distances but no gradient at
a point: with gradients, the iteration did not settle on alpha_05_10071_2024 (changes of 2.5 % after
100 rounds). Solved at the bulk velocity of the LES, against its mean velocity: mean |ΔU| over mean
|U| of the cells, the challenge's score, and L2. Beside it the closure that learned SST's ν_t, and
SST's own field.

{table(header, rows)}
{"".join(chr(10) + line + chr(10) for line in failures)}
![Velocity profiles beside LES](coupled_rans_les.png)
"""


def _both_errors(errors) -> list[str]:
    return ["–", "–"] if errors is None else [percent(error) for error in errors]


def _rotated(results) -> str:
    study = results["turned"]
    rows = [[name, *map(_settling, study[name])] for name in study if name != "angles"]
    return f"""## In turned frames

The hill α = 1 on 960 cells: mesh, period and driving direction turned, solved anew from rest,
turned back. Change of the velocity and, in brackets, rounds.

{table(["closure", *(f"{angle:g}°" for angle in study["angles"])], rows)}

![Flows in turned frames](coupled_rans_turned_flows.png)
![What changed](coupled_rans_turned_changes.png)
"""


def _settling(run) -> str:
    return "does not settle" if run["failure"] else f"{run['change']:.1e} ({run['rounds']})"


def _costs(results) -> str:
    c = results["costs"]
    sa = c["Spalart-Allmaras"]
    rows = [
        ["closure, at all points", f"{c['closure']:.2f}"],
        [
            "Newton correction of u, p and f: assembly, MUMPS, two substitutions",
            f"{c['correction']:.2f}",
        ],
        ["all else", f"{c['rest']:.2f}"],
        ["correction of Spalart-Allmaras, u, p, f and ν̃ together", f"{sa['correction']:.2f}"],
        ["its ν̃ equation alone", f"{sa['own equation']:.2f}"],
    ]
    return f"""## What a round costs

{c["cells"]:,} cells, one thread, one run from rest: {c["rounds"]} rounds with {c["corrections"]}
corrections in {c["seconds"]:.0f} s; Spalart-Allmaras takes {sa["steps"]} steps and
{sa["seconds"]:.0f} s. The closure is {percent(c["share of a round"])} of a round with one
correction and {percent(c["share of the run"])} of the whole run. Its
clouds are found once, and with them what the network computes of their geometry.

{table(["part", "s"], rows)}
"""
