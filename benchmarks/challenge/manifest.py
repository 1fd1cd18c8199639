"""What a submission to the Closure Challenge rests on: data, weights, splits, what was opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from benchmarks.challenge.evaluated import CHOSEN, LEARNABLE, TESTS, input_file
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import PRETRAINED, ROOT, data_folder
from benchmarks.data.catalogue import CHANNELS, DUCTS, HILLS, SEPARATIONS
from benchmarks.travelling.card import SHIPPED
from benchmarks.travelling.learning import TRAININGS
from benchmarks.travelling.page import step_labels
from benchmarks.travelling.study import MEASURED
from vcnn import Closure

_SST = "velocities compared with SST's in a test"
_OPENED = (  # by what, which flows (all without names), why
    (
        "benchmarks.challenge.submission",
        (),
        "solved with frozen closures; ducts before with duct-stress, and AR_1_Ret_360 with "
        "sst-correction, until validation chose another; NASA_2DWMH with our k-omega SST, which "
        "does not settle there",
    ),
    (
        "benchmarks.challenge.study",
        (),
        "an earlier submission, of a closure for each family; the form of duct-stress was chosen "
        "among four by how its flow in AR_1_Ret_360 looked, without a truth",
    ),
    (
        "benchmarks.challenge.settling",
        ("AR_1_Ret_360", "NASA_2DWMH"),
        "how rounds of that earlier submission settle; nothing chosen",
    ),
    (
        "benchmarks.verification.openings",
        ("NASA_2DWMH", "CBFS13700"),
        "our equations with SST's eddy viscosity beside SST's velocity",
    ),
    ("tests/test_challenge.py", (), _SST),
    ("tests/solvers/test_openings.py", ("NASA_2DWMH", "CBFS13700"), _SST),
)


def manifest(rows: Mapping[str, dict]) -> dict:
    """For JSON, of the runs of test flows by their names."""
    names = list(dict.fromkeys(CHOSEN.values()))
    stories = [Closure.pretrained(name).provenance for name in names]
    learned = [
        data.file(name) for data in (HILLS, DUCTS, SEPARATIONS, CHANNELS) for name in data.originals
    ]
    return {
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.challenge.submission",
        "scorer": {
            "package": "closure_challenge",
            "version": "0.3.1",
            "ran here": False,
        },
        "software": {name: version(name) for name in ("vcnn", "torch", "numpy", "fenics-ufl")},
        "weights": _hashes([PRETRAINED / f"{name}.safetensors" for name in names], ROOT),
        "data": _hashes([*learned, *map(input_file, TESTS)], data_folder()),
        "splits": {
            "training": list(dict.fromkeys(flow for story in stories for flow in story["flows"])),
            "validation": [*TRAININGS["all"].steps[-1].validation, *LEARNABLE],
            "test": [name for name in TESTS if name not in LEARNABLE],
        },
        "test flows opened": [
            {"by": by, "flows": list(flows or TESTS), "why": why} for by, flows, why in _OPENED
        ],
        "cost": {
            "hours of one or two cores learning through the solver": sum(map(_learning, names))
            / 3600,
            "hours of one core learning stresses": sum(
                story["training_seconds"] for story in stories
            )
            / 3600,
            "hours of one core solving test flows": sum(row["seconds"] for row in rows.values())
            / 3600,
        },
    }


def _learning(name: str) -> float:
    """Seconds of all steps of a shipped correction through the solver."""
    steps = Measurements(MEASURED).rows["learning"]
    return sum(steps[label]["seconds"] for label in step_labels(SHIPPED[name].training))


def _hashes(files: list[Path], folder: Path) -> dict[str, str]:
    """SHA-256 by name."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }
