"""Compiling the library, once for each OpenFOAM and each state of the sources."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from openfoam.build.headers import header_folders
from openfoam.build.installation import Installation, find_installation
from openfoam.models import MODELS
from vcnn.errors import InputError
from vcnn.files import fingerprint, replacing

_SOURCES = Path(__file__).parents[1] / "src"
_LIBRARY = "libvcnnFoam.so"
_OF_BOTH = ("finiteVolume", "meshTools", "OpenFOAM")
_OF_OPENFOAM_COM = (
    "incompressibleTurbulenceModels",
    "turbulenceModels",
    "incompressibleTransportModels",
)
_OF_FOUNDATION = (
    "incompressibleMomentumTransportModels",
    "momentumTransportModels",
    "physicalProperties",
)


def build_library(say: Callable[[str], None] = lambda line: None) -> Path:
    """The library that OpenFOAM's solvers load, compiled unless it is in the cache.

    It is for the OpenFOAM whose environment is sourced, or else Debian's, whose headers are fetched
    with its source package. The cache is ``vcnn/openfoam`` in ``$XDG_CACHE_HOME`` or ``~/.cache``;
    other versions of OpenFOAM, of the compiler or of this package get libraries of their own.

    Parameters
    ----------
    say : callable
        Told what takes long, a line at a time.

    Returns
    -------
    Path
        For ``libs`` in ``system/controlDict``.

    Raises
    ------
    InputError
        If OpenFOAM, its headers or the compiler are missing, it does not compile, or OpenFOAM does
        not load it.
    """
    installation = find_installation()
    compiler = _compiler()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vcnn" / "openfoam"
    flags = _flags(installation)
    texts = [file.read_text(encoding="utf-8") for file in sorted(_SOURCES.glob("*.[HC]"))]
    state = fingerprint(
        [installation.source_package, *compiler, *flags, *_links(installation)], texts
    )
    folder = cache / f"{installation.version}-{state[:12]}"
    if not (folder / _LIBRARY).is_file():
        headers = header_folders(installation, cache, say)
        flags += [f"-I{header}" for header in headers]
        with replacing(folder) as part:
            part.mkdir()
            say(f"compiling for OpenFOAM {installation.version}, about a minute")
            _compile([compiler[0], *flags], _links(installation), part / _LIBRARY)
            _check(part / _LIBRARY, installation)
    return folder / _LIBRARY


def _compiler() -> tuple[str, str]:
    """The compiler, and which one it is."""
    name = os.environ.get("CXX", "g++")
    if which(name) is None:
        raise InputError(f"{name}: no such compiler; on Debian: apt-get install g++")
    answer = subprocess.run([name, "--version"], capture_output=True, text=True)
    return name, answer.stdout.partition("\n")[0]


def _flags(installation: Installation) -> list[str]:
    """As OpenFOAM's own wmake has them, with less optimization: these models are not what costs."""
    version = installation.version
    own = [] if installation.of_foundation else [f"-DOPENFOAM={version}"]
    standard = "c++11" if 1000 < version < 2000 else "c++17"
    label = os.environ.get("WM_LABEL_SIZE", "32")
    return [
        *(f"-std={standard}", "-O1", "-fPIC", "-pthread", "-ftemplate-depth-100"),
        *("-DWM_DP", f"-DWM_LABEL_SIZE={label}", "-DNoRepository", *own),
    ]


def _links(installation: Installation) -> list[str]:
    names = (_OF_FOUNDATION if installation.of_foundation else _OF_OPENFOAM_COM) + _OF_BOTH
    folder = os.environ.get("FOAM_LIBBIN")
    sourced = installation.sources is not None and folder
    return [*([f"-L{folder}"] if sourced else []), *(f"-l{name}" for name in names)]


def _compile(command, links, library) -> None:
    """Each file at the same time as others, and the library of them."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        files = sorted(_SOURCES.glob("[A-Zem]*.C"))  # not those of templates, which others include
        objects = [str(Path(folder) / f"{file.stem}.o") for file in files]
        steps = [["-c", str(f), "-o", o] for f, o in zip(files, objects, strict=True)]
        list(pool.map(lambda step: _run([*command, *step]), steps))
        _run([*command, "-shared", *objects, "-o", str(library), *links])


def _run(command) -> None:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        lines = answer.stderr.splitlines() or [f"exit status {answer.returncode}"]
        reason = next((line for line in lines if "error" in line), lines[-1])
        raise InputError(f"OpenFOAM: the library for it does not compile: {reason}")


def _check(library, installation) -> None:
    """Whether OpenFOAM loads it and knows its models; the Foundation's cannot list them."""
    if installation.of_foundation:
        return
    command = ["simpleFoam", "-lib", f'("{library}")', "-listTurbulenceModels"]
    answer = subprocess.run(
        command, env=dict(installation.environment), capture_output=True, text=True
    )
    words = answer.stdout.split()
    if not all(model in words for model in MODELS):
        lines = (answer.stderr or answer.stdout).strip().splitlines() or ["it says nothing"]
        raise InputError(f"{library}: OpenFOAM does not load it: {lines[-1]}")
