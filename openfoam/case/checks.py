"""Whether a closure can be asked in a case, and what its user should know."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshes.readers.openfoam.content import is_there
from openfoam.case.state import CaseState
from vcnn.closure.closure import Closure
from vcnn.closure.requirements import TURBULENT_STRESS, Requirement
from vcnn.errors import InputError, naming
from vcnn.flow.quantities import find_quantity

STRESS_MODEL, CORRECTED_MODEL, BASELINE = "vcnn", "vcnnKOmegaSST", "kOmegaSST"

_STRESS = replace(TURBULENT_STRESS, problem=f"OpenFOAM's {STRESS_MODEL}")
_CORRECTION = Requirement(
    f"OpenFOAM's {CORRECTED_MODEL}", (("correction",), ("correction", "anisotropy"))
)
_OF_FLOW = ("boundary", "strain_rate", "velocity_gradient", "wall_distance")
_OF_BASELINE = ("eddy_viscosity", "specific_dissipation", "turbulent_kinetic_energy")
_RESOLVED = "nutLowReWallFunction"  # which is 0, as at walls that are resolved


@dataclass(frozen=True)
class ModelChoice:
    """Which of the library's models asks a closure, and what to say of the case.

    Parameters
    ----------
    name : str
        `STRESS_MODEL`, or `CORRECTED_MODEL` for closures that correct k-ω SST.
    notes : tuple of str
        A sentence each.
    """

    name: str
    notes: tuple[str, ...]


def choose_model(state: CaseState, closure: Closure, length: float, velocity: float) -> ModelChoice:
    """The model that a closure is asked by in a case.

    Parameters
    ----------
    state : CaseState
    closure : Closure
    length, velocity : float
        What its units of length and velocity measure in those of the case.

    Raises
    ------
    InputError
        If it predicts something else than a stress or a correction, sees what the case does not
        have, or was trained on flows of another dimension or far smaller ones.
    """
    rows = [find_quantity(name) for name in closure.targets]
    is_corrected = any(row is not None and row.name == "correction" for row in rows)
    with naming("closure"):
        (_CORRECTION if is_corrected else _STRESS).quantities(closure.targets)
        _check_needs(state, closure, is_corrected)
        if closure.dimension != state.dimension:
            raise InputError(
                f"was trained on {closure.dimension}-D flows, the case is {state.dimension}-D "
                f"({'with' if state.dimension == 2 else 'without'} empty patches)"
            )
    with naming("--length, --velocity"):
        reach = closure.in_units(length, velocity).reach
    _check_fields(state, is_corrected)
    notes = [*_wall_functions(state), *_size(state, reach)]
    return ModelChoice(CORRECTED_MODEL if is_corrected else STRESS_MODEL, tuple(notes))


def _check_needs(state, closure, is_corrected) -> None:
    fields = [name for name in _OF_FLOW if state.has_walls or name != "wall_distance"]
    fields += ["layer"] * ("layer" in closure.usage)
    fields += _OF_BASELINE * is_corrected
    rows = {name: find_quantity(name) for name in closure.needs}
    missing = [name for name, row in rows.items() if row is None or row.name not in fields]
    if missing:
        raise InputError(f"needs {', '.join(missing)}; a case that runs has: {', '.join(fields)}")


def _check_fields(state, is_corrected) -> None:
    """Those that OpenFOAM's own classes read when they are made."""
    if is_there(state.case / "constant/thermophysicalProperties"):
        raise InputError(
            f"{state.case}: it has constant/thermophysicalProperties; closures are for "
            "incompressible flow"
        )
    for name in ("U", "nut", *(("k", "omega") if is_corrected else ())):
        if not state.has_field(name):
            raise InputError(f"{state.case}: {state.path_of(name)} is missing")


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


def _size(state, reach) -> list[str]:
    if 2 * reach <= state.size:
        return []
    return [
        f"clouds of radius {reach:.3g} are wider than the case, {state.size:.3g}: are --length and "
        "--velocity what the closure's units measure in those of the case?"
    ]
