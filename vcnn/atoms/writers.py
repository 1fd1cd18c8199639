"""Frames to ase, and to files that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vcnn.atoms.frame import Frame
from vcnn.errors import InputError

if TYPE_CHECKING:  # it is an extra
    from ase import Atoms

_VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])


def to_ase(frame: Frame) -> Atoms:
    """``ase.Atoms`` whose calculator holds the energy and forces of a frame, if it has any.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    ase.Atoms
        Periodic if the frame has a cell; the stress is minus the virial by the volume.

    Raises
    ------
    InputError
        If ase is not installed, or does not know a species.
    """
    try:
        from ase import Atoms
        from ase.calculators.singlepoint import SinglePointCalculator
    except ImportError:
        raise InputError("needs ase: pip install 'vcnn[atoms]'") from None
    try:
        atoms = Atoms(frame.species, frame.positions, cell=frame.cell, pbc=frame.cell is not None)
    except KeyError as error:
        raise InputError(f"species: {error} is no chemical symbol") from None
    results = {"energy": frame.energy, "forces": frame.forces, "stress": voigt_stress(frame)}
    results = {name: value for name, value in results.items() if value is not None}
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def voigt_stress(frame: Frame) -> np.ndarray | None:
    """Minus the virial by the volume of the cell, xx, yy, zz, yz, xz, xy; None without both.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    (6,) array
        eV/Å³, positive in tension.
    """
    if frame.virial is None or frame.cell is None:
        return None
    return (-frame.virial / abs(np.linalg.det(frame.cell)))[_VOIGT]


def write_frames(path: str | Path, frames: Sequence[Frame]) -> Path:
    """Frames as extended XYZ, with energies, forces and stresses, for ase, OVITO and others.

    Parameters
    ----------
    path : path
        ``NAME.extxyz``.
    frames : sequence of Frame
        Of known chemical symbols.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the path has another suffix, ase is not installed, or it does not know a species.
    """
    path = Path(path)
    if path.suffix != ".extxyz":
        raise InputError(f"{path}: expected a file NAME.extxyz")
    atoms = [to_ase(frame) for frame in frames]
    from ase.io import write

    write(path, atoms, format="extxyz")
    return path
