"""The cards of the closures that the study ships."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.challenge.scores import DUCTS, Rows, score_lines
from benchmarks.common.cards import use_of
from benchmarks.common.markdown import table
from benchmarks.data.hills import hill_names
from vcnn import Closure


def cards(rows: Rows, closures: Mapping[str, Closure]) -> dict[str, tuple[Closure, str]]:
    """Name of each closure that is shipped -> the closure and its card."""
    return {
        "hill-stress": (closures["hill"], _hill_card(rows)),
        "duct-stress": (closures["duct"], _duct_card(rows)),
        "hill-correction": (closures["opening"], _correction_card()),
    }


_MADE = "`OMP_NUM_THREADS=1 python -m benchmarks.challenge.study --ship`"


def _hill_card(rows) -> str:
    lines = [line[:5] for line in score_lines(rows, hill_names("validation"))]
    return f"""# hill-stress

Eddy viscosity ν_t and anisotropy a of turbulent flow over periodic hills, the deviator of <u'u'>
being a − 2 ν_t S, at any point from the mean velocities around it, to be asked while the RANS
equations are solved. `Closure.pretrained("hill-stress")`.

**Needs** the velocity at points with quadrature weights, the scalar `wall_distance`, and the
period; in units of the hill's height H and of the velocity whose 0.72-fold is the mean over the
volume. Flows in other units: `closure.in_units(length=..., velocity=...)`. No turbulence equation,
no gradient and no viscosity is an input. ν_t is positive; both turn with the frame under rotation
and reflection, O(2), and do not feel translation and permutation.

{use_of("hill-stress")}

**Trained** on the 21 training hills of the Closure Challenge (McConkey et al., arXiv 2603.28884) at
Re = 5,600: first on the stresses of their LES, then through the solver on their velocities
([method](../../benchmarks/results/closure_challenge.md)), by {_MADE}. The weights were chosen on
the four validation hills.

**In the loop**, on the validation hills, from rest, closure asked at the vertices: mean |ΔU| by
mean |U| against LES.

{table(["hill", "score", "k-ω SST", "ratio", "rounds"], lines)}

**Limits.** Plane flow over periodic hills, slopes 0.5 to 1.5, lengths 4 to 14, heights 2 to 4 (in
H). It is told neither the viscosity nor the Reynolds number: far from Re = 5,600, and in laminar
flow, it is wrong. It was fitted to velocities: its stress is the one that leads to them in these
equations, not that of the LES. Where it extrapolates `closure.extrapolation(flow)` exceeds 1:
everywhere, if the viscosity is more than 1.25 times another than in training.
"""


def _duct_card(rows) -> str:
    lines = [line[:5] for line in score_lines(rows, DUCTS)]
    return f"""# duct-stress

Correction β of an eddy viscosity, and anisotropy a, of developed turbulent flow in rectangular
ducts, at any point of a section from the mean velocities around it; with the secondary flow.
`Closure.pretrained("duct-stress")` predicts `beta` and `anisotropy` â: ν_t = β ν₀ with ν₀ the ν_t
of k-ω SST, a = (1 − exp(−d⁺/26)) â.

**Needs** ν₀ (`vcnn.closure.BaselineCorrection`), the whole section (`MirroredSection` mirrors a
quarter), velocities with three components, and the scalars `wall_distance` d and `layer`,
1 − exp(−d/0.145), which `NearWall` makes of d, with the damping; in units of the half height and of
the friction velocity of k-ω SST, √(f A / P). O(3), translation, permutation, and a uniform velocity
added to all change nothing but the frame of a.

{use_of("duct-stress")}

**Trained** on the DNS stresses of ducts of width to height 1, 3, 5 and 10 at Re_τ = 180 (Vinuesa,
Schlatter & Nagib, Phys. Rev. Fluids 3, 2018, 054606, as in the Closure Challenge), by {_MADE}.

**In the loop**: mean |ΔU| by mean |U| against DNS; AR_7 is not among those it learned from.

{table(["duct", "score", "k-ω SST", "ratio", "rounds"], lines)}

**Limits.** Re_τ = 180, ratios 1 to 10; other Reynolds numbers are extrapolation. For the table flow
and closure were stopped at a change of 1e-3; at ratios 1 and 3 they settle to 1e-9 in two to three
times as many rounds ([how](../../benchmarks/results/settling.md)).
"""


def _correction_card() -> str:
    return f"""# hill-correction

Correction β of the eddy viscosity of k-ω SST where flow separates, ν_t = β ν₀, at any point from
the mean velocities around it. `Closure.pretrained("hill-correction")` predicts `correction`, β.

**Needs** ν₀ (`vcnn.closure.BaselineCorrection`), velocity, weights and the scalar `wall_distance`;
in units of the hill's height and of the velocity whose 0.72-fold is the mean over the volume.

{use_of("hill-correction")}

**Trained** on β = (ν + ν_t) / (ν + ν₀) of field inversions over the 21 training hills of the
Closure Challenge, by {_MADE}.

**Limits.** β is cut to 0.25 to 4. Far from periodic hills at Re = 5,600 nothing is known of it:
`closure.extrapolation(flow)` is large there, and `vcnn.closure.trust` keeps β = 1. Over another ν₀
than that of k-ω SST it corrects what it does not know.
"""
