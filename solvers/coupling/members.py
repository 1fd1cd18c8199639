"""The flow with each member of an ensemble in the loop: where velocities may lie."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from solvers.coupling.rans import RANS
from solvers.fem.points import evaluate
from solvers.flow.result import FlowResult
from vcnn.closure.ensemble import Ensemble
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import DivergenceError, InputError, naming
from vcnn.evaluation.bands import student_band
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class FlowEnsemble:
    """Flows that may be true: one for each member of an ensemble of closures.

    Their spread is in units of the velocity, of which users ask; that of what closures predict says
    little of it, for a flow hardly feels some of it.

    Parameters
    ----------
    results : sequence of FlowResult
        Of the same problem, two at least.
    seconds : sequence of float
        Wall time of each, seconds.
    factor : float
        What standard deviations are multiplied with
        (:func:`vcnn.evaluation.recalibrate`).

    Raises
    ------
    InputError
        If there is one result only, or the factor is not positive.
    """

    results: Sequence[FlowResult]
    seconds: Sequence[float]
    factor: float = 1.0

    def __post_init__(self):
        if len(self.results) < 2:
            raise InputError(f"members: expected two at least, got {len(self.results)}")
        if not 0 < self.factor < np.inf:
            raise InputError(f"factor: expected a positive number, got {self.factor!r}")

    def __repr__(self) -> str:
        return f"FlowEnsemble({len(self.results)} flows in {sum(self.seconds):.3g} s)"

    def velocities(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean velocities at points, and standard deviations of their components.

        Parameters
        ----------
        points : (n, d)
            Length, the same on every rank.

        Returns
        -------
        mean : (n, d)
            Length/time.
        deviation : (n, d)
            Likewise.
        """
        each = self._at(points)
        return each.mean(axis=0), self.factor * each.std(axis=0, ddof=1)

    def band(self, points: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of each component that hold another one of its kind with a probability.

        By :func:`vcnn.evaluation.student_band`.

        Parameters
        ----------
        points : (n, d)
            Length, the same on every rank.
        level : float
            The probability, between 0 and 1.

        Returns
        -------
        lower : (n, d)
            Length/time.
        upper : (n, d)
            Likewise.

        Raises
        ------
        InputError
            If the level is none.
        """
        return student_band(self._at(points), level, self.factor)

    def _at(self, points):
        return np.stack([evaluate(result.velocity, points) for result in self.results])

    def flow(self, location: str = "cell") -> FlowField:
        """The mean of the flows, with the scalar ``velocity_spread``: how far it may lie.

        Parameters
        ----------
        location : {"cell", "vertex"}
            As in `FlowResult.flow`.

        Returns
        -------
        FlowField
            Its fields are means; the spread is the root of the summed variances of components.
        """
        flows = [result.flow(location) for result in self.results]
        velocity = np.stack([flow.velocity for flow in flows])
        variance = velocity.var(axis=0, ddof=1).sum(axis=1)
        means = {
            kind: {
                name: np.mean([getattr(flow, kind)[name] for flow in flows], axis=0)
                for name in getattr(flows[0], kind)
            }
            for kind in ("scalars", "vectors", "tensors")
        }
        flow = replace(flows[0], velocity=velocity.mean(axis=0), **means)
        return flow.with_fields({"velocity_spread": self.factor * np.sqrt(variance)})


def solve_members(
    problem: RANS,
    ensemble: Ensemble,
    start: FlowResult | str | Path | None = None,
    *,
    adapt: Callable[[ClosureLike], ClosureLike] | None = None,
    folder: str | Path | None = None,
    tolerance: float = 1e-9,
    max_rounds: int = 100,
    progress: bool = False,
) -> FlowEnsemble:
    """Solve a flow with each member of an ensemble in the loop, one after the other.

    Each begins with the flow of the one before, which is near.

    Parameters
    ----------
    problem : RANS
        Its closure is not asked.
    ensemble : Ensemble
        Of closures that the problem can ask.
    start : FlowResult or path, optional
        What the first one begins from.
    adapt : callable, optional
        Makes of each member what the problem asks, such as
        ``partial(over_model, model=flow)`` of a correction.
    folder : path, optional
        Keeps ``member_1.npz`` and so on: members that are there begin from their own.
    tolerance, max_rounds, progress
        As in `RANS.solve`.

    Returns
    -------
    FlowEnsemble
        Its ``factor`` is the ensemble's for ``"velocity"``.

    Raises
    ------
    InputError
        If there is a single member, or the problem cannot ask one.
    DivergenceError
        If a flow does not settle; it says with which member.
    """
    if not isinstance(ensemble, Ensemble) or len(ensemble.members) < 2:
        raise InputError("ensemble: expected a vcnn.closure.Ensemble of two members at least")
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
    options = {"tolerance": tolerance, "max_rounds": max_rounds, "progress": progress}
    results, seconds = [], []
    for number, member in enumerate(ensemble.members, start=1):
        begin, name = time.perf_counter(), f"member {number}"
        kept = None if folder is None else Path(folder) / f"member_{number}.npz"
        first = results[-1] if results else start
        options["checkpoint"] = kept
        with naming(name):
            closure = member if adapt is None else adapt(member)
            posed = replace(problem, closure=closure)
            try:
                results.append(posed.solve(kept if kept and kept.is_file() else first, **options))
            except DivergenceError as error:
                raise DivergenceError(f"{name}: {error}", best=error.best) from None
        seconds.append(time.perf_counter() - begin)
    return FlowEnsemble(results, seconds, ensemble.factors.get("velocity", 1.0))
