"""Errors that name the culprit, so that the command line can end with one clear line."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_LIKE = 0.7  # share of letters in common of words that are nearly the same; "depth" is no "width"


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


def suggest(word: object, known_words: Iterable[str]) -> str:
    """``"; did you mean 'ball'?"`` for what is nearly a known word, else nothing.

    Parameters
    ----------
    word : object
        What was given; only text can be nearly right.
    known_words : iterable of str
    """
    if not isinstance(word, str):
        return ""
    by_lower = {name.lower(): name for name in known_words}
    nearest = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=_LIKE)
    return f"; did you mean {by_lower[nearest[0]]!r}?" if nearest else ""
