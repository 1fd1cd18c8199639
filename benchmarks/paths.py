"""Where studies find reference data and leave their results."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PRETRAINED = ROOT / "vcnn" / "pretrained"
DATA = ROOT.parent / "shared" / "data"
HILLS = DATA / "closure_challenge" / "train"
TESTS = DATA / "closure_challenge" / "test_inputs"
