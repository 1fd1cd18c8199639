"""Weights and velocities of points as tensors, for clouds that are differentiated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # torch is slow to import
    import torch


@dataclass(frozen=True, eq=False)
class PointTensors:
    """What weighs the points of clouds that are differentiated, in place of what their flow has.

    Parameters
    ----------
    velocity : (n, d) tensor
        length/time.
    weights : (n,) tensor
    """

    velocity: torch.Tensor
    weights: torch.Tensor

    def subset(self, points: np.ndarray) -> PointTensors:
        """Those of ``points`` (k,), indices of some of them."""
        return PointTensors(self.velocity[points], self.weights[points])
