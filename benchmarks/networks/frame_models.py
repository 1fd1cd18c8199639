"""What the study of rotated frames compares: architectures, their settings, their training."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from benchmarks.networks.published_transport import REGION, SCALARS, UNITS, flow_of
from solvers import bump_concentration
from vcnn import FlowField, TrainingConfig, VectorCloudNetwork, Zhou2022, fit
from vcnn.baselines import (
    EGNN,
    AttentionNetwork,
    CanonicalNetwork,
    DeepSets,
    E3nnNetwork,
    GraphKernelNetwork,
    InvariantGraphKernelNetwork,
)
from vcnn.files import write_text
from vcnn.network import PairEmbeddingNetwork

TARGET = "concentration"
HILLS = (1.0, 1.25, 1.5, 1.75, 2.0)  # slopes
BUMPS = ((0.4, 2, 20), (0.6, 1.5, 70), (0.8, 1.25, -40))  # height, aspect, yaw
CENTRES = 2500  # of each hill
ROTATED = {"augmentation": "rotations"}
FITTING = {"fitting": (76, 76)}
SMALL = {"embedding": 26, "retained": 4, "fitting": (72, 72)}
# Settings that serve each family best, about 40,000 parameters each, and epochs that take about two
# minutes of a core; parts of 25 points where cost is quadratic, as published, and 50 elsewhere.
# e3nn, which is slow, has half the parameters; the epochs of graph networks are those that took two
# minutes with layers of our own, now it is six.
POINTWISE = {"max_points": 50}
GRAPH = {"max_points": 25, "batch_size": 16, "learning_rate": 5e-3}
ATTENTION = {"max_points": 50, "batch_size": 32, "learning_rate": 5e-3}
MODELS = {  # name -> network of a dimension, epochs, further settings
    "vector-cloud": (lambda d: VectorCloudNetwork(SCALARS, **FITTING), 120, POINTWISE),
    "pair embedding": (lambda d: PairEmbeddingNetwork(SCALARS, **SMALL), 120, POINTWISE),
    "VCNN as published": (lambda d: Zhou2022(), 170, POINTWISE),
    "invariant graph kernel": (lambda d: InvariantGraphKernelNetwork(SCALARS, d), 9, GRAPH),
    "EGNN": (lambda d: EGNN(SCALARS, d), 6, GRAPH),
    "e3nn": (lambda d: E3nnNetwork(SCALARS, d), 2, GRAPH),
    "graph kernel": (lambda d: GraphKernelNetwork(SCALARS, d), 9, GRAPH),
    "Deep Sets": (lambda d: DeepSets(SCALARS, d), 110, POINTWISE),
    "attention": (lambda d: AttentionNetwork(SCALARS, d), 20, ATTENTION),
    "graph kernel, augmented": (lambda d: GraphKernelNetwork(SCALARS, d), 9, GRAPH | ROTATED),
    "Deep Sets, augmented": (lambda d: DeepSets(SCALARS, d), 110, POINTWISE | ROTATED),
    "attention, augmented": (lambda d: AttentionNetwork(SCALARS, d), 20, ATTENTION | ROTATED),
    "Deep Sets, canonical": (lambda d: CanonicalNetwork(SCALARS, d), 110, POINTWISE),
    "VCNN, as often as graph": (lambda d: Zhou2022(), 9, GRAPH),
}
SPATIAL = ("vector-cloud", "graph kernel", "Deep Sets", "Deep Sets, augmented")
SIZES = {
    1: (1.5,),
    2: (1.0, 2.0),
    4: (1.0, 1.35, 1.65, 2.0),
    8: (1.0, 1.15, 1.3, 1.4, 1.55, 1.7, 1.85, 2.0),
    16: (1.0, 1.05, 1.1, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5, 1.55, 1.6, 1.7, 1.75, 1.85, 1.9, 2.0),
}
FAMILIES = ("vector-cloud", "Deep Sets, augmented", "Deep Sets")
VISITS = 100_000  # of clouds, for every model of the comparison of sizes


def bump_of(bump: tuple, folder: Path, cells: tuple[int, int, int] = (16, 10, 12)) -> FlowField:
    """The flow over a bump, solved or read back."""
    size = "x".join(map(str, cells))
    path = folder / f"bump_{'_'.join(f'{x:g}' for x in bump)}_{size}.vtu"
    if not path.exists():
        bump_concentration(*bump, cells).save(path)
    return FlowField.load(path)


def flow(case: float | tuple, folder: Path) -> FlowField:
    """The flow over a hill (its slope) or a bump."""
    return bump_of(case, folder) if isinstance(case, tuple) else flow_of(case, folder)


def model_path(folder: Path, group: str, model: str) -> Path:
    """Where a trained model is kept."""
    return folder / group / model.lower().replace(",", "").replace(" ", "_") / "model.safetensors"


def training_seconds(path: Path) -> float:
    """Processor time that training a kept model took."""
    return json.loads(_cost(path).read_text(encoding="utf-8"))["seconds"]


def _cost(path: Path) -> Path:
    return path.with_name("cost.json")


def _epochs(path: Path) -> int:
    """How many are kept of a model, which need not be trained to the end."""
    history = path.with_name("history.json")
    return len(json.loads(history.read_text(encoding="utf-8"))) if history.exists() else 0


def train(folder: Path, group: str, model: str, cases: Sequence, settings: dict) -> Path:
    """Train one model on one thread, unless it is kept already."""
    torch.set_num_threads(1)
    path = model_path(folder, group, model)
    make, _, options = MODELS[model]
    if _cost(path).exists():
        return path
    flows = [flow(case, folder / "flows") for case in cases]
    config = {**settings, **options}
    kept, begin = _epochs(path), time.process_time()
    closure = fit(
        make(flows[0].dimension),
        flows,
        TARGET,
        REGION,
        TrainingConfig(**config),
        run_directory=path.parent,
        units=UNITS,
        provenance={
            "command": "benchmarks.networks.frame_rotation",
            "cases": list(cases),
            **config,
        },
        progress=False,
    )
    share = 1 - kept / _epochs(path)  # of the epochs, in this process
    spent = time.process_time() - begin
    seconds = spent / share if share else closure.provenance["training_seconds"]
    write_text(_cost(path), json.dumps({"seconds": seconds}))
    return path


def jobs() -> Iterator[tuple]:
    """(group, model, cases, settings) of everything that is to be trained."""
    for model, (_, epochs, _) in MODELS.items():
        settings = {"epochs": epochs, "centres": CENTRES}
        yield "hills", model, HILLS, settings
        if model in SPATIAL:
            yield "bumps", model, BUMPS, settings
    for model in FAMILIES:
        for size, slopes in SIZES.items():
            centres = min(6000, 16_000 // size)
            settings = {"epochs": VISITS // (size * centres), "centres": centres}
            yield f"hills_{size}", model, slopes, settings
