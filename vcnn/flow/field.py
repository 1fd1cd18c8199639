"""What is known of one flow: points, velocity and named scalar, vector and tensor fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import meshio
import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError, naming
from vcnn.flow.file import read_items, write_flow
from vcnn.flow.mesh import count_cells, mesh_geometry
from vcnn.flow.tensors import check_orthogonal, rotate


@dataclass(frozen=True, eq=False)
class FlowField:
    """One flow, known at n points in d = 1, 2 or 3 dimensions.

    All arrays are converted to float64 and checked; units are those of the data, consistently. On
    a line, d = 1, vectors and tensors keep their axes: shapes (n, 1) and (n, 1, 1). A
    cross-section, given by points (n, 2) with a velocity (n, 3) and no mesh, becomes a 3-D flow in
    the plane z = 0.

    Parameters
    ----------
    points : (n, d)
        Positions, length.
    velocity : (n, d), optional
        Velocity vectors, length/time. Default: 0, for points that have none, such as atoms.
    weights : (n,), optional
        Positive quadrature weights: cell volumes or lumped masses. Default: all equal to 1.
        A mesh whose seam points appear at both ends of a period carries half a weight at each.
    scalars, vectors, tensors : mappings name -> (n,), (n, d), (n, d, d)
        Named fields, e.g. ``"strain_rate"`` (√2 |sym ∇u|), ``"wall_distance"``,
        ``"concentration"``.
    periods : sequence of (d,)
        Period vectors of the domain, length, linearly independent; empty if it is not periodic.
    parameters : mapping name -> float
        Numbers that hold for the whole flow, e.g. ``"viscosity"``, ``"slope"``.
    mesh : meshio.Mesh, optional
        The mesh the points belong to. Only its geometry is kept: points, cells and the named
        boundaries in ``cell_sets``. Cells of dimension d come in any number of blocks; blocks of
        lower dimension are boundary facets. In a plane section of space (d = 3) cells have
        dimension 2.
    location : {"vertex", "cell", None}
        Whether the points are vertices or cells of ``mesh``; None (with ``mesh=None``) for loose
        points. Default: "vertex" with a mesh, None without.
    provenance : mapping name -> any
        Where the flow came from; anything JSON can hold.

    Raises
    ------
    InputError
        If an array has the wrong shape, holds NaN or infinity, or does not fit the mesh.
    """

    points: np.ndarray
    velocity: np.ndarray | None = None
    weights: np.ndarray | None = None
    scalars: Mapping[str, np.ndarray] = field(default_factory=dict)
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    tensors: Mapping[str, np.ndarray] = field(default_factory=dict)
    periods: tuple = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    mesh: meshio.Mesh | None = None
    location: str | None = "vertex"
    provenance: Mapping = field(default_factory=dict)

    def __post_init__(self):
        points = np.asarray(self.points, dtype=float)
        if points.ndim != 2 or points.shape[1] not in (1, 2, 3):
            raise InputError(f"points: expected shape (n, 1), (n, 2) or (n, 3), got {points.shape}")
        if points.shape[1] == 2 and np.shape(self.velocity)[1:] == (3,) and self.mesh is None:
            points = np.pad(points, ((0, 0), (0, 1)))
            periods = [np.append(p, 0.0) if np.shape(p) == (2,) else p for p in self.periods]
            self._put("periods", periods)
        n, d = points.shape
        if n == 0:
            raise InputError("points: a flow needs at least one point")
        self._put("points", _as_finite(points, (n, d), "points"))
        velocity = np.zeros((n, d)) if self.velocity is None else self.velocity
        self._put("velocity", _as_finite(velocity, (n, d), "velocity"))
        weights = np.ones(n) if self.weights is None else _as_finite(self.weights, (n,), "weights")
        if not (weights > 0).all():
            raise InputError(f"weights: must be positive, smallest is {weights.min():g}")
        self._put("weights", weights)
        for kind, shape in (("scalars", (n,)), ("vectors", (n, d)), ("tensors", (n, d, d))):
            fields = getattr(self, kind).items()
            self._put(kind, {name: _as_finite(a, shape, f"{kind}[{name!r}]") for name, a in fields})
        periods = tuple(_as_finite(p, (d,), "period vector") for p in self.periods)
        if periods and np.linalg.matrix_rank(np.array(periods)) < len(periods):
            raise InputError("periods: the period vectors must be linearly independent")
        self._put("periods", periods)
        parameters = {name: float(value) for name, value in self.parameters.items()}
        self._put("parameters", parameters)
        self._put("provenance", dict(self.provenance))
        if self.mesh is None:
            self._put("location", None)
        else:
            self._put("mesh", mesh_geometry(self.mesh, d))
            self._check_location()

    def _put(self, name, value):
        object.__setattr__(self, name, value)  # the flow is frozen once it is made

    def _check_location(self):
        if self.location not in ("vertex", "cell"):
            raise InputError(
                f"location: expected 'vertex' or 'cell' with a mesh, got {self.location!r}"
            )
        at_vertices = self.location == "vertex"
        expected = len(self.mesh.points) if at_vertices else count_cells(self.mesh)
        if len(self.points) != expected:
            raise InputError(
                f"mesh: {expected} points at location {self.location!r}, "
                f"the flow has {len(self.points)}"
            )

    @property
    def dimension(self) -> int:
        """d, the number of space dimensions."""
        return self.points.shape[1]

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        fields = ", ".join((*self.scalars, *self.vectors, *self.tensors)) or "velocity only"
        return f"FlowField({len(self)} points in {self.dimension}-D, fields: {fields})"

    def with_fields(
        self,
        scalars: Mapping | None = None,
        vectors: Mapping | None = None,
        tensors: Mapping | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> FlowField:
        """The same flow with further (or replaced) named fields and parameters.

        ``scalars`` (n,), ``vectors`` (n, d), ``tensors`` (n, d, d) and ``parameters`` are mappings
        by name.
        """
        return replace(
            self,
            scalars={**self.scalars, **(scalars or {})},
            vectors={**self.vectors, **(vectors or {})},
            tensors={**self.tensors, **(tensors or {})},
            parameters={**self.parameters, **(parameters or {})},
        )

    # -- changes of frame
    # -------------------------------------------------------------------------------

    def rotated(self, rotation: ArrayLike) -> FlowField:
        """The flow in the frame x → R x, ``rotation`` R orthogonal (d, d): u → R u, T → R T Rᵀ.

        Scalars stay as they are. R may be improper (a reflection), the only change of frame there
        is on a line.

        Raises
        ------
        InputError
            If the matrix is not orthogonal or of another dimension.
        """
        R = check_orthogonal(rotation, self.dimension)
        return replace(
            self,
            points=rotate(self.points, R),
            velocity=rotate(self.velocity, R),
            vectors={name: rotate(v, R) for name, v in self.vectors.items()},
            tensors={name: rotate(t, R) for name, t in self.tensors.items()},
            periods=tuple(R @ p for p in self.periods),
            mesh=_move(self.mesh, lambda x: x @ R.T),
        )

    def translated(self, shift: ArrayLike) -> FlowField:
        """The flow with every position moved by the vector ``shift`` (d,), length.

        Raises
        ------
        InputError
            If it is no such vector.
        """
        t = _as_finite(shift, (self.dimension,), "shift")
        return replace(self, points=self.points + t, mesh=_move(self.mesh, lambda x: x + t))

    def reflected(self, normal: ArrayLike) -> FlowField:
        """The mirror image in the plane through the origin with the given ``normal`` (d,).

        In a plane that is a line, on a line the origin: ``normal`` is then (1,).

        Raises
        ------
        InputError
            If it is no such vector, or zero.
        """
        n = _as_finite(normal, (self.dimension,), "normal")
        if not np.linalg.norm(n) > 0:
            raise InputError("normal: must not be zero")
        n = n / np.linalg.norm(n)
        return self.rotated(np.eye(self.dimension) - 2 * np.outer(n, n))

    def permuted(self, order: ArrayLike) -> FlowField:
        """The flow with its points in another ``order`` (n,), as loose points without a mesh.

        Raises
        ------
        InputError
            If it is no permutation of 0..n-1.
        """
        order = np.asarray(order)
        if not np.array_equal(np.sort(order), np.arange(len(self))):
            raise InputError(f"order: expected a permutation of 0..{len(self) - 1}")
        return self._select(order)

    def subset(self, points: ArrayLike) -> FlowField:
        """The flow at ``points`` (k,), indices of some of its points, without a mesh."""
        return self._select(np.asarray(points))

    def _select(self, index) -> FlowField:
        def pick(fields):
            return {name: values[index] for name, values in fields.items()}

        return replace(
            self,
            points=self.points[index],
            velocity=self.velocity[index],
            weights=self.weights[index],
            scalars=pick(self.scalars),
            vectors=pick(self.vectors),
            tensors=pick(self.tensors),
            mesh=None,
            location=None,
        )

    def boosted(self, velocity: ArrayLike) -> FlowField:
        """What an observer at minus ``velocity`` (d,), length/time, sees: u -> u + velocity.

        Raises
        ------
        InputError
            If it is no such vector.
        """
        return replace(
            self, velocity=self.velocity + _as_finite(velocity, (self.dimension,), "velocity")
        )

    # -- files
    # ------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write a ``.vtu`` file ``path`` that ParaView opens and :meth:`load` restores exactly.

        Raises
        ------
        InputError
            If the path has another suffix.
        """
        return write_flow(self, path)

    @staticmethod
    def load(path: str | Path) -> FlowField:
        """Read a flow written by :meth:`save` from its ``path``.

        Raises
        ------
        InputError
            If the file is missing, damaged or not one that :meth:`save` wrote.
        """
        with naming(path):
            return FlowField(**read_items(path))


def _move(mesh, move):
    if mesh is None:
        return None
    return meshio.Mesh(move(mesh.points), mesh.cells, cell_sets=mesh.cell_sets)


def _as_finite(array, shape, name) -> np.ndarray:
    array = np.array(array, dtype=float)
    if array.shape != shape:
        raise InputError(f"{name}: expected shape {shape}, got {array.shape}")
    bad = ~np.isfinite(array)
    if bad.any():
        where = np.flatnonzero(bad.reshape(len(array), -1).any(axis=1))
        raise InputError(
            f"{name}: {len(where)} values are NaN or infinite, first at index {where[0]}"
        )
    array.setflags(write=False)
    return array
