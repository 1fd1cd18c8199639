"""Reading what a command is given, so that every complaint names the file."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from vcnn.errors import InputError


@contextmanager
def naming(file):
    """Any `InputError` inside gets the file's name in front."""
    try:
        yield
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(str(file)) else f"{file}: {message}") from None


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
