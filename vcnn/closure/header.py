"""Keys of the JSON header of a model's file: checked and documented from here."""

from __future__ import annotations

from vcnn.headers import is_number, is_table, lists, maps_to
from vcnn.keys import TEXT, Key, KeyTable, Kind, list_of

FORMAT = 3  # that is written; 2 gave the name vector-cloud to the network pair-embedding
READABLE = (2, FORMAT)


def _is_divisor(value: object) -> bool:
    return is_number(value) and value != 0


def _is_pair(value: object) -> bool:
    """Shift and divisor."""
    return lists(is_number)(value) and len(value) == 2 and value[1] != 0


_TABLE = Kind("an object", is_table)
_NAMES = TEXT | list_of(TEXT, "a list of texts")
_DIMENSION = Kind("1, 2 or 3", lambda v: v in (1, 2, 3))
_DIVISOR = Kind("a number other than 0", _is_divisor)
_DIVISORS = Kind("an object of numbers other than 0", maps_to(_is_divisor))
_PAIRS = Kind("an object of pairs [shift, divisor]", maps_to(_is_pair))

FORMAT_KEY = Key(
    "format",
    Kind("an integer", lambda v: v in READABLE),
    f"of the file; this version writes {FORMAT} and reads {READABLE[0]} too",
    needed=True,
)
HEADER_KEYS = (
    Key("architecture", TEXT, "name of the network", needed=True),
    Key("config", _TABLE, "arguments that build the network, all of them", needed=True),
    Key("region", _TABLE, "the region of influence: its kind and its numbers", needed=True),
    Key("scales", _TABLE, "what inputs and values are scaled with", needed=True),
    Key("target", _NAMES, "name of the field that it predicts, or of each", needed=True),
    Key("dimension", _DIMENSION, "of the flows that it takes", needed=True),
    Key("units", _TABLE, "units by name, as they were in training; may be empty", needed=True),
    Key(
        "provenance",
        _TABLE,
        "what it was trained on and how, for people and for `vcnn show`",
        needed=True,
    ),
    Key("usage", _TABLE, "what else a solver must know, such as the baseline that it corrects"),
)
SCALES_KEYS = (
    Key("length", _DIVISOR, "what positions are divided by", needed=True, unit="length"),
    Key("velocity", _DIVISOR, "what velocities are divided by", needed=True, unit="velocity"),
    Key("scalars", _PAIRS, "by name: (s − shift)/divisor is taken", needed=True, unit="its own"),
    Key("vectors", _DIVISORS, "by name", needed=True, unit="its own"),
    Key("tensors", _DIVISORS, "by name", needed=True, unit="its own"),
    Key(
        "targets",
        Kind("a list of pairs [shift, divisor]", lists(_is_pair)),
        "of each target, in their order: shift + divisor · value is predicted",
        needed=True,
        unit="its own",
    ),
    Key(
        "weights",
        _DIVISOR,
        "length whose power divides quadrature weights, of networks that take sums",
        default=1.0,
        unit="length",
    ),
)


ENSEMBLE_KEYS = (
    Key(
        "members",
        Kind("a list of objects", lambda v: bool(v) and lists(is_table)(v)),
        "of an ensemble: a header as above for each; names of its tensors begin with `member_0/` "
        "and so on",
        needed=True,
    ),
    Key(
        "factors",
        Kind("an object of positive numbers", maps_to(lambda v: is_number(v) and v > 0)),
        "by target: what the spread is multiplied with",
        needed=True,
    ),
)


def closure_tables() -> list[KeyTable]:
    """All tables of a header."""
    return [
        KeyTable("", (FORMAT_KEY, *HEADER_KEYS), "The metadata `vcnn` of the file, a JSON object"),
        KeyTable("scales", SCALES_KEYS, "What brings inputs and values to order one"),
        KeyTable("ensemble", ENSEMBLE_KEYS, "In place of these, of a file with several closures"),
    ]
