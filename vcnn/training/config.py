"""How to train."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vcnn.errors import InputError


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Parameters
    ----------
    epochs : passes over the training centres
    batch_size : clouds per gradient step
    learning_rate : of Adam at its peak; rises over the first 5 % of the steps, then falls to 0 as a
        cosine
    centres : centres drawn from each flow, once; None takes every point
    max_points : clouds are subsampled to this many points, afresh every epoch; None takes whole
        clouds
    seed : of the choice of centres, of batches and of subsamples
    validate_every : epochs between validations
    patience : stop after this many epochs without a better validation error; None never stops early
    dtype : "float32" or "float64"
    augmentation : "none", or "rotations": each cloud is turned by a random rotation of its own in
        every step
    """

    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 2e-3
    centres: int | None = None
    max_points: int | None = None
    seed: int = 0
    validate_every: int = 1
    patience: int | None = None
    dtype: str = "float32"
    augmentation: str = "none"

    def __post_init__(self):
        for name in ("epochs", "batch_size", "validate_every", "centres", "max_points", "patience"):
            value = getattr(self, name)
            optional = name in ("centres", "max_points", "patience")
            if not (optional and value is None) and not (type(value) is int and value >= 1):
                raise InputError(f"{name}: expected a positive integer, got {value!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise InputError(f"seed: expected a non-negative integer, got {self.seed!r}")
        if type(self.learning_rate) not in (int, float) or not 0 < self.learning_rate < math.inf:
            raise InputError(
                f"learning_rate: expected a positive number, got {self.learning_rate!r}"
            )
        if self.dtype not in ("float32", "float64"):
            raise InputError(f"dtype: expected 'float32' or 'float64', got {self.dtype!r}")
        if self.augmentation not in ("none", "rotations"):
            raise InputError(
                f"augmentation: expected 'none' or 'rotations', got {self.augmentation!r}"
            )
