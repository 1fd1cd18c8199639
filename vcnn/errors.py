"""Errors that name the culprit, so that the command line can end with one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Something that a user supplied cannot be used; the message says what was expected."""


class DivergenceError(RuntimeError):
    """An iteration produced NaN, stagnated or diverged; the message says where and what to try.

    Parameters
    ----------
    message : str
        Where it happened and what to try.
    best : object, optional
        Of a solver that had something to show, the `solvers.FlowResult` nearest to a solution.

    Attributes
    ----------
    best : object or None
    """

    def __init__(self, message: str, best: object | None = None):
        super().__init__(message)
        self.best = best

    def __reduce__(self):
        return type(self), (str(self),)  # to another process goes the message: flows cannot be sent


@contextmanager
def naming(place: object) -> Iterator[None]:
    """Any `InputError` inside gets the name of the file, flow or key in front."""
    try:
        yield
    except InputError as error:
        message = str(error)
        raise InputError(
            message if message.startswith(str(place)) else f"{place}: {message}"
        ) from None
