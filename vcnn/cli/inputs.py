"""Reading what a command is given, so that every complaint names the file."""

from __future__ import annotations

from pathlib import Path

from vcnn.errors import naming


def read_flow(path: Path):
    """The FlowField in a ``.vtu`` file of this package."""
    from vcnn.flow import FlowField

    with naming(path):
        return FlowField.load(path)


def read_model(path: Path):
    """The Closure in a ``.safetensors`` file of this package."""
    from vcnn.closure import Closure

    with naming(path):
        return Closure.load(path)
