"""Which fields a closure is sent, and what of its predictions goes back to the solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import meshio

from openfoam.models import CORRECTED_MODEL, STRESS_MODEL
from vcnn.closure.protocol import ClosureLike, NeedsFields
from vcnn.closure.requirements import Requirement, check_closure
from vcnn.closure.turbulence_units import TURBULENCE_INPUTS, is_told_turbulence
from vcnn.errors import naming
from vcnn.flow.quantities import find_quantity

STRESS = Requirement(
    f"the RASModel {STRESS_MODEL}",
    (("eddy_viscosity",), ("reynolds_stress",), ("eddy_viscosity", "anisotropy")),
)
CORRECTION = Requirement(
    f"the RASModel {CORRECTED_MODEL}",
    (("correction",), ("correction", "anisotropy"), ("correction", "relative_anisotropy")),
)
_TENSORS = {"anisotropy", "relative_anisotropy", "reynolds_stress"}
# Quantities that only the solver knows -> OpenFOAM's names, and those of k-omega SST.
_OF_SOLVER = {"pressure": "p"}
_OF_SST = {
    **_OF_SOLVER,
    "turbulent_kinetic_energy": "k",
    "specific_dissipation": "omega",
    "eddy_viscosity": "nutSST",
}
_OF_MODEL = ("turbulent_kinetic_energy", "specific_dissipation", "eddy_viscosity")
MODEL_VELOCITY = "USST"


@dataclass(frozen=True)
class Form:
    """What goes to and fro for one closure.

    Parameters
    ----------
    requirement : Requirement
        That it fulfils.
    sent : mapping name of a field of the flow -> OpenFOAM's name
        Besides the velocity.
    columns : sequence of str
        What comes back: "nut" or "beta", alone or with "anisotropy".
    over_model : bool
        Whether it is told flows in units of the turbulence of the case's k-ω SST, whose velocity it
        is sent then.
    """

    requirement: Requirement
    sent: dict[str, str]
    columns: Sequence[str]
    over_model: bool = False

    @property
    def corrects(self) -> bool:
        """Whether it is a correction of the case's own turbulence model."""
        return self.requirement is CORRECTION

    @property
    def fields(self) -> list[str]:
        """OpenFOAM's names of all fields that a question holds."""
        return ["U", *self.sent.values(), *((MODEL_VELOCITY,) if self.over_model else ())]


def form_of(closure: ClosureLike, mesh: meshio.Mesh, walls: bool) -> Form:
    """The form of a closure that may be asked on a mesh.

    One that does not say what it predicts is taken for a turbulent stress.

    Parameters
    ----------
    closure : ClosureLike
    mesh : meshio.Mesh
    walls : bool
        Whether there are any.

    Raises
    ------
    InputError
        If it predicts something else, needs a field that the solver does not have, was made for
        another dimension, or has clouds far larger than the mesh.
    """
    rows = [find_quantity(target) for target in closure.targets]
    corrects = any(row is not None and row.name == "correction" for row in rows)
    requirement, names = (CORRECTION, _OF_SST) if corrects else (STRESS, _OF_SOLVER)
    needs = closure.needs if isinstance(closure, NeedsFields) else ()
    over_model = corrects and is_told_turbulence(closure)
    sent = {name: _OF_SST[name] for name in _OF_MODEL} if over_model else {}
    for need in needs:
        row = find_quantity(need)
        if row is not None and row.name in names:
            sent[need] = names[row.name]
    with naming("closure"):
        beside = TURBULENCE_INPUTS if over_model else ()
        check_closure(closure, requirement, mesh, walls, [*sent, *beside])
    targets = closure.targets
    quantities = set(requirement.quantities(targets).values()) if targets else {"anisotropy"}
    scalar = "beta" if corrects else "nut"
    columns = (scalar, "anisotropy") if quantities & _TENSORS else (scalar,)
    return Form(requirement, sent, columns, over_model)
