"""A flow under a turbulent stress that can be replaced, to be made to agree with a closure."""

from __future__ import annotations

import numpy as np

from solvers.bordered import TRY, BorderedSystem
from solvers.checkpoint import functions_in, load_checkpoint
from solvers.conditions import flow_conditions
from solvers.fenics import ufl
from solvers.incompressible import FlowResult, guess_from, linearised
from solvers.momentum import MomentumBalance
from solvers.prediction import TurbulentStress, predict, stress
from vcnn.errors import DivergenceError, InputError
from vcnn.mesh import count_cells

_PICARD_STEPS = 5    # Newton from rest diverges; Picard alone is slow
_FIRST_STEPS = 15    # with a given ν_t, for a flow to begin with
_BEGUN = 1e-2        # its residual
_NEAR = 0.5          # of the load: where one Newton correction a round is enough
_CORRECTIONS = 10    # at most, for a flow to come as near
_SMALL_STRAIN = 0.3  # of U/d: where a stress says little of an eddy viscosity
_ROUND_OFF = 1e-10   # of the load: a correction may leave a residual as large


class CoupledFlow:
    """The momentum balance with a turbulent stress whose values at points can be replaced, and its closure.

    Parameters
    ----------
    problem : RANS
    domain : Domain
    start : FlowResult or None
        On the domain.
    """

    def __init__(self, problem, domain, start):
        self.problem, self.domain, self.location = problem, domain, problem.location
        self.balance = balance = MomentumBalance(domain, flow_conditions(problem))
        self.stress = _functions(domain, self.location)
        nu_t, a = self.stress.values()
        if problem.anisotropy is not None:
            a = a + domain.function(problem.anisotropy, self.location, "anisotropy")
        residual, picard, exact = linearised(balance, problem.viscosity, nu_t, a)
        v, _ = ufl.TestFunctions(balance.space)
        self.system = BorderedSystem(
            residual, [picard] * _PICARD_STEPS + [exact], balance.w, balance.bcs, balance.drive(v), "RANS",
            force=start.pressure_gradient if start is not None and balance.bulk is not None else 0.0,
            blocked=balance.blocked,
        )  # fmt: skip
        if start is not None:
            balance.w.x.array[:] = guess_from(start, balance)
        points = self.result().flow(self.location)
        self.distances = points.scalars.get("wall_distance")
        size = points.weights.sum() ** (1 / domain.dimension) if self.distances is None else self.distances.max()
        self.shares = np.sqrt(points.weights / points.weights.sum())
        self.speed = float(balance.speed)
        self.limit, self.rate = self.speed * size, _SMALL_STRAIN * self.speed / size

    def begun(self) -> TurbulentStress:
        """A first stress, and the flow with it."""
        if self.distances is None:
            raise InputError("start: needed for a closure that predicts, unless there are walls")
        x = self._stress(0.02 * self.speed * self.distances)
        self._replace(x)
        norm = self.system.residual()
        for step in range(_FIRST_STEPS):
            limit = np.inf if step < _PICARD_STEPS else 2 * norm
            _, norm = self.system.advance(self.system.correction(step), limit)
            if step >= _PICARD_STEPS and norm <= _BEGUN * self.system.load():
                break
        return x

    def correct(self, x) -> float:
        """One Newton correction with a stress, or as many as the flow needs to be near; returns the residual.

        While that is larger than the load the corrections are Picard's.
        """
        self._replace(x)
        norm, load = self.system.residual(), self.system.load()
        for _ in range(_CORRECTIONS):
            far = not norm <= load
            limit = np.inf if far else max(2 * norm, _ROUND_OFF * load)
            _, norm = self.system.advance(self.system.correction(0 if far else -1), limit)
            load = self.system.load()
            if norm <= _NEAR * load:
                break
        if not norm < 1e12 * load:
            raise DivergenceError(f"RANS: relative residual {norm / load:.3g} of the momentum balance; {TRY}")
        return norm / load

    def predicted(self) -> TurbulentStress:
        """What the closure says of the flow."""
        result = self.result()
        values = predict(self.problem.closure, result.flow(self.location), self.domain.mesh.comm)
        return stress(values, result, self.location, self.limit, self.speed**2, self.rate)

    def result(self, residuals=(np.inf,), history=None, clipped=None) -> FlowResult:
        """The flow as it is now."""
        velocity, pressure = self.balance.velocity_and_pressure(self.balance.w)
        kept = {name: function.copy() for name, function in self.stress.items()}
        for name, function in kept.items():
            function.name = name
        force = self.balance.force or self.system.force
        return FlowResult(
            self.problem, self.domain, velocity, pressure, force, residuals, **kept, history=history, clipped=clipped
        )  # fmt: skip

    def packed(self, x) -> np.ndarray:
        """A stress in units of U² as a vector, the norm of which is its root mean square."""
        a = x.anisotropy.reshape(len(self.shares), -1) / self.speed**2
        return (self.shares[:, None] * np.column_stack([x.eddy_viscosity / self.limit, a])).ravel()

    def unpacked(self, vector) -> TurbulentStress:
        """Inverse of :meth:`packed`, with ν_t within bounds."""
        columns = vector.reshape(len(self.shares), -1) / self.shares[:, None]
        a = self.speed**2 * columns[:, 1:].reshape(-1, *2 * (self.domain.dimension,))
        return TurbulentStress(self.limit * np.clip(columns[:, 0], 0, 1), a)

    def distance(self, x, g) -> float:
        """Root mean square of g − x, relative to that of g and the molecular viscosity."""
        whole = TurbulentStress(self.problem.viscosity + g.eddy_viscosity, g.anisotropy)
        return float(np.linalg.norm(self.packed(g) - self.packed(x)) / np.linalg.norm(self.packed(whole)))

    def _replace(self, x):
        for name, function in self.stress.items():
            function.x.array[:] = self.domain.function(getattr(x, name), self.location, name).x.array

    def _stress(self, nu_t) -> TurbulentStress:
        return TurbulentStress(nu_t, np.zeros((len(nu_t), *2 * (self.domain.dimension,))))


def known_stress(start, domain, location) -> TurbulentStress | None:
    """What the flow of an earlier coupled run was solved with, if the start (a FlowResult or path) has it.

    Raises
    ------
    InputError
        If it was predicted at other points.
    """
    if isinstance(start, FlowResult):
        if start.domain is not domain or start.history is None or start.problem.location != location:
            return None
        functions = {"eddy_viscosity": start.eddy_viscosity, "anisotropy": start.anisotropy}
    else:
        if "anisotropy" not in functions_in(start):
            return None
        functions = _functions(domain, location)
        load_checkpoint(start, domain, functions)
    return TurbulentStress(*(_at_points(f, domain, location) for f in functions.values()))


def _functions(domain, location) -> dict:
    """ν_t and a, 0 everywhere."""
    count = len(domain.source.points) if location == "vertex" else count_cells(domain.source)
    shapes = {"eddy_viscosity": (), "anisotropy": 2 * (domain.dimension,)}
    return {name: domain.function(np.zeros((count, *shape)), location, name) for name, shape in shapes.items()}


def _at_points(function, domain, location) -> np.ndarray:
    """Inverse of :meth:`Domain.function`."""
    values = function.x.array.reshape(-1, *function.ufl_shape)[function.function_space.dofmap.list[domain.cells]]
    return domain.at_cells(values[:, 0]) if location == "cell" else domain.at_vertices(values)
