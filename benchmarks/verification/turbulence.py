"""Turbulence models on channels (against DNS) and on the Closure Challenge's periodic hills
(against LES and SST).

    python -m benchmarks.verification.turbulence [HILL...]

Without names: the channels and all training and validation hills found in ../shared/data, about 40
s each. Every result goes to benchmarks/results/turbulence.json at once and the page and pictures
beside it are made anew, so that a run that was interrupted goes on where it stopped; delete the
json to begin again."""

from __future__ import annotations

import json
import sys
import time

import matplotlib
import numpy as np

import meshes
from benchmarks import paths
from benchmarks.data.hills import read_hill
from benchmarks.paths import HILLS
from solvers import MixingLength, OneEquationKL, SpalartAllmaras, evaluate
from vcnn import DivergenceError
from vcnn.files import write_text

matplotlib.use("Agg")
from matplotlib import pyplot as plt

RESULTS = paths.RESULTS / "turbulence.json"
BULK = {
    395: 17.545,
    550: 18.4,
}  # U in u_τ, of the DNS at 395 and chosen at 550; ν = 1/Re_τ, so that u_τ is about 1
STATIONS = ("30", "100", "centre")
DNS = {
    "Moser, Kim & Mansour 1999": (392.2, 13.49, 16.54, 20.13),
    "del Álamo & Jiménez 2003": (546.7, 13.48, 16.51, 20.99),
}
MODELS = (SpalartAllmaras, OneEquationKL, MixingLength)
KL_HILLS = ("alpha_05_4071_3036", "alpha_10_9000_3036")
_K = "turbulent_kinetic_energy"


def channel(model, reynolds) -> dict:
    """U⁺ at y⁺ = 30, 100 and the centre of a channel of half height 1, first cell at y⁺ = 1 or so;
    and profiles.
    """
    mesh = meshes.channel(length=1.0, height=2.0, cells=(3, 96), grading=40.0)
    start = time.process_time()
    result = model(mesh, 1 / reynolds, BULK[reynolds]).solve()
    seconds = time.process_time() - start
    friction_velocity = result.pressure_gradient**0.5  # mean balance: f = τ_w / half height
    wall = 1 / (reynolds * friction_velocity)
    y = np.concatenate([[30 * wall, 100 * wall, 1.0], np.geomspace(0.5 * wall, 1.0, 80)])
    points = np.stack([np.full(len(y), 0.5), y], axis=-1)
    u = evaluate(result.velocity, points)[:, 0] / friction_velocity
    row = {
        "reynolds_tau": 1 / wall,
        **dict(zip(STATIONS, u[:3].tolist(), strict=True)),
        "y": np.round(y[3:] / wall, 3).tolist(),
        "u": np.round(u[3:], 4).tolist(),
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }
    if _K in result.scalars:
        k = evaluate(result.scalars[_K], points[3:]) / friction_velocity**2
        row |= {"k": float(k.max()), "k at": row["y"][k.argmax()]}
    return row


def errors(velocity, data) -> list[float]:
    """Against LES: the challenge's mean |ΔU| / mean |U| over cells, and the area-weighted relative
    L2 norm.
    """
    truth, area = data["les_velocity"][:, :2], data["cell_areas"].astype(float)
    gap, size = (np.linalg.norm(v, axis=1) for v in (velocity - truth, truth))
    return [float(gap.mean() / size.mean()), float(np.sqrt((area @ gap**2) / (area @ size**2)))]


def hill(path, model=SpalartAllmaras) -> dict:
    """A model from its own start at the bulk velocity of the LES."""
    mesh, data = read_hill(path)
    start = time.process_time()
    try:
        result = model(mesh, float(data["nu"]), float(data["ubar_dns"][0])).solve()
    except DivergenceError as error:
        return {"error": str(error)}
    seconds = time.process_time() - start
    velocity = evaluate(result.velocity, data["cell_centres"][:, :2])
    sst = data["sst_velocity"][:, :2].astype(float)
    return {
        "model": errors(velocity, data),
        "sst": errors(sst, data),
        "pressure_gradient": result.pressure_gradient,
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


def hill_table(rows, name) -> list[str]:
    """Lines of Markdown: a model beside SST, hill by hill."""
    lines = [
        f"| hill | {name}, cells | SST, cells | {name}, L2 | SST, L2 | steps | s |",
        "| --- " * 7 + "|",
    ]
    for flow, row in sorted(rows.items()):
        if "error" in row:
            lines.append(f"| {flow} | {row['error']} | | | | | |")
            continue
        numbers = " | ".join(
            f"{100 * row[which][k]:.2f} %" for k in (0, 1) for which in ("model", "sst")
        )
        lines.append(f"| {flow} | {numbers} | {row['steps']} | {row['seconds']:.0f} |")
    solved = [row for row in rows.values() if "error" not in row]
    if solved:
        numbers = (
            np.mean([row[which][k] for row in solved]) for k in (0, 1) for which in ("model", "sst")
        )
        means = " | ".join(f"{100 * number:.2f} %" for number in numbers)
        lines.append(f"| mean of {len(solved)} | {means} | | |")
    return lines


def report(results) -> str:
    """The page in Markdown."""
    lines = [
        "# Turbulence models",
        "",
        "Seconds are processor time of one core, from the mesh to the",
    ]
    lines += [
        "solution; on a machine shared with other programs, as here, the clock on the wall shows more.",
        "",
    ]
    lines += ["## Channels", ""]
    lines += ["| model | Re_τ | U⁺(30) | U⁺(100) | U⁺(centre) | steps | s |", "| --- " * 7 + "|"]
    for name, row in results["channels"].items():
        profile = " | ".join(f"{row[station]:.2f}" for station in STATIONS)
        lines.append(
            f"| {name} | {row['reynolds_tau']:.1f} | {profile} | {row['steps']} | {row['seconds']:.1f} |"
        )
    lines += [f"| DNS, {name} | {' | '.join(map(str, row))} | | |" for name, row in DNS.items()]
    peaks = [
        f"{row['k']:.2f} at y⁺ = {row['k at']:.0f}"
        for row in results["channels"].values()
        if "k" in row
    ]
    lines += [
        "",
        f"Largest k⁺ of `OneEquationKL`: {', '.join(peaks)}; DNS has more, and nearer to the wall.",
        "",
    ]
    lines += ["![Mean velocity in wall units](turbulence_channels.png)", ""]
    lines += ["## Periodic hills: velocity error against LES", ""]
    lines += [
        "`cells`: mean of |ΔU| by mean of |U|, the challenge's score; `L2`: relative, area-weighted.",
        "",
    ]
    lines += hill_table(results["hills"], "SA")
    lines += ["", "![Errors of Spalart-Allmaras and SST](turbulence_hills.png)", ""]
    lines += ["The one-equation k-l model on two of them, with its length made for channels:", ""]
    lines += hill_table(results["hills, k-l"], "k-l")
    return "\n".join(lines) + "\n"


def draw_channels(rows, path):
    """Mean velocity in wall units, one panel for each DNS."""
    figure, axes = plt.subplots(1, len(BULK), figsize=(12, 4.4), layout="constrained", sharey=True)
    for axis, reynolds, (source, dns) in zip(axes, BULK, DNS.items(), strict=True):
        sublayer, log = np.geomspace(0.5, 12, 50), np.geomspace(8, reynolds, 50)
        axis.semilogx(sublayer, sublayer, "k:", label="y⁺ and ln(y⁺)/0.41 + 5.2")
        axis.semilogx(log, np.log(log) / 0.41 + 5.2, "k:")
        for model in MODELS:
            if row := rows.get(f"{model.__name__}, {reynolds}"):
                axis.semilogx(row["y"], row["u"], label=model.__name__)
        axis.semilogx(
            [30, 100, dns[0]], dns[1:], "ko", markerfacecolor="none", label=f"DNS, {source}"
        )
        axis.set(title=f"Re_τ about {reynolds}", xlabel="y⁺", ylim=(0, 24))
        axis.grid(alpha=0.3)
        axis.legend(loc="upper left")
    axes[0].set_ylabel("U⁺")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_hills(rows, path):
    """The challenge's score of each hill, Spalart-Allmaras against SST."""
    figure, axis = plt.subplots(figsize=(6, 5.6), layout="constrained")
    slopes = {"05": "0.5", "075": "0.75", "10": "1.0", "125": "1.25", "15": "1.5"}
    for i, (key, slope) in enumerate(slopes.items()):
        some = [
            row for name, row in rows.items() if name.split("_")[1] == key and "error" not in row
        ]
        if some:
            x, y = (100 * np.array([row[which][0] for row in some]) for which in ("sst", "model"))
            axis.plot(x, y, "o", color=f"C{i}", label=f"α = {slope}")
    axis.plot([0, 30], [0, 30], "k:", label="equal")
    axis.set(
        xlabel="SST: velocity error against LES, per cent",
        ylabel="Spalart-Allmaras",
        xlim=(0, 30),
        ylim=(0, 30),
    )
    axis.set_aspect("equal")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def keep(results):
    """Write numbers and page, whole or not at all, and the pictures."""
    for path, text in (
        (RESULTS, json.dumps(results, indent=1)),
        (RESULTS.with_suffix(".md"), report(results)),
    ):
        write_text(path, text)
    draw_channels(results["channels"], RESULTS.with_name("turbulence_channels.png"))
    draw_hills(results["hills"], RESULTS.with_name("turbulence_hills.png"))


def main(names):
    results = {"channels": {}, "hills": {}, "hills, k-l": {}}
    if RESULTS.exists():
        results |= json.loads(RESULTS.read_text(encoding="utf-8"))
    jobs = [
        (
            "channels",
            f"{model.__name__}, {reynolds}",
            lambda model=model, reynolds=reynolds: channel(model, reynolds),
        )
        for model in MODELS
        for reynolds in BULK
    ]
    for path in [HILLS / f"{name}.npz" for name in names] or sorted(HILLS.glob("alpha_*.npz")):
        jobs.append(("hills", path.stem, lambda path=path: hill(path)))
        if path.stem in KL_HILLS:
            jobs.append(("hills, k-l", path.stem, lambda path=path: hill(path, OneEquationKL)))
    for section, name, measure in jobs:
        if name not in results[section]:
            row = results[section][name] = measure()
            keep(results)
            print(
                f"{section}: {name}",
                row.get("error") or f"{row['steps']} steps, {row['seconds']:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
