"""Frames from files: DeePMD-kit's folders, the JSON of mlearn, what ase reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vcnn.atoms.frame import Frame
from vcnn.errors import InputError, naming

if TYPE_CHECKING:  # it is an extra
    from ase import Atoms

_ARRAYS = {"coord": "positions", "box": "cell", "energy": "energy", "force": "forces"}


def read_frames(path: str | Path) -> list[Frame]:
    """Frames of a folder of DeePMD-kit, of a JSON file of mlearn, or of any file that ase reads.

    Parameters
    ----------
    path : path
        A folder with ``type.raw``, a ``.json`` list of structures and outputs, or another file,
        such as extended XYZ, for which ase must be installed.

    Returns
    -------
    list of Frame

    Raises
    ------
    InputError
        If it is not there or not what it seems.
    """
    path = Path(path)
    with naming(path):
        if path.is_dir():
            return list(_deepmd(path))
        if not path.is_file():
            raise InputError("no such file or folder")
        return _mlearn(path) if path.suffix == ".json" else _ase(path)


def from_ase(atoms: Atoms) -> Frame:
    """A frame of ``ase.Atoms``; energy and forces are those of a calculator that holds results.

    Parameters
    ----------
    atoms : ase.Atoms
        Periodic in all directions or in none.

    Returns
    -------
    Frame
        Its virial is minus the volume times the stress.

    Raises
    ------
    InputError
        If it is periodic in some directions only.
    """
    if atoms.pbc.any() and not atoms.pbc.all():
        raise InputError("pbc: expected all directions or none; give a slab a cell with a vacuum")
    results = {} if atoms.calc is None else atoms.calc.results
    stress = results.get("stress")
    virial = None
    if stress is not None and atoms.pbc.all():
        full = np.asarray(stress)[[0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(3, 3)
        virial = -atoms.get_volume() * full
    return Frame(
        atoms.positions,
        atoms.get_chemical_symbols(),
        np.asarray(atoms.cell) if atoms.pbc.all() else None,
        results.get("energy"),
        results.get("forces"),
        virial,
    )


def _ase(path) -> list[Frame]:
    try:
        from ase.io import read
    except ImportError:
        raise InputError("needs ase: pip install 'vcnn[atoms]'") from None
    try:
        return [from_ase(atoms) for atoms in read(path, index=":")]
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"ase cannot read it: {error}") from None


def _deepmd(folder: Path) -> Iterator[Frame]:
    types = _numbers(folder / "type.raw").astype(int).ravel()
    names = (folder / "type_map.raw").read_text(encoding="utf-8").split()
    if len(types) and types.max() >= len(names):
        raise InputError(f"type.raw: number {types.max()}, type_map.raw has {len(names)} names")
    species = [names[kind] for kind in types]
    sets = sorted(folder.glob("set.*"))
    if not sets:
        raise InputError("has no folder set.*")
    free = (folder / "nopbc").exists()
    for part in sets:
        arrays = {file.stem: np.load(file).astype(float) for file in part.glob("*.npy")}
        if "coord" not in arrays:
            raise InputError(f"{part.name}: has no coord.npy")
        if not free and "box" not in arrays:
            raise InputError(f"{part.name}: has no box.npy, and the folder no file nopbc")
        count = len(arrays["coord"])
        for number in range(count):
            with naming(f"{part.name}: frame {number}"):
                yield _deepmd_frame(arrays, number, species, free)


def _deepmd_frame(arrays, number, species, free) -> Frame:
    named, others = {}, {}
    for name, values in arrays.items():
        value = values[number]
        if name == "virial":
            named["virial"] = value.reshape(3, 3)
        elif name == "energy":
            named["energy"] = float(np.ravel(value)[0])
        elif name in _ARRAYS:
            named[_ARRAYS[name]] = value.reshape(-1, 3)
        else:
            others[name] = _shaped(value, (len(species),) * name.startswith("atomic"))
    if free:
        named.pop("cell", None)
    return Frame(species=species, properties=others, **named)


def _shaped(value, atoms: tuple[int, ...]) -> np.ndarray:
    """Numbers, vectors or tensors of all atoms or of the frame, by how many there are."""
    size = value.size // int(np.prod(atoms))
    return value.reshape(*atoms, *{3: (3,), 9: (3, 3)}.get(size, (size,) * (size > 1)))


def _numbers(path: Path) -> np.ndarray:
    if not path.is_file():
        raise InputError(f"has no {path.name}")
    try:
        return np.loadtxt(path, ndmin=1)
    except ValueError as error:
        raise InputError(f"{path.name}: {error}") from None


def _mlearn(path: Path) -> list[Frame]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [_mlearn_frame(entry) for entry in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"expected structures and outputs of mlearn: {error!r}") from None


def _mlearn_frame(entry) -> Frame:
    sites, outputs = entry["structure"]["sites"], entry["outputs"]
    return Frame(
        np.array([site["xyz"] for site in sites]),
        [site["label"] for site in sites],
        np.array(entry["structure"]["lattice"]["matrix"]),
        outputs["energy"],
        np.array(outputs["forces"]),
        properties={"group": np.array(entry.get("group", ""))},
    )
