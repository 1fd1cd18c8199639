"""What a closure's stress needs of the schemes, and of the solution's tolerances."""

from __future__ import annotations

import re

from openfoam.case.dictionary_file import DictionaryFile
from vcnn.errors import InputError

_DIVERGENCE, _SCHEME = "div(nonlinearStress)", "Gauss linear"
_CHANGE = "nut"  # by which the model tells how much the closure still changes
_TOLERANCE = "1e-5"  # of a steady case that has none: flow and closure have settled
_ALGORITHMS = ("SIMPLE", "PIMPLE")


def with_scheme(file: DictionaryFile) -> DictionaryFile:
    """``fvSchemes`` with a scheme for the divergence of the stress that is not ν_t's.

    Raises
    ------
    InputError
        If the entries may come from another file, or there are no ``divSchemes``.
    """
    scope = file.inner("divSchemes")
    if scope is None:
        raise InputError(f"{file.name}: divSchemes: missing")
    named = [e.name for e in scope.entries if e.is_pattern and _fits(e.name, _DIVERGENCE)]
    own = file.find("divSchemes", _DIVERGENCE)
    default = file.words("divSchemes", "default")
    if named or own is not None or default == _SCHEME.split():
        return file
    return file.with_value(("divSchemes", _DIVERGENCE), _SCHEME)


def with_residual_control(file: DictionaryFile, is_steady: bool) -> DictionaryFile:
    """``fvSolution`` with a run that ends when the closure too has settled.

    Where ``residualControl`` has fields, the eddy viscosity is one more, with the tolerance of the
    velocity. A steady case without gets one, as it would go on to its end.

    Raises
    ------
    InputError
        If the entries may come from another file.
    """
    for algorithm in _ALGORITHMS:
        place = (algorithm, "residualControl")
        if file.inner(algorithm) is None:
            continue
        scope = file.inner(*place)
        if scope is None and is_steady and algorithm == "SIMPLE":
            fields = dict.fromkeys(("U", "p", _CHANGE), _TOLERANCE)
            file = file.with_dictionary(place, fields)
        elif scope is not None and not any(_names(e, _CHANGE) for e in scope.entries):
            like = next((e for e in scope.entries if _names(e, "U")), None)
            file = _with_field(file, place, like or next(iter(scope.entries), None))
    return file


def _with_field(file, place, like) -> DictionaryFile:
    """The same tolerance as another entry's: a number or, in PIMPLE, a dictionary."""
    path = (*place, _CHANGE)
    if like is None:
        return file.with_value(path, _TOLERANCE)
    if like.inner is None:
        return file.with_value(path, file.text(like))
    values = {e.name: file.text(e) for e in like.inner.entries if e.value}
    return file.with_dictionary(path, values)


def _names(entry, field) -> bool:
    return _fits(entry.name, field) if entry.is_pattern else entry.name == field


def _fits(pattern, name) -> bool:
    """Whether a regular expression of a dictionary is one for this name."""
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:  # POSIX has classes that Python has not
        return False
