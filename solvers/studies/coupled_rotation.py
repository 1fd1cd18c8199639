"""What becomes of a flow that is solved with its closure when the problem is rotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from solvers.coupling.rans import RANS
from solvers.fenics import MPI
from solvers.studies.rotated_problem import rotate_problem
from vcnn.closure.plain import GivenValues
from vcnn.errors import DivergenceError, InputError
from vcnn.evaluation.frames import rotation, sort_angles, unit_axis
from vcnn.evaluation.targets import as_closures
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2


@dataclass(frozen=True, eq=False)
class FrameRun:
    """One flow solved with a closure in one frame.

    Parameters
    ----------
    flow : FlowField or None
        At the vertices, as it was solved; None if it does not settle.
    back : FlowField or None
        The same rotated back into the frame at 0 degrees.
    change : float, optional
        |u − u₀| / |u₀| of the velocity u of ``back``, u₀ that solved at 0 degrees; L² norms.
    rounds : int or None
        How many times the closure was asked.
    clipped : float or None
        Share of the points whose eddy viscosity was out of bounds at the end.
    failure : str
        Why it does not settle.
    """

    flow: FlowField | None = None
    back: FlowField | None = None
    change: float | None = None
    rounds: int | None = None
    clipped: float | None = None
    failure: str = ""


@dataclass(frozen=True, eq=False)
class CoupledRotationStudy:
    """Flows solved anew in rotated frames, with several closures.

    Parameters
    ----------
    problem : RANS
        In the frame at 0 degrees.
    angles : (a,)
        In degrees; the first is 0.
    runs : mapping closure name -> sequence of FrameRun
        One for each angle; only for 0 degrees if there is no flow even there.
    axis : (3,) or None
        Unit vector about which a problem in space was rotated; None in two dimensions.
    tolerance : float
        Of flow and closure.
    """

    problem: RANS
    angles: np.ndarray
    runs: Mapping[str, tuple[FrameRun, ...]]
    axis: np.ndarray | None
    tolerance: float

    def __repr__(self) -> str:
        frames = ", ".join(f"{angle:g}" for angle in self.angles)
        return f"CoupledRotationStudy({', '.join(self.runs)} at {frames} degrees; {self.problem!r})"

    @property
    def rotations(self) -> list[np.ndarray]:
        """(d, d) for each angle."""
        return [rotation(angle, self.axis) for angle in self.angles]


def coupled_rotation_study(
    closures: Mapping[str, object],
    problem: RANS,
    angles: Sequence[float] = (35, 90, 180),
    axis: Sequence[float] | None = None,
    tolerance: float = 1e-9,
    max_rounds: int = 100,
    progress: bool = True,
) -> CoupledRotationStudy:
    """Solve a flow with each closure in the loop, then rotate the problem and solve it anew.

    Mesh, periods, driving direction and boundary values are rotated
    (``solvers.studies.rotated_problem.rotate_problem``); the equations are frame-independent,
    and so is their discretisation on the rotated mesh. What is left of the change, once the
    solution is rotated back, is the closure's doing. A closure with which a frame has no solution
    is a result.

    Parameters
    ----------
    closures : mapping name -> ClosureLike
        Or whatever else :func:`vcnn.as_closure` takes, that predicts something of a flow.
    problem : RANS
        Its own closure does not matter.
    angles : sequence of float
        In degrees; 0 is always one of them.
    axis : (3,), optional
        Of rotation in space; default: a generic one.
    tolerance, max_rounds
        As in :meth:`solvers.RANS.solve`.
    progress : bool
        Show a line with closures, frames and rounds.

    Returns
    -------
    CoupledRotationStudy

    Raises
    ------
    InputError
        If there is no closure, one cannot be asked, or the problem or a number does not make sense.
    """
    for name, closure in as_closures(closures).items():
        if isinstance(closure, GivenValues):
            raise InputError(f"{name}: expected a closure that predicts, got values")
    angles = sort_angles(angles)
    axis = unit_axis(axis, problem.mesh.points.shape[1])
    rotations, runs = [rotation(angle, axis) for angle in angles], {}
    with tqdm(
        total=len(closures) * len(angles),
        unit="flow",
        desc="coupled",
        disable=not (progress and MPI.COMM_WORLD.rank == 0),
    ) as bar:
        for name, closure in closures.items():
            posed = replace(problem, closure=closure)
            runs[name] = _run_in_frames(posed, rotations, tolerance, max_rounds, bar)
    return CoupledRotationStudy(
        problem=problem, angles=angles, runs=runs, axis=axis, tolerance=tolerance
    )


def _run_in_frames(problem, rotations, tolerance, max_rounds, bar) -> tuple[FrameRun, ...]:
    """A flow in the first frame, and if it has one, in the others."""
    runs = []
    for R in rotations:
        reference = runs[0].flow if runs else None
        posed = rotate_problem(problem, R) if runs else problem
        runs.append(_run(posed, R, reference, tolerance=tolerance, max_rounds=max_rounds))
        bar.update()
        if runs[0].failure:
            break
    return tuple(runs)


def _run(problem: RANS, R, reference: FlowField | None, **options) -> FrameRun:
    """In the frame rotated by R; without a reference it is one itself."""
    try:
        result = problem.solve(**options)
    except DivergenceError as error:
        return FrameRun(failure=str(error))
    flow = result.flow("vertex")
    back = flow.rotated(R.T)
    change = 0.0
    if reference is not None:
        change = relative_l2(back.velocity, reference.velocity, reference.weights)
    return FrameRun(
        flow=flow,
        back=back,
        change=change,
        rounds=len(result.history),
        clipped=result.history.clipped[-1],
    )
