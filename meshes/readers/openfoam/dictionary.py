"""OpenFOAM's dictionaries: nested entries, lists, ``#include`` and ``$variable``.

Nothing is executed. What would have to be (``#calc``, ``#codeStream``, ...), or is not defined,
stands in the values as `Unresolved`, and matters only to who needs that value.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from meshes.readers.openfoam.content import lies_inside, read_content
from meshes.readers.openfoam.lists import COMPONENTS, SPACE, Form, form_of, read_numbers
from meshes.readers.openfoam.values import Unresolved, word
from vcnn.errors import InputError, naming

_TOKEN = re.compile(
    SPACE
    + rb"("
    + rb'"[^"\\]*(?:\\.[^"\\]*)*"'  # quoted
    + rb"|\#\{.*?(?:\#\}|\Z)|\$\{\{.*?(?:\}\}|\Z)"  # code, an expression
    + rb"|\$\{[^{}]*\}"
    + rb"|[(){};\[\]]"
    + rb'|(?:[^\s"(){};\[\]/]|/(?![/*]))+'
    + rb")?",
    re.DOTALL,
)
_LIST = re.compile(r"(?:List|Field)<(\w+)>")
_WORDS, _FILES, _DEPTH = 500_000, 100, 50  # of which real cases stay far below
_PLACES = {  # in names of files: folders of the case
    "$FOAM_CASE": "",
    "${FOAM_CASE}": "",
    "<case>": "",
    "<constant>": "constant",
    "<system>": "system",
}


def read_dictionary(path: Path, case: Path, until: tuple[str, ...] = ()) -> dict:
    """The entries of a file: name -> list of values, or a dictionary of entries.

    A value is a word (str; numbers are words too), a list of values, a dictionary, an array where
    the file has a typed list of numbers, or `Unresolved`. A list without a name, as in the files of
    a mesh, is under "".

    Parameters
    ----------
    path : path
    case : path
        Only files inside it are included.
    until : names
        Where reading ends: behind the first of these entries.

    Raises
    ------
    InputError
        If the file cannot be read or is no such dictionary.
    """
    with naming(path):
        reading, entries = _Reading(case), {}
        _Parser(path, reading).entries([entries], until=until)
    if until and reading.absent and not any(name in entries for name in until):
        entries[until[0]] = [Unresolved(reading.absent[0])]
    return entries


def read_list_file(path: Path, case: Path) -> tuple[bytes, int, Form, str]:
    """What a file holds, where its list starts behind its header, in which form, and its class.

    Raises
    ------
    InputError
        If the file or its header cannot be read.
    """
    with naming(path):
        parser, entries = _Parser(path, _Reading(case)), {}
        if parser.peek() == "FoamFile":
            parser.entries([entries], until=("FoamFile",))
    header = entries.get("FoamFile")
    kind = word(header, "class") if isinstance(header, dict) else ""
    return parser.content, parser.at, parser.form, kind


@dataclass
class _Reading:
    """What a file and all that it includes have in common."""

    case: Path
    words: int = 0
    files: int = 0
    depth: int = 0
    absent: list[str] = field(default_factory=list)  # what could define an unknown variable

    def take(self, words: int) -> None:
        self.words += words
        if self.words > _WORDS:
            raise InputError(f"more than {_WORDS} words, this is no dictionary")


class _Parser:
    """Goes through the tokens of one file."""

    def __init__(self, path: Path, reading: _Reading) -> None:
        self.path, self.content, self.reading = path, read_content(path), reading
        self.at, self.form, self.conditions = 0, Form(), 0

    def peek(self) -> str | None:
        """The next token, None at the end."""
        return self.token()[0]

    def next(self) -> str | None:
        """The next token, which is then behind."""
        token, self.at = self.token()
        self.reading.take(1)
        return token

    def token(self) -> tuple[str | None, int]:
        token = _TOKEN.match(self.content, self.at)
        if token[1] is None:
            if token.end() < len(self.content):
                rest = self.content[token.end() : token.end() + 20]
                raise InputError(f"cannot be read beyond {rest!r}")
            return None, token.end()
        return token[1].decode(errors="replace"), token.end()

    def inside(self, read, *arguments):
        """What is one level deeper."""
        self.reading.depth += 1
        if self.reading.depth > _DEPTH:
            raise InputError(f"nested more than {_DEPTH} levels deep; does it include itself?")
        value = read(*arguments)
        self.reading.depth -= 1
        return value

    def entries(self, scopes, end=None, until=()):
        """All up to ``end`` go into the last, the innermost, of the scopes."""
        scope = scopes[-1]
        while (key := self.next()) != end:
            if key is None:
                raise InputError("a closing brace '}' is missing")
            if end is None and (key == "(" or (key.isdigit() and self.peek() == "(")):
                if key != "(":
                    self.next()
                scope[""] = self.inside(self.items, scopes, ")")
            elif key in ("(", ")", "[", "]", "{", "}"):
                raise InputError(f"unexpected {key!r}")
            elif key.startswith("#"):
                self.directive(key, scopes)
            elif key.startswith("$"):
                self.merge(key, scopes)
            elif key != ";":
                self.entry(_unquoted(key), scopes)
            if any(name in scope for name in until):
                return

    def entry(self, key, scopes):
        scope = scopes[-1]
        if self.peek() == "{":
            self.next()
            earlier = scope.get(key)
            value = dict(earlier) if isinstance(earlier, dict) else {}
            scope[key] = value  # which may name itself
            self.inside(self.entries, [*scopes, value], "}")
        else:
            value = self.items(scopes, ";", key)
        if key == "FoamFile" and isinstance(value, dict):
            self.form = form_of(word(value, "format"), word(value, "arch"))
            value = earlier or value  # of included files the first
        scope[key] = [Unresolved("it is inside an #if")] if self.conditions else value

    def items(self, scopes, end, key=""):
        """All values up to ``end``."""
        values = []
        while (token := self.next()) != end:
            if token is None or token in (";", "}", ")"):
                raise InputError(
                    f"{end!r} expected behind {_brief(key)!r}, got {token or 'the end'!r}"
                )
            listed = _LIST.fullmatch(token)
            if token == "(":
                values.append(self.inside(self.items, scopes, ")", key))
            elif token == "{":
                values.append({})
                self.inside(self.entries, [*scopes, values[-1]], "}")
                if end == ";":  # which may be left out behind a brace
                    if self.peek() == ";":
                        self.next()
                    break
            elif listed and listed[1] in COMPONENTS:
                array, self.at = read_numbers(self.content, self.at, listed[1], self.form)
                values.append(array)
            elif token.startswith("$"):
                value = self.variable(token, scopes)
                values += [value] if isinstance(value, dict) else value
            elif token == "#include":
                values += self.include(token, lambda file: file.items(scopes, None, key)) or ()
            elif token.startswith("#") and not token.startswith("#{"):
                values.append(Unresolved(f"{_brief(token)} is not evaluated"))
                self.skip_expression(token)
            else:
                values.append(_unquoted(token))
        return values

    def skip_expression(self, token):
        """``{...}`` behind ``#eval`` is no dictionary."""
        if token == "#eval" and self.peek() == "{":
            self.at = self.content.find(b"}", self.at) + 1
            if not self.at:
                raise InputError("a closing brace '}' is missing behind #eval")

    def directive(self, token, scopes):
        if token.startswith("#if"):
            self.conditions += 1
            self.at = (self.content + b"\n").index(b"\n", self.at)
        elif token == "#endif":
            self.conditions -= 1
        elif token in ("#include", "#sinclude", "#includeIfPresent"):
            self.include(token, lambda file: file.entries(scopes))
        elif token != "#else":
            argument = self.next() or ""
            if argument == "{":
                self.inside(self.entries, [*scopes, {}], "}")
            elif token == "#remove":
                scopes[-1].pop(_unquoted(argument), None)
            elif token != "#inputMode":
                self.reading.absent.append(f"{_brief(f'{token} {argument}')} is not read")

    def include(self, token, read):
        """What ``read`` makes of the file named next; None if it is left out."""
        name = self.next() or ""
        what, name = _brief(f"{token} {name}"), _unquoted(name)
        for symbol, folder in _PLACES.items():
            name = name.replace(symbol, os.path.abspath(self.reading.case / folder))
        path = self.path.parent / name
        if not lies_inside(path, self.reading.case):
            self.reading.absent.append(f"{what} is outside of the case")
        elif os.path.isfile(path):
            self.reading.files += 1
            if self.reading.files > _FILES:
                raise InputError(f"{what}: more than {_FILES} files included")
            with naming(path):
                return self.inside(read, _Parser(path, self.reading))
        elif token == "#include":
            self.reading.absent.append(f"{what}: no such file")
        return None

    def merge(self, token, scopes):
        """``$name;`` among entries: all of a dictionary."""
        value = self.variable(token, scopes)
        if isinstance(value, dict):
            scopes[-1].update(value)
        else:
            self.reading.absent += [v.reason for v in value if isinstance(v, Unresolved)]

    def variable(self, token, scopes):
        """What ``$name`` or ``${name}`` stands for: a list of values or a dictionary."""
        if token.startswith("${{"):
            return [Unresolved(f"{_brief(token)} is not evaluated")]
        entry = _look_up(token[2:-1] if token.startswith("${") else token[1:], scopes)
        if entry is None:
            reason = "; ".join([f"{_brief(token)} is not defined", *self.reading.absent[:1]])
            return [Unresolved(reason)]
        self.reading.take(len(entry))
        return entry


def _look_up(name, scopes):
    """An entry of a scope or those around it; dots at its start lead outwards, ``:`` to the top."""
    if name[:1] in (":", "!", "/"):
        name, scopes = name[1:], scopes[:1]
    elif up := re.match(r"(?:\.\./)+|\./|\.+", name):
        name = name[up.end() :]
        levels = up[0].count("../") if "/" in up[0] else len(up[0]) - 1
        scopes = scopes[: len(scopes) - levels][-1:]
    for scope in reversed(scopes):
        entry = scope.get(name)
        if entry is None:
            entry = scope
            for part in re.split(r"[./]", name):
                entry = entry.get(part) if isinstance(entry, dict) else None
        if entry is not None:
            return entry
    return None


def _unquoted(token):
    return token[1:-1] if token[:1] == '"' else token


def _brief(token):
    return " ".join(token.split())[:40]
