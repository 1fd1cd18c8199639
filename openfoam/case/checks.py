"""Whether a closure can be asked in a case, and what its user should know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meshes.readers.openfoam.content import is_there
from openfoam.case.state import CaseState
from openfoam.models import CORRECTED_MODEL, STRESS_MODEL
from openfoam.worker.forms import MODEL_VELOCITY
from openfoam.worker.placed import PlacedClosure, place_closure
from openfoam.worker.units import Units
from vcnn.closure.protocol import ClosureLike, StatesClouds
from vcnn.errors import InputError, naming

_RESOLVED = "nutLowReWallFunction"  # which is 0, as at walls that are resolved


@dataclass(frozen=True)
class ModelChoice:
    """Which of the library's models asks a closure, and what to say of the case.

    Parameters
    ----------
    name : str
        `openfoam.models.STRESS_MODEL`, or `CORRECTED_MODEL` for closures that correct k-ω SST.
    notes : tuple of str
        A sentence each.
    """

    name: str
    notes: tuple[str, ...]


def choose_model(
    state: CaseState, closure: ClosureLike, length: float, velocity: float
) -> ModelChoice:
    """The model that a closure is asked by in a case, which is looked at as its worker will.

    Parameters
    ----------
    state : CaseState
    closure : ClosureLike
    length, velocity : float
        What its units of length and velocity measure in those of the case.

    Raises
    ------
    InputError
        If it predicts something else than a stress or a correction, sees what the case does not
        have, or was trained on flows of another dimension or far smaller ones; or if the case is
        compressible or lacks a field.
    """
    if is_there(state.case / "constant/thermophysicalProperties"):
        raise InputError(
            f"{state.case}: it has constant/thermophysicalProperties; closures are for "
            "incompressible flow"
        )
    with naming("--length, --velocity"):
        units = Units(length, velocity)
    placed = place_closure(closure, state.case, units)
    form = placed.form
    own = ("nutSST", MODEL_VELOCITY)  # what the model itself makes of the case's fields
    sent = [name for name in form.fields if name not in own]
    needed = ["U", "nut", *(("k", "omega") if form.corrects else ()), *sent]
    missing = next((name for name in needed if not state.has_field(name)), None)
    if missing is not None:
        raise InputError(f"{state.case}: {state.path_of(missing)} is missing")
    name = CORRECTED_MODEL if form.corrects else STRESS_MODEL
    return ModelChoice(name, (*_wall_functions(state), *_width(placed)))


def _wall_functions(state) -> list[str]:
    types = {
        patch: kind
        for patch, kind in state.conditions("nut").items()
        if kind.endswith("WallFunction") and kind != _RESOLVED
    }
    if not types:
        return []
    return [
        f"{state.path_of('nut')}: {', '.join(types)}: {', '.join(sorted(set(types.values())))}; "
        "closures resolve walls, there nut should be fixedValue uniform 0"
    ]


def _width(placed: PlacedClosure) -> list[str]:
    """Whether clouds see the whole case from everywhere, which tells of other units."""
    reach = placed.closure.reach if isinstance(placed.closure, StatesClouds) else None
    extent = float(np.ptp(placed.geometry.at_rest.mesh.points, axis=0).max())
    if reach is None or 2 * reach <= extent:
        return []
    return [
        f"clouds of radius {reach:.3g} are wider than the case, {extent:.3g} in the closure's "
        "units: are --length and --velocity what these measure in those of the case?"
    ]
