"""What several closures have in common: the door of every study."""

from __future__ import annotations

from collections.abc import Mapping

from vcnn.closure.plain import as_closure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import InputError


def as_closures(closures: Mapping[str, object]) -> dict[str, ClosureLike]:
    """Name -> `ClosureLike` (:func:`vcnn.as_closure`).

    Raises
    ------
    InputError
        If there is none, or one is no closure.
    """
    if not closures:
        raise InputError("closures: expected at least one")
    return {name: as_closure(closure, name) for name, closure in closures.items()}


def target_of(name: str, closure: ClosureLike) -> str:
    """The one field that a closure predicts.

    Raises
    ------
    InputError
        If it predicts several, or does not say what.
    """
    if len(closure.targets) > 1:
        raise InputError(
            f"{name}: predicts several fields ({', '.join(closure.targets)}), expected one"
        )
    if not closure.targets:
        raise InputError(f"{name}: does not say what it predicts, expected targets of one field")
    return next(iter(closure.targets))


def common_target(closures: Mapping[str, object]) -> str:
    """The one field that all of several closures predict.

    Raises
    ------
    InputError
        If there is no closure, one predicts several fields, or two predict different ones.
    """
    targets = {name: target_of(name, c) for name, c in as_closures(closures).items()}
    if len(set(targets.values())) > 1:
        words = ", ".join(f"{name} predicts {target}" for name, target in targets.items())
        raise InputError(f"closures: expected the same target of all, but {words}")
    return next(iter(targets.values()))
