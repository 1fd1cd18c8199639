"""Where studies find reference data and leave their results."""

from __future__ import annotations

from pathlib import Path

from vcnn import InputError

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PRETRAINED = ROOT / "vcnn" / "pretrained"
DATA = ROOT.parent / "shared" / "data"
HILLS = DATA / "closure_challenge" / "train"
TESTS = DATA / "closure_challenge" / "test_inputs"


def existing(path: Path) -> Path:
    """The path of reference data.

    Raises
    ------
    InputError
        If it does not exist.
    """
    if not path.exists():
        raise InputError(f"{path}: no such reference data; expected it beside the repository")
    return path
