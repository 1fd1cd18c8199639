"""What a closure must predict, and may see, to be in the loop with a flow that is being solved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import meshio
import numpy as np

from vcnn.closure.plain import UNNAMED, Predicts, as_closure
from vcnn.closure.protocol import ClosureLike, Differentiable, NeedsFields, StatesClouds
from vcnn.errors import InputError, naming
from vcnn.flow.quantities import (
    QUANTITIES,
    fields_while_solving,
    find_quantity,
    follows_flow,
    in_words,
)
from vcnn.flow.spreads import without_spreads

_WIDE = 10  # of the mesh: clouds as large are a matter of units, and with periods hardly computed


@dataclass(frozen=True)
class Requirement:
    """What a problem needs of the closure in its loop.

    Parameters
    ----------
    problem : str
        Its name, for messages.
    forms : sequence of sequences of str
        Quantities of :data:`vcnn.flow.QUANTITIES` that are enough together.
    any_scalar : bool
        Whether a scalar of a name that is not known will do: a carried scalar may be a temperature.
    """

    problem: str
    forms: Sequence[Sequence[str]]
    any_scalar: bool = False

    def quantities(self, targets: Mapping[str, str]) -> dict[str, str]:
        """Name of each target -> quantity of the problem that it is.

        Parameters
        ----------
        targets : mapping
            Name -> kind of head, ``""`` where that is not known; `UNNAMED` is any name. Spreads of
            others are left out.

        Raises
        ------
        InputError
            If they are not what the problem needs; it says what they are and what is needed.
        """
        targets = without_spreads(targets)
        names = {target: self._quantity(target, head) for target, head in targets.items()}
        quantities = sorted(name or "" for name in names.values())
        if quantities not in [sorted(form) for form in self.forms]:
            predicted = " and ".join(_describe(*item) for item in targets.items()) or "nothing"
            raise InputError(
                f"predicts {predicted}; {self.problem} needs {self._needed()}{self._hint(targets)}"
            )
        return names

    def is_met(self, targets: Mapping[str, str]) -> bool:
        """Whether targets are what the problem needs; see :meth:`quantities`."""
        with suppress(InputError):
            self.quantities(targets)
            return True
        return False

    def _quantity(self, target, head) -> str | None:
        row = find_quantity(target)
        if row is not None:
            return row.name if head in ("", *row.heads) else None
        if self.any_scalar:
            return self.forms[0][0] if head in ("", *QUANTITIES[self.forms[0][0]].heads) else None
        return "reynolds_stress" if head == "reynolds_stress" else None  # the head says what it is

    def _needed(self) -> str:
        return ", or ".join(" and ".join(form) for form in self.forms)

    def _hint(self, targets) -> str:
        rows = {target: find_quantity(target) for target in targets}
        factors = [name for name, row in rows.items() if row and row.name == "correction"]
        if not factors or ("eddy_viscosity",) not in self.forms:
            return ""
        return f"; {factors[0]} is a factor of another model's: see vcnn.closure.BaselineCorrection"


TURBULENT_STRESS = Requirement(
    "RANS", (("eddy_viscosity",), ("reynolds_stress",), ("eddy_viscosity", "anisotropy"))
)
VISCOUS_STRESS = Requirement(  # what can be differentiated
    "DifferentiableCoupling", (("eddy_viscosity",), ("eddy_viscosity", "anisotropy"))
)
CORRECTION = Requirement("a correction", (("correction",), ("correction", "relative_anisotropy")))
CARRIED_SCALAR = Requirement("ActiveScalar", (("concentration",),), any_scalar=True)


def check_closure(
    closure: ClosureLike,
    requirement: Requirement,
    mesh: meshio.Mesh,
    walls: bool,
    further: Collection[str] = (),
) -> None:
    """Refuse a closure that a problem cannot ask, as far as it says what it predicts and sees.

    Parameters
    ----------
    closure : ClosureLike
        One without ``targets`` is looked at when it has predicted something.
    requirement : Requirement
    mesh : meshio.Mesh
    walls : bool
        Whether the flow has any.
    further : names, optional
        Of fields that the flow has besides those of every flow that is being solved.

    Raises
    ------
    InputError
        If it predicts something else, sees what a flow that is being solved does not have, was made
        for another dimension, or has clouds far larger than the mesh.
    """
    if closure.targets:
        requirement.quantities(closure.targets)
    if isinstance(closure, StatesClouds):
        _check_clouds(closure, mesh)
    if isinstance(closure, NeedsFields):
        fields = [*fields_while_solving(walls), *further]
        missing = [name for name in closure.needs if name not in fields]
        if missing:
            raise InputError(
                f"needs {', '.join(missing)}; a flow that is being solved has: {', '.join(fields)}"
            )


def check_differentiable(closure: object) -> None:
    """Refuse a closure that a coupled flow cannot be differentiated with.

    Raises
    ------
    InputError
        If it is not differentiable, predicts something else than an eddy viscosity with or without
        an anisotropy, or sees what changes with the flow besides its velocity.
    """
    with naming("closure"):
        if not isinstance(closure, Differentiable):
            raise InputError("expected one that can be differentiated, such as a vcnn.Closure")
        if isinstance(closure, Predicts) and (targets := as_closure(closure).targets):
            VISCOUS_STRESS.quantities(targets)
        needs = closure.needs if isinstance(closure, NeedsFields) else ()
        changing = [name for name in needs if follows_flow(name)]
        if changing:
            raise InputError(
                f"sees {', '.join(changing)}, which changes with the flow; only the velocity may"
            )


def _check_clouds(closure: StatesClouds, mesh: meshio.Mesh) -> None:
    dimension, size = mesh.points.shape[1], np.linalg.norm(np.ptp(mesh.points, axis=0))
    if closure.dimension not in (None, dimension):
        raise InputError(f"was trained on {closure.dimension}-D flows, the mesh is {dimension}-D")
    if closure.reach is not None and closure.reach > _WIDE * size:
        raise InputError(
            f"has clouds of radius {closure.reach:.3g}, the mesh is {size:.3g} wide: it needs "
            "in_units(...), or [units] in a case"
        )


def _describe(target: str, head: str) -> str:
    """A target with its kind, if that is known."""
    name = target if target != UNNAMED else "a field without a name"
    return f"{name} ({in_words(head)})" if head else name
