"""What VTK's reader does not tell of an OpenFOAM case: patch types, double-precision points, ν."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np

from vcnn.errors import InputError


def read_list(path: Path, columns: int = 1) -> np.ndarray:
    """A list of (n,) labels, ``columns=1``, or of (n, columns) floats, ASCII or binary.

    Raises
    ------
    InputError
        If the file is missing or holds no such list.
    """
    content = _content(path)
    # A header, then the count and the numbers in parentheses.
    start = re.search(rb"(?m)^\s*(\d+)\s*\(", content)
    if start is None:
        raise InputError(f"{path}: no list found in it")
    count, body = int(start[1]) * columns, content[start.end() :]
    head = content[: start.start()]
    number, default = (b"label", 32) if columns == 1 else (b"scalar", 64)
    try:
        if re.search(rb"format\s+binary", head):
            bits = re.search(number + rb"=(\d+)", head)
            order = ">" if b"MSB" in head else "<"
            size = (int(bits[1]) if bits else default) // 8
            values = np.frombuffer(body, f"{order}{'i' if columns == 1 else 'f'}{size}", count)
        else:
            words = body.translate(None, b")").replace(b"(", b" ").split(maxsplit=count)[:count]
            values = np.array(words, dtype=float)
    except ValueError:
        raise InputError(f"{path}: damaged list") from None
    if len(values) < count:
        raise InputError(f"{path}: damaged list, {count} numbers expected, {len(values)} found")
    return values.astype(int) if columns == 1 else values.astype(float).reshape(-1, columns)


def read_patches(case: Path) -> dict[str, dict[str, str]]:
    """Patch name -> its entries of constant/polyMesh/boundary: ``type``, ``neighbourPatch``, ...

    Raises
    ------
    InputError
        If the file is missing or cannot be read.
    """
    text = _plain_text(case / "constant" / "polyMesh" / "boundary")
    blocks = re.findall(r'"?([^\s{}()"]+)"?\s*\{([^{}]*)\}', text)
    return {
        name: dict(re.findall(r"(\w+)\s+([^;]*?)\s*;", body))
        for name, body in blocks
        if name != "FoamFile"
    }


def read_viscosity(case: Path) -> float | None:
    """Kinematic viscosity ν, None where the case does not state it as a number."""
    for name in ("transportProperties", "physicalProperties"):
        path = case / "constant" / name
        if path.is_file() or path.with_name(name + ".gz").is_file():
            pattern = r"(?m)^\s*nu\s+(?:nu\s*)?(?:\[[^]]*\]\s*)?([-+.\deE]+)\s*;"
            if number := re.search(pattern, _plain_text(path)):
                return float(number[1])
    return None


def field_files(folder: Path) -> dict[str, str]:
    """Field name -> class of the files of a time folder; "" for those without a FoamFile header."""
    kinds = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            kind = re.search(rb"FoamFile\s*\{[^}]*?class\s+([\w:]+)\s*;", _content(path, 4096))
            kinds[path.name.removesuffix(".gz")] = kind[1].decode() if kind else ""
    return kinds


def _content(path: Path, size: int = -1) -> bytes:
    packed = path if path.suffix == ".gz" else path.with_name(path.name + ".gz")
    try:
        if path.is_file() and path != packed:
            with open(path, "rb") as file:
                return file.read(size)
        with gzip.open(packed) as file:
            return file.read(size)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _plain_text(path: Path) -> str:
    text = _content(path).decode(errors="replace")
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
