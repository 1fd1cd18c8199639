"""States of bodies with positions and velocities, and the clouds around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array
from vcnn.flow.field import FlowField
from vcnn.flow.tensors import check_orthogonal


@dataclass(frozen=True, eq=False)
class Bodies:
    """States of n bodies, s of them: of several systems, or of one at several times.

    Parameters
    ----------
    positions : (s, n, d)
        Length.
    velocities : (s, n, d)
        Length/time.
    masses : (n,), optional
        Default: 1 each.

    Raises
    ------
    InputError
        If shapes do not fit, or something is not finite.
    """

    positions: np.ndarray
    velocities: np.ndarray
    masses: np.ndarray | None = None

    def __post_init__(self):
        x = float_array(self.positions, "positions", "numbers (s, n, d)")
        v = float_array(self.velocities, "velocities", "numbers (s, n, d)")
        if x.ndim != 3 or x.shape[2] not in (1, 2, 3) or 0 in x.shape:
            raise InputError(f"positions: expected shape (s, n, d), d = 1, 2 or 3, got {x.shape}")
        if v.shape != x.shape:
            raise InputError(f"velocities: expected shape {x.shape}, got {v.shape}")
        m = np.ones(x.shape[1]) if self.masses is None else self.masses
        m = float_array(m, "masses", "numbers (n,)")
        if m.shape != x.shape[1:2] or not (m > 0).all():
            raise InputError(f"masses: expected {x.shape[1]} positive numbers, got {self.masses!r}")
        for name, values in (("positions", x), ("velocities", v), ("masses", m)):
            if not np.isfinite(values).all():
                raise InputError(f"{name}: holds NaN or infinite values")
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def count(self) -> int:
        """n."""
        return self.positions.shape[1]

    @property
    def dimension(self) -> int:
        """d."""
        return self.positions.shape[2]

    def __getitem__(self, index: int | slice | np.ndarray) -> Bodies:
        """Some of the states; of a single number a sequence of one."""
        index = np.atleast_1d(np.arange(len(self))[index])
        return Bodies(self.positions[index], self.velocities[index], self.masses)

    def rotated(self, R: np.ndarray) -> Bodies:
        """The same states in the frame x → R x, ``R`` (d, d) orthogonal.

        Raises
        ------
        InputError
            If it is not, or of another dimension.
        """
        R = check_orthogonal(R, self.dimension)
        return Bodies(self.positions @ R.T, self.velocities @ R.T, self.masses)

    def clouds(self, length: float, velocity: float) -> VectorClouds:
        """Of each body of each state the cloud of all bodies of that state, itself included.

        Weights are masses: sums over clouds are those of gravity.

        Parameters
        ----------
        length, velocity : float
            What positions, length, and velocities, length/time, are divided by.

        Returns
        -------
        VectorClouds
            s n clouds of n points, state by state.
        """
        s, n, d = self.positions.shape
        x, v = self.positions / length, self.velocities / velocity
        r = x[:, None] - x[:, :, None]  # (s, centre, neighbour, d)
        first = n * np.arange(s)[:, None, None]
        neighbours = np.broadcast_to(first + np.arange(n), (s, n, n))
        mass = np.tile(self.masses, s)
        flow = FlowField(x.reshape(-1, d), v.reshape(-1, d), weights=mass, scalars={"mass": mass})
        return VectorClouds(
            flow,
            np.arange(s * n),
            n * np.arange(s * n + 1),
            neighbours.reshape(-1),
            r.reshape(-1, d),
        )


def join_states(states: list[Bodies]) -> Bodies:
    """States of the same bodies, one after the other."""
    return Bodies(
        np.concatenate([state.positions for state in states]),
        np.concatenate([state.velocities for state in states]),
        states[0].masses,
    )
