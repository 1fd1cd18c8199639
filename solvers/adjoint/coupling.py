"""A flow that agrees with its closure, as a differentiable function of the closure's weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, gmres

from solvers.adjoint.flow import DifferentiableFlow
from solvers.coupling.loop import iterate_coupling
from solvers.coupling.stress_feedback import StressFeedback
from solvers.fem.points import locate
from solvers.fenics import MPI
from solvers.flow.result import FlowResult
from vcnn.closure.protocol import Differentiable
from vcnn.closure.requirements import check_differentiable
from vcnn.errors import DivergenceError, InputError


class DifferentiableCoupling:
    """The velocity of `RANS` with a closure in the loop, as a function of the closure's weights.

    The coupled flow is a fixed point of x = G(θ, u(x)), x the eddy viscosity and anisotropy, G the
    closure with weights θ, u(x) the flow with these fields. For a function J of the flow with ∂J/∂x
    = g,

        dJ/dθ = (∂G/∂θ)ᵀ μ,   μ = g + (∂u/∂x)ᵀ (∂G/∂u)ᵀ μ

    (implicit differentiation, as in deep equilibrium networks: Bai, Kolter & Koltun, NeurIPS 2019).
    The linear equation for μ is solved by GMRES; each of its steps takes one backward pass of the
    network and one substitution with the transposed Jacobian of the flow, which is factorised once.

    Parameters
    ----------
    problem : RANS
        Its ``closure`` has ``differentiable(flow)``, as `vcnn.Closure` has, and predicts an eddy
        viscosity, with or without an anisotropy, from the velocity and fields that do not depend on
        the flow.
    start : FlowResult or path, optional
        As in :meth:`RANS.solve`.
    comm : MPI communicator
    tolerance, max_rounds
        As in :meth:`RANS.solve`; each call begins with the fields that the last one ended with.
    adjoint_tolerance : float
        Of μ, relative.
    adjoint_steps : int
        Of GMRES at most; with 0 it is μ = g, as if the closure had seen a flow that does not
        change.

    Raises
    ------
    InputError
        If the closure cannot be differentiated.
    DivergenceError
        On calls, if flow and closure do not settle; the next call begins where the last good one
        ended.
    """

    def __init__(
        self,
        problem,
        start=None,
        comm=MPI.COMM_WORLD,
        *,
        tolerance=1e-6,
        max_rounds=60,
        adjoint_tolerance=1e-3,
        adjoint_steps=30,
    ):
        self.closure, self.tolerance, self.max_rounds = problem.closure, tolerance, max_rounds
        self.adjoint_tolerance, self.adjoint_steps = adjoint_tolerance, adjoint_steps
        check_differentiable(self.closure)
        self.solver = DifferentiableFlow(problem, start, comm, partial(_Feedback, self))
        self.flow = self.solver.flow
        self._points = self.flow.result().flow(problem.location)
        self._predict = self.closure.differentiable(self._points)
        located = locate(self.solver.domain.mesh, self._points.points)
        self.velocity_at = located.values(self.solver.space)
        self._x = self.flow.fields_of(start)
        if self._x is None and start is None:  # the flow has been solved with these
            self._x = self.flow.feedback.initial_fields()
        elif self._x is None:
            self._x = self.flow.predict()[0]
        self.history = None

    def __call__(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Coefficients and force of the coupled flow, as `DifferentiableFlow` has them."""
        before = self.solver.state()
        try:
            result = iterate_coupling(
                self.flow, self._x, tolerance=self.tolerance, max_rounds=self.max_rounds
            )
        except DivergenceError:
            self.solver.forget_fields()
            self.solver.restore(before)
            raise
        self.solver.forget_fields()
        self.history, self._x = result.history, self.flow.fields_of(result)
        self._u = u = self.velocity().requires_grad_()
        self._y = predicted = self.ask(u)
        y = predicted.clone()  # its hook must not act where the prediction alone is differentiated
        coefficients, force = self.solver(*self.unpack(y))
        if y.requires_grad:
            y.register_hook(partial(self._answer, predicted, u, self.solver.state()))
        return coefficients, force

    def differentiable(self, closure: Differentiable):
        """Another closure at the points of this flow, for :meth:`change_from`."""
        return closure.differentiable(self._points)

    def change_from(self, prior: Callable) -> torch.Tensor:
        """Mean square of the change from another closure's fields, relative to these: a tensor ().

        ``prior`` is what :meth:`differentiable` gave for that closure. Both see the same flow,
        which is held fixed when this is differentiated.

        Raises
        ------
        InputError
            If the other closure predicts other fields than an eddy viscosity and an anisotropy.
        """
        with torch.no_grad():
            before = self.pack(prior(self._u))
        return relative_change(self._y, before)

    def result(self) -> FlowResult:
        """The flow as solved last."""
        return replace(self.solver.result(), history=self.history)

    def velocity(self) -> torch.Tensor:
        """Velocity (n, d) at the points where the closure is asked, length/time."""
        return torch.from_numpy(self.velocity_at(self.solver.solution()[0]))

    def _answer(self, y, u, solution, g):
        """μ for g = ∂J/∂y, with y the fields as :meth:`pack` has them."""
        present = self.solver.state()
        self.solver.restore(solution)

        def through(mu):
            """(∂u/∂y)ᵀ (∂G/∂u)ᵀ μ."""
            mu = torch.from_numpy(np.asarray(mu, dtype=float).reshape(y.shape))
            (by_velocity,) = torch.autograd.grad(y, u, mu, retain_graph=True)
            nu_t, a, _ = self.solver.slopes(self.velocity_at.transposed(by_velocity.numpy()), 0.0)
            return (np.column_stack([nu_t, a.reshape(len(a), -1)]) * self._sizes.numpy()).ravel()

        size, mu = y.numel(), g.numpy().ravel()
        if self.adjoint_steps and mu.any():
            matrix = LinearOperator((size, size), matvec=lambda mu: mu - through(mu), dtype=float)
            mu, _ = gmres(
                matrix, mu, rtol=self.adjoint_tolerance, restart=self.adjoint_steps, maxiter=1
            )
        self.solver.restore(present)
        return torch.from_numpy(mu.reshape(y.shape))

    @property
    def _sizes(self) -> torch.Tensor:
        """(n, 1 + d²), what fields are divided by."""
        feedback = self.flow.feedback
        nu_t, a = (feedback.units[name] for name in ("eddy_viscosity", "anisotropy"))
        d = self.solver.domain.dimension
        return torch.from_numpy(np.array([nu_t, *[a] * d**2]) / self.flow.root_shares[:, None])

    def predict_fields(self, velocity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Eddy viscosity (n,) and anisotropy (n, d, d) for a velocity (n, d), length/time.

        Raises
        ------
        InputError
            If the closure predicts other fields than these.
        """
        return self.unpack(self.ask(velocity))

    def ask(self, velocity: torch.Tensor) -> torch.Tensor:
        """Fields for a velocity (n, d), length/time, as :meth:`pack` has them.

        Raises
        ------
        InputError
            If the closure predicts other fields than an eddy viscosity and an anisotropy.
        """
        return self.pack(self._predict(velocity))

    def pack(self, values: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Fields within bounds, in units whose norm is their root mean square.

        Parameters
        ----------
        values : mapping name -> tensor
            ``eddy_viscosity`` (n,), with or without ``anisotropy`` (n, d, d).

        Returns
        -------
        (n, 1 + d²) tensor

        Raises
        ------
        InputError
            If they are others than an eddy viscosity and an anisotropy.
        """
        if "eddy_viscosity" not in values or not set(values) <= {"eddy_viscosity", "anisotropy"}:
            raise InputError(
                f"closure: expected eddy_viscosity, with or without anisotropy, got "
                f"{', '.join(values)}"
            )
        nu_t, d = values["eddy_viscosity"].double(), self.solver.domain.dimension
        a = nu_t.new_zeros(len(nu_t), d**2)
        if "anisotropy" in values:
            a = values["anisotropy"].double().flatten(1)
        nu_t, a = self.flow.feedback.limits.clip_tensors(nu_t, a)
        return torch.cat([nu_t[:, None], a], dim=1) / self._sizes

    def unpack(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inverse of :meth:`pack`.

        Parameters
        ----------
        y : (n, 1 + d²) tensor
            What that made.

        Returns
        -------
        eddy_viscosity : (n,) tensor
            Length²/time.
        anisotropy : (n, d, d) tensor
            Velocity².
        """
        d, columns = self.solver.domain.dimension, y * self._sizes
        return columns[:, 0], columns[:, 1:].reshape(-1, d, d)


def relative_change(fields: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """Mean square of the change from prior fields, relative to these."""
    return (fields - prior).square().sum() / prior.square().sum()


class _Feedback(StressFeedback):
    """As in the loop of `RANS`, with nothing sampled but velocities."""

    def __init__(self, coupling, problem, balance):
        super().__init__(problem, balance)
        self._coupling = coupling

    def predict(self, flow):
        coupling = self._coupling
        with torch.no_grad():
            nu_t, a = coupling.predict_fields(coupling.velocity())
        if not (torch.isfinite(nu_t).all() and torch.isfinite(a).all()):
            raise DivergenceError(f"{self.name}: the closure predicts NaN or infinite values")
        return {"eddy_viscosity": nu_t.numpy(), "anisotropy": a.numpy()}, None
