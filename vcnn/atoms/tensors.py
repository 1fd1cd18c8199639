"""Vectors and tensors of atoms: dipoles, quadrupoles, polarizabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds, join_clouds
from vcnn.atoms.frame import Frame
from vcnn.atoms.model import AtomicModel, check_positive
from vcnn.errors import DivergenceError, InputError
from vcnn.threads import few_threads

SHAPES = {
    "scalar": (),
    "vector": (3,),
    "symmetric_tensor": (3, 3),
    "traceless_symmetric_tensor": (3, 3),
}


@dataclass(frozen=True, eq=False)
class AtomicTensors(AtomicModel):
    """T_i = s F(cloud of i) + t I: what turns with the frame, of each atom of some species.

    Their sum over atoms is the dipole, polarizability or quadrupole of a frame (Zhang et al., Phys.
    Rev. B 102, 041121, 2020; Sommers et al., Phys. Chem. Chem. Phys. 22, 10592, 2020).

    Parameters
    ----------
    network : Network
        With the normalization "sum" and the outputs "vector", "symmetric_tensor",
        "traceless_symmetric_tensor" or "scalar", one for each name; takes the category ``species``
        and nothing else.
    species : sequence of str
        Chemical symbols, in the order of their numbers.
    cutoff : float
        Å.
    names : sequence of str
        Of the quantities, as ``Frame.properties`` call them, such as ``atomic_dipole``.
    scales : sequence of float
        s, in their units.
    offsets : sequence of float
        t, in their units; 0 of vectors and of what is traceless.
    carriers : sequence of str
        Species that have them; those of other atoms are 0.
    smooth : float
        Share of the cut-off from which weights of neighbours fall.
    provenance : mapping
        How it was trained.

    Raises
    ------
    InputError
        If the network is another one, or a number or a species makes no sense.
    """

    _kind: ClassVar[str] = "tensors"
    _called: ClassVar[str] = "model of tensors"
    names: Sequence[str]
    scales: Sequence[float]
    offsets: Sequence[float]
    carriers: Sequence[str]

    def __post_init__(self):
        super().__post_init__()
        strange = [kind for kind in self.network.outputs if kind not in SHAPES]
        if strange:
            raise InputError(f"network: expected outputs of {', '.join(SHAPES)}, got {strange[0]}")
        count = len(self.network.outputs)
        for name in ("names", "scales", "offsets"):
            if len(getattr(self, name)) != count:
                raise InputError(f"{name}: expected {count}, one for each output of the network")
        for scale in self.scales:
            check_positive("scales", scale)
        unknown = [name for name in self.carriers if name not in self.species]
        if unknown or not self.carriers:
            raise InputError(
                f"carriers: expected some of {', '.join(self.species)}, "
                f"got {', '.join(unknown) or 'none'}"
            )

    def clouds(self, frame: Frame) -> AtomClouds:
        """Clouds of the carriers of a frame.

        Parameters
        ----------
        frame : Frame

        Raises
        ------
        InputError
            If it has a species that the model does not know, or atoms on each other.
        """
        return AtomClouds.of(frame, self.species, self.cutoff, self.carriers)

    def tensors(self, clouds: AtomClouds, positions: torch.Tensor) -> list[torch.Tensor]:
        """Each quantity of the clouds, (m,), (m, 3) or (m, 3, 3), differentiable by all.

        Parameters
        ----------
        clouds : AtomClouds
            From ``clouds`` and :func:`vcnn.atoms.join_clouds`.
        positions : (n, 3) tensor
            Å, in the precision to compute in.
        """
        heads = self.heads(clouds, clouds.relative(positions))
        numbers = zip(heads, self.scales, self.offsets, strict=True)
        return [scale * head + offset * _identity(head) for head, scale, offset in numbers]

    @few_threads()
    def predict(self, frames: Sequence[Frame]) -> list[Frame]:
        """The frames with the quantities among their properties, in double precision.

        Parameters
        ----------
        frames : sequence of Frame
            Of species that it knows.

        Returns
        -------
        list of Frame
            Their properties (n,), (n, 3) or (n, 3, 3) are 0 of atoms that are no carriers.

        Raises
        ------
        InputError
            As ``clouds``.
        DivergenceError
            If a value is NaN or infinite.
        """
        model, predicted = self.in_double(), []
        for number, frame in enumerate(frames):
            properties = dict(frame.properties)
            shapes = [SHAPES[kind] for kind in self.network.outputs]
            fields = [np.zeros((len(frame), *shape)) for shape in shapes]
            if set(frame.species) & set(self.carriers):
                clouds = join_clouds([model.clouds(frame)])
                with torch.no_grad():
                    values = model.tensors(clouds, torch.from_numpy(frame.positions.copy()))
                for field, value in zip(fields, values, strict=True):
                    field[clouds.atoms] = value.numpy()
            if not all(np.isfinite(field).all() for field in fields):
                raise DivergenceError(f"frame {number}: a value is NaN or infinite")
            properties |= zip(self.names, fields, strict=True)
            predicted.append(replace(frame, properties=properties))
        return predicted


def _identity(head: torch.Tensor) -> torch.Tensor | float:
    """What an isotropic offset is of: I of tensors, 1 of scalars, nothing of vectors."""
    if head.ndim == 3:
        return torch.eye(3, dtype=head.dtype)
    return float(head.ndim == 1)
