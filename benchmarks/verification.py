"""Verification of the solvers: manufactured solutions, conservation, and a laminar hill against another code.

    python benchmarks/verification.py

writes results/verification.md and pictures beside it; about ten minutes on 2 cores. The comparison with OpenFOAM needs
../shared/data beside the repository and is left out without it.
"""

from __future__ import annotations

import time
from pathlib import Path

import matplotlib
import numpy as np
from laminar_hills import first_order, hill_runs
from manufactured import THEORY, convergence, order
from tqdm import tqdm

from vcnn.cli.tables import percent

matplotlib.use("Agg")
from matplotlib import pyplot as plt

RESULTS = Path(__file__).parent / "results"


def table(header, rows) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def order_section(found) -> str:
    rows = []
    for (kind, periodic), (sizes, series) in found.items():
        cells = [f"{errors[-1]:.1e} ({order(sizes, errors):.2f})" for errors in series.values()]
        rows.append([kind, "yes" if periodic else "no", ", ".join(map(str, sizes)), *cells])
    theory = ["**theory**", "", "", *(f"**{k}**" for k in THEORY.values())]
    return f"""## Manufactured solutions

L2 errors on the finest mesh and, in brackets, the order observed between the two finest. Taylor-Hood elements for the
flow (u quadratic, p linear), quadratic ones for the scalar c. Plane meshes are distorted. The flow has
sliding walls and is held by a stress tensor in the momentum equation that laminar flow and RANS share; ν = 0.2, speeds
up to 6. The scalar has D = 0.1 and the sink 3|c|c. Meshes in three dimensions are coarse: the pressure there still
falls faster than its order.

{table(["cells", "periodic", "a side", *THEORY], [*rows, theory])}

![Errors against the number of cells](verification_orders.png)
"""


def balance_section(rows) -> str:
    lines = [
        [
            "{} x {}".format(*row["cells"]), f"{row['reaction']:.1e}", f"{row['momentum convected']:.1e}",
            percent(abs(row["read off"])), f"{row['scalar']:.1e}", f"{row['scalar convected']:.1e}",
            percent(row["walls' share"]),
        ]
        for row in rows
    ]  # fmt: skip
    header = ["cells", "force defect", "momentum convected", "read off the wall",
              "scalar defect", "scalar convected", "taken up by walls"]  # fmt: skip
    return f"""## Conservation

On the hill α = 1, relative to the driving force and to the production. *Force defect*: driving force times volume less
the force on the walls less the momentum convected, ∫ (u·∇)u dx. *Scalar defect*: production less decay less the flux
through the walls less ∫ u·∇c dx. Wall force and wall flux are the reactions of the discrete equations; the two
integrals, given beside, vanish only as far as the velocity is free of divergence in each point. *Read off the wall*:
by how much the force differs if c_f and c_p are summed, with the velocity gradients of the cells at the wall.

{table(header, lines)}
"""


def hill_section(rows) -> str:
    header = ["cells", "seconds", "f", "separation", "reattachment"]
    compared = "u" in rows[0]
    header += ["gap in u", "gap in c", "gap in f"] if compared else []
    lines = [
        [
            "{} x {}".format(*row["cells"]), f"{row['seconds']:.1f}", f"{row['driving force']:.6f}",
            f"{row['separation']:.4f}", f"{row['reattachment']:.4f}",
            *([percent(row["u"]), percent(row["c"]), percent(abs(row["f"]))] if compared else []),
        ]
        for row in rows
    ]  # fmt: skip
    against = "Left out: ../shared/data is not here."
    if compared:
        against = """Gaps are volume-weighted relative L2 differences at the cell centres of a second-order OpenFOAM
solution (linearUpwind, 200 x 200 cells), f the driving force. It has an error of its own, where the gaps level off."""
    return f"""## Laminar hill α = 1 (Re = 100)

{against}

{table(header, lines)}

![Gaps and skin friction](verification_hill.png)
"""


def first_order_section(found) -> str:
    rows = [
        [slope, "{} x {}".format(*cells), *map(percent, plain), *map(percent, diffusive)]
        for slope, (cells, plain, diffusive) in found.items()
    ]
    header = ["α", "cells", "gap in u", "gap in c", "gap in u with upwind diffusion", "gap in c with it"]
    return f"""## Hills against first-order fields

The other OpenFOAM fields were computed with first-order upwind convection, whose leading error is the diffusion
∇·(K∇φ), K = Σ_k |u^k| d_k⊗d_k / 2 over the edges d_k of a cell, with u = Σ_k u^k d_k. With this term added to our own
equations the gap closes: it is that scheme's, not ours.

{table(header, rows)}
"""


def plot_orders(found, path):
    figure, axes = plt.subplots(1, len(THEORY), figsize=(15, 3.6), layout="constrained")
    for axis, (name, theory) in zip(axes, THEORY.items(), strict=True):
        for (kind, periodic), (sizes, series) in found.items():
            label = kind + ", periodic" * periodic
            axis.loglog(sizes, series[name], "s-" if periodic else "o--", markersize=4, label=label)
        n = np.array([8.0, 64.0])
        last = max(series[name][-1] for _, series in found.values())
        axis.loglog(n, 0.5 * last * (n / n[0]) ** -theory, "k:", label="theory")
        axis.set(title=f"{name}: order {theory}", xlabel="cells a side", xticks=[4, 8, 16, 32, 64])
        axis.set_xticklabels(["4", "8", "16", "32", "64"])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("L2 error")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=7)
    figure.savefig(path, dpi=110)


def plot_hill(rows, floors, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    n = [row["cells"][0] for row in rows]
    for name, label in (("u", "velocity"), ("c", "concentration")):
        if name in rows[0]:
            left.loglog(n, [row[name] for row in rows], "o-", label=label)
    left.set(xlabel="cells along the hill", ylabel="relative L2 gap to OpenFOAM", xticks=n, xticklabels=map(str, n))
    left.minorticks_off()
    left.grid(alpha=0.3)
    left.legend()
    for cells, floor in floors.items():
        right.plot(floor.points[:, 0], floor.skin_friction, label="{} x {}".format(*cells))
    right.axhline(0, color="k", linewidth=0.8)
    right.set(xlabel="x / H", ylabel="skin friction coefficient on the floor")
    right.grid(alpha=0.3)
    right.legend(title="cells")
    figure.savefig(path, dpi=110)


def main():
    start = time.perf_counter()
    with tqdm(bar_format="{desc}", mininterval=0) as line:
        progress = lambda text: line.set_description_str(f"{time.perf_counter() - start:4.0f} s  {text}")
        orders = convergence(progress)
        rows, floors = hill_runs(progress)
        upwind = first_order(progress)
    RESULTS.mkdir(exist_ok=True)
    plot_orders(orders, RESULTS / "verification_orders.png")
    plot_hill(rows, floors, RESULTS / "verification_hill.png")
    sections = [order_section(orders), balance_section(rows), hill_section(rows)]
    sections += [first_order_section(upwind)] if upwind else []
    head = "# Verification\n\nWritten by `python benchmarks/verification.py` in {:.0f} s.\n"
    text = "\n".join([head.format(time.perf_counter() - start), *sections])
    (RESULTS / "verification.md").write_text(text, encoding="utf-8")
    print(f"{RESULTS / 'verification.md'}")


if __name__ == "__main__":
    main()
