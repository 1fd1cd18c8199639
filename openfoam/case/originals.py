"""The files of a case as they were before a closure came in, and the way back to them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from vcnn.errors import InputError
from vcnn.files import replacing

FOLDER = "vcnn.orig"  # beside 0 and system, as OpenFOAM's own 0.orig
_LIST = "written.json"


@dataclass(frozen=True)
class Originals:
    """The folder ``vcnn.orig`` of a case: files as they were, and what was written in their place.

    Parameters
    ----------
    case : path
    written : mapping of names -> SHA-256
        Of each file that was changed, as it was written.
    """

    case: Path
    written: Mapping[str, str]

    @classmethod
    def of(cls, case: Path) -> Originals:
        """Those of a case, none of one that nothing was applied to.

        Raises
        ------
        InputError
            If the folder is there and holds something else.
        """
        path = case / FOLDER / _LIST
        if not (case / FOLDER).exists():
            return cls(case, {})
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            whole = all((case / FOLDER / name).is_file() for name in written)
            whole = whole and all(isinstance(digest, str) for digest in written.values())
        except (OSError, ValueError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise InputError(f"{path.parent}: damaged: expected the originals of a case")
        return cls(case, written)

    @property
    def names(self) -> list[str]:
        """Of the files that were changed, within the case."""
        return list(self.written)

    def content(self, name: str) -> bytes | None:
        """What a file held before a closure came in, None if it was not changed."""
        return (self.case / FOLDER / name).read_bytes() if name in self.written else None

    def replace(self, contents: Mapping[str, bytes]) -> None:
        """Keep files as they are, unless earlier ones are kept, and write others in their place.

        All are written or, if one cannot be, none is. What somebody else has changed since the last
        time counts as theirs from then on.

        Parameters
        ----------
        contents : mapping of names -> bytes
            Names are those of files within the case.
        """
        folder = self.case / FOLDER
        new = {name: _digest(text) for name, text in contents.items() if not self._is_edited(name)}
        written = {**self.written, **new}
        with replacing(folder) as part:
            for name in written:
                source = (folder if name in self.written else self.case) / name
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, part / name)
            text = json.dumps(written, indent=1) + "\n"
            (part / _LIST).write_text(text, encoding="utf-8")
        before = {name: (self.case / name).read_bytes() for name in contents}
        try:
            _write(self.case, contents)
        except BaseException:
            _write(self.case, before)
            if not self.written:
                shutil.rmtree(folder, ignore_errors=True)
            raise

    def restore(self, force: bool = False) -> list[str]:
        """Put every file back, bit for bit, and remove the folder; the names of the files.

        Parameters
        ----------
        force : bool
            Whether what was changed in them since is lost.

        Raises
        ------
        InputError
            If there is nothing to put back, or a file was changed since.
        """
        folder = self.case / FOLDER
        if not self.written:
            raise InputError(f"{self.case}: no closure was applied to it (there is no {FOLDER})")
        changed = [name for name in self.written if not force and self._is_edited(name)]
        if changed:
            raise InputError(
                f"{self.case}: {', '.join(changed)} changed since the closure was applied; --force "
                f"puts back what is in {FOLDER} all the same"
            )
        _write(self.case, {name: (folder / name).read_bytes() for name in self.written})
        for name in self.written:
            shutil.copystat(folder / name, self.case / name)
        shutil.rmtree(folder)
        return self.names

    def _is_edited(self, name) -> bool:
        """Whether a file that was written is neither that any more nor what it was before."""
        if name not in self.written:
            return False
        path = self.case / name
        if not path.is_file():
            return True
        now = path.read_bytes()
        as_kept = now == (self.case / FOLDER / name).read_bytes()
        return _digest(now) != self.written[name] and not as_kept


def _write(case: Path, contents: Mapping[str, bytes]) -> None:
    """All files, each whole, with the permissions that they have."""
    paths = [case / name for name in contents]
    modes = {path: path.stat().st_mode & 0o7777 for path in paths if path.exists()}
    with ExitStack() as stack:
        for name, content in contents.items():
            part = stack.enter_context(replacing(case / name))
            part.write_bytes(content)
    for path, mode in modes.items():
        path.chmod(mode)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
