"""The network of docs/how-to/own-network.md, as a user would copy it from there."""

import re
from pathlib import Path

import numpy as np

from tests.support.mpi import ROOT
from tests.support.synthetic import random_flow

NAME = "eddy_viscosity"
PAGE = ROOT / "docs" / "how-to" / "own-network.md"


def code_blocks(language: str) -> list[str]:
    """The blocks of the page in that language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def write_network(folder: Path) -> Path:
    """The page's module as a file of its name."""
    path = folder / "cloud_means.py"
    path.write_text(code_blocks("python")[0], encoding="utf-8")
    return path


def viscous(seed, n=150):
    """A flow with an eddy viscosity that follows from the distance to a wall and the speed."""
    flow = random_flow(2, n, seed=seed)
    speed = np.linalg.norm(flow.velocity, axis=1)
    return flow.with_fields(scalars={NAME: 0.01 * speed * (0.2 + flow.scalars["wall_distance"])})
