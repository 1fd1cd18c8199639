"""Where the entries of an OpenFOAM dictionary stand in its file, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from meshes.readers.openfoam.lists import SPACE
from vcnn.errors import InputError

_SPACE = re.compile(SPACE, re.DOTALL)
_TOKEN = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*"'  # quoted
    rb"|\#\{.*?(?:\#\}|\Z)|\$\{\{.*?(?:\}\}|\Z)"  # code, an expression
    rb"|\$\{[^{}]*\}"
    rb"|[(){};\[\]]",
    re.DOTALL,
)
_IN_WORD = re.compile(rb'(?:[^\s"(){};\[\]/]|/(?![/*]))*')
_SILENT = ("#includeFunc", "#inputMode")  # which bring no entries
_DEPTH = 50  # of which real cases stay far below


@dataclass(frozen=True)
class Token:
    """A word, a quoted text or a sign, and where it stands.

    Parameters
    ----------
    text : str
    start, end : int
        Its first byte, and the one behind it.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """``name value;`` or ``name { ... }`` and where it stands.

    Parameters
    ----------
    name : str
        Without quotes.
    is_pattern : bool
        Whether it is quoted: a regular expression.
    start, end : int
        Its first byte, and the one behind it.
    value : tuple of Token
        What stands between name and semicolon; of a dictionary nothing.
    inner : Scope, optional
        Of a dictionary what it holds.
    """

    name: str
    is_pattern: bool
    start: int
    end: int
    value: tuple[Token, ...] = ()
    inner: Scope | None = None


@dataclass(frozen=True)
class Scope:
    """What stands between two braces, or in a whole file.

    Parameters
    ----------
    start, end : int
        Its first byte, and the one behind it.
    entries : tuple of Entry
    directives : tuple of str
        Such as ``#include "file"`` and ``$name``, which bring entries that do not stand here.
    """

    start: int
    end: int
    entries: tuple[Entry, ...] = ()
    directives: tuple[str, ...] = ()


def find_entries(content: bytes) -> Scope:
    """The entries of a file.

    Raises
    ------
    InputError
        If a brace or a semicolon is missing.
    """
    return _Reading(content).scope(0, "")


class _Reading:
    """Goes through the tokens of a file."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at, self.depth = content, 0, 0

    def peek(self) -> Token | None:
        """The next token, None at the end."""
        start = _SPACE.match(self.content, self.at).end()
        if start == len(self.content):
            return None
        sign = _TOKEN.match(self.content, start)
        end = sign.end() if sign else self._end_of_word(start)
        if end == start:
            rest = self.content[start : start + 20]
            raise InputError(f"cannot be read beyond {rest!r}")
        return Token(self.content[start:end].decode(errors="replace"), start, end)

    def next(self) -> Token | None:
        """The next token, which is then behind."""
        token = self.peek()
        if token is not None:
            self.at = token.end
        return token

    def _end_of_word(self, at) -> int:
        """Parentheses belong to a word as far as they close: ``div(phi,U)`` is one."""
        open_ones = 0
        while True:
            at = _IN_WORD.match(self.content, at).end()
            sign = self.content[at : at + 1]
            if sign == b"(":
                open_ones += 1
            elif sign == b")" and open_ones:
                open_ones -= 1
            else:
                return at
            at += 1

    def scope(self, start: int, name: str) -> Scope:
        """Everything up to the brace that closes it, or to the end of the file."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise InputError(f"nested more than {_DEPTH} levels deep")
        entries, directives = [], []
        while (token := self.next()) is not None and token.text != "}":
            if token.text[0] in "#$":
                directives += self._directive(token)
            elif token.text in ("(", ")", "[", "]", "{"):
                raise InputError(f"unexpected {token.text!r}")
            elif token.text != ";":
                entries.append(self._entry(token))
        if (token is None) == (self.depth > 1):
            raise InputError(
                "a closing brace '}' is missing" if token is None else "unexpected '}'"
            )
        self.depth -= 1
        end = len(self.content) if token is None else token.start
        return Scope(start, end, tuple(entries), tuple(directives))

    def _entry(self, key) -> Entry:
        is_pattern = key.text[0] == '"'
        name = key.text[1:-1] if is_pattern else key.text
        brace = self.peek()
        if brace is not None and brace.text == "{":
            self.at = brace.end
            inner = self.scope(brace.end, name)
            return Entry(name, is_pattern, key.start, self.at, inner=inner)
        value = tuple(self._value(name))
        return Entry(name, is_pattern, key.start, self.at, value)

    def _value(self, name) -> Iterator[Token]:
        """Up to the semicolon, which may be left out behind a brace."""
        braces = parentheses = 0
        while (token := self.next()) is not None:
            if token.text == ";" and not braces:
                return
            if token.text == "}" and not braces:
                break
            yield token
            braces += (token.text == "{") - (token.text == "}")
            parentheses += (token.text == "(") - (token.text == ")")
            if token.text == "}" and not braces and parentheses <= 0:
                following = self.peek()
                if following is not None and following.text == ";":
                    self.at = following.end
                return
        raise InputError(f"';' expected behind {name[:40]!r}")

    def _directive(self, token) -> list[str]:
        """In words; of those that bring no entries nothing."""
        if token.text.startswith(("#if", "#else", "#endif")):
            self.at = (self.content + b"\n").index(b"\n", self.at)
            return [token.text]
        if token.text[0] == "$":
            if (following := self.peek()) is not None and following.text == ";":
                self.at = following.end
            return [token.text]
        argument = self.next()
        silent = token.text in _SILENT
        return [] if silent else [f"{token.text} {'' if argument is None else argument.text}"]
