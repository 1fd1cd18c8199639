"""Loose points in a table of columns (``.csv``)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from meshes.readers.dataset import Dataset
from vcnn.errors import InputError

# Names of the coordinates' columns, in lower case: by hand, and as ParaView writes them.
_POINTS = (
    ("x", "y", "z"),
    ("points:0", "points:1", "points:2"),
    ("points_0", "points_1", "points_2"),
)


def read_table(path: Path) -> Dataset:
    """The points of a ``.csv`` file whose first line names its columns, after "#" or not.

    Columns are separated by commas, semicolons or tabs; other lines that begin with "#" are left
    out.

    "x", "y" and, in space, "z" are coordinates ("Points:0", ... in ParaView's tables), "x" alone
    that of a line; columns named "X:0", "X:1", "X:2" make the vector X; the velocity may be "u",
    "v", "w" or so (:mod:`meshes.readers.components`) or missing; all others are scalars. "weight"
    is that of a point.

    Raises
    ------
    InputError
        If it has no header, no points, or an entry that is no number.
    """
    header, rows = _lines(path)
    columns = dict(zip(header, _numbers(path, header, rows).T, strict=True))
    by_name = {name.lower(): name for name in header}
    present = _coordinates(by_name)
    if not present:
        raise InputError(
            f"{path}: its first line names no columns x and y, nor x alone for points on a line "
            f"(it has: {', '.join(header)})"
        )
    points = np.stack([columns.pop(name) for name in present], axis=-1)
    line = len(present) == 1
    volumes = columns.pop(by_name["weight"]) if "weight" in by_name else None
    return Dataset(
        points=points if line else np.pad(points, ((0, 0), (0, 3 - points.shape[1]))),
        point_fields=_vectors(columns, least=1 if line else 2),
        volumes=volumes,
        provenance={"source": str(path), "format": ".csv"},
    )


def _coordinates(by_name) -> list[str]:
    """The columns of x, y and z, of x and y, or else of x if no other coordinate has a column."""
    for least in (2, 1):
        for names in _POINTS:
            present = [by_name[name] for name in names if name in by_name]
            if all(name in by_name for name in names[:least]) and (least == 2 or len(present) == 1):
                return present
    return []


def _lines(path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and the entries of each line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error})") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    plain = [line for line in lines if not line.startswith("#")]
    before = lines[: lines.index(plain[0])] if plain else []
    if before and _is_number(plain[0].split(_delimiter(plain[0]))[0]):
        plain.insert(0, before[-1].lstrip("# "))  # as numpy.savetxt writes a header
    if not plain:
        raise InputError(f"{path}: expected a line of names and lines of numbers")
    delimiter = _delimiter(plain[0])
    try:
        header, *rows = csv.reader(plain, delimiter=delimiter, skipinitialspace=True)
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as a table ({error})") from None
    if all(map(_is_number, header)):
        raise InputError(f"{path}: its first line names no columns, they should be x, y, u, v, ...")
    return [name.strip() for name in header], rows


def _delimiter(line) -> str:
    return max(",;\t", key=line.count)


def _is_number(word) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _numbers(path, header, rows) -> np.ndarray:
    if len(set(header)) < len(header):
        raise InputError(f"{path}: two columns have the same name in its first line")
    if not rows:
        raise InputError(f"{path}: expected a line of names and lines of numbers")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise InputError(
                f"{path}: line {number} has {len(row)} entries, its first line names {len(header)}"
            )
    try:
        return np.array(rows, dtype=float)
    except ValueError as error:
        raise InputError(f"{path}: an entry is no number ({error})") from None


def _vectors(columns, least) -> dict[str, np.ndarray]:
    """Columns "X:0", "X:1", ..., at ``least`` so many, together as X."""
    fields, parts = {}, {}
    for name, values in columns.items():
        base, colon, component = name.rpartition(":")
        if colon and component in "012":
            parts.setdefault(base, {})[component] = values
        else:
            fields[name] = values
    for base, components in parts.items():
        if len(components) >= least and "".join(sorted(components)) in ("0", "01", "012"):
            fields[base] = np.stack([components[k] for k in sorted(components)], axis=-1)
        else:
            fields |= {f"{base}:{k}": values for k, values in components.items()}
    return fields
