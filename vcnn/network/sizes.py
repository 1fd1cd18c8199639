"""How many of everything a vector-cloud network computes, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from vcnn.errors import InputError
from vcnn.network.arguments import check_count
from vcnn.network.features import Inputs
from vcnn.network.heads import OUTPUTS, count_coefficients

MATRICES = 4  # learned combinations T that symmetric tensors of outputs are made of
PRODUCTS = 4  # symmetric tensors of each: T, T Tᵀ, Tᵀ T, T²
LEADING = 2  # mixed vectors that matrices are contracted with, beside those of the centre


@dataclass(frozen=True)
class Sizes:
    """Widths of the layers of a `VectorCloudNetwork`.

    Parameters
    ----------
    inputs : Inputs
    outputs : kinds of outputs
    radial, fits, second_moments, channels, mixed, retained, basis : as of the network
    """

    inputs: Inputs
    outputs: tuple[str, ...]
    radial: int
    fits: int
    second_moments: bool
    channels: int
    mixed: tuple[int, int, int]
    retained: int
    basis: int

    @classmethod
    def of(cls, inputs: Inputs, outputs: tuple[str, ...], settings: Mapping) -> Sizes:
        """From the settings of a network."""
        names = {item.name for item in fields(cls)} - {"inputs", "outputs", "mixed"}
        chosen = {name: settings[name] for name in names}
        return cls(inputs, outputs, mixed=tuple(settings["mixed"]), **chosen)

    def __post_init__(self):
        for name in ("radial", "channels", "retained", "basis"):
            check_count(name, getattr(self, name))
        if type(self.second_moments) is not bool:
            raise InputError(f"second_moments: expected true or false, got {self.second_moments!r}")
        if len(self.mixed) != 3 or any(type(n) is not int or n < LEADING for n in self.mixed):
            raise InputError(
                f"mixed: expected three integers from {LEADING} on, got {list(self.mixed)}"
            )
        if type(self.fits) is not int or not 0 <= self.fits <= self.radial:
            raise InputError(
                f"fits: expected 0..{self.radial} (radial functions), got {self.fits!r}"
            )
        if self.retained > self.mixed[1]:
            raise InputError(
                f"retained: expected 1..{self.mixed[1]} (mixed vectors), got {self.retained}"
            )

    @property
    def others(self) -> int:
        """Channels of points that multiply vectors and tensors: half as many."""
        return max(1, self.channels // 2)

    @property
    def own(self) -> int:
        """Channels of points that stand alone: learned, monomials of the features, categories."""
        features = self.inputs.point_features
        return self.channels + features * (features + 3) // 2 + self.inputs.classes

    @property
    def moments(self) -> tuple[int, int, int]:
        """Scalars, vectors and matrices that :func:`vcnn.network.moments.cloud_moments` gives."""
        fields = 1 + len(self.inputs.vectors) + len(self.inputs.tensors)
        return (
            self.radial * self.own,
            self.radial * (self.own + self.others * fields),
            self.radial * self.others * (fields + self.second_moments),
        )

    @property
    def members(self) -> tuple[int, int, int]:
        """Scalars, vectors and matrices that describe a cloud.

        Mixed moments, derivatives of every fit, then vectors and tensors of the centre.
        """
        scalars, vectors = len(self.inputs.scalars), 1 + len(self.inputs.vectors)
        return (
            self.mixed[0] + self.fits * scalars,
            self.mixed[1] + self.fits * (scalars + 2 * vectors) + self.inputs.centre_vectors,
            self.mixed[2] + self.fits * vectors + len(self.inputs.tensors),
        )

    @property
    def invariants(self) -> int:
        """Inputs of ρ: invariants of members, features and categories of the centre."""
        scalars, vectors, matrices = self.members
        chosen = vectors - self.mixed[1] + self.retained
        leading = LEADING + self.inputs.centre_vectors
        count = scalars + (vectors - chosen) * chosen + chosen * (chosen + 1) // 2
        count += matrices * (1 + (matrices + 1) + leading**2)
        return count + self.inputs.point_features + self.inputs.classes

    @property
    def has_basis(self) -> bool:
        """Whether an output turns with the frame."""
        return any(OUTPUTS[kind] != "scalars" for kind in self.outputs)

    @property
    def coefficients(self) -> list[int]:
        """Outputs of ρ, for each output of the network."""
        vectors = self.basis + self.inputs.centre_vectors
        tensors = MATRICES * PRODUCTS + len(self.inputs.tensors)
        scalars = self.mixed[0]
        return [count_coefficients(kind, vectors, tensors, scalars) for kind in self.outputs]
