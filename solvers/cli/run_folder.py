"""The folder of a run of ``vcnn solve``: whose it is, whether it can be gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vcnn.errors import InputError
from vcnn.files import claim, write_text
from vcnn.headers import parse_json

if TYPE_CHECKING:  # FEniCSx is slow to import
    from solvers.fenics import MPI

_RESULTS = (
    "result.json",
    "checkpoint.npz",
    "report.html",
    "report.json",
    "figure_*.png",
    "flow.vtu",
)


@dataclass(frozen=True)
class RunFolder:
    """Where one case is solved with one closure, by all ranks of MPI together.

    Parameters
    ----------
    path : Path
    case : str
        The text of the case's file.
    source : mapping
        Of the turbulent stress: ``name``, and ``sha256`` of a closure's file or None.
    comm : MPI communicator
    members : bool
        Whether the flow is solved with each member, too.
    """

    path: Path
    case: str
    source: Mapping[str, str | None]
    comm: MPI.Comm
    members: bool = False

    @property
    def member_states(self) -> Path:
        """Folder of the states of members, to go on from."""
        return self.path / "members"

    @property
    def checkpoint(self) -> Path:
        """The state to go on from."""
        return self.path / "checkpoint.npz"

    @property
    def result(self) -> Path:
        """The numbers, written as soon as there are any."""
        return self.path / "result.json"

    @property
    def report(self) -> Path:
        """The page, written last of all."""
        return self.path / "report.html"

    def is_complete(self) -> bool:
        """Whether this run has been completed here.

        Raises
        ------
        InputError
            If the folder holds a run of another case or closure.
        """
        if not (self.result.exists() and self.report.exists() and self._is_ours()):
            return False
        numbers = parse_json(self.result.read_bytes(), self.result)
        return not self.members or numbers.get("members") is not None

    def open(self, resume: bool, force: bool) -> Path | None:
        """The checkpoint to begin from, if there is one; else the folder holds no results any more.

        Raises
        ------
        InputError
            If the folder holds another run, or one that may not be overwritten.
        """
        if resume and not force and self._is_ours():
            return self.checkpoint if self.checkpoint.exists() else None
        if not force and self.checkpoint.exists() and not self.result.exists():
            raise InputError(
                f"{self.path}: holds an interrupted run; give --resume to go on, or --force to "
                "begin anew"
            )
        claim(self.path, force)
        self.comm.barrier()  # all ranks have looked
        if self.comm.rank == 0:
            for name in _RESULTS:  # else what an earlier run left would pass for this one's
                for path in self.path.glob(name):
                    path.unlink()
            for folder in (self.path / "flow.bp", self.member_states):
                shutil.rmtree(folder, ignore_errors=True)
        return None

    @contextmanager
    def solving(self) -> Iterator[None]:
        """The folder says whose it is; if there is an error before anything was solved it goes."""
        existed = self.path.exists()
        texts = {self._case: self.case, self._origin: json.dumps(self.source)}
        self.comm.barrier()
        error = self._write(texts) if self.comm.rank == 0 else None
        error = self.comm.bcast(error)  # else the others would wait
        if error is not None:
            raise error
        try:
            yield
        except BaseException:
            if self.comm.rank == 0 and not existed and not self.checkpoint.exists():
                for path in texts:
                    path.unlink()
                self.path.rmdir()
            raise

    @property
    def _case(self) -> Path:
        return self.path / "case.toml"

    @property
    def _origin(self) -> Path:
        return self.path / "closure.json"

    def _is_ours(self) -> bool:
        if not (self._case.is_file() and self._origin.is_file()):
            return False
        if self._case.read_bytes() != self.case.encode():
            raise InputError(
                f"{self.path}: holds a run of another case, see {self._case}; choose another -o "
                f"(start = {str(self.path)!r} in the case goes on from its state) or give --force"
            )
        source = parse_json(self._origin.read_bytes(), self._origin)
        if source.get("sha256") != self.source["sha256"]:  # a file may have been renamed
            raise InputError(
                f"{self.path}: holds a run with {_describe(source)}, not {_describe(self.source)}; "
                "choose another -o or give --force"
            )
        return True

    def _write(self, texts: Mapping[Path, str]) -> OSError | None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for path, text in texts.items():
                write_text(path, text)
        except OSError as failure:
            return failure
        return None


def _describe(source: Mapping[str, str | None]) -> str:
    digest = source.get("sha256")
    return str(source.get("name")) + (f" (sha256 {digest:.12})" if digest else "")
