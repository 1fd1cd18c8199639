"""How to train: the settings of a run, and its schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from vcnn.errors import InputError
from vcnn.keys import check_choice, keys_of

_WARM_UP = 0.05  # of all steps
_DTYPES = {"float32": torch.float32, "float64": torch.float64}
_AUGMENTATIONS = ("none", "rotations")


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Parameters
    ----------
    epochs : int
        Passes over the training centres.
    batch_size : int
        Clouds per gradient step.
    learning_rate : float
        Of Adam at its peak, after a warm-up and before a cosine down to 0
        (:meth:`learning_rate_at`).
    centres : int or None
        Centres drawn from each flow, once; None takes every point.
    max_points : int or None
        Clouds are subsampled to this many points, afresh every epoch; None takes whole clouds.
    seed : int
        Of the choice of centres, of batches and of subsamples.
    validate_every : int
        Epochs between validations.
    patience : int or None
        Stop after this many epochs without a better validation error; None never stops early.
    dtype : {"float32", "float64"}
        Precision of the network.
    augmentation : {"none", "rotations"}
        With "rotations" each cloud is rotated at random, in every step anew; on a line it is
        mirrored or not.

    Raises
    ------
    InputError
        If a number or a name is none that it could be.
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
        counts = {name: getattr(self, name) for name in ("epochs", "batch_size", "validate_every")}
        for name in ("centres", "max_points", "patience"):
            if getattr(self, name) is not None:
                counts[name] = getattr(self, name)
        for name, value in counts.items():
            if type(value) is not int or value < 1:
                raise InputError(f"{name}: expected a positive integer, got {value!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise InputError(f"seed: expected a non-negative integer, got {self.seed!r}")
        if type(self.learning_rate) not in (int, float) or not 0 < self.learning_rate < math.inf:
            raise InputError(
                f"learning_rate: expected a positive number, got {self.learning_rate!r}"
            )
        check_choice("dtype", self.dtype, tuple(_DTYPES))
        check_choice("augmentation", self.augmentation, _AUGMENTATIONS)

    @property
    def torch_dtype(self) -> torch.dtype:
        """``dtype`` as torch knows it."""
        return _DTYPES[self.dtype]

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate after a share ``progress`` of all steps.

        It rises over the first 5 % of them, so that the moments of Adam settle while steps
        are small, and falls to 0 as a cosine.
        """
        rise = min(progress / _WARM_UP, 1.0)
        return self.learning_rate * (rise * 0.5 * (1 + math.cos(math.pi * progress)))


# Of the table [training] of a file, and of the arguments above.
TRAINING_KEYS = keys_of(
    TrainingConfig, choices={"dtype": tuple(_DTYPES), "augmentation": _AUGMENTATIONS}
)


def check_config(config: object) -> None:
    """Raise `InputError` unless this is a `TrainingConfig`."""
    if not isinstance(config, TrainingConfig):
        raise InputError(
            f"config: expected a TrainingConfig, got {config!r}; write TrainingConfig(epochs=...)"
        )
