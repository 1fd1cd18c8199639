"""The sections of the verification report in Markdown, from the numbers that `study.py` keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.common.markdown import table
from benchmarks.verification.laminar_hills import FIRST_ORDER
from benchmarks.verification.manufactured import SIZES, THEORY, name_of, order
from vcnn.evaluation.report.text import percent


def head(seconds: float) -> str:
    """The title, and how long the measurements took."""
    return f"""# Verification

Written by `python -m benchmarks.verification.study` from measurements that took {seconds / 60:.0f}
minutes on two shared cores; those of turbulence models, in a section below, have their times there.
"""


def error_series(numbers: dict) -> Iterator[tuple]:
    """((cells, periodic or not), (cells a side, name -> errors)), coarsest mesh first."""
    for kind, sizes in SIZES.items():
        for periodic in (False, True):
            rows = [numbers[name_of(kind, periodic, n)] for n in sizes]
            yield (kind, periodic), (sizes, {name: [row[name] for row in rows] for name in THEORY})


def manufactured(numbers: dict) -> str:
    """Orders of convergence."""
    rows = []
    for (kind, periodic), (sizes, series) in error_series(numbers):
        cells = [
            f"{e[-1]:.1e} ({order(*e[-2:], sizes[-1] / sizes[-2]):.2f})" for e in series.values()
        ]
        rows.append([kind, "yes" if periodic else "no", ", ".join(map(str, sizes)), *cells])
    theory = ["**theory**", "", "", *(f"**{k}**" for k in THEORY.values())]
    return f"""## Manufactured solutions

L2 errors on the finest mesh and, in brackets, the order observed between the two finest.
Taylor-Hood elements for the flow (u quadratic, p linear), quadratic ones for the scalar c; all
meshes are distorted. The flow has sliding walls and is held by a stress tensor in the momentum
equation that laminar flow and RANS share; ν = 0.2, speeds up to 6. Its pressure is twice the
velocity along x. The scalar has D = 0.1 and the sink 3|c|c.

What a linear pressure takes over from the error of the velocity falls faster on such meshes than
its own error, which is of order 2. With a pressure half as large or less the sum of both falls with
order 2.3 to 2.5 on tetrahedra up to 12 a side and reaches 2 on finer ones only: the amplitude is
chosen so that meshes that are affordable show it.

{table(["cells", "periodic", "a side", *THEORY], [*rows, theory])}

![Errors against the number of cells](verification_orders.png)
"""


def curved(numbers: dict) -> str:
    """What straight cells cost at curved walls."""
    rows = [[n, f"{row['u']:.1e}", ""] for n, row in numbers.items()]
    for (coarse, fine), row in zip(pairwise(numbers), rows[1:], strict=True):
        row[2] = f"{order(numbers[coarse]['u'], numbers[fine]['u'], int(fine) / int(coarse)):.2f}"
    return f"""## Curved walls

Cells have straight sides, and midside nodes lie on chords. Flow between two cylinders, the inner
one turning, against the exact solution: relative L2 error of the velocity, of second order for that
reason alone.

{table(["cells between the cylinders", "error of u", "order"], rows)}
"""


def hill(numbers: dict) -> str:
    """Balances and gaps on the hill α = 1."""
    balances = [
        [
            cells,
            f"{row['reaction']:.1e}",
            f"{row['momentum convected']:.1e}",
            percent(abs(row["read off"])),
            f"{row['scalar']:.1e}",
            percent(row["walls' share"]),
        ]
        for cells, row in numbers.items()
    ]
    columns = [
        "cells",
        "force defect",
        "momentum convected",
        "read off the wall",
        "scalar defect",
        "taken up by walls",
    ]
    header = ["cells", "seconds", "f", "separation", "reattachment"]
    compared = all("u" in row for row in numbers.values())
    header += ["gap in u", "gap in c", "gap in f"] if compared else []
    lines = [
        [
            cells,
            f"{row['seconds']:.1f}",
            f"{row['driving force']:.6f}",
            f"{row['separation']:.4f}",
            f"{row['reattachment']:.4f}",
            *([percent(row["u"]), percent(row["c"]), percent(abs(row["f"]))] if compared else []),
        ]
        for cells, row in numbers.items()
    ]
    against = "Left out: the data are not here, see `python -m benchmarks.data`."
    if compared:
        against = """Gaps are volume-weighted relative L2 differences at the cell centres of a
second-order OpenFOAM solution (linearUpwind, 200 x 200 cells), f the driving force. It has an error
of its own, where the gaps level off."""
    return f"""## Conservation

On the hill α = 1, relative to the driving force and to the production. *Force defect*: driving
force times volume less the force on the walls less the momentum convected, ∫ (u·∇)u dx, which is
given beside and vanishes only as far as the velocity is free of divergence in each point. *Scalar
defect*: production less decay less the flux through the walls. Wall force and wall flux are the
reactions of the discrete equations. *Read off the wall*: by how much the force differs if c_f and
c_p are summed, with the velocity gradients of the cells at the wall.

{table(columns, balances)}

## Laminar hill α = 1 (Re = 100)

{against}

{table(header, lines)}

![Gaps and skin friction](verification_hill.png)
"""


def first_order(numbers: dict) -> str:
    """Gaps to fields of first-order upwind convection."""
    rows = [
        [
            slope,
            "{} x {}".format(*FIRST_ORDER[slope]),
            *map(percent, (*row["plain"], *row["diffusive"])),
        ]
        for slope, row in numbers.items()
    ]
    header = [
        "α",
        "cells",
        "gap in u",
        "gap in c",
        "gap in u with upwind diffusion",
        "gap in c with it",
    ]
    return f"""## Hills against first-order fields

The other OpenFOAM fields were computed with first-order upwind convection, whose leading error is
the diffusion ∇·(K∇φ), K = Σ_k |u^k| d_k⊗d_k / 2 over the edges d_k of a cell, with u = Σ_k u^k d_k.
With this term added to our own equations the gap closes: it is that scheme's, not ours.

{table(header, rows)}
"""


def rans(numbers: dict) -> str:
    """Hills with the eddy viscosity of SST."""
    rows = [
        [
            name,
            percent(row["error"]),
            f"{row['pressure_gradient']:.5f}",
            f"{row['reference_gradient']:.5f}",
            percent(abs(row["pressure_gradient"] / row["reference_gradient"] - 1)),
            row["steps"],
            f"{row['seconds']:.0f}",
        ]
        for name, row in numbers.items()
    ]
    header = ["hill", "gap in u", "f", "f of OpenFOAM", "gap in f", "steps", "seconds"]
    return f"""## Turbulent hills with another code's eddy viscosity

Velocity from `RANS` with the ν_t of OpenFOAM's k-ω SST, driven at that run's bulk velocity, on that
run's mesh of 15,600 quadrilaterals (Closure Challenge): both solve the same equations, and what is
left are the discretisations. Area-weighted relative L2 difference of the velocity at cell centres,
and the driving force f.

{table(header, rows)}

![Velocity profiles](verification_rans.png)
"""


def turbulence(page: str) -> str:
    """The page of the turbulence models, one level of headings down."""
    return re.sub("^#", "##", page, flags=re.MULTILINE)


def large(numbers: dict) -> str:
    """What the large problem says of itself."""
    quoted = "\n".join(
        f"    {line}" for row in numbers.values() for line in row["line"].splitlines()
    )
    return f"""## A million unknowns

`mpirun -n 2 python -m benchmarks.verification.large_transport`: transport over a hill with a
parabolic profile for its velocity, GMRES with algebraic multigrid. It says:

{quoted}
"""


SECTIONS = {
    "manufactured": manufactured,
    "curved": curved,
    "hill": hill,
    "first-order": first_order,
    "rans": rans,
    "turbulence": turbulence,
    "large": large,
}
