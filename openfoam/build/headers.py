"""Folders with OpenFOAM's headers, for the compiler to look in."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory

from openfoam.build.debian import download_source
from openfoam.build.installation import Installation
from vcnn.errors import InputError
from vcnn.files import replacing

# Libraries whose headers the models need, as folders of src.
_OF_BOTH = ("OpenFOAM", "OSspecific/POSIX", "finiteVolume", "meshTools", "sampling")
_OF_OPENFOAM_COM = (
    "TurbulenceModels/turbulenceModels",
    "TurbulenceModels/incompressible",
    "transportModels/incompressible",
    "fvOptions",
)
_OF_FOUNDATION = (
    "MomentumTransportModels/momentumTransportModels",
    "MomentumTransportModels/incompressible",
    "physicalProperties",
)
# Some headers are named with their path from here.
_BY_PATH = "transportModels"


def header_folders(
    installation: Installation, cache: Path, say: Callable[[str], None]
) -> list[Path]:
    """The folders of an installation with headers, fetched before if they are Debian's.

    Parameters
    ----------
    installation : Installation
    cache : Path
        Debian's are kept in a folder of it, 40 MB.
    say : callable
        Told what takes long.

    Raises
    ------
    InputError
        If headers are missing or cannot be fetched.
    """
    libraries = _OF_BOTH + (_OF_FOUNDATION if installation.of_foundation else _OF_OPENFOAM_COM)
    if installation.sources is not None:
        folders = [installation.sources / name / "lnInclude" for name in libraries]
        missing = next((folder for folder in folders if not folder.is_dir()), None)
        if missing is not None:
            raise InputError(
                f"{missing}: no such folder; OpenFOAM's headers are linked there when it is "
                "compiled, or its -dev package is installed"
            )
        by_path = installation.sources / _BY_PATH
        return [*folders, by_path] if by_path.is_dir() else folders
    name, version = installation.source_package
    folder = cache / f"headers-{version}"
    if not folder.is_dir():
        with replacing(folder) as part, TemporaryDirectory() as downloads:
            say(f"fetching the source package {name} {version}, which has the headers")
            archive = download_source(name, version, Path(downloads))
            say("unpacking the headers")
            _unpack(archive, libraries, part)
    return [*(folder / _flat(name) for name in libraries), folder / _BY_PATH]


def _flat(library) -> str:
    return library.replace("/", "_")


def _unpack(archive, libraries, folder) -> None:
    """Headers of each library into one folder; templates' definitions are headers, too."""
    for library in libraries:
        (folder / _flat(library)).mkdir(parents=True)
    with tarfile.open(archive, "r|*") as file:
        for member in file:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])  # within the archive's top
            if not member.isfile() or path.suffix not in (".H", ".C") or "Make" in path.parts:
                continue
            library = next((x for x in libraries if path.is_relative_to(f"src/{x}")), None)
            if library is None:
                continue
            target = folder / _flat(library) / path.name
            if not target.exists():
                with file.extractfile(member) as source, target.open("wb") as copy:
                    copyfileobj(source, copy)
            if path.is_relative_to(f"src/{_BY_PATH}"):
                link = folder / path.relative_to("src")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.hardlink_to(target)
