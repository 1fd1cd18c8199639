"""A closure in a case: the entries that a solver needs to ask it."""

from __future__ import annotations

import difflib
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

from openfoam.case.checks import choose_model
from openfoam.case.dictionary_file import DictionaryFile, quoted
from openfoam.case.originals import Originals
from openfoam.case.schemes import with_residual_control, with_scheme
from openfoam.case.state import CONTROL, SCHEMES, CaseState
from openfoam.models import BASELINE, CORRECTED_MODEL, MODELS
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import InputError

_TURBULENCE = ("constant/turbulenceProperties", "constant/momentumTransport")
_SOLUTION = "system/fvSolution"
# how often a closure is asked, and how much of its answer is taken
_STEADY = {"every": "20", "relaxation": "0.5"}
_TRANSIENT = {"every": "1", "relaxation": "1"}


@dataclass(frozen=True)
class ClosureInCase:
    """What stands in a case of the closure that it asks.

    Parameters
    ----------
    model : str
        The name of a model of the package, the path of a file, or ``FILE.py:NAME``.
    library : path
        That asks it.
    python : path
        The interpreter that answers.
    length, velocity : float, optional
        What the closure's units of length and velocity measure in those of the case; by default
        what the case says already, else 1.
    """

    model: str
    library: Path
    python: Path
    length: float | None = None
    velocity: float | None = None


@dataclass(frozen=True)
class Applied:
    """What was done to a case.

    Parameters
    ----------
    difference : str
        Of its files, as ``diff -u`` shows it; empty if all was as it should be.
    notes : tuple of str
        What the user should know, a sentence each.
    application : str
        The solver of the case.
    """

    difference: str
    notes: tuple[str, ...]
    application: str


def apply_closure(
    case: str | os.PathLike, closure: ClosureLike, settings: ClosureInCase
) -> Applied:
    """Let the solver of a case ask a closure.

    Entries are changed where they stand, comments and layout stay; the files as they were are kept
    in the folder ``vcnn.orig`` of the case. Where a closure was applied before, entries are brought
    up to date and the first originals stay.

    Parameters
    ----------
    case : path
    closure : ClosureLike
        In its own units.
    settings : ClosureInCase

    Raises
    ------
    InputError
        If this is no case, one that cannot ask the closure, or an entry stands where it cannot be
        changed; nothing is written then.
    """
    case = Path(case)
    state, originals = CaseState.read(case), Originals.of(case)
    names = [name for name in _TURBULENCE if os.path.lexists(case / name)] or _TURBULENCE[:1]
    files = [DictionaryFile.read(case, name) for name in (*names, CONTROL, SCHEMES, _SOLUTION)]
    *turbulence, control, schemes, solution = files
    applied = [file for file in turbulence if originals.content(file.name) is not None]
    settings, kept = _with_units(settings, applied)
    choice = choose_model(state, closure, settings.length, settings.velocity)
    new = [
        *(_with_model(file, originals, choice.name, settings, state) for file in turbulence),
        _with_library(_with_end(control, state), settings.library),
        with_scheme(schemes),
        with_residual_control(solution, state.is_steady),
    ]
    pairs = [(a, b) for a, b in zip(files, new, strict=True) if a.content != b.content]
    if pairs:
        originals.replace({after.name: after.content for _, after in pairs})
    difference = "".join(_difference(case, a, b) for a, b in pairs)
    return Applied(difference, (*kept, *choice.notes), state.application)


def _with_units(settings, files) -> tuple[ClosureInCase, list[str]]:
    """With units that the case says already where none are given, and a note on those."""
    units, notes = {}, []
    for name in ("length", "velocity"):
        value = getattr(settings, name)
        if value is None:
            paths = [("RAS", f"{model}Coeffs", name) for model in MODELS]
            words = next(filter(None, (f.words(*path) for f in files for path in paths)), ["1"])
            try:
                value = float(words[0])
            except ValueError:
                raise InputError(f"{name}: expected a number, got {words[0]!r}") from None
            if value != 1:
                notes.append(f"{name} {words[0]} is kept as the case has it; --{name} changes it")
        units[name] = value
    return replace(settings, **units), notes


def _with_model(file, originals, model, settings, state) -> DictionaryFile:
    """The entries of the turbulence model and, in its own dictionary, those of the closure."""
    kind = " ".join(file.words("simulationType")) or "none"
    if kind != "RAS":
        raise InputError(
            f"{file.name}: simulationType: expected RAS, which closures are for, got {kind}"
        )
    if file.inner("RAS") is None:
        raise InputError(f"{file.name}: RAS: missing; it holds the model that the case has now")
    key = "model" if file.find("RAS", "model") is not None else "RASModel"  # the Foundation's
    before = " ".join(_first(file, originals).words("RAS", key))
    if model == CORRECTED_MODEL and before not in (BASELINE, CORRECTED_MODEL):
        raise InputError(
            f"{file.name}: RAS {key}: the closure corrects {BASELINE}, expected it there, got "
            f"{before or 'none'}"
        )
    coefficients = {
        "model": quoted(settings.model, "--closure"),
        "python": quoted(str(settings.python), "python"),
        "length": _number(settings.length),
        "velocity": _number(settings.velocity),
    }
    inner = ("RAS", f"{model}Coeffs")
    if file.find(*inner) is None:
        own = _own_coefficients(file) if model == CORRECTED_MODEL else {}
        rhythm = _STEADY if state.is_steady else _TRANSIENT
        baseline = {"baseline": "frozen"} if model == CORRECTED_MODEL else {}
        coefficients |= {**rhythm, "share": "no", **baseline, **own}
    file = file.with_value(("RAS", key), model).with_value(("RAS", "turbulence"), "on")
    return file.with_dictionary(inner, coefficients)


def _first(file, originals) -> DictionaryFile:
    """The file before any closure was applied."""
    kept = originals.content(file.name)
    return file if kept is None else DictionaryFile(file.name, kept)


def _own_coefficients(file) -> dict[str, str]:
    """Coefficients of k-ω SST that the case has set, for the model that is made of it."""
    inner = file.inner("RAS", f"{BASELINE}Coeffs")
    if inner is None:
        return {}
    path = ("RAS", f"{BASELINE}Coeffs")
    return {e.name: " ".join(file.words(*path, e.name)) for e in inner.entries if e.inner is None}


def _with_library(file, library) -> DictionaryFile:
    """With the library that has the model, in place of an earlier build of it."""
    item, entry = quoted(str(library), "library"), file.find("libs")
    for token in () if entry is None else entry.value:
        if Path(token.text.strip('"')).name == library.name:
            return file.with_token(token, item)
    return file.with_item(("libs",), item)


def _with_end(file, state) -> DictionaryFile:
    """A case that has run to its end gets as much time again: it would end where it starts."""
    if state.start < state.end:
        return file
    first = min(state.times.names)
    span = state.end - first if state.end > first else max(state.start - first, 1.0)
    return file.with_value(("endTime",), _number(state.start + span))


def _number(value) -> str:
    return f"{value:.12g}" if math.isfinite(value) else str(value)


def _difference(case, before, after) -> str:
    path = str(case / before.name)
    lines = difflib.unified_diff(_lines(before), _lines(after), path, path)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _lines(file) -> list[str]:
    text = file.content.decode(errors="replace").replace("\r\n", "\n")
    return text.splitlines(keepends=True)


def undo(case: str | os.PathLike, force: bool = False) -> list[str]:
    """Put the files of a case back as they were before a closure was applied, bit for bit.

    Parameters
    ----------
    case : path
    force : bool
        Whether what was changed in them since is lost.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    InputError
        If no closure was applied to it, or a file was changed since.
    """
    return Originals.of(Path(case)).restore(force)
