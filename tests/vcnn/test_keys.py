"""Keys of files: tables that check, and what a docstring says of parameters."""

from dataclasses import dataclass

import pytest

from vcnn.errors import InputError, suggest
from vcnn.keys import (
    INTEGER,
    NUMBER,
    NUMBERS,
    TEXT,
    Key,
    check_table,
    in_toml,
    keys_of,
    parameter_meanings,
)

KEYS = (
    Key("radius", NUMBER, "of the ball", needed=True),
    Key("cells", NUMBERS, "along each axis"),
    Key("rounds", INTEGER, "at most", default=100),
    Key("place", TEXT, "where", default="cell", choices=("cell", "vertex", "node")),
)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"radios": 1},
            "unknown key 'radios'; did you mean 'radius'? known are: radius, cells, ro",
        ),
        ({"flow": 1}, "unknown key 'flow'; known are: radius"),
        ({}, "key 'radius' is missing"),
        ({"radius": True}, "radius: expected a number, got True"),
        ({"radius": 1, "cells": [1, "2"]}, "cells: expected a list of numbers, got [1, '2']"),
        ({"radius": 1, "rounds": 1.0}, "rounds: expected an integer, got 1.0"),
        ({"radius": 1, "place": 1}, "place: expected text, got 1"),
        (
            {"radius": 1, "place": "Vertices"},
            "place: expected one of cell, vertex, node, got 'Vertices'; did you mean 'vertex'?",
        ),
    ],
)
def test_tables_that_are_refused(table, message):
    with pytest.raises(InputError) as error:
        check_table(table, KEYS)
    assert str(error.value).startswith(message)


def test_a_table_gets_the_defaults():
    values = check_table({"radius": 2}, KEYS)
    assert values == {"radius": 2, "cells": None, "rounds": 100, "place": "cell"}


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("trainig", "training"),
        ("EGNN", "egnn"),
        ("vector_cloud", "vector-cloud"),
        ("depth", None),  # is no misspelt width
        ("", None),
        (3, None),
    ],
)
def test_the_nearest_word(word, nearest):
    words = ["training", "egnn", "vector-cloud", "width"]
    assert suggest(word, words) == ("" if nearest is None else f"; did you mean {nearest!r}?")


def test_what_a_docstring_says():
    meanings = parameter_meanings(
        """Do something.

        Parameters
        ----------
        epochs : int
            Passes over the centres, or
            None of them.
        length, height : float, optional
            Of the :class:`~vcnn.Closure`.
        slope : float
            α, the ``stretching`` of the flanks. It is
            a number.
        along : of the velocity

        Raises
        ------
        InputError
            If so : or not.
        """
    )
    assert meanings == {
        "epochs": "passes over the centres, or none of them",
        "length": "of the `vcnn.Closure`",
        "height": "of the `vcnn.Closure`",
        "slope": "α, the `stretching` of the flanks. It is a number",
        "along": "of the velocity",
    }
    assert parameter_meanings(None) == parameter_meanings("Nothing.") == {}


@dataclass(frozen=True)
class Described:
    """One with two.

    Parameters
    ----------
    width : float
        Across, a length.
    count : how many
    """

    width: "float | None"
    count: "int" = 3


def test_keys_of_a_dataclass():
    width, count = keys_of(Described, {"width": "length"})
    assert width == Key("width", NUMBER, "across", needed=True, unit="length")
    assert count == Key("count", INTEGER, "how many", default=3)
    assert [key.presence for key in (width, count)] == ["needed", "default `3`"]
    Described.__doc__ = "One of which nothing is said."
    with pytest.raises(KeyError, match="width"):
        keys_of(Described)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (1e-9, "1e-09"),
        ("a", '"a"'),
        ((1, 2.5), "[1, 2.5]"),
        ([], "[]"),
        ({"kind": "wall", "velocity": [1.0, 0.0]}, '{ kind = "wall", velocity = [1.0, 0.0] }'),
    ],
)
def test_values_in_toml(value, text):
    import tomllib

    assert in_toml(value) == text
    read = tomllib.loads(f"value = {text}")["value"]
    assert read == (list(value) if isinstance(value, tuple) else value)
