"""The package installed anew, beside the libraries of the environment that runs the tests."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("vcnn", "meshes", "openfoam", "solvers")
_BUILD = "import sys, setuptools.build_meta as b; print(getattr(b, sys.argv[2])(sys.argv[1]))"


def copy_sources(folder: Path) -> Path:
    """What an installation is made from, where it can be built without a trace here."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    return folder


def repository_files() -> list[str]:
    """What belongs to the repository, by git: neither what it ignores nor what was deleted."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def copy_repository(folder: Path) -> Path:
    """The repository as a fresh clone has it, with what is not committed yet."""
    for name in repository_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def build_wheel(sources: Path, folder: Path) -> Path:
    """The wheel of a copy of the sources."""
    return _build(sources, folder, "build_wheel")


def build_sdist(sources: Path, folder: Path) -> Path:
    """The source distribution of a copy of the repository."""
    return _build(sources, folder, "build_sdist")


def _build(sources, folder, kind):
    command = [sys.executable, "-c", _BUILD, folder, kind]
    said = subprocess.run(command, cwd=sources, check=True, capture_output=True, text=True).stdout
    return folder / said.split()[-1]


def make_environment(folder: Path) -> Path:
    """An environment without this package that has all others of the one that runs this.

    Returns
    -------
    Path
        Its ``bin``.
    """
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # A folder in a .pth file joins the path, its own .pth files, such as that of an editable
    # installation of this package, do nothing.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    for entry in Path(sys.prefix, "lib").iterdir():  # MPI
        if not entry.name.startswith("python"):
            (folder / "lib" / entry.name).symlink_to(entry)
    return folder / "bin"


def install(binaries: Path, *arguments: str | Path) -> None:
    """``pip install`` into an environment, without what the package depends on."""
    pip = [sys.executable, "-m", "pip", "--python", binaries / "python", "install", "--no-deps"]
    options = ["--no-build-isolation", "--disable-pip-version-check", *arguments]
    subprocess.run([*pip, *options], check=True, capture_output=True, env=environment())


def environment() -> dict[str, str]:
    """The variables of this process without what puts the sources on the path."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run_in(folder: Path, *command: str | Path) -> str:
    """What a command prints in a folder; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout
