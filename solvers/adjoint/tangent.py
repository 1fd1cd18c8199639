"""The tangent linear model of a coupled flow: what little changes of its closure make of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from solvers.adjoint.coupling import DifferentiableCoupling, relative_change
from solvers.adjoint.flow import DifferentiableFlow
from solvers.adjoint.implicit import observe, solve


class TangentFlow:
    """A flow as it is solved now, which other turbulent stresses change linearly.

    u ≈ u₀ − A⁻¹ F(u₀; ν_t, a), one correction of Newton's method, with A = ∂F/∂u at u₀ factorised
    once. F is linear in ν_t and a.

    Parameters
    ----------
    flow : DifferentiableFlow
        Solved; it may go on to other solutions.
    """

    def __init__(self, flow: DifferentiableFlow):
        self._flow, self._state = flow, flow.state()

    def solve_with(self, *values: np.ndarray) -> tuple[np.ndarray, float]:
        """Coefficients (k,) and force, for values as :meth:`DifferentiableFlow.solve_with` has."""
        self._flow.restore(self._state)
        return self._flow.correction_with(*values)

    def state(self) -> None:
        """There is one state only."""

    def restore(self, state: None) -> None:
        """There is one state only."""

    def slopes(self, by_coefficients: np.ndarray, by_number: float) -> tuple[np.ndarray, ...]:
        """As :meth:`DifferentiableFlow.slopes`, at the state of the beginning."""
        self._flow.restore(self._state)
        return self._flow.slopes(by_coefficients, by_number)


class TangentCoupling:
    """A coupled flow near where it was solved last, as a function of its closure's weights θ.

    With u(x) the tangent linear flow (:class:`TangentFlow`) with fields x and G the closure,

        u ≈ u(G(θ, u₀ + δ/2)),  δ = u(G(θ, u₀)) − u₀:

    to first order 1 + K/2 times δ, where the fixed point has (1 − K)⁻¹, K what the flow with which
    the closure answers a change of the flow: right within 12 % for K from −1.2 to 0.4. Nothing is
    solved but linear systems with the matrix of u₀: a call and its derivatives cost a few
    predictions. This is the inner loop of incremental variational assimilation (Courtier, Thépaut &
    Hollingsworth, Q. J. R. Meteorol. Soc. 120, 1994, 1367).

    Parameters
    ----------
    coupling : DifferentiableCoupling
        Called before.
    prior : callable, optional
        What :meth:`change` is measured from, as :meth:`DifferentiableCoupling.differentiable` gave
        it.
    """

    def __init__(self, coupling: DifferentiableCoupling, prior: Callable | None = None):
        self._coupling, self._flow = coupling, TangentFlow(coupling.solver)
        self._prior, self._before = prior, None
        self._velocity = coupling.velocity()
        self._drive = torch.tensor(coupling.solver.drive(), dtype=torch.float64)
        self._y = None

    def __call__(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Coefficients and force, as `DifferentiableFlow` has them."""
        self._y = self._coupling.ask(self._velocity)
        first, _ = self._solve(self._y)
        answer = observe(self._coupling.velocity_at, first)
        return self._solve(self._coupling.ask((self._velocity + answer) / 2))

    def change(self) -> torch.Tensor:
        """As :meth:`DifferentiableCoupling.change_from` the prior, after a call.

        That is asked once: the flow that it sees stays the same.
        """
        if self._before is None:
            with torch.no_grad():
                self._before = self._coupling.pack(self._prior(self._velocity))
        return relative_change(self._y, self._before)

    def _solve(self, y):
        return solve(self._flow, *self._coupling.unpack(y), self._drive)
