"""State in the files of shipped closures what a solver needs besides, as the study does today.

    python -m benchmarks.challenge.shipped_usage

Weights and all else stay what they are, and so do predictions, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.challenge import correction, duct_closure
from benchmarks.common.command import parser, run
from benchmarks.common.paths import PRETRAINED
from vcnn import Closure

USAGES = {"hill-correction": correction.USAGE, "duct-stress": duct_closure.USAGE}


def state_usage(name: str, usage: Mapping) -> None:
    """Write a shipped closure anew with this ``usage``."""
    path = PRETRAINED / f"{name}.safetensors"
    replace(Closure.load(path), usage=usage).save(path)


def main():
    parser(__doc__).parse_args()
    for name, usage in USAGES.items():
        state_usage(name, usage)
        print(f"{name}: {dict(usage)}")


if __name__ == "__main__":
    run(main)
