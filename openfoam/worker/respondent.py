"""From a question of the solver to what the closure says, within bounds."""

from __future__ import annotations

import sys
from contextlib import suppress

import numpy as np

from openfoam.worker.placed import PlacedClosure
from openfoam.worker.protocol import Answer, split_columns
from openfoam.worker.suited import friction_velocity, is_near_wall
from vcnn.closure.answer import answer_of
from vcnn.closure.correction import BaselineCorrection, trust
from vcnn.closure.protocol import MeasuresExtrapolation
from vcnn.closure.requirements import TURBULENT_STRESS
from vcnn.closure.stress import StressBounds
from vcnn.errors import InputError
from vcnn.flow.mesh import cell_dimension

_EVERY = 10  # questions for one look at extrapolation, which takes as long as an answer
_AT_REST = 1e-30  # of the closure's velocity: below it a flow is at rest
_NEAR = 1.2  # ratio of friction velocities: beyond it a unit is another one
_UNKNOWN = -1.0  # a share that was not computed


class Respondent:
    """Answers one question after the other.

    A turbulent stress is kept within `vcnn.closure.stress.StressBounds`, 0 <= ν_t <= U d and |a| <=
    U², with the largest velocity U of the flow it is asked about and the largest distance d to a
    wall; without walls d is the size of the domain. A Reynolds stress is split into ν_t and a.

    A correction β is kept within the bounds that the closure states, and above 0. One without an
    anisotropy, or told flows in units of turbulence, is used where the flow of the model which it
    corrects is like those of training (:func:`vcnn.closure.trust`): the first flow that it is asked
    about, or the one that it is sent.

    Parameters
    ----------
    placed : PlacedClosure
    """

    def __init__(self, placed: PlacedClosure):
        self.placed, self.closure, self.form = placed, placed.closure, placed.form
        self.geometry, self.units = placed.geometry, placed.units
        at_rest = self.geometry.at_rest
        self.weights = self.geometry.at_own_cells(at_rest.weights)
        distance = at_rest.scalars.get("wall_distance")
        extent = at_rest.weights.sum() ** (1 / cell_dimension(at_rest.mesh))
        self.size = float(extent if distance is None else distance.max())
        self.questions = 0
        self.measures = isinstance(self.closure, MeasuresExtrapolation)

    def answer(self, question: np.ndarray) -> Answer:
        """What the closure says of the fields (n, columns) of the solver's cells.

        Raises
        ------
        InputError
            If a value is not finite, or the closure fails or predicts something else.
        DivergenceError
            If it predicts NaN or infinity.
        """
        fields = split_columns(question, self.form.fields)
        flow = self.placed.flow(fields)
        if self.questions == 0:
            self._begin(fields, flow)
        centres = self.geometry.centres
        values = answer_of(self.closure, flow, TURBULENT_STRESS, centres=centres)
        if centres is None:
            values = {name: self.geometry.at_own_cells(value) for name, value in values.items()}
        scalar, a, clipped = self._within_bounds(values, flow)
        unit = 1.0 if self.form.corrects else self.units.of("eddy_viscosity")
        columns = [unit * scalar[:, None]]
        if "anisotropy" in self.form.columns:
            columns.append(self.units.of("anisotropy") * self.geometry.in_case_axes(a))
        extrapolating = self._extrapolating(flow) if self.questions % _EVERY == 0 else _UNKNOWN
        self.questions += 1
        return Answer(np.concatenate(columns, axis=1), clipped, extrapolating)

    def _begin(self, fields, flow) -> None:
        """What is to be done with the first flow."""
        self.closure, model = self.placed.over_model(fields)
        section = cell_dimension(flow.mesh) == 2 and flow.dimension == 3
        if section and is_near_wall(self.closure) and "viscosity" in flow.parameters:
            _note_friction(friction_velocity(self.geometry, flow), self.units)
        if self.form.corrects:
            self.closure = self._correction(flow if model is None else model)

    def _correction(self, flow) -> BaselineCorrection:
        """β as the ν_t of a baseline of 1."""
        trusted, alone = None, "anisotropy" not in self.form.columns
        if self.measures and (alone or self.form.over_model):
            with suppress(InputError):  # of a closure that does not know its training
                trusted = trust(self.closure, flow)
                share = self._share(self.geometry.at_own_cells(trusted))
                _note(
                    f"the correction is trusted in {share:.0%} of the volume, where the first flow "
                    "is like those of training"
                )
        return BaselineCorrection(self.closure, np.ones(len(flow)), trust=trusted)

    def _within_bounds(self, values, flow):
        """The scalar (m,) and a (m, d, d) that go back, and the share that is clipped."""
        speed = max(float(np.linalg.norm(flow.velocity, axis=1).max()), _AT_REST)
        bounds, d = StressBounds(speed, self.size), flow.dimension
        if "reynolds_stress" in values:
            gradient = self.geometry.at_own_cells(flow.tensors["velocity_gradient"])
            strain = (gradient + gradient.swapaxes(1, 2)) / 2
            stress = bounds.split(values["reynolds_stress"], strain)
            return stress.eddy_viscosity, stress.anisotropy, self._share(stress.clipped != 0)
        scalar = values["eddy_viscosity"]
        a = values.get("anisotropy", np.zeros((len(scalar), d, d)))
        if not self.form.corrects:
            stress = bounds.clip(scalar, a)
            return stress.eddy_viscosity, stress.anisotropy, self._share(stress.clipped != 0)
        stress = bounds.clip(np.zeros_like(scalar), a)
        clipped = self._share(stress.clipped != 0) if "anisotropy" in values else _UNKNOWN
        return np.maximum(scalar, 0), stress.anisotropy, clipped

    def _extrapolating(self, flow) -> float:
        if self.measures:
            with suppress(InputError):  # of a closure that does not know its training
                distance = self.closure.extrapolation(flow, self.geometry.place[self.geometry.own])
                return self._share(distance > 1)
        self.measures = False
        return _UNKNOWN

    def _share(self, where) -> float:
        """Of the volume of the cells to answer for."""
        return float(self.weights @ where / self.weights.sum())


def _note_friction(friction, units) -> None:
    """Say where a closure in units of the friction velocity was given another."""
    if not 1 / _NEAR < friction < _NEAR:
        _note(
            f"the friction velocity of this flow is {friction * units.velocity:.4g}, the closure's "
            f"unit of velocity is {units.velocity:.4g}; it was trained where they are the same"
        )


def _note(text) -> None:
    """In the solver's log."""
    print(f"vcnn: {text}", file=sys.stderr, flush=True)
