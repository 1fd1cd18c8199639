"""Turbulence models on channels (against DNS) and on periodic hills (against LES and SST).

    python -m benchmarks.verification.turbulence [HILL...]

Without names: the channels and all training and validation hills of the Closure Challenge, about 40
s each. Every result goes to benchmarks/results/turbulence.json at once, so that a run that was
interrupted goes on where it stopped; then the page and pictures beside it are made anew. Delete the
json to begin again.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np

import meshes
from benchmarks.common import paths
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.velocity_errors import errors_against_les
from benchmarks.data.catalogue import HILLS
from benchmarks.data.hills import read_hill
from benchmarks.verification.turbulence_page import STATIONS, draw_channels, draw_hills, page
from solvers import MixingLength, OneEquationKL, SpalartAllmaras, evaluate
from vcnn import DivergenceError
from vcnn.files import write_text

RESULTS = paths.RESULTS / "turbulence.json"
# U in u_τ, of the DNS at 395 and chosen at 550; ν = 1/Re_τ, so that u_τ is about 1
BULK = {395: 17.545, 550: 18.4}
MODELS = (SpalartAllmaras, OneEquationKL, MixingLength)
KL_HILLS = ("alpha_05_4071_3036", "alpha_10_9000_3036")
_K = "turbulent_kinetic_energy"


def channel(model: type, reynolds: int) -> dict:
    """U⁺ at y⁺ = 30, 100 and the centre of a channel, and profiles.

    Its half height is 1, the height of its first cell about 1 in y⁺.
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


def hill(path: Path, model: type = SpalartAllmaras) -> dict:
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
        "model": errors_against_les(velocity, data),
        "sst": errors_against_les(sst, data),
        "pressure_gradient": result.pressure_gradient,
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


def complete(measurements: Measurements, hills: list[Path]) -> None:
    """Measure what is not known of channels and hills; write the page and its pictures."""
    for model in MODELS:
        for reynolds in BULK:
            name = f"{model.__name__}, {reynolds}"
            measurements.measure(partial(channel, model, reynolds), "channels", name)
    for path in hills:
        measurements.measure(partial(hill, path), "hills", path.stem)
        if path.stem in KL_HILLS:
            measurements.measure(partial(hill, path, OneEquationKL), "hills, k-l", path.stem)
    rows = {
        section: measurements.rows.get(section, {})
        for section in ("channels", "hills", "hills, k-l")
    }
    write_text(measurements.path.with_suffix(".md"), page(rows))
    models = [model.__name__ for model in MODELS]
    draw_channels(
        rows["channels"], BULK, models, measurements.path.with_name("turbulence_channels.png")
    )
    draw_hills(rows["hills"], measurements.path.with_name("turbulence_hills.png"))


def main():
    command = parser(__doc__)
    command.add_argument("hills", nargs="*", metavar="HILL", choices=HILLS.originals)
    names = command.parse_args().hills or sorted(HILLS.originals)
    HILLS.require(names)
    complete(Measurements(RESULTS), [HILLS.file(name) for name in names])


if __name__ == "__main__":
    run(main)
