"""A turbulent stress that a closure predicts, as it acts back on the flow."""

from __future__ import annotations

import numpy as np

from solvers.coupling.ask import checked_stress, predict, stress
from solvers.fem.sampling import flow_field
from vcnn.errors import InputError

_SMALL_STRAIN = 0.3  # of U/d: where a stress says little of an eddy viscosity


class StressFeedback:
    """The fields ν_t and a of `RANS`, a `solvers.coupling.coupled_flow.Feedback`.

    ν_t is kept between 0 and U d, U a velocity of the flow and d the largest distance to a wall,
    and the deviator of a stress below U²: turbulence mixes over lengths below d and at speeds below
    U, both well below.

    Parameters
    ----------
    problem : RANS
    balance : MomentumBalance
    """

    name, what = "RANS", "eddy viscosity"

    def __init__(self, problem, balance):
        self.problem, self.domain, self.location = problem, balance.domain, problem.location
        at_rest, _ = balance.velocity_and_pressure(balance.w)
        points = flow_field(self.domain, self.location, at_rest, {}, {}, {}, {})
        self.weights, self.distances = points.weights, points.scalars.get("wall_distance")
        d, self.speed = self.domain.dimension, float(balance.speed)
        extent = points.weights.sum() ** (1 / self.domain.mesh.topology.dim)
        size = extent if self.distances is None else self.distances.max()
        self.limit, self.rate = self.speed * size, _SMALL_STRAIN * self.speed / size
        self.shapes = {"eddy_viscosity": (), "anisotropy": (d, d)}
        self.units = {"eddy_viscosity": self.limit, "anisotropy": self.speed**2}
        self.bounds = {"eddy_viscosity": (0.0, self.limit)}

    def terms(self, functions) -> dict:
        terms = {"viscosity": self.problem.viscosity, **functions}
        if self.problem.anisotropy is not None:
            terms["anisotropy"] += self.domain.function(
                self.problem.anisotropy, self.location, "anisotropy"
            )
        return terms

    def check(self, functions) -> None:
        """Bounds see to it."""

    def first(self) -> dict[str, np.ndarray]:
        """ν_t = 0.02 U d, d the distance at each point."""
        if self.distances is None:
            raise InputError("start: needed for a closure that predicts, unless there are walls")
        nu_t = 0.02 * self.speed * self.distances
        return {
            "eddy_viscosity": nu_t,
            "anisotropy": np.zeros((len(nu_t), *self.shapes["anisotropy"])),
        }

    def predicted(self, flow) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What the closure says of the flow."""
        result, comm = flow.result(), self.domain.mesh.comm
        values = predict(
            self.problem.closure, result.flow(self.location), comm, checked_stress, self.name
        )
        found = stress(values, result, self.location, self.limit, self.speed**2, self.rate)
        return {name: getattr(found, name) for name in self.shapes}, found.clipped

    def scale(self, x) -> dict[str, np.ndarray]:
        """With the molecular viscosity."""
        return {**x, "eddy_viscosity": self.problem.viscosity + x["eddy_viscosity"]}

    def kept(self, functions) -> dict:
        return dict(functions)
