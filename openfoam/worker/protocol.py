"""Messages between the solver and its worker, over a stream socket.

A message is three integers of 64 bits (kind, a, b) and what they announce, in the byte order of the
machine. Its first one, from the worker, says what it must be sent and what it gives back.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vcnn.errors import InputError

ANSWER, ERROR, QUESTION = 0, 1, 2  # kinds of messages
_VECTORS = ("U", "USST")  # fields with three columns; others have one
# A closed end is to be an exception, whatever a library has made of the signal (PETSc ends the
# process). macOS has no such flag.
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)


class SolverGone(Exception):
    """The solver has ended, or closed its end of the socket."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a closure says at m cells.

    Parameters
    ----------
    values : (m, columns)
    clipped : float
        Share of their volume where less acts than was predicted; negative where nobody looked.
    extrapolating : float
        Share where no cloud of training is alike; negative likewise.
    """

    values: np.ndarray
    clipped: float
    extrapolating: float


@dataclass(frozen=True, eq=False)
class Channel:
    """The worker's end.

    Parameters
    ----------
    socket : socket.socket
        A stream.
    """

    socket: socket.socket

    def send_ready(self, fields: Sequence[str], columns: Sequence[str]) -> None:
        """Names of the fields that a question must hold, and of what an answer will.

        Raises
        ------
        SolverGone
            If nobody is there to read it.
        """
        self._send_text(ANSWER, f"{' '.join(fields)}\n{' '.join(columns)}")

    def send_answer(self, answer: Answer) -> None:
        """An answer with its two shares.

        Raises
        ------
        SolverGone
            If nobody is there to read it.
        """
        shares = np.array([answer.clipped, answer.extrapolating])
        values = np.ascontiguousarray(answer.values, dtype=np.float64)
        self._send(_head(ANSWER, *values.shape), values, shares)

    def send_error(self, message: str) -> None:
        """What went wrong, in one line.

        Raises
        ------
        SolverGone
            If nobody is there to read it.
        """
        self._send_text(ERROR, " ".join(message.split()))

    def receive_question(self, cells: int, fields: Sequence[str]) -> np.ndarray:
        """(cells, columns) values of the fields, one after the other.

        Raises
        ------
        InputError
            If it is no question, or one of another size.
        SolverGone
            If the solver has ended.
        """
        kind, n, columns = np.frombuffer(self._receive(24), np.int64).tolist()
        expected = count_columns(fields)
        if kind != QUESTION:
            raise InputError(f"expected a question of the solver, got a message of kind {kind}")
        if (n, columns) != (cells, expected):
            raise InputError(
                f"the solver has {n} cells and sends {columns} columns; expected the {cells} cells "
                f"of the case's mesh and {expected} columns, {' '.join(fields)}"
            )
        return np.frombuffer(self._receive(8 * n * columns)).reshape(n, columns)

    def _receive(self, size: int) -> bytearray:
        data = bytearray(size)
        left = memoryview(data)
        while left:
            try:
                count = self.socket.recv_into(left)
            except ConnectionError:
                count = 0
            if not count:
                raise SolverGone
            left = left[count:]
        return data

    def _send_text(self, kind: int, text: str) -> None:
        data = text.encode()
        self._send(_head(kind, len(data), 0), data)

    def _send(self, *parts) -> None:
        try:
            for part in parts:
                self.socket.sendall(part, _NO_SIGNAL)
        except ConnectionError:
            raise SolverGone from None


def count_columns(fields: Sequence[str]) -> int:
    """How many columns fields of these names have together."""
    return sum(3 if name in _VECTORS else 1 for name in fields)


def split_columns(question: np.ndarray, fields: Sequence[str]) -> dict[str, np.ndarray]:
    """The fields of a question (n, columns) by name, (n, 3) of vectors and (n,) of others."""
    ends = np.cumsum([count_columns([name]) for name in fields])
    parts = zip(fields, np.split(question, ends[:-1], axis=1), strict=True)
    return {name: part if name in _VECTORS else part[:, 0] for name, part in parts}


def _head(kind: int, a: int, b: int) -> np.ndarray:
    return np.array([kind, a, b], np.int64)
