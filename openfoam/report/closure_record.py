"""Which closure a case asks, and what it says of the flow that came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import numbers, word
from vcnn.errors import naming
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import find_quantity

if TYPE_CHECKING:  # torch is slow to import
    from vcnn.closure.closure import Closure

_MODELS = ("vcnn", "vcnnKOmegaSST")


@dataclass(frozen=True)
class Turbulence:
    """What a case says of its turbulence.

    Parameters
    ----------
    name : str
        Of its closure, else of its model, or "laminar".
    model : str
        Name or file of the closure; "" without one.
    length, velocity : float
        The closure's units in those of the case.
    """

    name: str
    model: str = ""
    length: float = 1.0
    velocity: float = 1.0


def read_turbulence(case: Path) -> Turbulence:
    """What ``constant/turbulenceProperties`` (or momentumTransport) says.

    Raises
    ------
    InputError
        If it cannot be read, or a unit is no number.
    """
    for file in ("turbulenceProperties", "momentumTransport"):
        path = case / "constant" / file
        if not is_there(path):
            continue
        entries = read_dictionary(path, case)
        section = entries.get(word(entries, "simulationType"))
        if not isinstance(section, dict):
            return Turbulence("laminar")
        model = next(
            (word(section, key) for key in ("RASModel", "model", "LESModel") if word(section, key)),
            "unknown",
        )
        settings = section.get(f"{model}Coeffs")
        if model not in _MODELS or not isinstance(settings, dict):
            return Turbulence(model)
        closure = word(settings, "model")
        with naming(path):
            units = {name: _number(settings, name) for name in ("length", "velocity")}
        return Turbulence(Path(closure).name, closure, **units)
    return Turbulence("an unknown model")


def read_closure(turbulence: Turbulence) -> Closure:
    """The closure in the units of the case.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be read.
    """
    from vcnn.closure.closure import Closure
    from vcnn.closure.file import pretrained_file, pretrained_names

    name = turbulence.model
    closure = Closure.load(pretrained_file(name) if name in pretrained_names() else Path(name))
    if (turbulence.length, turbulence.velocity) == (1.0, 1.0):
        return closure
    return closure.in_units(turbulence.length, turbulence.velocity)


def extrapolation(closure: Closure, flow: FlowField) -> np.ndarray | None:
    """(n,) distances of the clouds of a flow from those of training; None if these are not known.

    Raises
    ------
    InputError
        If the flow lacks what the closure needs.
    """
    if closure.training_range is None:
        return None
    return closure.extrapolation(flow.with_fields(scalars=_by_other_names(closure, flow)))


def _by_other_names(closure, flow) -> dict[str, np.ndarray]:
    """Scalars that the closure knows by another name than the flow: "nut" is its eddy viscosity."""
    present, renamed = {**flow.scalars, **flow.vectors, **flow.tensors}, {}
    for name in closure.needs:
        quantity = find_quantity(name)
        if name not in present and quantity is not None and quantity.name in flow.scalars:
            renamed[name] = flow.scalars[quantity.name]
    return renamed


def _number(settings: Mapping, name: str) -> float:
    with naming(name):
        return float(numbers(settings[name], 1)[0]) if name in settings else 1.0
