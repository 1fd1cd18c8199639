"""A dictionary of a case whose entries are read and changed where they stand; all else stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from meshes.readers.openfoam.content import is_there
from openfoam.case.entries import Entry, Scope, Token, find_entries
from vcnn.errors import InputError, naming

_STEP = b"    "  # one level deeper
_COLUMN = 16  # where values begin, as in OpenFOAM's own files
_REST_OF_LINE = re.compile(rb"[ \t]*(?://[^\n]*|(?:/\*[^\n]*?\*/[ \t]*)*)(?=\r?\n|\Z)")


@dataclass(frozen=True)
class DictionaryFile:
    """The text of a dictionary; what changes it gives another one.

    Parameters
    ----------
    name : str
        Of the file in its case, for messages.
    content : bytes
    """

    name: str
    content: bytes

    @classmethod
    def read(cls, case: Path, name: str) -> DictionaryFile:
        """The file of that name in a case.

        Raises
        ------
        InputError
            If it is missing, compressed, a link or in a linked folder, or cannot be read.
        """
        path = case / name
        if not path.is_file():
            packed = " (compressed: run gunzip on it first)" if is_there(path) else ""
            raise InputError(f"{path}: no such file{packed}")
        parts = (case.joinpath(*Path(name).parts[: k + 1]) for k in range(len(Path(name).parts)))
        link = next((part for part in parts if part.is_symlink()), None)
        if link is not None:
            raise InputError(
                f"{link}: a link to {link.resolve()}, which other cases may use; put a copy in its "
                "place"
            )
        return cls(name, path.read_bytes())

    @cached_property
    def root(self) -> Scope:
        """All entries of the file."""
        with naming(self.name):
            return find_entries(self.content)

    def find(self, *path: str) -> Entry | None:
        """The entry ``path[-1]`` of the dictionaries before it; None if it is not there.

        Raises
        ------
        InputError
            If it may come from another file or a macro, or is there twice.
        """
        scope = self.root
        for depth, name in enumerate(path):
            place = " ".join(path[: depth + 1])
            if scope.directives:
                raise InputError(
                    f"{self.name}: {scope.directives[0].strip()} may bring {place}; only what "
                    "stands in the file itself can be changed: write it there"
                )
            exact = [e for e in scope.entries if e.name == name and not e.is_pattern]
            if len(exact) > 1:
                raise InputError(f"{self.name}: {place} is there twice; leave one")
            if not exact:
                return None
            (entry,) = exact
            if depth < len(path) - 1:
                if entry.inner is None:
                    raise InputError(f"{self.name}: {place}: expected a dictionary {{ ... }}")
                scope = entry.inner
        return entry

    def words(self, *path: str) -> list[str]:
        """The words of a value, of a dictionary and of what is missing none.

        Raises
        ------
        InputError
            If one of them is a macro, or as `find` does.
        """
        entry = self.find(*path)
        words = [] if entry is None else [token.text for token in entry.value]
        macro = next((word for word in words if word[0] in "$#"), None)
        if macro is not None:
            raise InputError(
                f"{self.name}: {' '.join(path)}: {macro} is not evaluated; write its value there"
            )
        return [word[1:-1] if word[0] == '"' else word for word in words]

    def inner(self, *path: str) -> Scope | None:
        """What a dictionary of the file holds, None if it is not there."""
        entry = self.find(*path)
        return None if entry is None else entry.inner

    def text(self, entry: Entry) -> str:
        """The value of an entry as it is written."""
        first, last = entry.value[0], entry.value[-1]
        return self.content[first.start : last.end].decode(errors="replace")

    def with_value(self, path: tuple[str, ...], value: str) -> DictionaryFile:
        """With another value in place of the one that is there, or a new entry.

        Dictionaries around it that are missing are made.
        """
        entry = self.find(*path)
        if entry is None:
            return self._with_new(path, value)
        if entry.inner is not None or not entry.value:
            raise InputError(f"{self.name}: {' '.join(path)}: expected a value")
        return self._with_bytes(entry.value[0].start, entry.value[-1].end, value.encode())

    def with_dictionary(self, path: tuple[str, ...], values: Mapping[str, str]) -> DictionaryFile:
        """With these entries in a dictionary; what else it has stays."""
        if self.find(*path) is None:
            return self._with_new(path, values)
        file = self
        for name, value in values.items():
            file = file.with_value((*path, name), value)
        return file

    def with_token(self, token: Token, text: str) -> DictionaryFile:
        """With another text in place of one token of a value."""
        return self._with_bytes(token.start, token.end, text.encode())

    def with_item(self, path: tuple[str, ...], item: str) -> DictionaryFile:
        """With one more item at the end of a list, or a new list."""
        entry = self.find(*path)
        if entry is None:
            return self._with_new(path, f"({item})")
        if entry.inner is not None or not entry.value or entry.value[-1].text != ")":
            raise InputError(f"{self.name}: {' '.join(path)}: expected a list (...)")
        end = entry.value[-1].start
        blank = b"" if self.content[end - 1 : end] in (b"(", b" ") else b" "
        return self._with_bytes(end, end, blank + item.encode())

    def _with_new(self, path, value) -> DictionaryFile:
        """An entry that is not there; the dictionaries around it that are missing come with it."""
        depth = len(path) - 1
        while depth and self.find(*path[:depth]) is None:
            depth -= 1
        for name in reversed(path[depth + 1 :]):
            value = {name: value}
        entry = self.find(*path[:depth]) if depth else None
        scope = self.root if entry is None else entry.inner
        if scope is None:
            raise InputError(f"{self.name}: {path[depth - 1]}: expected a dictionary {{ ... }}")
        return self._insert(scope, entry, path[depth], value)

    def _insert(self, scope, owner, name, value) -> DictionaryFile:
        """A new entry behind the last one of a scope, set in as its siblings are."""
        line = self._newline
        if scope.entries:
            last = scope.entries[-1]
            indent, rest = self._indent(last.start), _REST_OF_LINE.match(self.content, last.end)
            if indent is None or rest is None:  # several entries on one line
                return self._with_bytes(last.end, last.end, b" " + _flat(name, value))
            blank = line if owner is None else b""
            return self._with_bytes(
                rest.end(), rest.end(), line + blank + _block(name, value, indent, line)
            )
        if owner is None:
            text = _block(name, value, b"", line) + line
            return self._with_bytes(scope.end, scope.end, text)
        outer = self._indent(owner.start)
        space = self.content[scope.start : scope.end]
        if outer is None or b"\n" not in space:
            return self._with_bytes(scope.start, scope.start, b" " + _flat(name, value) + b" ")
        rest = _REST_OF_LINE.match(self.content, scope.start)
        at = scope.start if rest is None else rest.end()
        return self._with_bytes(at, at, line + _block(name, value, outer + _STEP, line))

    @property
    def _newline(self) -> bytes:
        return b"\r\n" if b"\r\n" in self.content else b"\n"

    def _indent(self, at) -> bytes | None:
        """What stands before a byte on its line, if that is space."""
        before = self.content[self.content.rfind(b"\n", 0, at) + 1 : at]
        return before if not before.strip() else None

    def _with_bytes(self, start, end, new) -> DictionaryFile:
        return replace(self, content=self.content[:start] + new + self.content[end:])


def _flat(name, value) -> bytes:
    """An entry in one line."""
    if isinstance(value, str):
        return f"{name} {value};".encode()
    return b" ".join([f"{name} {{".encode(), *(_flat(*item) for item in value.items()), b"}"])


def _block(name, value, indent, line) -> bytes:
    """An entry, a dictionary in lines of its own; without the end of the last line."""
    if isinstance(value, str):
        return indent + f"{name:<{_COLUMN - 1}} {value};".encode()
    inner = [_block(key, item, indent + _STEP, line) for key, item in value.items()]
    return line.join([indent + name.encode(), indent + b"{", *inner, indent + b"}"])


def quoted(text: str, what: str) -> str:
    """A text as OpenFOAM reads it back.

    Raises
    ------
    InputError
        If it has quotes, backslashes, dollars or ends of lines in it.
    """
    if re.search(r'["\\$\n\r]', text):
        raise InputError(f"{what} {text!r}: OpenFOAM cannot read such a path; use another")
    return f'"{text}"'
