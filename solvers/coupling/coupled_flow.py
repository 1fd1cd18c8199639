"""A flow under fields that can be replaced, to be made to agree with what predicts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from solvers.algebra.bordered import TRY, BorderedSystem
from solvers.fem.checkpoint import functions_in, load_checkpoint
from solvers.fenics import fem, ufl
from solvers.flow.incompressible import FlowResult, guess_from, linearised
from solvers.flow.momentum import MomentumBalance, dx
from vcnn.errors import DivergenceError

_PICARD_STEPS = 5  # Newton from rest diverges; Picard alone is slow
_FIRST_STEPS = 15  # with given fields, for a flow to begin with
_BEGUN = 1e-2  # its residual
_NEAR = 0.5  # of the load: where one Newton correction a round is enough
_CORRECTIONS = 10  # at most, for a flow to come as near
_ROUND_OFF = 1e-10  # of the load: a correction may leave a residual as large


class Feedback(Protocol):
    """Fields that a flow makes and that act back on its momentum; made from a problem and its
    `MomentumBalance`.

    The fields x are arrays (n, ...) by name, whole on every rank of MPI.

    Attributes
    ----------
    name, what : str
        Of the problem and of the fields, for messages.
    location : {"cell", "vertex", "node"}
        Where the fields are known, see :meth:`Domain.function`.
    weights : (n,)
        Parts of the volume there.
    shapes : mapping name -> shape of a value
    units : mapping name -> float
        What values of a field are measured in, for the fields to have one norm.
    bounds : mapping name -> (float, float)
        Between which the values of some fields are kept.
    """

    name: str
    what: str
    location: str
    weights: np.ndarray
    shapes: Mapping[str, tuple[int, ...]]
    units: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]

    def terms(self, functions: Mapping[str, fem.Function]) -> dict:
        """Arguments of :func:`solvers.flow.incompressible.linearised`, in which the functions hold
        the fields.
        """

    def check(self, functions: Mapping[str, fem.Function]) -> None:
        """Raise `DivergenceError` if the momentum balance makes no sense with these fields."""

    def first(self) -> dict[str, np.ndarray]:
        """Fields to begin with where there is no flow yet."""

    def predicted(self, flow: CoupledFlow) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """The fields that a flow makes, and where they were cut, if they can be: ``clipped`` of
        `FlowResult`.
        """

    def scale(self, x: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What changes of the fields are small beside."""

    def kept(self, functions: Mapping[str, fem.Function]) -> dict:
        """The fields as arguments of `FlowResult`."""


class CoupledFlow:
    """The momentum balance with fields whose values can be replaced, and what predicts them.

    Parameters
    ----------
    problem : RANS, ActiveScalar or the like
    make_feedback : callable (problem, MomentumBalance) -> Feedback
    domain : Domain
    start : FlowResult or None
        On the domain.
    """

    def __init__(self, problem, make_feedback, domain, start):
        self.problem, self.domain = problem, domain
        self.balance = balance = MomentumBalance(domain, problem.boundary_conditions)
        self.feedback = feedback = make_feedback(problem, balance)
        self.shares = np.sqrt(feedback.weights / feedback.weights.sum())
        self.functions = self._zero()
        terms = feedback.terms(self.functions)
        self.equation, picard, exact = linearised(balance, **terms)
        v, _ = ufl.TestFunctions(balance.space)
        self.system = BorderedSystem(
            self.equation,
            [picard] * _PICARD_STEPS + [exact],
            balance.w,
            balance.bcs,
            balance.constraint(v),
            feedback.name,
            force=start.pressure_gradient
            if start is not None and balance.bulk is not None
            else 0.0,
            blocked=balance.blocked,
            body=None if (force := terms.get("force")) is None else ufl.inner(force, v) * dx,
        )
        if start is not None:
            balance.w.x.array[:] = guess_from(start, balance)

    def begun(self) -> dict[str, np.ndarray]:
        """First fields, and the flow with them."""
        x = self.feedback.first()
        self.replace(x)
        norm = self.system.residual()
        for step in range(_FIRST_STEPS):
            limit = np.inf if step < _PICARD_STEPS else 2 * norm
            _, norm = self.system.advance(self.system.correction(step), limit)
            if step >= _PICARD_STEPS and norm <= _BEGUN * self.system.load():
                break
        return x

    def correct(self, x) -> float:
        """One Newton correction with given fields, or as many as the flow needs to be near; returns
        the residual.

        While that is larger than the load the corrections are Picard's.
        """
        self.replace(x)
        norm, load = self.system.residual(), self.system.load()
        for _ in range(_CORRECTIONS):
            far = not norm <= load
            limit = np.inf if far else max(2 * norm, _ROUND_OFF * load)
            _, norm = self.system.advance(self.system.correction(0 if far else -1), limit)
            load = self.system.load()
            if norm <= _NEAR * load:
                break
        if not norm < 1e12 * load:
            name = self.feedback.name
            raise DivergenceError(
                f"{name}: relative residual {norm / load:.3g} of the momentum balance; {TRY}"
            )
        return norm / load

    def predicted(self) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """The fields that the flow makes, and at which points they were cut (:class:`FlowResult`)."""
        return self.feedback.predicted(self)

    def result(self, residuals=(np.inf,), history=None, clipped=None) -> FlowResult:
        """The flow as it is now."""
        velocity, pressure = self.balance.velocity_and_pressure(self.balance.w)
        copies = {name: function.copy() for name, function in self.functions.items()}
        for name, function in copies.items():
            function.name = name
        force = self.balance.force or self.system.force
        return FlowResult(
            self.problem,
            self.domain,
            velocity,
            pressure,
            force,
            residuals,
            history=history,
            clipped=clipped,
            **self.feedback.kept(copies),
        )

    def known(self, start) -> dict[str, np.ndarray] | None:
        """The fields that an earlier coupled run was solved with, if the start (a FlowResult or
        path) has them.

        Raises
        ------
        InputError
            If those of a file were predicted at other points.
        """
        functions = self._zero()
        if isinstance(start, FlowResult):
            there = {
                "eddy_viscosity": start.eddy_viscosity,
                "anisotropy": start.anisotropy,
                **start.scalars,
            }
            if (
                start.domain is not self.domain
                or start.history is None
                or not all(
                    there.get(name) is not None
                    and there[name].ufl_element() == function.ufl_element()
                    for name, function in functions.items()
                )
            ):
                return None
            functions = {name: there[name] for name in functions}
        elif start is None or not set(functions) <= set(functions_in(start)):
            return None
        else:
            load_checkpoint(start, self.domain, functions)
        return {
            name: self.domain.values(f, self.feedback.location) for name, f in functions.items()
        }

    def packed(self, x) -> np.ndarray:
        """Fields in their units as a vector, the norm of which is their root mean square."""
        columns = [
            x[name].reshape(len(self.shares), -1) / unit
            for name, unit in self.feedback.units.items()
        ]
        return (self.shares[:, None] * np.column_stack(columns)).ravel()

    def unpacked(self, vector) -> dict[str, np.ndarray]:
        """Inverse of :meth:`packed`, within bounds."""
        columns, x = vector.reshape(len(self.shares), -1) / self.shares[:, None], {}
        for name, unit in self.feedback.units.items():
            shape = self.feedback.shapes[name]
            mine, columns = np.split(columns, [int(np.prod(shape))], axis=1)
            x[name] = np.clip(
                unit * mine.reshape(-1, *shape), *self.feedback.bounds.get(name, (-np.inf, np.inf))
            )
        return x

    def distance(self, x, g) -> float:
        """Root mean square of g − x, relative to the scale of g."""
        change = float(np.linalg.norm(self.packed(g) - self.packed(x)))
        scale = float(np.linalg.norm(self.packed(self.feedback.scale(g))))
        return change / scale if scale > 0 else np.inf if change > 0 else 0.0

    def replace(self, x):
        """Take given fields; the flow stays as it is."""
        for name, function in self.functions.items():
            function.x.array[:] = self.domain.function(
                x[name], self.feedback.location, name
            ).x.array
        self.feedback.check(self.functions)

    def _zero(self) -> dict[str, fem.Function]:
        count, location = len(self.shares), self.feedback.location
        return {
            name: self.domain.function(np.zeros((count, *shape)), location, name)
            for name, shape in self.feedback.shapes.items()
        }
