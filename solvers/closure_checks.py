"""Whether a trained closure can be asked while a flow is being solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcnn.cli.inputs import fields_of
from vcnn.errors import InputError

if TYPE_CHECKING:   # torch is slow to import
    from solvers.case import Case
    from vcnn.closure import Closure

_SOLVED = ("pressure", "strain_rate", "boundary", "wall_distance")   # scalars of a flow, the last one if it has walls
_VISCOSITIES = ("eddy_viscosity", "nut", "nu_t")


def check_closure(model: Closure, case: Case) -> None:
    """Refuse a model that does not predict a turbulent stress from what is known of the flow of a case.

    Raises
    ------
    InputError
    """
    target, kind = next(iter(model.targets.items()))
    viscosity = kind in ("scalar", "positive_scalar") and target.endswith(_VISCOSITIES)
    if len(model.targets) > 1 or not (viscosity or kind == "reynolds_stress"):
        raise InputError(
            f"predicts {', '.join(model.targets)}; expected one Reynolds stress, or one eddy viscosity: a scalar "
            f"whose name ends in {', '.join(_VISCOSITIES)}"
        )
    if model.dimension != case.mesh.points.shape[1]:
        raise InputError(f"was trained on {model.dimension}-D flows, the case is {case.mesh.points.shape[1]}-D")
    known = _SOLVED if case.has_walls else _SOLVED[:-1]
    missing = [name for name in fields_of(model.network) if name not in known]
    if missing:
        raise InputError(f"needs {', '.join(missing)}; a flow that is being solved has: {', '.join(known)}")
