"""Lists of numbers in OpenFOAM's files: ASCII, binary, or one value for all."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from vcnn.errors import InputError

COMPONENTS = {
    "label": 1,
    "scalar": 1,
    "sphericalTensor": 1,
    "vector": 3,
    "symmTensor": 6,
    "tensor": 9,
}
_ROWS = [kind for kind in COMPONENTS if kind not in ("label", "scalar")]  # in parentheses each
# Space and comments. One without an end takes the rest, as to look for it again and again at
# each place where one starts would take the square of the file's size.
SPACE = rb"(?:\s+|//[^\n]*|/\*.*?(?:\*/|\Z))*"
_COUNT = re.compile(SPACE + rb"(\d{1,12})?" + SPACE + rb"([({])?", re.DOTALL)
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_END = re.compile(rb"\)(?:\s+|//[^\n]{0,500}\n|/\*[^*]{0,500}\*/)*\)")
_NONE = re.compile(SPACE + rb"\)", re.DOTALL)
_BLANKS = bytes.maketrans(b"()", b"  ")
_FACE = -1  # stands before the vertices of a face


@dataclass(frozen=True)
class Form:
    """How a file writes its numbers, as its header says.

    Parameters
    ----------
    binary : bool
    order : "<" or ">"
    label, scalar : tuple of int
        Sizes in bytes that are tried, one if the header tells.
    """

    binary: bool = False
    order: str = "<"
    label: tuple[int, ...] = (4, 8)
    scalar: tuple[int, ...] = (8, 4)


def form_of(format: str, arch: str) -> Form:
    """The form that the entries ``format`` and ``arch`` of a header stand for."""
    sizes = {}
    for name in ("label", "scalar"):
        bits = re.search(name + r"=(32|64)\b", arch)
        if bits:
            sizes[name] = (int(bits[1]) // 8,)
    return Form(format == "binary", ">" if "MSB" in arch else "<", **sizes)


def read_numbers(content: bytes, at: int, kind: str, form: Form) -> tuple[np.ndarray, int]:
    """The list that starts at a byte, and the byte behind it.

    Parameters
    ----------
    content : bytes
    at : int
        Where its count is, or its parenthesis where it tells none.
    kind : str
        What it is a list of, one of `COMPONENTS`.
    form : Form

    Returns
    -------
    values : (n,) int for labels, else float, or (n, components)
        Read-only.
    end : int

    Raises
    ------
    InputError
        If there is no such list, or it has not the numbers that its count claims.
    """
    columns, dtype = COMPONENTS[kind], int if kind == "label" else float
    shape = (-1, columns) if kind in _ROWS else (-1,)
    start = _COUNT.match(content, at)
    count, at = None if start[1] is None else int(start[1]), start.end()
    if start[2] is None:
        if count == 0:
            return np.empty(0, dtype).reshape((0, *shape[1:])), start.end(1)
        raise InputError(f"no list of {kind} where one was expected")
    if start[2] == b"{":
        end = content.find(b"}", at)
        value = _from_text(content[at:end], dtype) if end > 0 else np.empty(0)
        if count is None or len(value) != columns:
            raise InputError(f"damaged list, one {kind} in braces expected")
        return np.broadcast_to(value.reshape(shape[1:]), (count, *shape[1:])), end + 1
    if form.binary and count is not None:
        values, end = _from_bytes(content, at, count * columns, kind, form)
        return values.astype(dtype).reshape(shape), end
    end = _end_of_text(content, at, kind in _ROWS)
    values = _from_text(content[at:end], dtype)
    rows = len(values) // columns
    if len(values) % columns or (count is not None and rows != count):
        claim = f"{columns} for each" if count is None else f"{count * columns}"
        raise InputError(f"damaged list, {claim} numbers expected, {len(values)} found")
    return values.reshape(shape), end + 1


def read_faces(content: bytes, at: int, form: Form, compact: bool) -> tuple[np.ndarray, np.ndarray]:
    """A list of faces.

    Parameters
    ----------
    content, at, form
        As for `read_numbers`.
    compact : bool
        Whether it is two lists, of all starts and of all vertices, or each face is a list.

    Returns
    -------
    starts : (F + 1,) int
    vertices : (starts[-1],) int
        Those of face f are ``vertices[starts[f]:starts[f + 1]]``.

    Raises
    ------
    InputError
        If it is no such list, or has not the faces that its count claims.
    """
    if compact:
        starts, at = read_numbers(content, at, "label", form)
        vertices, _ = read_numbers(content, at, "label", form)
        if not len(starts) or starts[0] != 0 or starts[-1] != len(vertices):
            raise InputError("damaged list, starts and vertices of its faces do not match")
    else:
        starts, vertices = (_faces_in_bytes if form.binary else _faces_in_text)(content, at, form)
    sizes = np.diff(starts)
    if (sizes < 3).any():
        raise InputError(f"damaged list, face {np.argmin(sizes)} has less than three vertices")
    return starts, vertices


def _faces_in_bytes(content, at, form):
    """Each face a list by itself, as older versions write them."""
    start = _COUNT.match(content, at)
    if start[1] is None or start[2] != b"(":
        raise InputError("no list of faces where one was expected")
    faces, at = [], start.end()
    for _ in range(int(start[1])):  # each takes bytes, so that a wrong count ends it
        face, at = read_numbers(content, at, "label", form)
        faces.append(face)
    return np.append(0, np.cumsum([len(face) for face in faces])), np.concatenate(
        [np.empty(0, int), *faces]
    )


def _faces_in_text(content, at, form):
    """Each face a size and its vertices, ``4(0 1 2 3)``."""
    start = _COUNT.match(content, at)
    end = _end_of_text(content, start.end(), True)
    text = _without_comments(content[start.end() : end])
    numbers = _from_text(text.replace(b"(", b" %d " % _FACE), int)
    marks = np.flatnonzero(numbers == _FACE)
    if start[1] is None or start[2] != b"(" or len(marks) != int(start[1]) or (marks < 1).any():
        raise InputError(f"damaged list, {int(start[1] or 0)} faces expected, {len(marks)} found")
    sizes = numbers[marks - 1]
    starts = np.append(0, np.cumsum(sizes))
    # Each face takes its size, the mark and its vertices, so that the next mark is known.
    next_marks = starts + 2 * np.arange(len(starts)) + 1
    if (sizes < 0).any() or not np.array_equal(np.append(marks, len(numbers) + 1), next_marks):
        raise InputError("damaged list, a face has not the vertices that it claims")
    own = np.ones(len(numbers), bool)
    own[marks] = own[marks - 1] = False
    return starts, numbers[own]


def _end_of_text(content: bytes, at: int, rows: bool) -> int:
    """Where the parenthesis is that closes a list whose items have parentheses or not."""
    if rows:
        closing = _NONE.match(content, at) or _END.search(content, at)
        end = closing.end() - 1 if closing else -1
    else:
        end = content.find(b")", at)
    if end < 0:
        raise InputError("damaged list, its closing parenthesis is missing")
    return end


def _from_text(text: bytes, dtype: type) -> np.ndarray:
    text = _without_comments(text).translate(_BLANKS)
    try:
        return np.fromstring(text.strip(), dtype, sep=" ")  # of blanks alone numpy makes -1
    except ValueError:
        raise InputError("damaged list, it holds something that is no number") from None


def _without_comments(text: bytes) -> bytes:
    return _COMMENT.sub(b" ", text) if b"/" in text else text


def _from_bytes(
    content: bytes, at: int, count: int, kind: str, form: Form
) -> tuple[np.ndarray, int]:
    letter, sizes = ("i", form.label) if kind == "label" else ("f", form.scalar)
    for size in sizes:
        end = at + count * size
        if content[end : end + 1] == b")":
            return np.frombuffer(content, f"{form.order}{letter}{size}", count, at), end + 1
    raise InputError(
        f"damaged list, {count} numbers of {' or '.join(map(str, sizes))} bytes and a parenthesis "
        f"expected, {len(content) - at} bytes found"
    )
