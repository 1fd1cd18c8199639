"""A turbulent stress that a closure predicts, as it acts back on the flow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solvers.coupling.ask import ask_closure
from solvers.coupling.coupled_flow import CoupledFlow
from solvers.fem.sampling import average_at_vertices, flow_field, sample
from solvers.fenics import fem, ufl
from solvers.flow.result import FlowResult
from vcnn.closure.plain import as_closure
from vcnn.closure.requirements import TURBULENT_STRESS
from vcnn.closure.stress import StressBounds
from vcnn.errors import InputError


class StressFeedback:
    """The fields ν_t and a of `RANS`, a `solvers.coupling.feedback.Feedback`.

    They are kept within their `vcnn.closure.stress.StressBounds`.

    Parameters
    ----------
    problem : RANS
    balance : MomentumBalance
    """

    name, quantity = "RANS", "eddy viscosity"

    def __init__(self, problem, balance):
        self.problem, self.domain, self.location = problem, balance.domain, problem.location
        at_rest, _ = balance.velocity_and_pressure(balance.w)
        points = flow_field(self.domain, self.location, at_rest)
        self.weights, self.distances = points.weights, points.scalars.get("wall_distance")
        extent = points.weights.sum() ** (1 / self.domain.mesh.topology.dim)
        size = extent if self.distances is None else self.distances.max()
        self.limits = limits = StressBounds(float(balance.speed), size)
        self.shapes = {"eddy_viscosity": (), "anisotropy": 2 * (self.domain.dimension,)}
        self.units = {"eddy_viscosity": limits.eddy_viscosity, "anisotropy": limits.anisotropy}
        self.bounds = {"eddy_viscosity": (0.0, limits.eddy_viscosity)}

    def momentum_terms(self, functions: Mapping[str, fem.Function]) -> dict:
        """ν, ν_t and a, with that of the problem."""
        terms = {"viscosity": self.problem.viscosity, **functions}
        anisotropy = self.problem.given_anisotropy(self.domain)
        if anisotropy is not None:
            terms["anisotropy"] += anisotropy
        return terms

    def check(self, functions: Mapping[str, fem.Function]) -> None:
        """Nothing: whatever is within bounds can be solved with."""

    def initial_fields(self) -> dict[str, np.ndarray]:
        """ν_t = 0.02 U d, d the distance at each point.

        Raises
        ------
        InputError
            If there are no walls.
        """
        if self.distances is None:
            raise InputError("start: needed for a closure that predicts, unless there are walls")
        nu_t = 0.02 * self.limits.speed * self.distances
        return {
            "eddy_viscosity": nu_t,
            "anisotropy": np.zeros((len(nu_t), *self.shapes["anisotropy"])),
        }

    def predict(self, flow: CoupledFlow) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What the closure predicts of the flow, and where that was clipped."""
        result = flow.result()
        values = ask_closure(
            as_closure(self.problem.closure),
            result.flow(self.location),
            comm=self.domain.comm,
            requirement=TURBULENT_STRESS,
            name=self.name,
        )
        if "reynolds_stress" in values:
            stress = self.limits.split(values["reynolds_stress"], strain_at(result, self.location))
        else:
            nu_t = values["eddy_viscosity"]
            none = np.zeros((len(nu_t), *self.shapes["anisotropy"]))
            stress = self.limits.clip(nu_t, values.get("anisotropy", none))
        fields = {"eddy_viscosity": stress.eddy_viscosity, "anisotropy": stress.anisotropy}
        return fields, stress.clipped

    def reference(self, x: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The fields with the molecular viscosity in ν_t."""
        return {**x, "eddy_viscosity": self.problem.viscosity + x["eddy_viscosity"]}

    def result_fields(self, functions: Mapping[str, fem.Function]) -> dict:
        """``eddy_viscosity`` and ``anisotropy`` of `FlowResult`."""
        return dict(functions)


def strain_at(result: FlowResult, location: str) -> np.ndarray:
    """S = sym ∇u (n, d, d) at the cells or vertices; at vertices the lumped projection."""
    S, d = ufl.sym(ufl.grad(result.velocity)), result.domain.dimension
    parts = {f"{i}{j}": S[i, j] for i in range(d) for j in range(d)}
    if location == "cell":
        fields = sample(result.domain, location, expressions=parts)
    else:
        fields = average_at_vertices(result.domain, parts)
    return np.stack([fields[name] for name in parts], axis=-1).reshape(-1, d, d)
