"""What becomes of a closure when the same flow is described in a rotated frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from vcnn.closure.closure import Closure
from vcnn.closure.protocol import ChecksFlows, ClosureLike, StatesUnits
from vcnn.errors import InputError, naming
from vcnn.evaluation.parallel import in_parallel
from vcnn.evaluation.targets import as_closures, common_target
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2, truth_of
from vcnn.flow.tensors import rotate

_GENERIC_AXIS = (1.0, 2.0, 3.0)  # no plane or axis of symmetry of a usual geometry


@dataclass(frozen=True, eq=False)
class RotationStudy:
    """Predictions of several closures for one flow, in frames rotated by several angles.

    Errors are relative L2 norms weighted by the quadrature weights. "Error" compares with the
    truth, "change" with the same closure's prediction in the frame at 0 degrees.

    Parameters
    ----------
    flow : FlowField
        At 0 degrees.
    target : str
        Name of the predicted field.
    truth : (n, ...) or None
        None if the flow does not have it.
    angles : (a,)
        In degrees; the first is 0.
    predictions : mapping closure name -> (a, n, ...)
        Vectors and tensors by their components in the frame at 0 degrees.
    errors : mapping closure name -> (a,)
        Empty without truth.
    changes : mapping closure name -> (a,)
        In each frame.
    curve_rotations : (c, d, d)
        Once around in two dimensions; in three random, uniform on SO(3). The first is no rotation.
    curve_angles : (c,)
        In degrees, of these rotations.
    curve_errors, curve_changes : mapping closure name -> (c,)
        Over ``curve_centres`` only.
    curve_centres : (k,)
        Indices of points.
    axis : (3,) or None
        Unit vector about which a 3-D flow was rotated by ``angles``; None in two dimensions.
    units : mapping name -> unit
        As the closures know them.
    """

    flow: FlowField
    target: str
    truth: np.ndarray | None
    angles: np.ndarray
    predictions: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]
    changes: Mapping[str, np.ndarray]
    curve_rotations: np.ndarray
    curve_angles: np.ndarray
    curve_errors: Mapping[str, np.ndarray]
    curve_changes: Mapping[str, np.ndarray]
    curve_centres: np.ndarray
    axis: np.ndarray | None
    units: Mapping[str, str]

    def __repr__(self) -> str:
        frames = len(self.angles) + len(self.curve_angles)
        return (
            f"RotationStudy({self.target} by {', '.join(self.predictions)} in {frames} frames of "
            f"{len(self.flow):,} points in {self.flow.dimension}-D)"
        )

    @property
    def variation(self) -> dict[str, float]:
        """Closure name -> largest change of its prediction over all frames."""
        return {
            name: float(max(self.changes[name].max(), self.curve_changes[name].max()))
            for name in self.changes
        }

    @property
    def error_variation(self) -> dict[str, float]:
        """Closure name -> largest |e − e₀|/e₀ of its error e in any frame; empty without truth."""
        variation = {}
        for name in self.errors:
            curves = self.errors[name], self.curve_errors[name]
            variation[name] = float(max(np.abs(e / e[0] - 1).max() for e in curves))
        return variation

    def rotated(self, angle: float) -> FlowField:
        """The flow in the frame rotated by ``angle`` degrees."""
        return self.flow.rotated(rotation(angle, self.axis))


def rotate_study(
    closures: Mapping[str, object],
    flow: FlowField,
    angles: Sequence[float] = (0, 35, 70, 90, 180),
    curve_step: float = 15.0,
    curve_centres: int = 200,
    axis: Sequence[float] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> RotationStudy:
    """Predict one flow in rotated frames.

    The flow itself is rotated (positions, vectors, tensors, periods) and clouds are built anew in
    each frame, in float64. So are closures evaluated, unless one claims no symmetry under
    rotations: then in its own precision. What remains of a frame-independent closure's change is
    round-off of float64.

    Parameters
    ----------
    closures : mapping name -> ClosureLike
        Or whatever else :func:`vcnn.as_closure` takes, that says which one field it predicts, by
        ``targets`` or ``target``.
    flow : FlowField
    angles : sequence of float
        In degrees; predictions at all points are kept for these, and 0 is always one of them.
    curve_step : float
        In degrees, between the angles of the curve, which go once around; in 3-D as many random
        rotations.
    curve_centres : int
        The curve is computed at this many random points only.
    axis : (3,), optional
        Of rotation by ``angles``, for 3-D flows; default: a generic one.
    seed : int
        Of the choice of these points and of random rotations.
    progress : bool
        Show a bar.

    Returns
    -------
    RotationStudy

    Raises
    ------
    InputError
        If there is no closure, targets differ, a closure cannot predict this flow, a number is
        unusable, or the flow is on a line, which has no rotations.
    """
    target = common_target(closures)
    for name, closure in closures.items():
        if isinstance(closure, ChecksFlows):
            with naming(name):
                closure.check(flow)
    angles = sort_angles(angles)
    if not 0 < curve_step <= 180:
        raise InputError(f"curve_step: expected degrees between 0 and 180, got {curve_step}")
    if curve_centres < 1:
        raise InputError(f"curve_centres: expected at least 1, got {curve_centres}")
    axis = unit_axis(axis, flow.dimension)
    truth = truth_of(flow, target)

    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(flow))[:curve_centres])
    curve_angles, curve = _curve(curve_step, flow.dimension, rng)
    around = np.array([rotation(angle, axis) for angle in angles])
    count = len(closures) * (len(around) + len(curve))
    with tqdm(total=count, unit="frame", disable=not progress) as bar:
        full = _predictions(closures, flow, target, around, None, bar)
        part = _predictions(closures, flow, target, curve, chosen, bar)
    few = flow.weights[chosen]
    errors = curve_errors = {}
    if truth is not None:
        errors = {n: _distances(rows, truth, flow.weights) for n, rows in full.items()}
        curve_errors = {n: _distances(rows, truth[chosen], few) for n, rows in part.items()}
    units = {}
    for closure in closures.values():
        if isinstance(closure, StatesUnits):
            units |= closure.units
    return RotationStudy(
        flow=flow,
        target=target,
        truth=truth,
        angles=angles,
        predictions=full,
        errors=errors,
        changes={n: _distances(rows, rows[0], flow.weights) for n, rows in full.items()},
        curve_rotations=curve,
        curve_angles=curve_angles,
        curve_errors=curve_errors,
        curve_changes={n: _distances(rows, rows[0], few) for n, rows in part.items()},
        curve_centres=chosen,
        axis=axis,
        units=units,
    )


def _predictions(closures, flow, target, rotations, centres, bar) -> dict[str, np.ndarray]:
    """Closure name -> (a, n, ...) in frames rotated by (a, d, d), by components in the first."""

    def predict(closure, R):
        dtype = _precision(closure)
        values = closure.predict(flow.rotated(R), centres=centres, dtype=dtype)[target]
        bar.update()
        return rotate(values, R.T)

    tasks = [partial(predict, c, R) for c in as_closures(closures).values() for R in rotations]
    rows = np.array_split(np.stack(in_parallel(tasks)), len(closures))
    return dict(zip(closures, rows, strict=True))


def _distances(rows, reference, weights) -> np.ndarray:
    """(a,) relative L2 distances."""
    return np.array([relative_l2(row, reference, weights) for row in rows])


def _precision(closure: ClosureLike) -> torch.dtype | None:
    """To compute a prediction in: of a closure tied to its frame what it always has."""
    if isinstance(closure, Closure) and not closure.network.symmetry.rotations:
        return None
    return torch.float64


def rotation(degrees: float, axis: Sequence[float] | None = None) -> np.ndarray:
    """Matrix of a rotation.

    Parameters
    ----------
    degrees : float
        The angle in degrees.
    axis : (3,), optional
        Unit vector of a rotation in space.

    Returns
    -------
    (2, 2) or (3, 3)
        R of x → R x.
    """
    angle = np.deg2rad(degrees)
    if axis is not None:
        return Rotation.from_rotvec(angle * np.asarray(axis)).as_matrix()
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def sort_angles(angles: Sequence[float]) -> np.ndarray:
    """(a,) degrees, 0 first and then the others in order.

    Raises
    ------
    InputError
        If one is not finite.
    """
    angles = np.unique(np.array([0, *angles], dtype=float))
    if not np.isfinite(angles).all():
        raise InputError("angles: expected finite numbers, in degrees")
    return np.concatenate([[0.0], angles[angles != 0]])


def unit_axis(axis: Sequence[float] | None, dimension: int) -> np.ndarray | None:
    """(3,) unit vector, by default a generic one; None in two dimensions.

    Raises
    ------
    InputError
        If it is no direction, given in two dimensions, or the flow is on a line.
    """
    if dimension == 1:
        raise InputError(
            "rotation: a 1-D flow has none, only a mirror image; vcnn.testing.equivariance_errors "
            "compares that"
        )
    if dimension == 2:
        if axis is not None:
            raise InputError(
                "axis: a 2-D flow rotates in its plane; give an axis with 3-D flows only"
            )
        return None
    axis = np.asarray(_GENERIC_AXIS if axis is None else axis, dtype=float)
    if axis.shape != (3,) or not 0 < np.linalg.norm(axis) < np.inf:
        raise InputError("axis: expected three numbers, not all zero")
    return axis / np.linalg.norm(axis)


def _curve(step, dimension, rng):
    """Angles (c,) in degrees and rotations (c, d, d), the first of them none."""
    angles = np.arange(0, 360, step, dtype=float)
    if dimension == 2:
        return angles, np.array([rotation(angle) for angle in angles])
    rotations = Rotation.concatenate([Rotation.identity(), Rotation.random(len(angles), rng=rng)])
    return np.rad2deg(rotations.magnitude()), rotations.as_matrix()
