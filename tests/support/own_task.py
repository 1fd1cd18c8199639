"""The task of docs/how-to/own-task.md, energies and forces of a few atoms, with few weights."""

from pathlib import Path

import torch

from tests.support.pages import steps
from vcnn import TrainingConfig, fit

CONFIG = TrainingConfig(epochs=4, batch_size=5, learning_rate=1e-2, dtype="float64", seed=3)

(_definitions, _), (_example, _) = steps("how-to/own-task.md")
_names = {"__name__": __name__}
for _code in (_definitions, _example.partition("config =")[0]):
    exec(compile(_code, "own-task.md", "exec"), _names)

Frames, PairEnergy, EnergiesAndForces, morse = (
    _names[name] for name in ("Frames", "PairEnergy", "EnergiesAndForces", "morse")
)
FRAMES, UNSEEN = morse(0, frames=23), morse(1, frames=8)


def energies_and_forces(cls: type = EnergiesAndForces, frames: Frames = FRAMES, seed: int = 0):
    """The page's task, or one that derives from it."""
    return cls(PairEnergy(8, seed), frames, UNSEEN)


def train(task: EnergiesAndForces, directory: Path | None = None, config=CONFIG) -> torch.nn.Module:
    """The network of a task, trained."""
    return fit(task=task, config=config, run_directory=directory, progress=False)
