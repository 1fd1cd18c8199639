"""Canonicalisation: every cloud in a frame of its own, where any network may read components."""

from __future__ import annotations

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.keys import check_choice
from vcnn.network.base import Given, Network
from vcnn.network.registry import build_network
from vcnn.network.symmetry import Symmetry

_INNER = ("deep-sets", "attention", "graph-kernel")
_AT_REST = 1e-10  # of the root mean square velocity in the cloud


class CanonicalNetwork(Network):
    """A network without symmetry on clouds rotated into frames of their own.

    After Kaba et al. 2023, arXiv 2211.06489.

    With the frame "velocity" the first axis points along the velocity u₀ of the centre; in two
    dimensions the second is at 90 degrees to it, in three it comes from the mean velocity of the
    cloud by Gram and Schmidt, and the third is their cross product. Where the centre is at rest, as
    on walls, mean velocity and mean position take their places. Mirror images have mirrored
    components: this is SO(d). With the frame "axes" the axes are the principal ones of the second
    moment of the velocities, signs such that the mean velocity has positive components: O(d).

    No choice of frame is continuous: predictions jump where the vectors vanish or are parallel,
    where eigenvalues are equal, and where a component of the mean velocity changes sign.
    `VectorCloudNetwork` has no frame to lose.

    Parameters
    ----------
    scalars, dimension, output
        As in `CloudNetwork`.
    inner : {"deep-sets", "attention", "graph-kernel"}
        The network in the frame, one without symmetry.
    frame : {"velocity", "axes"}
        What the frame of a cloud is made of.
    seed : int
        Of the initial weights.
    **options : any
        Further arguments of the inner network, such as its ``width``.

    Raises
    ------
    InputError
        If the inner network or the frame is another one.
    """

    name = "canonical"
    differentiable_in_velocity = False  # neither are the frames

    def __init__(
        self,
        scalars=(),
        dimension=2,
        output="scalar",
        *,
        inner="deep-sets",
        frame="velocity",
        seed=0,
        **options,
    ):
        check_choice("inner", inner, _INNER)
        if frame not in ("velocity", "axes"):
            raise InputError(f"frame: expected velocity or axes, got {frame!r}")
        arguments = {
            "scalars": scalars,
            "dimension": dimension,
            "output": output,
            "seed": seed,
            **options,
        }
        network = build_network(inner, arguments)
        super().__init__(**network.config, inner=inner, frame=frame)
        self.network = network
        self.frames = _velocity_frames if frame == "velocity" else _principal_frames
        self.symmetry = Symmetry.SO if frame == "velocity" else Symmetry.O
        self.weighted, self.scalars, self.outputs = (
            network.weighted,
            network.scalars,
            network.outputs,
        )
        self.dimension = dimension

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of data that clouds of ``counts`` points need: those of the inner network."""
        return self.network.work(counts)

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> tuple[()]:
        """Nothing: what points are like depends on the cloud that looks at them."""
        return ()

    def forward(self, clouds: VectorClouds, points: tuple[()]) -> torch.Tensor:
        """Closure values of m clouds, shape (m,)."""
        return self.network(clouds.rotated(self.frames(_Means(clouds, self.weighted))))


class _Means:
    """What frames are made of: the centre's velocity, and means over each cloud."""

    def __init__(self, clouds, weighted):
        u = clouds.flow.velocity[clouds.neighbours]
        self.centre_velocity = clouds.flow.velocity[clouds.centres]
        self.velocity = clouds.mean(u, weighted)
        self.position = clouds.mean(clouds.positions, weighted)
        self.moment = clouds.mean(u[:, :, None] * u[:, None], weighted)


def _velocity_frames(means) -> np.ndarray:
    """(m, d, d), rows are axes of right-handed frames."""
    d = means.centre_velocity.shape[1]
    speed = np.linalg.norm(means.centre_velocity, axis=1)
    at_rest = speed <= _AT_REST * np.sqrt(np.trace(means.moment, axis1=1, axis2=2))
    moving = np.stack([means.centre_velocity, means.velocity], axis=2)
    resting = np.stack([means.velocity, means.position], axis=2)
    vectors = np.where(at_rest[:, None, None], resting, moving)[:, :, : d - 1]
    # Q is orthonormal even where the vectors are not independent. Its columns get the directions of
    # the vectors, the last one that of their cross product.
    Q, R = np.linalg.qr(vectors, mode="complete")
    Q[:, :, : d - 1] *= np.where(np.diagonal(R, axis1=1, axis2=2) < 0, -1, 1)[:, None]
    Q[:, :, -1] *= np.linalg.det(Q)[:, None]
    return Q.transpose(0, 2, 1)


def _principal_frames(means) -> np.ndarray:
    """(m, d, d), rows are principal axes by ascending eigenvalue.

    Of the two directions of an axis it is that of the mean velocity.
    """
    axes = np.linalg.eigh(means.moment).eigenvectors.transpose(0, 2, 1)
    along = axes @ means.velocity[:, :, None]
    return np.where(along < 0, -axes, axes)
