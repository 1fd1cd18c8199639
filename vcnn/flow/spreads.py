"""Fields that say how sure another field is: their names, kinds and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The field that says how far values may lie from a predicted one.

    Parameters
    ----------
    suffix : str
        Of its name, after that of the field that it belongs to and "_".
    head : str
        Kind of the output of a network that it is.
    power : float
        Of the unit of the field that it belongs to.
    meaning : str
        One phrase.
    """

    suffix: str
    head: str
    power: float
    meaning: str


_DEVIATION = Spread("deviation", "positive_scalar", 1, "standard deviation σ")
# kind of a field -> its spread
SPREADS = {
    "scalar": _DEVIATION,
    "positive_scalar": Spread(
        "relative_deviation", "positive_scalar", 0, "standard deviation σ of the logarithm"
    ),
    "vector": Spread("covariance", "covariance", 2, "covariance Σ"),
    "symmetric_tensor": _DEVIATION,
    "traceless_symmetric_tensor": _DEVIATION,
    "reynolds_stress": Spread(
        "root_deviation", "positive_scalar", 0.5, "standard deviation σ of components of the root"
    ),
}
_SUFFIXES = {f"_{spread.suffix}": spread for spread in SPREADS.values()}


def spread_name(name: str, kind: str) -> str:
    """What the spread of a field of this name and ``kind`` is called."""
    return f"{name}_{SPREADS[kind].suffix}"


def pair_spreads(targets: Mapping[str, str]) -> dict[str, str]:
    """Names of fields -> those of their spreads, of the ``targets`` (name -> kind) with both."""
    pairs = {name: spread_name(name, kind) for name, kind in targets.items() if kind in SPREADS}
    return {
        name: spread
        for name, spread in pairs.items()
        if targets.get(spread) == SPREADS[targets[name]].head
    }


def without_spreads(targets: Mapping[str, str]) -> dict[str, str]:
    """The ``targets`` (name -> kind) less those that are spreads of others."""
    spreads = pair_spreads(targets).values()
    return {name: kind for name, kind in targets.items() if name not in spreads}


def split_spread(name: str) -> tuple[str, float]:
    """The field that a spread belongs to and the power of its unit; of any other name, 1."""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return name.removesuffix(suffix), _SUFFIXES[suffix].power
    return name, 1
