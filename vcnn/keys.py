"""Keys of files: one table of each, from which they are checked, printed and documented."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from vcnn.errors import InputError, suggest


@dataclass(frozen=True)
class Kind:
    """What the values of a key are.

    Parameters
    ----------
    words : as messages and tables call it
    holds : whether something is such a value
    """

    words: str
    holds: Callable[[Any], bool]

    def __or__(self, other: Kind) -> Kind:
        return Kind(f"{self.words} or {other.words}", lambda v: self.holds(v) or other.holds(v))


def list_of(kind: Kind, words: str) -> Kind:
    """A list whose items are all of this kind."""
    return Kind(words, lambda v: isinstance(v, list) and all(map(kind.holds, v)))


def table_of(kind: Kind, words: str) -> Kind:
    """A table whose values are all of this kind."""
    return Kind(words, lambda v: isinstance(v, dict) and all(map(kind.holds, v.values())))


TEXT = Kind("text", lambda v: isinstance(v, str))
BOOLEAN = Kind("true or false", lambda v: isinstance(v, bool))
INTEGER = Kind("an integer", lambda v: isinstance(v, int) and not isinstance(v, bool))
NUMBER = Kind("a number", lambda v: isinstance(v, Real) and not isinstance(v, bool))
TABLE = Kind("a table", lambda v: isinstance(v, dict))
LIST = Kind("a list", lambda v: isinstance(v, list))
NUMBERS = list_of(NUMBER, "a list of numbers")
ANYTHING = Kind("anything", lambda v: True)

# Type of a default, or annotation of a parameter -> kind of its values in a file.
_KINDS = {
    "str": TEXT,
    "bool": BOOLEAN,
    "int": INTEGER,
    "float": NUMBER,
    "dict": TABLE,
    "list": LIST,
    "NoneType": ANYTHING,
}


@dataclass(frozen=True)
class Key:
    """A key of a file.

    Parameters
    ----------
    name : str
    kind : Kind
        Of its values.
    meaning : str
        One phrase.
    default : object
        What it is where the file does not say; None for nothing.
    needed : bool
        Whether a file must have it.
    otherwise : str
        What happens without it, or when it is needed, where that is more than a default says.
    unit : str
        Unit or dimension of its values.
    choices : tuple of str
        All values that it may have, if they are few.
    """

    name: str
    kind: Kind
    meaning: str
    default: Any = None
    needed: bool = False
    otherwise: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def values(self) -> str:
        """What its values are: one of its choices, or their kind."""
        if self.choices:
            return f"one of {', '.join(f'`{choice}`' for choice in self.choices)}"
        return self.kind.words

    @property
    def unit_note(self) -> str:
        """Such as `` [length]``, after something else; "" without a unit."""
        return f" [{self.unit}]" if self.unit else ""

    @property
    def facts(self) -> str:
        """Values, unit and presence in Markdown: ``a number [length]; default `1.0` ``."""
        return f"{self.values}{self.unit_note}; {self.presence}"

    @property
    def presence(self) -> str:
        """Whether a file must have it, or what holds where it does not."""
        if self.otherwise:
            is_needed = self.otherwise.startswith("needed")
            return self.otherwise if is_needed else f"default: {self.otherwise}"
        if self.needed or self.default is None:
            return "needed" if self.needed else "optional"
        default = self.default
        short = float(f"{default:.6g}") if isinstance(default, float) else default
        return f"default `{in_toml(short)}`"


@dataclass(frozen=True)
class KeyTable:
    """The keys of one table of a file.

    Parameters
    ----------
    place : how a file opens the table, such as ``[region] kind = "ball"``; "" for its top level
    keys : tuple of Key
    meaning : one phrase
    """

    place: str
    keys: tuple[Key, ...]
    meaning: str = ""


def check_table(table: Mapping[str, Any], keys: Sequence[Key]) -> dict[str, Any]:
    """The value of every key, defaults where the table has none.

    Raises
    ------
    InputError
        If a key of the table is unknown, holds another kind of value or none of its choices, or
        one that is needed is missing.
    """
    refuse_unknown(table, [key.name for key in keys])
    for key in keys:
        if key.needed and key.name not in table:
            raise InputError(f"key {key.name!r} is missing")
    for key in keys:
        if key.name in table:
            check_value(key, table[key.name])
    return {key.name: table.get(key.name, key.default) for key in keys}


def check_value(key: Key, value: object) -> None:
    """Raise `InputError` unless this is a value that the key may have."""
    if not key.kind.holds(value):
        raise InputError(f"{key.name}: expected {key.kind.words}, got {value!r}")
    if key.choices:
        check_choice(key.name, value, key.choices)


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise `InputError` unless a value is one of the choices, naming the nearest of them."""
    if value not in choices:
        words = " or ".join(map(repr, choices))
        words = words if len(choices) == 2 else f"one of {', '.join(choices)}"
        raise InputError(f"{name}: expected {words}, got {value!r}{suggest(value, choices)}")


def refuse_unknown(table: Iterable[str], known_keys: Sequence[str]) -> None:
    """Raise `InputError` if a table has another key than these, naming the nearest of them."""
    for key in table:
        if key not in known_keys:
            hint = suggest(key, known_keys) or ";"
            raise InputError(f"unknown key {key!r}{hint} known are: {', '.join(known_keys)}")


def in_toml(value: object) -> str:
    """A value as a TOML file says it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_toml, value))}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{name} = {in_toml(item)}" for name, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)


def keys_of(
    function: Callable,
    units: Mapping[str, str] | None = None,
    choices: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Key, ...]:
    """The parameters of a function or a dataclass as keys; its docstring says what they mean.

    Parameters
    ----------
    function : callable
    units, choices : mappings parameter -> unit, or values that it may have

    Raises
    ------
    KeyError
        If the docstring says nothing of a parameter.
    """
    meanings, units, choices = parameter_meanings(function.__doc__), units or {}, choices or {}
    keys = []
    # the one place that names the parameters, and the one that says their defaults
    for name, parameter in inspect.signature(function).parameters.items():
        needed = parameter.default is inspect.Parameter.empty
        default, unit = None if needed else parameter.default, units.get(name, "")
        meaning = meanings[name].removesuffix(f", {unit}").removesuffix(f", a {unit}")
        keys.append(
            Key(
                name,
                _kind(parameter.annotation),
                meaning,
                default,
                needed,
                unit=unit,
                choices=tuple(choices.get(name, ())),
            )
        )
    return tuple(keys)


def kind_of(value: object) -> Kind:
    """The kind of a value."""
    return _KINDS[type(value).__name__]


def _kind(annotation: str) -> Kind:
    """What the annotation of a parameter lets a file say."""
    word = annotation.removesuffix(" | None")
    return NUMBERS if word.startswith("tuple[") else _KINDS[word]


def parameter_meanings(docstring: str | None) -> dict[str, str]:
    """Parameter -> what a NumPy docstring says of it, in one line without markup.

    The sentence below ``name : type``, or the phrase where there is none.
    """
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)",
        inspect.cleandoc(docstring or ""),
        re.MULTILINE | re.DOTALL,
    )
    meanings = {}
    for entry in re.split(r"\n(?=\S)", section[1].strip("\n")) if section else ():
        head, _, body = entry.partition("\n")
        names, _, phrase = head.partition(" : ")
        body = " ".join(body.split())
        for name in names.split(", "):
            meanings[name.strip()] = _plain(body or phrase)
    return meanings


def _plain(text: str) -> str:
    """A phrase without the markup of cross-references; what Python calls None is no value."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`").rstrip(".")
    text = re.sub(r"\bNone\b", "none", text)
    return text[0].lower() + text[1:] if re.match(r"[A-Z][a-z]", text) else text
