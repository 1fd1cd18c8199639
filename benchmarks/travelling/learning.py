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


@dataclass(frozen=True)
class Training:
    """What a correction learns from, and how.

    Parameters
    ----------
    flows : sequence of str
        To learn from.
    validation : sequence of str
        That choose among epochs.
    stresses : TrainingConfig
        For the first step.
    through_solver : LearningConfig
        For the second.
    """

    flows: Sequence[str]
    validation: Sequence[str]
    stresses: TrainingConfig = STRESSES
    through_solver: LearningConfig = THROUGH_SOLVER


# With few flows an epoch has few steps.
FEW = {
    "stresses": replace(STRESSES, epochs=60),
    "through_solver": replace(THROUGH_SOLVER, epochs=2, flows_per_step=2, tangent_passes=16),
}
TRAININGS = {
    "hills": Training(HILLS, VALIDATION_HILLS),
    "ducts": Training(DUCTS, VALIDATION_DUCTS, **FEW),
    "all": Training([*HILLS, *DUCTS, *CHANNELS], [*VALIDATION_HILLS, *VALIDATION_DUCTS]),
    "all but hills": Training([*DUCTS, *CHANNELS], VALIDATION_DUCTS, **FEW),
    "all but ducts": Training([*HILLS, *CHANNELS], VALIDATION_HILLS),
    "all but channels": Training([*HILLS, *DUCTS], [*VALIDATION_HILLS, *VALIDATION_DUCTS]),
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


def through_solver(folder: Path, name: str, seed: int = 0) -> Path:
    """The file of what one of `TRAININGS` has come to."""
    place = f"{name.replace(' ', '_')}_{seed}"
    return folder / "learned" / place / "through_solver" / "model.safetensors"


def learn(name: str, folder: Path, seed: int = 0, processes: int = 2) -> Closure:
    """One of `TRAININGS`."""
    training = TRAININGS[name]
    directory = through_solver(folder, name, seed).parent
    prior = learn_stresses(
        training.flows,
        folder,
        directory.with_name("stresses"),
        replace(training.stresses, seed=seed),
    )
    return fit_through_solver(
        prior,
        [flow_to_learn(FLOWS[each](), folder) for each in training.flows],
        replace(training.through_solver, seed=seed),
        validation=[flow_to_learn(FLOWS[each](), folder) for each in training.validation],
        run_directory=directory,
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
    print(learn(options.name, options.output, options.seed, options.processes))


if __name__ == "__main__":
    run(main)
