"""Laws of stochastic bodies that are learned from steps, beside the truth and other networks.

    OMP_NUM_THREADS=1 python -m benchmarks.particles.stochastic_bodies [-o build/particles]

Writes results/stochastic_bodies.md and its picture. What was learned is kept in the folder -o, and
each measurement goes to results/stochastic_bodies.json at once: a run that was interrupted goes on.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import require
from benchmarks.particles import gravity, springs
from vcnn.evaluation.report.curves import styles
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text

MEASURED = RESULTS / "stochastic_bodies.json"
KINDS = ("kinetic", "potential", "total")
_THRESHOLD = 0.061  # of 1,000 against 1,000 samples of one distribution, at 5 %


def page(rows: dict) -> str:
    """All of it in Markdown."""
    one = rows["springs"]
    lines = [
        [
            name,
            trajectories,
            row["parameters"],
            f"{row['seconds']:.0f}",
            percent(row["acceleration"]),
            *(_worst(row["distances"].get(str(number))) for number in gravity.PREDICTIONS),
        ]
        for name, of_size in rows["gravity"].items()
        for trajectories, row in of_size.items()
    ]
    header = ["network", "trajectories", "weights", "s", "acceleration"]
    header += [f"after {number}" for number in gravity.PREDICTIONS]
    return f"""# Bodies that move at random

Written by `python -m benchmarks.particles.stochastic_bodies`.

## Springs

Five bodies in a plane with springs between them, friction and noise, whose law of a step is known
([how it is learned](../../docs/how-to/bodies.md)). From {one["states"]:,} steps of {springs.LAG:g},
in {one["seconds"]:.0f} s: Kullback-Leibler divergence from the exact law
{one["divergence"]:.2g} nats a body and step (at most {one["largest"]:.2g} in a state;
{one["least"]:.1g} is what independent bodies cost at least). After {springs.LONG} steps from one
state the covariance between bodies, of {springs.ROLLOUTS:,} rollouts, is
{percent(one["positions"])} of its size off for positions and {percent(one["velocities"])} for
velocities.

## Gravity

Five bodies of mass {gravity.MASS:g} in space, softening {gravity.SYSTEM.softening:g}, noise
σ = {gravity.SYSTEM.noise:g} (the system of Minartz et al., arXiv 2305.14286, whose noise is not
stated), seen every {gravity.LAG:g}. A prediction is {gravity.AHEAD * gravity.LAG:g} ahead,
{gravity.AHEAD} steps of the law. All see {gravity.SAMPLES:,} states in training and have normal
distributions: ours with full covariances, those of EGNN isotropic. *Acceleration*: relative error
of the mean change of velocities on states never seen. *After*: Kolmogorov and Smirnov's distance of
kinetic, potential or total energy, whichever is largest, after so many predictions, of
{gravity.ROLLOUTS:,} rollouts from one state against {gravity.TRUE_ROLLOUTS:,} of the system;
{_THRESHOLD} is what two sets of 1,000 samples of one distribution differ by in one case of twenty.
A dash: rollouts that lead to infinite states. Of 40, 160 and 800 trajectories the table has what
has been measured. Seconds are wall time of the training, one thread beside other work.

{table(header, lines)}

![Distances by the number of trajectories](stochastic_bodies.png)

{_stability(rows.get("stability", {}))}"""


def _worst(distances: dict[str, float] | None) -> str:
    return "-" if distances is None else f"{max(distances.values()):.3f}"


def _stability(rows: dict) -> str:
    if not rows:
        return ""
    return f"""Of {gravity.ROLLOUTS:,} rollouts of {gravity.LONG:,} predictions,
{percent(rows["share"])} never change their energy by more than {gravity.JUMP:g} in one prediction
(vector cloud, 800 trajectories).
"""


def draw_distances(rows: dict, path: Path) -> None:
    """The largest distance after the last prediction, by the number of trajectories."""
    figure = Figure(figsize=(5.6, 4.0), layout="constrained")
    axes = figure.add_subplot()
    last = str(gravity.PREDICTIONS[-1])
    for (name, of_size), (colour, line, marker) in zip(
        rows.items(), styles(len(rows)), strict=True
    ):
        sizes = [int(size) for size, row in of_size.items() if last in row["distances"]]
        values = [
            max(row["distances"][last].values())
            for row in of_size.values()
            if last in row["distances"]
        ]
        axes.loglog(sizes, values, color=colour, linestyle=line, marker=marker, label=name)
    axes.axhline(_THRESHOLD, color="0.5", lw=0.8)
    axes.set(
        xlabel="trajectories learned from",
        ylabel=f"largest distance of energies after {last} predictions",
        xticks=gravity.SEEN,
        xticklabels=gravity.SEEN,
    )
    axes.set_xticks([], minor=True)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=120)


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/particles"))
    folder = command.parse_args().output
    require("benchmarks.particles.stochastic_bodies")
    measurements = Measurements(MEASURED)
    measurements.measure(partial(springs.measure, folder), "springs")
    for trajectories in gravity.SEEN:
        for name in gravity.NETWORKS:
            job = partial(gravity.measure, name, trajectories, folder)
            measurements.measure(job, "gravity", name, str(trajectories))
            _write(measurements.rows)
    measurements.measure(partial(_stable, folder), "stability")
    _write(measurements.rows)


def _write(rows: dict) -> None:
    write_text(RESULTS / "stochastic_bodies.md", page(rows))
    draw_distances(rows["gravity"], RESULTS / "stochastic_bodies.png")


def _stable(folder: Path) -> dict:
    transition = gravity.learn("vector cloud", gravity.SEEN[-1], folder)
    return {"share": gravity.stable_share(transition)}


if __name__ == "__main__":
    run(main)
