"""Which closure a case asks, and what it says of the flow that came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import numbers, word
from openfoam.models import MODELS
from openfoam.worker.named_closure import read_closure
from openfoam.worker.placed import place_closure
from openfoam.worker.units import Units
from vcnn.closure.protocol import MeasuresExtrapolation
from vcnn.errors import InputError, naming


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
        if model not in MODELS or not isinstance(settings, dict):
            return Turbulence(model)
        closure = word(settings, "model")
        with naming(path):
            units = {name: _number(settings, name) for name in ("length", "velocity")}
        return Turbulence(Path(closure).name, closure, **units)
    return Turbulence("an unknown model")


def extrapolation(
    turbulence: Turbulence, case: Path, fields: Mapping[str, np.ndarray]
) -> np.ndarray | None:
    """(N,) distances of a flow's clouds from those of training; None of closures that know none.

    The closure is asked as the solver's worker asks it.

    Parameters
    ----------
    turbulence : Turbulence
    case : path
    fields : mapping OpenFOAM field -> (N, ...)
        In the cells of the case, by rising number.

    Raises
    ------
    InputError
        If there is no such closure, or the case lacks what it needs.
    """
    from vcnn.closure.closure import Closure

    closure = read_closure(turbulence.model, case)
    unknown = isinstance(closure, Closure) and closure.training_range is None
    if unknown or not isinstance(closure, MeasuresExtrapolation):
        return None
    units = Units(turbulence.length, turbulence.velocity)
    placed = place_closure(closure, case, units)
    missing = [name for name in placed.form.fields if name not in fields]
    if missing:
        raise InputError(f"the case has no field {', '.join(missing)}, which the closure needs")
    asked, _ = placed.over_model(fields)
    return placed.geometry.at_own_cells(asked.extrapolation(placed.flow(fields)))


def velocity_factor(case: Path) -> float:
    """What deviations of velocities among members are multiplied with, by a case's ensemble.

    1 if it asks no ensemble.

    Parameters
    ----------
    case : path

    Raises
    ------
    InputError
        If there is no such closure.
    """
    from vcnn.closure.ensemble import Ensemble

    turbulence = read_turbulence(case)
    closure = read_closure(turbulence.model, case) if turbulence.model else None
    return closure.factors.get("velocity", 1.0) if isinstance(closure, Ensemble) else 1.0


def _number(settings: Mapping, name: str) -> float:
    with naming(name):
        return float(numbers(settings[name], 1)[0]) if name in settings else 1.0
