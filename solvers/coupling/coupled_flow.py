"""A flow under fields that can be replaced, to be made to agree with what predicts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.corrections import correct, solve_roughly
from solvers.coupling.feedback import Feedback
from solvers.fem.checkpoint import functions_in, load_checkpoint
from solvers.fem.fields import function_from, values_of
from solvers.fenics import fem, ufl
from solvers.flow.history import CouplingHistory
from solvers.flow.incompressible import PICARD_STEPS, linearise_momentum
from solvers.flow.momentum import MomentumBalance, dx
from solvers.flow.result import FlowResult
from solvers.flow.start import Start, start_in
from vcnn.flow.field import FlowField


class CoupledFlow:
    """The momentum balance with fields whose values can be replaced, and what predicts them.

    Parameters
    ----------
    problem : RANS, ActiveScalar or the like
    make_feedback : callable (problem, MomentumBalance) -> Feedback
    domain : Domain
    start : Start or None
        On the domain.

    Attributes
    ----------
    feedback : Feedback
    balance : MomentumBalance
    functions : mapping name -> dolfinx Function
        The fields as they act now.
    system : BorderedSystem
        Its last Jacobian is Newton's, those before are Picard's.
    equation : UFL form
        The weak momentum balance.
    """

    def __init__(
        self, problem, make_feedback: Callable[..., Feedback], domain, start: Start | None
    ):
        self.problem, self.domain = problem, domain
        self.balance = balance = MomentumBalance(domain, problem.boundary_conditions)
        self.feedback = feedback = make_feedback(problem, balance)
        self.root_shares = np.sqrt(feedback.weights / feedback.weights.sum())
        self.functions = self._zero_fields()
        terms = feedback.momentum_terms(self.functions)
        self.equation, picard, exact = linearise_momentum(balance, **terms)
        v, _ = ufl.TestFunctions(balance.space)
        force = terms.get("force")
        self.system = BorderedSystem(
            self.equation,
            [picard] * PICARD_STEPS + [exact],
            balance.w,
            balance.bcs,
            constraint=balance.constraint(v),
            name=feedback.name,
            force=0.0 if start is None or balance.bulk_velocity is None else start.force,
            blocked=balance.blocked,
            body=None if force is None else ufl.inner(force, v) * dx,
        )
        if start is not None:
            balance.w.x.array[:] = start_in(balance, start)

    def initialise(self) -> dict[str, np.ndarray]:
        """Solve the flow with the initial fields, roughly, and return these."""
        x = self.feedback.initial_fields()
        self.replace(x)
        solve_roughly(self.system)
        return x

    def correct(self, x: Mapping[str, np.ndarray]) -> float:
        """Correct the flow by Newton's method with fields x, and return the residual.

        Once, or as often as the flow needs to be near.

        While that is larger than the load the corrections are Picard's.

        Raises
        ------
        DivergenceError
            If the residual grows without bounds, or the fields make no sense.
        """
        self.replace(x)
        return correct(self.system)

    def predict(self) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """The fields that the flow makes, and at which points they were clipped."""
        return self.feedback.predict(self)

    def result(
        self,
        residuals: tuple[float, ...] = (np.inf,),
        history: CouplingHistory | None = None,
        clipped: np.ndarray | None = None,
    ) -> FlowResult:
        """The flow as it is now."""
        velocity, pressure = self.balance.velocity_and_pressure(self.balance.w)
        copies = {name: function.copy() for name, function in self.functions.items()}
        for name, function in copies.items():
            function.name = name
        return FlowResult(
            problem=self.problem,
            domain=self.domain,
            velocity=velocity,
            pressure=pressure,
            pressure_gradient=self.balance.force or self.system.force,
            residuals=residuals,
            history=history,
            clipped=clipped,
            **self.feedback.result_fields(copies),
        )

    def fields_of(
        self, start: FlowResult | FlowField | Start | str | Path | None
    ) -> dict[str, np.ndarray] | None:
        """The fields that an earlier coupled run was solved with, if the start has them.

        Raises
        ------
        InputError
            If those of a file were predicted at other points.
        """
        functions = self._zero_fields()
        if isinstance(start, FlowResult):
            if start.domain is not self.domain or start.history is None:
                return None
            stress = {"eddy_viscosity": start.eddy_viscosity, "anisotropy": start.anisotropy}
            earlier = {**stress, **start.scalars}
            for name, function in functions.items():
                same = earlier.get(name)
                if same is None or same.ufl_element() != function.ufl_element():
                    return None
            functions = {name: earlier[name] for name in functions}
        elif not isinstance(start, str | Path) or not set(functions) <= set(functions_in(start)):
            return None
        else:
            load_checkpoint(start, self.domain, functions)
        return {
            name: values_of(self.domain, f, self.feedback.location) for name, f in functions.items()
        }

    def pack(self, x: Mapping[str, np.ndarray]) -> np.ndarray:
        """Fields in their units as a vector, the norm of which is their root mean square."""
        columns = [
            x[name].reshape(len(self.root_shares), -1) / unit
            for name, unit in self.feedback.units.items()
        ]
        return (self.root_shares[:, None] * np.column_stack(columns)).ravel()

    def unpack(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Inverse of :meth:`pack`, within bounds."""
        columns = vector.reshape(len(self.root_shares), -1) / self.root_shares[:, None]
        x = {}
        for name, unit in self.feedback.units.items():
            shape = self.feedback.shapes[name]
            own, columns = np.split(columns, [int(np.prod(shape))], axis=1)
            bounds = self.feedback.bounds.get(name, (-np.inf, np.inf))
            x[name] = np.clip(unit * own.reshape(-1, *shape), *bounds)
        return x

    def distance(self, x: Mapping[str, np.ndarray], g: Mapping[str, np.ndarray]) -> float:
        """Root mean square of g − x, relative to the reference of g."""
        change = float(np.linalg.norm(self.pack(g) - self.pack(x)))
        scale = float(np.linalg.norm(self.pack(self.feedback.reference(g))))
        if scale > 0:
            return change / scale
        return np.inf if change > 0 else 0.0

    def replace(self, x: Mapping[str, np.ndarray]) -> None:
        """Let fields x act; the flow stays as it is.

        Raises
        ------
        DivergenceError
            If they make no sense.
        """
        location = self.feedback.location
        for name, function in self.functions.items():
            function.x.array[:] = function_from(self.domain, x[name], location, name).x.array
        self.feedback.check(self.functions)

    def _zero_fields(self) -> dict[str, fem.Function]:
        count, location = len(self.root_shares), self.feedback.location
        return {
            name: function_from(self.domain, np.zeros((count, *shape)), location, name)
            for name, shape in self.feedback.shapes.items()
        }
