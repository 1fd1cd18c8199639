"""Whether a trained closure can be asked while a flow is being solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.coupling.ask import FORMS
from vcnn.cli.inputs import fields_of
from vcnn.errors import InputError
from vcnn.flow.quantities import QUANTITIES, fields_while_solving, find_quantity

if TYPE_CHECKING:  # torch is slow to import
    from solvers.studies.case import Case
    from vcnn.closure.closure import Closure

_WIDE = (
    10  # of the mesh: clouds as large are a matter of units, and with periods hardly to be computed
)


def closure_for(model: Closure, case: Case) -> Closure:
    """The model in the units of a case.

    Raises
    ------
    InputError
        If it does not predict a turbulent stress from what is known of the flow of the case, or its
        units are others.
    """
    rows = {find_quantity(target): head for target, head in model.targets.items()}
    fit = all(row is not None and head in row.heads for row, head in rows.items())
    names = {row.name for row in rows if row is not None}
    stress = [*model.targets.values()] == ["reynolds_stress"]
    if not stress and not (fit and names in map(set, FORMS)):
        raise InputError(
            f"predicts {', '.join(model.targets)}; expected one Reynolds stress, one eddy viscosity (a scalar whose "
            f"name ends in {', '.join(QUANTITIES['eddy_viscosity'].names)}), or an eddy_viscosity and an anisotropy "
            "(a symmetric tensor)"
        )
    if model.dimension != case.mesh.points.shape[1]:
        raise InputError(
            f"was trained on {model.dimension}-D flows, the case is {case.mesh.points.shape[1]}-D"
        )
    known = fields_while_solving(case.has_walls)
    missing = [name for name in fields_of(model.network) if name not in known]
    if missing:
        raise InputError(
            f"needs {', '.join(missing)}; a flow that is being solved has: {', '.join(known)}"
        )
    if case.units is not None:
        model = model.in_units(**case.units)
    size, reach = (
        np.linalg.norm(np.ptp(case.mesh.points, axis=0)),
        model.region.half_axes([0.0])[1][0],
    )
    if reach > _WIDE * size:
        raise InputError(
            f"has clouds of radius {reach:.3g}, the mesh is {size:.3g} wide: see [units]"
        )
    return model
