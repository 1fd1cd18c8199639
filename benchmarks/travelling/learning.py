"""Corrections of k-ω SST that learn from stresses first, then through the solver.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.learning [NAME] [--seed 0]

NAME is one of `TRAININGS`, by default hills. What was done is kept in the folder -o: a run that was
interrupted goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.common.command import parser, run
from benchmarks.data.catalogue import require
from benchmarks.data.ducts import RATIOS, VALIDATION
from benchmarks.data.hills import hill_names
from benchmarks.travelling.flows import CHANNELS_SOLVED, FLOWS, WIDTH, KnownFlow, ModelledFlow
from benchmarks.travelling.models import FOLDER, model_flow, start_file
from benchmarks.travelling.targets import BOUNDS, training_flow
from solvers import RANS, FlowToLearn, LearningConfig, fit_through_solver
from vcnn import (
    Closure,
    ClosureLike,
    FlowField,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.closure import TURBULENCE_INPUTS, BaselineCorrection, MirroredSection, over_model
from vcnn.closure.turbulence_units import TURBULENCE

REGION = RegionOfInfluence.ball(1.0, spacing=0.15, smooth=0.0)
UNITS = {"length": "height of the obstacle, half that of the duct", "velocity": TURBULENCE}
STRESSES = TrainingConfig(epochs=20, centres=2500)
THROUGH_SOLVER = LearningConfig(
    epochs=1,
    flows_per_step=4,
    learning_rate=1e-4,
    prior=5e-3,
    tolerance=1e-3,
    adjoint_steps=2,
    tangent_passes=8,
)

HILLS = hill_names("train")
DUCTS = [f"AR_{ratio}_Ret_180" for ratio in RATIOS if ratio != VALIDATION]
CHANNELS = [f"channel_{number}" for number in CHANNELS_SOLVED]
VALIDATION_HILLS = hill_names("validation")
VALIDATION_DUCTS = [f"AR_{VALIDATION}_Ret_180"]
WIDE_DUCTS = [f"wide_duct_{number}" for number in CHANNELS_SOLVED]


@dataclass(frozen=True)
class Step:
    """What is learned through the solver, from what a correction has come to before.

    Parameters
    ----------
    validation : sequence of str
        Flows that choose among epochs.
    config : LearningConfig
    """

    validation: Sequence[str]
    config: LearningConfig = THROUGH_SOLVER


@dataclass(frozen=True)
class Training:
    """What a correction learns from, and how.

    Parameters
    ----------
    flows : sequence of str
        To learn from.
    steps : sequence of Step
        Through the solver, one after the other.
    stresses : TrainingConfig
        For what comes before them.
    members : int
        That go on from the last step (`benchmarks.travelling.members`); the mean of their weights
        is what it comes to.
    """

    flows: Sequence[str]
    steps: Sequence[Step]
    stresses: TrainingConfig = STRESSES
    members: int = 0


# With few flows an epoch has few steps.
MORE_EPOCHS = replace(STRESSES, epochs=60)
MORE_PASSES = replace(THROUGH_SOLVER, epochs=2, flows_per_step=2, tangent_passes=16)
AGAIN = replace(THROUGH_SOLVER, epochs=2, tangent_passes=6)
# The tangent models of channels say too little of their friction.
LAST = replace(THROUGH_SOLVER, epochs=2, tangent_passes=3, always_solved=CHANNELS)
TRAININGS = {
    "hills": Training(HILLS, [Step(VALIDATION_HILLS)]),
    "ducts": Training(DUCTS, [Step(VALIDATION_DUCTS, MORE_PASSES)], MORE_EPOCHS),
    "all": Training(
        [*HILLS, *DUCTS, *CHANNELS],
        [
            Step([*VALIDATION_HILLS, *VALIDATION_DUCTS]),
            Step([*VALIDATION_HILLS, *VALIDATION_DUCTS], AGAIN),
            Step([*VALIDATION_HILLS, *VALIDATION_DUCTS, *WIDE_DUCTS], LAST),
        ],
        members=4,
    ),
    "all but hills": Training(
        [*DUCTS, *CHANNELS], [Step(VALIDATION_DUCTS, MORE_PASSES)], MORE_EPOCHS
    ),
    "all but ducts": Training([*HILLS, *CHANNELS], [Step(VALIDATION_HILLS)]),
    "all but channels": Training([*HILLS, *DUCTS], [Step([*VALIDATION_HILLS, *VALIDATION_DUCTS])]),
}


def over_flow(flow: ModelledFlow, folder: Path) -> Callable[[ClosureLike], BaselineCorrection]:
    """What makes a closure for the solver of one for all flows, over the flow's model.

    Used where that is like those of training.
    """
    quarter = {"duct": MirroredSection, "wide duct": WithoutEnds}.get(flow.family)
    return partial(_over, quarter=quarter, model=model_flow(flow, folder))


def _over(closure: ClosureLike, model: FlowField, quarter: Callable | None) -> BaselineCorrection:
    whole = closure if quarter is None else quarter(closure)
    return over_model(whole, model, trusted=True)


class WithoutEnds(MirroredSection):
    """A quarter of a duct with its mirror images, which go on for ever to both sides."""

    def prepare(self, flow: FlowField) -> FlowField:
        """As `MirroredSection`, periodic across the flow and along the walls."""
        return replace(super().prepare(flow), periods=((0.0, 0.0, 2 * WIDTH),))


def flow_to_learn(flow: KnownFlow, folder: Path) -> FlowToLearn:
    """A flow with its velocity and friction to meet, from the model's solution."""
    adapt = over_flow(flow, folder)
    problem = RANS.from_problem(flow.model, closure=None, location="vertex")
    return FlowToLearn(flow.name, problem, flow.observations, start_file(flow.name, folder), adapt)


def learn_stresses(
    names: Sequence[str], folder: Path, run_directory: Path, config: TrainingConfig
) -> Closure:
    """β and a/k of known stresses."""
    flows = []
    for name in names:
        flow = FLOWS[name]()
        flows.append(training_flow(flow, model_flow(flow, folder)))
    network = VectorCloudNetwork(
        TURBULENCE_INPUTS,
        output=["positive_scalar", "traceless_symmetric_tensor"],
        galilean=True,
        fits=0,
        seed=config.seed,
    )
    closure = fit(
        network,
        flows,
        ["correction", "relative_anisotropy"],
        REGION,
        config,
        importance="importance",
        run_directory=run_directory,
        units=UNITS,
        provenance={"flows": list(names)},
    )
    return replace(
        closure, usage={"baseline": "eddy viscosity of k-omega SST", "bounds": list(BOUNDS)}
    )


def run_folders(folder: Path, name: str, seed: int = 0) -> list[Path]:
    """Where what one of `TRAININGS` has come to is kept: from stresses, and with each step.

    Each receives a ``model.safetensors``.
    """
    place = folder / "learned" / f"{name.replace(' ', '_')}_{seed}"
    numbers = range(2, 1 + len(TRAININGS[name].steps))
    names = ["stresses", "through_solver", *(f"through_solver_{number}" for number in numbers)]
    return [place / each for each in names]


def learn(name: str, folder: Path, seed: int = 0, processes: int = 2) -> list[Closure]:
    """What one of `TRAININGS` comes to with each step through the solver."""
    training = TRAININGS[name]
    first, *directories = run_folders(folder, name, seed)
    config = replace(training.stresses, seed=seed)
    closures = [learn_stresses(training.flows, folder, first, config)]
    for step, directory in zip(training.steps, directories, strict=True):
        closures.append(
            learn_step(closures[-1], training.flows, step, folder, directory, seed, processes)
        )
    return closures[1:]


def learn_step(
    prior: Closure,
    names: Sequence[str],
    step: Step,
    folder: Path,
    run_directory: Path,
    seed: int = 0,
    processes: int = 2,
) -> Closure:
    """What a correction comes to with one step through the solver."""
    flows, validation = (
        [flow_to_learn(FLOWS[each](), folder) for each in wanted]
        for wanted in (names, step.validation)
    )
    return fit_through_solver(
        prior,
        flows,
        replace(step.config, seed=seed),
        validation=validation,
        run_directory=run_directory,
        processes=processes,
    )


def main():
    command = parser(__doc__)
    command.add_argument(
        "name", metavar="NAME", nargs="?", choices=list(TRAININGS), default="hills"
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.travelling.learning")
    print(learn(options.name, options.output, options.seed, options.processes)[-1])


if __name__ == "__main__":
    run(main)
