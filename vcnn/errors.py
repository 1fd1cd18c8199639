"""Errors that name the culprit, so that the command line can end with one clear line."""


class InputError(ValueError):
    """Something that a user supplied cannot be used; the message names it and says what was expected."""


class DivergenceError(RuntimeError):
    """An iteration produced NaN, stagnated or diverged; the message says where and what to try."""
