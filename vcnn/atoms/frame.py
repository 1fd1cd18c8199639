"""Frames: atoms at one time, in a cell or free, with what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np

from vcnn.errors import InputError
from vcnn.flow.arrays import float_array
from vcnn.flow.tensors import check_orthogonal, rotate

_FLAT = 1e-6  # volume of a cell over that of a box with its edges


@dataclass(frozen=True, eq=False)
class Frame:
    """n atoms in space; lengths in Å, energies in eV.

    Parameters
    ----------
    positions : (n, 3)
        Å; they need not lie in the cell.
    species : sequence of n str
        Chemical symbols.
    cell : (3, 3), optional
        Rows are the vectors along which everything repeats, Å; without one atoms are free.
    energy : float, optional
        eV.
    forces : (n, 3), optional
        eV/Å.
    virial : (3, 3), optional
        −Σ ∂E/∂h · h of the cell h, eV.
    properties : mapping name -> array
        Further known quantities: (n, ...) of atoms or (...) of the frame.
    charge : float
        Of all atoms together, in elementary charges.

    Raises
    ------
    InputError
        If shapes do not fit, something is not finite, atoms lie on each other, or the cell is flat.
    """

    positions: np.ndarray
    species: Sequence[str]
    cell: np.ndarray | None = None
    energy: float | None = None
    forces: np.ndarray | None = None
    virial: np.ndarray | None = None
    properties: Mapping[str, np.ndarray] = field(default_factory=dict)
    charge: float = 0.0

    def __post_init__(self):
        x = float_array(self.positions, "positions", "numbers (n, 3)")
        if x.ndim != 2 or x.shape[1] != 3 or not len(x):
            raise InputError(f"positions: expected shape (n, 3), got {x.shape}")
        species = tuple(map(str, self.species))
        if len(species) != len(x):
            raise InputError(f"species: expected {len(x)}, got {len(species)}")
        object.__setattr__(self, "positions", x)
        object.__setattr__(self, "species", species)
        for name, shape in (("cell", (3, 3)), ("forces", x.shape), ("virial", (3, 3))):
            if (value := getattr(self, name)) is not None:
                array = float_array(value, name, f"numbers {shape}")
                if array.shape != shape:
                    raise InputError(f"{name}: expected shape {shape}, got {array.shape}")
                object.__setattr__(self, name, array)
        for name in ("energy", "charge"):
            value = getattr(self, name)
            if not (isinstance(value, Real) or (name == "energy" and value is None)):
                raise InputError(f"{name}: expected a number, got {type(value).__name__}")
        for name in ("positions", "cell", "energy", "forces", "virial", "charge"):
            value = getattr(self, name)
            if value is not None and not np.isfinite(value).all():
                raise InputError(f"{name}: holds NaN or infinite values")
        if self.cell is not None:
            edges = np.prod(np.linalg.norm(self.cell, axis=1))
            if abs(np.linalg.det(self.cell)) <= _FLAT * edges:
                raise InputError("cell: expected three vectors that span a volume")

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        counts = {name: self.species.count(name) for name in dict.fromkeys(self.species)}
        formula = " ".join(f"{name}{count}" for name, count in counts.items())
        return f"Frame({formula}, {'free' if self.cell is None else 'in a cell'})"

    def rotated(self, rotation: np.ndarray) -> Frame:
        """The frame in the axes x → R x, without the properties: nobody says how these turn.

        Parameters
        ----------
        rotation : (3, 3)
            R, orthogonal.

        Raises
        ------
        InputError
            If it is not.
        """
        R = check_orthogonal(rotation, 3)
        turned = {
            name: None if (value := getattr(self, name)) is None else rotate(value, R)
            for name in ("positions", "cell", "forces")
        }
        virial = None if self.virial is None else R @ self.virial @ R.T
        return replace(self, **turned, virial=virial, properties={})

    def repeated(self, counts: Sequence[int]) -> Frame:
        """A cell of so many cells along each vector, of the same matter.

        Parameters
        ----------
        counts : three int
            At least 1 each.

        Raises
        ------
        InputError
            If there is no cell, or the counts are not three positive integers.
        """
        if self.cell is None:
            raise InputError("cell: none, so that nothing repeats")
        if len(counts) != 3 or any(type(n) is not int or n < 1 for n in counts):
            raise InputError(f"counts: expected three positive integers, got {counts!r}")
        steps = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1)
        shifts = steps.reshape(-1, 3) @ self.cell
        total = len(shifts)
        return Frame(
            (self.positions + shifts[:, None]).reshape(-1, 3),
            self.species * total,
            self.cell * np.reshape(counts, (3, 1)),
            None if self.energy is None else total * self.energy,
            None if self.forces is None else np.tile(self.forces, (total, 1)),
            None if self.virial is None else total * self.virial,
            charge=total * self.charge,
        )
