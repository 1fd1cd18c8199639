"""Whether a trained closure can be asked while a flow is being solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vcnn.cli.inputs import fields_of
from vcnn.errors import InputError

if TYPE_CHECKING:  # torch is slow to import
    from solvers.studies.case import Case
    from vcnn.closure.closure import Closure

_SOLVED = (
    "pressure",
    "strain_rate",
    "boundary",
    "velocity_gradient",
    "wall_distance",
)  # the last one with walls
_WIDE = (
    10  # of the mesh: clouds as large are a matter of units, and with periods hardly to be computed
)
_VISCOSITIES = ("eddy_viscosity", "nut", "nu_t")
_SCALARS = ("scalar", "positive_scalar")
_SYMMETRIC = ("symmetric_tensor", "traceless_symmetric_tensor")


def closure_for(model: Closure, case: Case) -> Closure:
    """The model in the units of a case.

    Raises
    ------
    InputError
        If it does not predict a turbulent stress from what is known of the flow of the case, or its
        units are others.
    """
    (target, kind), *others = model.targets.items()
    alone = not others and (
        kind == "reynolds_stress" or (kind in _SCALARS and target.endswith(_VISCOSITIES))
    )
    both = set(model.targets) == {"eddy_viscosity", "anisotropy"} and (
        model.targets["eddy_viscosity"] in _SCALARS and model.targets["anisotropy"] in _SYMMETRIC
    )
    if not (alone or both):
        raise InputError(
            f"predicts {', '.join(model.targets)}; expected one Reynolds stress, one eddy viscosity (a scalar whose "
            f"name ends in {', '.join(_VISCOSITIES)}), or an eddy_viscosity and an anisotropy (a symmetric tensor)"
        )
    if model.dimension != case.mesh.points.shape[1]:
        raise InputError(
            f"was trained on {model.dimension}-D flows, the case is {case.mesh.points.shape[1]}-D"
        )
    known = _SOLVED if case.has_walls else _SOLVED[:-1]
    missing = [name for name in fields_of(model.network) if name not in known]
    if missing:
        raise InputError(
            f"needs {', '.join(missing)}; a flow that is being solved has: {', '.join(known)}"
        )
    if case.units is not None:
        model = model.in_units(**case.units)
    size, reach = (
        np.linalg.norm(np.ptp(case.mesh.points, axis=0)),
        model.region.lateral,
    )
    if reach > _WIDE * size:
        raise InputError(
            f"has clouds of radius {reach:.3g}, the mesh is {size:.3g} wide: see [units]"
        )
    return model
