"""The rounds of a coupled flow without an end, and the derivative of a round where they have ended.

With x the fields that a closure predicts, u(x) the flow with these, and G the closure, flow and
closure agree where x = G(u(x)). Near there a plain round multiplies a deviation by the derivative
of G(u(x)), so that the eigenvalues of this say how fast rounds converge, or whether they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigs

from solvers.algebra.anderson import Anderson
from solvers.coupling.coupled_flow import CoupledFlow
from solvers.coupling.feedback import Feedback
from solvers.coupling.loop import RELAXATION
from solvers.coupling.problem import CoupledProblem
from solvers.coupling.stress_feedback import StressFeedback
from solvers.fenics import MPI
from solvers.flow.result import FlowResult
from solvers.flow.start import start_on
from vcnn import FlowField

DEPTH = Anderson().depth  # of the loop of the package
LOOSE = 1e-3
_STEP = 1e-5  # of the size of the fields: where differences are taken
_LEADING, _KRYLOV = 8, 20


@dataclass(eq=False)
class Rounds:
    """Rounds that were made, and where they have led.

    Parameters
    ----------
    flow : CoupledFlow
    x : mapping name -> array
        The fields after the last round.
    change, residual, clipped : lists of float
        Of each round: |G(u(x)) − x| relative to G, the residual of the momentum balance relative to
        the load, the share of points whose values were cut.
    seconds : float
    loose : FlowField or None
        The flow of the first round whose change was below `LOOSE`.
    """

    flow: CoupledFlow
    x: Mapping[str, np.ndarray]
    change: list
    residual: list
    clipped: list
    seconds: float
    loose: FlowField | None = None


def make_rounds(
    problem: CoupledProblem,
    start: FlowResult | None,
    *,
    tolerance: float = 1e-9,
    limit: int = 100,
    depth: int = DEPTH,
    feedback: Callable[..., Feedback] = StressFeedback,
) -> Rounds:
    """Rounds as those of :func:`solvers.coupling.loop.solve_coupled`, until the change is small.

    Parameters
    ----------
    problem : CoupledProblem
        `RANS` or `ActiveScalar`.
    start : FlowResult, optional
    tolerance : float
        Of the change.
    limit : int
        Rounds at most.
    depth : int
        Differences that Anderson's acceleration keeps; with 0 it is relaxation alone.
    feedback : callable
        The `Feedback` of the problem.
    """
    begin = time.perf_counter()
    domain, initial = start_on(problem, start, MPI.COMM_SELF)
    flow = CoupledFlow(problem, feedback, domain, initial)
    x = flow.initialise() if initial is None else flow.predict()[0]
    anderson, made = Anderson(depth, RELAXATION), Rounds(flow, x, [], [], [], 0.0)
    while len(made.change) < limit:
        made.residual.append(flow.correct(x))
        g, clipped = flow.predict()
        made.change.append(flow.distance(x, g))
        made.clipped.append(0.0 if clipped is None else float(np.mean(clipped != 0)))
        if made.loose is None and made.change[-1] <= LOOSE:
            made.loose = flow.result().flow("cell")
        if made.change[-1] <= tolerance:
            break
        x = flow.unpack(anderson.next(flow.pack(x), flow.pack(g)))
    made.x, made.seconds = x, time.perf_counter() - begin
    return made


def leading_eigenvalues(made: Rounds) -> np.ndarray:
    """The eigenvalues of largest modulus of the derivative of a plain round, by Arnoldi's method.

    A derivative in a direction is the difference of two rounds from the same flow, each one
    Newton correction and one question to the closure: the first is exact but for terms of second
    order.
    """
    flow, x = made.flow, made.flow.pack(made.x)
    w, force = flow.balance.w.x.array.copy(), flow.system.force

    def a_round(fields):
        flow.balance.w.x.array[:], flow.system.force = w, force
        flow.correct(flow.unpack(fields))
        return flow.pack(flow.predict()[0])

    base, step = a_round(x), _STEP * np.linalg.norm(x)

    def derivative(direction):
        direction = np.asarray(direction).ravel()
        size = np.linalg.norm(direction)
        return (a_round(x + step / size * direction) - base) * size / step

    operator = LinearOperator((len(x), len(x)), matvec=derivative, dtype=float)
    first = derivative(np.random.default_rng(0).normal(size=len(x)))
    values = eigs(operator, _LEADING, ncv=_KRYLOV, v0=first, tol=1e-3, return_eigenvectors=False)
    flow.balance.w.x.array[:], flow.system.force = w, force
    return values[np.argsort(-abs(values))]
