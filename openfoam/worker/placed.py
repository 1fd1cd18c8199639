"""A closure as a case asks it: suited to its cells, with the fields that it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openfoam.worker.case_geometry import CaseGeometry, read_case_geometry
from openfoam.worker.forms import MODEL_VELOCITY, Form, form_of
from openfoam.worker.suited import suit
from openfoam.worker.units import Units
from vcnn.closure.protocol import ClosureLike
from vcnn.closure.turbulence_units import TurbulenceUnits
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class PlacedClosure:
    """A closure with the cells it is asked about.

    Parameters
    ----------
    closure : ClosureLike
        In its own units, with what its flow and its card ask for around it.
    form : Form
        What goes to and fro.
    geometry : CaseGeometry
    units : Units
    """

    closure: ClosureLike
    form: Form
    geometry: CaseGeometry
    units: Units

    def flow(self, fields: Mapping[str, np.ndarray]) -> FlowField:
        """The flow in the closure's units.

        Parameters
        ----------
        fields : mapping OpenFOAM field -> (n, ...)
            In the solver's cells: those of ``form.fields`` at least.
        """
        return self._flow(fields["U"], fields)

    def over_model(self, fields: Mapping[str, np.ndarray]) -> tuple[ClosureLike, FlowField | None]:
        """The closure, told flows in units of the model's turbulence if it is one of these.

        Parameters
        ----------
        fields : mapping OpenFOAM field -> (n, ...)
            As for :meth:`flow`.

        Returns
        -------
        closure : ClosureLike
        model : FlowField or None
            The flow of the model in the closure's units, if it is told of that.

        Raises
        ------
        InputError
            If the flow has no walls, viscosity or turbulence.
        """
        if not self.form.over_model:
            return self.closure, None
        flow = self._flow(fields[MODEL_VELOCITY], fields)
        omega = np.maximum(flow.scalars["specific_dissipation"], np.finfo(float).tiny)
        model = flow.with_fields(scalars={"turbulent_time_scale": 1 / omega})
        return TurbulenceUnits(self.closure, model), model

    def _flow(self, velocity, fields) -> FlowField:
        flow = self.geometry.flow(velocity / self.units.velocity)
        sent = self.form.sent.items()
        scalars = {name: self.geometry.at_points(fields[foam]) for name, foam in sent}
        return flow.with_fields(scalars=self.units.into(scalars)) if scalars else flow


def place_closure(
    closure: ClosureLike, case: Path, units: Units, ranks: int = 1, rank: int = -1
) -> PlacedClosure:
    """A closure as the solver of a case asks it.

    Parameters
    ----------
    closure : ClosureLike
        In its own units.
    case : path
    units : Units
    ranks, rank : int
        As for :func:`openfoam.worker.case_geometry.read_case_geometry`.

    Raises
    ------
    InputError
        If the mesh cannot be read or used, or the closure not be asked in it.
    """
    geometry = read_case_geometry(case, ranks, rank, units)
    closure = suit(closure, geometry)
    form = form_of(closure, geometry.at_rest.mesh, bool(geometry.walls))
    return PlacedClosure(closure, form, geometry, units)
