"""Turbulence models on channels (against DNS) and on the Closure Challenge's periodic hills (against LES and SST).

    python benchmarks/turbulence.py [HILL...]

Without names: the channels and all training and validation hills found in ../shared/data, about 40 s each. Every
result goes to benchmarks/results/turbulence.json at once and the table beside it is written anew, so that a run
that was interrupted goes on where it stopped; delete the json to begin again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from rans_hills import read_hill

import meshes
from solvers import MixingLength, SpalartAllmaras, evaluate
from vcnn import DivergenceError

HERE = Path(__file__).parent
HILLS = HERE.parents[1] / "shared" / "data" / "closure_challenge" / "train"
RESULTS = HERE / "results" / "turbulence.json"
BULK = {395: 17.545, 550: 18.4}   # U in u_τ, of the DNS at 395 and chosen at 550; ν = 1/Re_τ, so that u_τ is about 1
STATIONS = ("30", "100", "centre")
DNS = {
    "Moser, Kim & Mansour 1999": (392.2, 13.49, 16.54, 20.13),
    "del Álamo & Jiménez 2003": (546.7, 13.48, 16.51, 20.99),
}


def channel(model, reynolds) -> dict:
    """U⁺ at y⁺ = 30, 100 and the centre of a channel of half height 1, first cell at y⁺ = 1 or so."""
    mesh = meshes.channel(length=1.0, height=2.0, cells=(3, 96), grading=40.0)
    start = time.perf_counter()
    result = model(mesh, 1 / reynolds, BULK[reynolds]).solve()
    seconds = time.perf_counter() - start
    friction_velocity = result.pressure_gradient**0.5   # mean balance: f = τ_w / half height
    wall = 1 / (reynolds * friction_velocity)
    u = evaluate(result.velocity, np.array([[0.5, 30 * wall], [0.5, 100 * wall], [0.5, 1.0]]))[:, 0]
    return {
        "reynolds_tau": 1 / wall,
        **dict(zip(STATIONS, (u / friction_velocity).tolist(), strict=True)),
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


def errors(velocity, data) -> list[float]:
    """Against LES: the challenge's mean |ΔU| / mean |U| over cells, and the area-weighted relative L2 norm."""
    truth, area = data["les_velocity"][:, :2], data["cell_areas"].astype(float)
    gap, size = (np.linalg.norm(v, axis=1) for v in (velocity - truth, truth))
    return [float(gap.mean() / size.mean()), float(np.sqrt((area @ gap**2) / (area @ size**2)))]


def hill(path) -> dict:
    """Spalart-Allmaras from its own start at the bulk velocity of the LES."""
    mesh, data = read_hill(path)
    start = time.perf_counter()
    try:
        result = SpalartAllmaras(mesh, float(data["nu"]), float(data["ubar_dns"][0])).solve()
    except DivergenceError as error:
        return {"error": str(error)}
    seconds = time.perf_counter() - start
    velocity = evaluate(result.velocity, data["cell_centres"][:, :2])
    sst = data["sst_velocity"][:, :2].astype(float)
    return {
        "sa": errors(velocity, data),
        "sst": errors(sst, data),
        "pressure_gradient": result.pressure_gradient,
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


def report(results) -> str:
    """The tables in Markdown."""
    lines = ["# Turbulence models", "", "## Channels", ""]
    lines += ["| model | Re_τ | U⁺(30) | U⁺(100) | U⁺(centre) | steps | s |", "| --- " * 7 + "|"]
    for name, row in results["channels"].items():
        profile = " | ".join(f"{row[station]:.2f}" for station in STATIONS)
        lines.append(f"| {name} | {row['reynolds_tau']:.1f} | {profile} | {row['steps']} | {row['seconds']:.1f} |")
    lines += [f"| DNS, {name} | {' | '.join(map(str, row))} | | |" for name, row in DNS.items()]
    lines += ["", "## Periodic hills: velocity error against LES", ""]
    lines += ["`cells`: mean of |ΔU| by mean of |U|, the challenge's score; `L2`: relative, area-weighted.", ""]
    lines += ["| hill | SA, cells | SST, cells | SA, L2 | SST, L2 | steps | s |", "| --- " * 7 + "|"]
    for name, row in sorted(results["hills"].items()):
        if "error" in row:
            lines.append(f"| {name} | {row['error']} | | | | | |")
            continue
        numbers = " | ".join(f"{100 * row[model][k]:.2f} %" for k in (0, 1) for model in ("sa", "sst"))
        lines.append(f"| {name} | {numbers} | {row['steps']} | {row['seconds']:.0f} |")
    solved = [row for row in results["hills"].values() if "error" not in row]
    if solved:
        numbers = (np.mean([row[model][k] for row in solved]) for k in (0, 1) for model in ("sa", "sst"))
        means = " | ".join(f"{100 * number:.2f} %" for number in numbers)
        lines.append(f"| mean of {len(solved)} | {means} | | |")
    return "\n".join(lines) + "\n"


def keep(results):
    """Write both files, whole or not at all."""
    RESULTS.parent.mkdir(exist_ok=True)
    for path, text in ((RESULTS, json.dumps(results, indent=1)), (RESULTS.with_suffix(".md"), report(results))):
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)


def main(names):
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"channels": {}, "hills": {}}
    for model in (SpalartAllmaras, MixingLength):
        for reynolds in BULK:
            name = f"{model.__name__}, {reynolds}"
            if name not in results["channels"]:
                results["channels"][name] = channel(model, reynolds)
                keep(results)
    for path in [HILLS / f"{name}.npz" for name in names] or sorted(HILLS.glob("alpha_*.npz")):
        if path.stem in results["hills"]:
            continue
        results["hills"][path.stem] = hill(path)
        keep(results)
        print(path.stem, results["hills"][path.stem], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
