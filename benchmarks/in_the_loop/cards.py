"""The card of the closure of the package, as it does in the study."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.common.cards import use_of
from benchmarks.common.markdown import table
from benchmarks.data.hills import VALIDATION
from vcnn.evaluation.report.text import percent


def card(results: Mapping[str, dict]) -> str:
    """The card of `hill-eddy-viscosity`, of the measurements of the study."""
    rows = []
    for name in VALIDATION:
        row = results[f"shipped, {name}"]
        rows.append(
            [
                name,
                percent(row["error"]),
                percent(row["exact"]),
                percent(row["viscosity"]),
                row["rounds"],
            ]
        )
    other = results["Reynolds number, shipped"]
    return f"""# hill-eddy-viscosity

The eddy viscosity ν_t of k-ω SST over periodic hills, at any point from the mean velocities around
it, to be asked while the RANS equations are solved. `Closure.pretrained("hill-eddy-viscosity")`.

**Needs** the velocity at points with quadrature weights, the scalars `strain_rate` (√2 |sym ∇u|)
and `wall_distance`, and the period; in units of the hill's height H and of the velocity whose
0.72-fold is the mean over the volume. Flows in other units: `closure.in_units(length=...,
velocity=...)`. No turbulence equation and no viscosity is an input. Positive; invariant under
rotation, reflection, translation and permutation (O(2)).

{use_of("hill-eddy-viscosity")}

**Trained** on the 21 training hills of the Closure Challenge (McConkey et al., arXiv 2603.28884) at
Re = 5,600: the ν_t of OpenFOAM's k-ω SST, in the velocity that our equations have with it at the
vertices of the meshes, by version 0.2 of this package (`PairEmbeddingNetwork`, 20 epochs, seed 0).

**In the loop**, on hills it never saw, from rest, closure asked at the vertices, by `python -m
benchmarks.in_the_loop.study`. Relative L2 errors: of the velocity against OpenFOAM's, what of that
remains with SST's own ν_t, and of ν_t:

{table(["hill", "velocity", "with SST's own ν_t", "ν_t", "rounds"], rows)}

The hill α = 1 at Re = 10,595: velocity {percent(other["error"])}, ν_t
{percent(other["viscosity"])}.

**Limits.** Plane flow over periodic hills, slopes 0.5 to 1.5, lengths 4 to 14, heights 2 to 4 (in
H). It is told neither the viscosity nor the Reynolds number: far from Re = 5,600, and in laminar
flow, it is wrong. Where it extrapolates `closure.extrapolation(flow)` exceeds 1: everywhere, if the
viscosity is more than 1.25 times another than in training. What SST gets wrong against LES it gets
wrong too.
"""
