"""What corrections come to in the end: the mean of members that go on from it, with half the flows.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.members [-o build/travelling]

Each member of `all` goes on from its last step with one more, whose rate falls from large to 0
(snapshots of Huang et al., ICLR 2017): with a random half of the hills and ducts of training
(bagging: Breiman, Mach. Learn. 24, 1996) and all channels, as plane flows and as ducts, which are
solved in every pass. The mean of their weights (Izmailov et al., UAI 2018) is one closure, and they
themselves are an ensemble. Six minutes of two cores each; what was learned is kept in the folder
-o.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.common.command import parser, run
from benchmarks.data.catalogue import require
from benchmarks.travelling.learning import (
    CHANNELS,
    DUCTS,
    HILLS,
    LAST,
    TRAININGS,
    WIDE_DUCTS,
    Step,
    learn,
    learn_step,
    run_folders,
)
from benchmarks.travelling.models import FOLDER
from vcnn import Closure

SMALL = [*CHANNELS, *WIDE_DUCTS]
MEMBER = Step([], replace(LAST, epochs=1, always_solved=SMALL))  # no validation: the last weights


def flows_of_member(number: int) -> list[str]:
    """The flows that a member, from 1 on, learns from."""
    rng = np.random.default_rng([number, 11])
    halves = [rng.permutation(names)[: (len(names) + 1) // 2] for names in (HILLS, DUCTS)]
    return [*map(str, np.concatenate(halves)), *SMALL]


def member_folders(folder: Path, name: str) -> list[Path]:
    """Where the members of one of `TRAININGS` are kept, each as ``model.safetensors``."""
    last = run_folders(folder, name)[-1]
    return [last.with_name(f"member_{k}") for k in range(1, 1 + TRAININGS[name].members)]


def read_members(folder: Path, name: str = "all") -> list[Closure]:
    """The members of one of `TRAININGS` that are kept."""
    files = [directory / "model.safetensors" for directory in member_folders(folder, name)]
    return [Closure.load(file) for file in files if file.is_file()]


def learn_members(prior: Closure, name: str, folder: Path, processes: int = 2) -> list[Closure]:
    """The members of one of `TRAININGS`, from what its last step has come to."""
    return [
        learn_step(prior, flows_of_member(number), MEMBER, folder, directory, number, processes)
        for number, directory in enumerate(member_folders(folder, name), start=1)
    ]


def mean_of_weights(members: Sequence[Closure]) -> Closure:
    """One closure with the mean of the weights of several that went on from one."""
    network = copy.deepcopy(members[0].network)
    states = [member.network.state_dict() for member in members]
    means = {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(value.dtype)
        for name, value in states[0].items()
    }
    network.load_state_dict(means)
    seconds = sum(member.provenance["learning"]["seconds"] for member in members)
    story = {**members[0].provenance, "learning": {"seconds": seconds, "members": len(members)}}
    return replace(members[0], network=network, provenance=story)


def final_file(folder: Path, name: str) -> Path:
    """Where what one of `TRAININGS` has come to is kept."""
    last = run_folders(folder, name)[-1]
    if TRAININGS[name].members:
        return last.with_name("mean_of_members.safetensors")
    return last / "model.safetensors"


def learn_all(name: str, folder: Path, processes: int = 2) -> list[Closure]:
    """What each step of one of `TRAININGS` comes to, the mean of members last, if it has any."""
    closures = learn(name, folder, processes=processes)
    if TRAININGS[name].members:
        closures.append(mean_of_weights(learn_members(closures[-1], name, folder, processes)))
        closures[-1].save(final_file(folder, name))
    return closures


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.travelling.members")
    print(learn_all("all", options.output, options.processes)[-1])


if __name__ == "__main__":
    run(main)
