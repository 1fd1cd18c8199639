"""The k-ω SST flows that corrections are over, solved once and kept.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.models [FLOW...] [-o build/travelling]

Without names: all flows of `benchmarks.travelling.flows`, a minute each.
"""

from __future__ import annotations

import time
from pathlib import Path

from tqdm import tqdm

from benchmarks.common.command import parser, run
from benchmarks.data.catalogue import require
from benchmarks.travelling.flows import FLOWS, ModelledFlow
from vcnn import FlowField

FOLDER = Path("build/travelling")


def model_flow(flow: ModelledFlow, folder: Path) -> FlowField:
    """The flow of the model at the vertices, solved if it is not kept."""
    path, start = model_file(flow.name, folder), start_file(flow.name, folder)
    if not path.is_file():
        begin = time.process_time()
        result = flow.model.solve(start if start.is_file() else None)
        path.parent.mkdir(parents=True, exist_ok=True)
        result.checkpoint(start)
        solved = result.flow("vertex")
        seconds = time.process_time() - begin
        solved.with_fields(parameters={"seconds": seconds}).save(path)
    return FlowField.load(path)


def model_file(name: str, folder: Path) -> Path:
    """Where the flow of a model is kept, at its vertices."""
    return Path(folder) / "models" / f"{name}.vtu"


def start_file(name: str, folder: Path) -> Path:
    """Where a run with a closure begins: the model's solution."""
    return Path(folder) / "models" / f"{name}.npz"


def main():
    command = parser(__doc__)
    command.add_argument("flows", metavar="FLOW", nargs="*", help="names; default: all")
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.travelling.models")
    for name in tqdm(options.flows or list(FLOWS), unit="flow"):
        model_flow(FLOWS[name](), options.output)


if __name__ == "__main__":
    run(main)
