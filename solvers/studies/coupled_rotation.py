"""What becomes of a solved flow when the problem is posed in a turned frame, with the closure in
the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from solvers.coupling.rans import RANS
from solvers.fenics import MPI
from solvers.studies.rotated_problem import turned_problem
from vcnn.errors import DivergenceError, InputError
from vcnn.evaluation.frames import checked_angles, checked_axis, rotation
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2


@dataclass(frozen=True, eq=False)
class FrameRun:
    """One flow solved with a closure in one frame.

    Parameters
    ----------
    flow : FlowField at the vertices, as it was solved; None if it does not settle
    back : FlowField, the same turned back into the frame at 0 degrees
    change : float, optional
        |u − u₀| / |u₀| of the velocity u of ``back``, u₀ that solved at 0 degrees; L² norms.
    rounds : how many times the closure was asked
    clipped : share of the points whose eddy viscosity was out of bounds at the end
    failure : why it does not settle
    """

    flow: FlowField | None = None
    back: FlowField | None = None
    change: float | None = None
    rounds: int | None = None
    clipped: float | None = None
    failure: str = ""


@dataclass(frozen=True, eq=False)
class CoupledRotationStudy:
    """Flows solved anew in turned frames, with several closures.

    Parameters
    ----------
    problem : RANS
        In the frame at 0 degrees.
    angles : (a,) degrees, the first is 0
    runs : closure name -> a FrameRun for each angle
        Only for 0 degrees if there is no flow even there.
    axis : (3,) unit vector about which a problem in space was turned; None in two dimensions
    tolerance : of flow and closure
    """

    problem: RANS
    angles: np.ndarray
    runs: Mapping[str, tuple[FrameRun, ...]]
    axis: np.ndarray | None
    tolerance: float

    @property
    def rotations(self) -> list[np.ndarray]:
        """(d, d) for each angle."""
        return [rotation(angle, self.axis) for angle in self.angles]


def coupled_rotation_study(
    closures: Mapping[str, object],
    problem: RANS,
    angles: Sequence[float] = (35, 90, 180),
    axis=None,
    tolerance: float = 1e-9,
    max_rounds: int = 100,
    progress: bool = True,
) -> CoupledRotationStudy:
    """Solve a flow with each closure in the loop, then turn the whole problem and solve it anew
    from the beginning.

    Mesh, periods, driving direction and boundary values are turned
    (:func:`solvers.studies.rotated_problem.turned_problem`); the equations are frame-independent,
    and so is their discretisation on the turned mesh. What is left of the change, once the solution
    is turned back, is the closure's doing. A closure with which a frame has no solution is a
    result.

    Parameters
    ----------
    closures : name -> `vcnn.Closure`, or anything with ``predict(flow)``
    problem : RANS
        Its own closure is not asked.
    angles : degrees; 0 is always one of them
    axis : (3,), optional
        Of rotation in space; default: a generic one.
    tolerance, max_rounds : as in :meth:`solvers.RANS.solve`

    Raises
    ------
    InputError
        If there is no closure, one cannot be asked, or the problem or a number does not make sense.
    """
    if not closures:
        raise InputError("closures: expected at least one")
    for name, closure in closures.items():
        if not hasattr(closure, "predict"):
            raise InputError(
                f"{name}: expected a closure with predict, got {type(closure).__name__}"
            )
    angles = checked_angles(angles)
    axis = checked_axis(axis, problem.mesh.points.shape[1])
    runs = {}
    with tqdm(
        total=len(closures) * len(angles),
        unit="flow",
        desc="coupled",
        disable=not (progress and MPI.COMM_WORLD.rank == 0),
    ) as bar:
        for name, closure in closures.items():
            first, *others = (rotation(angle, axis) for angle in angles)
            here = replace(problem, closure=closure)
            runs[name] = [_run(here, first, None, tolerance, max_rounds)]
            bar.update()
            if not runs[name][0].failure:
                for R in others:
                    runs[name].append(
                        _run(turned_problem(here, R), R, runs[name][0].flow, tolerance, max_rounds)
                    )
                    bar.update()
    return CoupledRotationStudy(
        problem, angles, {n: tuple(r) for n, r in runs.items()}, axis, tolerance
    )


def _run(problem, R, reference, tolerance, max_rounds) -> FrameRun:
    """In the frame turned by R; without a reference it is one itself."""
    try:
        result = problem.solve(tolerance=tolerance, max_rounds=max_rounds)
    except DivergenceError as error:
        return FrameRun(failure=str(error))
    flow = result.flow("vertex")
    back = flow.rotated(R.T)
    change = (
        0.0
        if reference is None
        else relative_l2(back.velocity, reference.velocity, reference.weights)
    )
    return FrameRun(flow, back, change, len(result.history), result.history.clipped[-1])
