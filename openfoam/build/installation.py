"""The OpenFOAM of this machine: one that is sourced, or Debian's."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

from vcnn.errors import InputError

_DEBIAN = Path("/usr/share/openfoam")  # where Debian has what its programs read
# Versions of OpenFOAM.com are years and months, those of the Foundation count from 1.
_YEARS = 1000


@dataclass(frozen=True)
class Installation:
    """An OpenFOAM, and what its programs need to run.

    Parameters
    ----------
    version : int
        1912 and the like of OpenFOAM.com, 11 and the like of the OpenFOAM Foundation.
    sources : Path or None
        Its folder ``src`` with the headers; None for Debian's, which come with another package.
    source_package : tuple of str
        Name and version of Debian's source package; empty for others.
    environment : mapping
        Of its programs.
    """

    version: int
    sources: Path | None
    source_package: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def of_foundation(self) -> bool:
        """Whether it is the OpenFOAM Foundation's."""
        return self.version < _YEARS


def find_installation() -> Installation:
    """The OpenFOAM whose environment is sourced, else Debian's.

    Raises
    ------
    InputError
        If there is none, or one that the library cannot be built for; it says what to do.
    """
    project = os.environ.get("WM_PROJECT_DIR", "")
    sources = Path(os.environ.get("FOAM_SRC") or Path(project) / "src")
    if project and sources.is_dir():
        return _sourced(sources)
    if which("simpleFoam") is None:
        raise InputError(
            "OpenFOAM: no simpleFoam here; source the etc/bashrc of yours, or on Debian: "
            "apt-get install openfoam"
        )
    package = _source_package()
    if not package or not _DEBIAN.is_dir():
        raise InputError(
            f"OpenFOAM: {which('simpleFoam')} is here without headers; source the etc/bashrc of "
            "yours, so that WM_PROJECT_DIR is known"
        )
    environment = {**os.environ, "WM_PROJECT_DIR": str(_DEBIAN)}
    return Installation(_number(package[1]), None, package, environment)


def _sourced(sources) -> Installation:
    if os.environ.get("WM_PRECISION_OPTION", "DP") != "DP":
        raise InputError(
            f"WM_PRECISION_OPTION: expected DP, an OpenFOAM in double precision, got "
            f"{os.environ['WM_PRECISION_OPTION']}"
        )
    return Installation(_number(os.environ.get("WM_PROJECT_VERSION", "")), sources)


def _number(version) -> int:
    """1912 of "1912.200626-1", 2312 of "v2312", 11 of "11"."""
    digits = re.match(r"v?(\d+)", version)
    if digits is None:
        raise InputError(f"WM_PROJECT_VERSION: expected v2312, 11 or the like, got {version!r}")
    return int(digits[1])


def _source_package() -> tuple[str, ...]:
    """Name and version of the source package of Debian's OpenFOAM, if that is installed."""
    if which("dpkg-query") is None:
        return ()
    form = "${source:Package} ${source:Version}"
    command = ["dpkg-query", "--show", f"--showformat={form}", "openfoam"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return tuple(answer.stdout.split()) if answer.returncode == 0 else ()
