"""Files to begin with: every key with its comment, those that one may leave out commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vcnn.keys import Key, in_toml

_WIDTH = 96


@dataclass(frozen=True)
class Section:
    """A table of a file that is written.

    Parameters
    ----------
    heading : such as ``[network]``; ``#[units]`` for one that is commented out
    keys : sequence of Key
    values : mapping key -> value
        What the file says; all other keys stand there commented out, with their default.
    examples : mapping key -> value
        In place of a default.
    notes : sequence of str
        What is said under the heading.
    """

    heading: str
    keys: Sequence[Key]
    values: Mapping[str, Any] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


def write_template(introduction: Sequence[str], sections: Sequence[Section]) -> str:
    """The text of a TOML file.

    Raises
    ------
    KeyError
        If there is neither a value nor an example nor a default of a key.
    """
    lines = [f"# {line}".rstrip() for line in introduction]
    for section in sections:
        lines += ["", *filter(None, [section.heading]), *_comment(*section.notes)]
        for key in section.keys:
            lines += [*_comment(_describe(key)), _entry(section, key)]
    return "\n".join(lines) + "\n"


def _entry(section: Section, key: Key) -> str:
    if key.name in section.values:
        return f"{key.name} = {in_toml(section.values[key.name])}"
    example = key.default if key.name not in section.examples else section.examples[key.name]
    if example is None:
        raise KeyError(key.name)
    return f"#{key.name} = {in_toml(example)}"


def _describe(key: Key) -> str:
    said = all(choice in key.meaning for choice in key.choices)
    return f"{key.meaning}{key.unit_note}{'' if said else f': {key.values}'}".replace("`", "")


def _comment(*texts: str) -> list[str]:
    return [
        f"# {line}"
        for text in texts
        for line in textwrap.wrap(text, _WIDTH - 2, break_on_hyphens=False)
    ]
