"""Commands that mpirun or srun starts several times at once: most work in one process, once."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# What launchers call the number of a process and how many there are: MPICH and its kin, Open MPI,
# MVAPICH, and steps of Slurm. A batch script of Slurm is no step, and alone.
_NAMES = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
)
_LAUNCHERS = ("PMI", "HYD", "MPI", "OMPI_", "PRTE_", "MV2_", "SLURM_")  # begins of all they set
_PATIENCE = 10.0  # seconds to look for the first process; it may be on another machine
_SAME = 2.0  # seconds within which an error that concerns all is one of the first process too

_everywhere: set[Callable] = set()


def on_every_rank[V: Callable](verb: V) -> V:
    """A verb that shares its work among the processes of MPI; a decorator."""
    _everywhere.add(verb)
    return verb


@dataclass(frozen=True)
class Crew:
    """This process among those that a launcher started together.

    Parameters
    ----------
    rank, size : int
    """

    rank: int
    size: int

    @classmethod
    def of_launcher(cls) -> Crew | None:
        """None for a process that was started alone."""
        for rank, size in _NAMES:
            numbers = os.environ.get(rank, ""), os.environ.get(size, "")
            if all(number.isdigit() for number in numbers):
                crew = cls(*map(int, numbers))
                return crew if crew.size > 1 else None
        return None

    def works(self, verb: Callable) -> bool:
        """Whether this process has a part in the work of a verb."""
        return self.rank == 0 or verb in _everywhere

    def shares(self, verb: Callable) -> bool:
        """Whether all processes have."""
        return verb in _everywhere


def is_cut_off() -> bool:
    """Whether a program in between closed the line to the launcher, as Python's `subprocess` does.

    Such a process has the number of one of the launcher's, but is none.
    """
    line = os.environ.get("PMI_FD", "")
    if not line.isdigit():
        return False
    try:
        os.fstat(int(line))
    except OSError:
        return True
    return False


def forget_launcher() -> None:
    """Be alone: MPI, if it is started from here on, has one process."""
    for name in [name for name in os.environ if name.startswith(_LAUNCHERS)]:
        del os.environ[name]


class Notice:
    """What the first process tells those that the same launcher started to do the same as it.

    A file that the first process keeps locked as long as it lives: the others sleep on the lock,
    and wake up too if it is killed. Others that work in another folder or with other arguments do
    not find it.
    """

    def __init__(self):
        launcher = _launcher()
        work = hashlib.sha256("\0".join([os.getcwd(), *sys.argv[1:]]).encode(errors="replace"))
        name = f"vcnn-{os.getuid()}-{launcher}-{_birth(launcher)}-{work.hexdigest()[:12]}"
        self._path = Path(os.environ.get("TMPDIR", "/tmp")) / name
        self._file = None
        self._direct = launcher == os.getppid()

    def post(self) -> None:
        """Begin, as the first process; where no file can be written the others do not wait."""
        part = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            part.rename(self._path)
        except OSError:
            self._file = None
            return
        atexit.register(self._path.unlink, missing_ok=True)  # before MPI's, so after it has ended

    def end(self, status: int, message: str = "") -> None:
        """Tell how it ends."""
        if self._file is not None:
            os.pwrite(self._file, json.dumps([status, message]).encode(), 0)

    def wait(self) -> int | None:
        """The exit status of the first process, once it has ended.

        If it is not to be found, 0 for a process of the launcher, whose first one may be on another
        machine; None for one that such a process started, which may be the only one.
        """
        begin = time.monotonic()
        while not self._find():
            if time.monotonic() - begin > _PATIENCE:
                return 0 if self._direct else None
            time.sleep(0.05)
        fcntl.flock(self._file, fcntl.LOCK_SH)
        status, _ = self._read() or (1, "")  # it was killed
        return status

    def says(self, message: str) -> bool:
        """Whether the first process ends with this message too."""
        begin = time.monotonic()
        while time.monotonic() - begin < _SAME:
            if self._find() and (outcome := self._read()):
                return outcome[1] == message
            time.sleep(0.05)
        return False

    def _find(self) -> bool:
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
            except OSError:
                return False
        return True

    def _read(self) -> list | None:
        text = os.pread(self._file, 2**20, 0)
        return json.loads(text) if text else None


def _launcher() -> int:
    """The nearest process above this one that does not have its number among the launcher's."""
    ours = {name: os.environ[name] for pair in _NAMES for name in pair if name in os.environ}
    process = os.getppid()
    while process > 1:
        try:
            text = Path(f"/proc/{process}/environ").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it belongs to the system
            break
        variables = dict(entry.partition("=")[::2] for entry in text.split("\0"))
        if not ours or any(variables.get(name) != value for name, value in ours.items()):
            break
        process = int(_status(process)[1])
    return process


def _birth(process: int) -> str:
    """When a process began, in the system's clock: numbers of processes come again."""
    return _status(process)[19]


def _status(process: int) -> list[str]:
    """What the system says of a process: its state, its parent, ...; zeros if there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return ["0"] * 20
    return text.rpartition(")")[2].split()
