"""Where studies find reference data and leave their results."""

from __future__ import annotations

import os
from pathlib import Path

from vcnn import InputError

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PRETRAINED = ROOT / "vcnn" / "pretrained"
VARIABLE = "VCNN_DATA"


def data_folder() -> Path:
    """The folder of reference data: what `VARIABLE` says, or ``../shared/data``."""
    return Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "data")


def existing(path: Path) -> Path:
    """The path of reference data.

    Raises
    ------
    InputError
        If it does not exist.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; 'python -m benchmarks.data' says where it is from")
    return path
