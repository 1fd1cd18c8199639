"""The page and the pictures of the study in `coupled_rans.py`."""

from __future__ import annotations

import matplotlib
import numpy as np

from benchmarks.data.hills import at_vertices, outline, read_hill
from benchmarks.in_the_loop.flows import VALIDATION, known_flow
from benchmarks.paths import HILLS
from benchmarks.verification.page import table
from vcnn import FlowField
from vcnn.evaluation.report.pictures import draw_field
from vcnn.evaluation.report.text import percent

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import Normalize
from matplotlib.tri import LinearTriInterpolator, Triangulation

SHOWN = "alpha_05_10071_4048"
STATIONS = 9


def page(results, closures) -> str:
    """All of it in Markdown."""
    spent = {name: c.provenance["training_seconds"] / 60 for name, c in closures.items()}
    return "\n".join(
        [
            _head(spent),
            _sst(results),
            _starts(results),
            _other(results),
            _les(results),
            _turned(results),
            _costs(results),
        ]
    )


def _head(spent) -> str:
    return f"""# Closures in the loop

Written by `python -m benchmarks.in_the_loop.study`. Networks learn ν_t (or ν_t and an anisotropy) on the 21 training hills
of the Closure Challenge, from clouds of mean velocity, strain rate and wall distance in balls of radius 1 hill height,
gathered at a lattice with spacing 0.2; no turbulence equation is an input. They are then asked while the equations are
solved, on the four validation hills, from rest, until what they say changes by less than 1e-9. No network was trained
on these hills, but the number of epochs and the region were chosen with an eye on them. Training took
{spent["sst"]:.1f} (SST), {spent["sa"]:.1f} (Spalart-Allmaras), {spent["les"]:.1f} (LES) and {spent["graph"]:.1f}
minutes (graph kernel network) of one thread. Seconds are those of a shared machine but for the last section. All
errors are relative L2 norms over the plane unless said.
"""


def _sst(results) -> str:
    rows = [_of_teacher(name, results[f"sst, {name}"], "exact", "own error") for name in VALIDATION]
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

*Velocity*: of the coupled flow against `sst_velocity` of OpenFOAM, at the same bulk velocity. *With SST's own ν_t*: the
same with ν_t prescribed, which is what the discretisations differ by. *Extrapolating*: share of the points whose clouds
are unlike those of training.

{table(header, rows)}

![Velocity profiles and eddy viscosity](coupled_rans.png)
"""


def _of_teacher(name, row, *more) -> list[str]:
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
        found = results[f"starts, {name}"]
        told = [row["failure"] or f"{row['rounds']} ({row['gap']:.0e})" for row in found.values()]
        rows.append([name, *told])
    return f"""## Where the iteration begins

Rounds and, in brackets, how far the velocity ends from the one reached from rest. The laminar start has 200 times the
viscosity.

{table(["hill", "from rest", "from a laminar flow", "from Spalart-Allmaras"], rows)}
"""


def _other(results) -> str:
    rows = [_of_teacher(name, results[f"sa, {name}"]) for name in VALIDATION]
    header = ["hill", "velocity", "ν_t a priori", "ν_t coupled", "rounds", "extrapolating", "s"]
    other = results["Reynolds number"]
    return f"""## Learned from our own Spalart-Allmaras

Against the velocity of that model on the same mesh.

{table(header, rows)}

## Another Reynolds number

The closure that learned from SST at Re = 5,600, on the hill α = 1 at Re = 10,595 and on another mesh of
{other["cells"]:,} cells: its velocity is {percent(other["error"])} from OpenFOAM's SST, its ν_t
{percent(other["viscosity"])}, after {other["rounds"]} rounds; {percent(other["extrapolating"])} of the points
extrapolate.
"""


def _les(results) -> str:
    rows = []
    for name in VALIDATION:
        stress, viscosity = results[f"les at LES, {name}"], results[f"sst at LES, {name}"]
        told = [
            [percent(e) for e in row["error"]] if "error" in row else ["–", "–"]
            for row in (stress, viscosity)
        ]
        model = [percent(e) for e in stress["sst"]]
        rows.append(
            [
                name,
                *(column[k] for k in (0, 1) for column in (*told, model)),
                stress.get("rounds", "–"),
            ]
        )
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

The stress of the LES is split as -2 ν_t S + a with the ν_t >= 0 that is nearest where S is not small; the network puts
out both. It sees clouds of velocities and wall distances but no gradient at a point: with gradients, the iteration did
not settle on alpha_05_10071_2024 (changes of 2.5 % after 100 rounds). Solved at the bulk velocity of the LES, against
its mean velocity: mean |ΔU| over mean |U| of the cells, the challenge's score, and L2. Beside it the closure that
learned SST's ν_t, and SST's own field.

{table(header, rows)}
{"".join(chr(10) + line + chr(10) for line in failures)}
![Velocity profiles beside LES](coupled_rans_les.png)
"""


def _turned(results) -> str:
    study = results["turned"]
    told = lambda run: (
        "does not settle" if run["failure"] else f"{run['change']:.1e} ({run['rounds']})"
    )
    rows = [[name, *map(told, study[name])] for name in study if name != "angles"]
    return f"""## In turned frames

The hill α = 1 on 960 cells: mesh, period and driving direction turned, solved anew from rest, turned back. Change of
the velocity and, in brackets, rounds.

{table(["closure", *(f"{angle:g}°" for angle in study["angles"])], rows)}

![Flows in turned frames](coupled_rans_turned_flows.png)
![What changed](coupled_rans_turned_changes.png)
"""


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

{c["cells"]:,} cells, one thread, one run from rest: {c["rounds"]} rounds with {c["corrections"]} corrections in
{c["seconds"]:.0f} s; Spalart-Allmaras takes {sa["steps"]} steps and {sa["seconds"]:.0f} s. The closure is
{percent(c["share of a round"])} of a round with one correction and {percent(c["share of the run"])} of the whole run.
Searching its clouds anew, which costs less than a tenth of it, keeps memory bounded; the lattice is laid once.

{table(["part", "s"], rows)}
"""


def card(results) -> str:
    """Of the closure that is shipped."""
    rows = []
    for name in VALIDATION:
        row = results[f"sst, {name}"]
        rows.append(
            [
                name,
                percent(row["error"]),
                percent(row["exact"]),
                percent(row["viscosity"]),
                row["rounds"],
            ]
        )
    other = results["Reynolds number"]
    return f"""# hill-eddy-viscosity

The eddy viscosity ν_t of k-ω SST over periodic hills, at any point from the mean velocities around it, to be asked
while the RANS equations are solved. `Closure.pretrained("hill-eddy-viscosity")`.

**Needs** the velocity at points with quadrature weights, the scalars `strain_rate` (√2 |sym ∇u|) and `wall_distance`,
and the period; in units of the hill's height H and of the velocity whose 0.72-fold is the mean over the volume. Flows
in other units: `closure.in_units(length=..., velocity=...)`. No turbulence equation and no viscosity is an input.
Positive; invariant under rotation, reflection, translation and permutation (O(2)).

**Trained** on the 21 training hills of the Closure Challenge (McConkey et al., arXiv 2603.28884) at Re = 5,600: the ν_t
of OpenFOAM's k-ω SST, in the velocity that our equations have with it at the vertices of the meshes, by
`OMP_NUM_THREADS=1 python -m benchmarks.in_the_loop.study --ship` (20 epochs, seed 0).

**In the loop**, on hills it never saw, from rest, closure asked at the vertices. Relative L2 errors: of the velocity
against OpenFOAM's, what of that remains with SST's own ν_t, and of ν_t:

{table(["hill", "velocity", "with SST's own ν_t", "ν_t", "rounds"], rows)}

The hill α = 1 at Re = 10,595: velocity {percent(other["error"])}, ν_t {percent(other["viscosity"])}.

**Limits.** Plane flow over periodic hills, slopes 0.5 to 1.5, lengths 4 to 14, heights 2 to 4 (in H). It is told
neither the viscosity nor the Reynolds number: far from Re = 5,600, and in laminar flow, it is wrong without an alarm.
What SST gets wrong against LES it gets wrong too. Where it extrapolates `closure.extrapolation(flow)` exceeds 1.
"""


def draw(results, folder, results_folder):
    """Profiles and ν_t of one hill beside SST's, profiles beside those of LES, and how the
    iterations went.
    """
    known, found = (
        known_flow("sst", SHOWN, folder),
        FlowField.load(folder / "solved" / f"sst_{SHOWN}.vtu"),
    )
    figure = plt.figure(figsize=(13, 10), layout="constrained")
    top, theirs, ours, history = figure.subplot_mosaic(
        [["u", "u"], ["theirs", "ours"], ["history", "history"]], height_ratios=[1.2, 1, 0.9]
    ).values()
    _profiles(top, {"SST's ν_t": (known, "k-"), "closure": (found, "C1--")}, SHOWN)
    norm = Normalize(0, known.scalars["eddy_viscosity"].max())
    for axes, flow, title in ((theirs, known, "SST"), (ours, found, "closure, coupled")):
        drawn = draw_field(axes, flow, flow.scalars["eddy_viscosity"], norm)
        axes.set(title=rf"$\nu_t$: {title}", xticks=[], yticks=[])
    figure.colorbar(drawn, ax=[theirs, ours], shrink=0.8)
    for k, name in enumerate(VALIDATION):
        row = results[f"sst, {name}"]
        for key, style, label in (("change", "-", name), ("residual", ":", None)):
            history.semilogy(
                np.arange(1, len(row[key]) + 1), row[key], style, color=f"C{k}", label=label
            )
    history.set(
        xlabel="round", ylabel="change (lines), residual (dots)", title="Convergence from rest"
    )
    history.legend()
    history.grid(alpha=0.3)
    figure.savefig(results_folder / "coupled_rans.png", dpi=90)
    plt.close(figure)

    beside_les(
        SHOWN,
        folder / "solved" / f"les_at_les_{SHOWN}.vtu",
        results_folder / "coupled_rans_les.png",
    )


def beside_les(name, solved, picture):
    """Draw the velocity profiles of a hill that was solved with a closure, beside those of LES and
    SST.
    """
    figure = plt.figure(figsize=(13, 5), layout="constrained")
    mesh, data = read_hill(HILLS / f"{name}.npz")
    at = lambda field: FlowField(mesh.points, at_vertices(mesh, data, field)[:, :2], mesh=mesh)
    found = FlowField.load(solved)
    lines = {
        "LES": (at("les_velocity"), "k-"),
        "SST": (at("sst_velocity"), "C0:"),
        "closure": (found, "C1--"),
    }
    _profiles(figure.add_subplot(), lines, name)
    figure.savefig(picture, dpi=90)
    plt.close(figure)


def _profiles(axes, lines, name):
    """u along x at stations, label -> (flow at vertices, style)."""
    flow, _ = next(iter(lines.values()))
    length, (low, high) = (
        np.ptp(flow.points[:, 0]),
        (flow.points[:, 1].min(), flow.points[:, 1].max()),
    )
    cells, y = flow.mesh.cells[0].data, np.linspace(low, high, 150)
    triangles = Triangulation(*flow.points.T, np.concatenate([cells[:, :3], cells[:, [0, 2, 3]]]))
    for k, x in enumerate((np.arange(STATIONS) + 0.25) * length / STATIONS):
        for label, (flow, style) in lines.items():
            u = LinearTriInterpolator(triangles, flow.velocity[:, 0])(np.full_like(y, x), y)
            axes.plot(x + 0.8 * length / STATIONS * u, y, style, label=label if k == 0 else None)
        axes.axvline(x, color="0.8", lw=0.6, zorder=0)
    for wall in ("bottom", "top"):
        axes.plot(*outline(flow.mesh, wall), "0.4", lw=1)
    axes.set(title=f"{name}: velocity along x", xlabel="x", ylabel="y")
    axes.legend(loc="lower right")
