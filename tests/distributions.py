"""Build, check, install and try wheel and source distribution: ``python -m tests.distributions``.

They are built with ``python -m build`` from a copy of the repository, checked by twine, and left in
``dist/``. Each is then installed into an environment without this package, which sees the libraries
of the one that runs this, and used in a folder without the sources that holds folders meshes,
solvers and vcnn. About two minutes on two cores.
"""

import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

from tests.support.installations import (
    PACKAGES,
    ROOT,
    copy_repository,
    install,
    make_environment,
    repository_files,
    run_in,
)

SMOKE = """
import importlib.metadata
import numpy as np
import meshes, solvers, vcnn

assert vcnn.__version__ == importlib.metadata.version("vcnn") == {version!r}, vcnn.__version__
assert {environment!r} in vcnn.__file__, vcnn.__file__
flow = solvers.hill_concentration(1.5, cells=(48, 32))
predicted = vcnn.Closure.pretrained("hill-concentration").predict(flow)
error = np.linalg.norm(predicted - flow.scalars["concentration"])
assert error < 0.1 * np.linalg.norm(flow.scalars["concentration"]), error
flow.save("hill.vtu")
"""
TRAINING = """
target = "concentration"
flows = ["hill.vtu"]
validation = ["hill.vtu"]
[network]
architecture = "vector-cloud"
scalars = ["strain_rate", "wall_distance"]
[region]
kind = "transport"
diffusivity = 0.1
decay = 3.0
[training]
epochs = 1
max_points = 20
"""


def sdist_names(path: Path) -> set[str]:
    """Names of the files of a source distribution but for what setuptools adds to them."""
    with tarfile.open(path) as archive:
        names = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    made = {"PKG-INFO", "setup.cfg"}
    return {name for name in names - made if not name.startswith("vcnn.egg-info/")}


def wheel_names(path: Path) -> set[str]:
    """Names of the files of a wheel but for its metadata."""
    with zipfile.ZipFile(path) as wheel:
        return {name for name in wheel.namelist() if ".dist-info/" not in name}


def main() -> None:
    """Print a line for each step; the first that fails ends this."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = copy_repository(folder / "sources")
        built = folder / "dist"
        _step("build", "build", "--no-isolation", "--outdir", built, sources)
        sdist, wheel = built / f"vcnn-{version}.tar.gz", built / f"vcnn-{version}-py3-none-any.whl"
        _step("check", "twine", "check", "--strict", sdist, wheel)
        _same("sdist", sdist_names(sdist), set(repository_files()))
        _same("wheel", wheel_names(wheel), {n for n in repository_files() if _is_packaged(n)})
        for path in (wheel, sdist):
            _try(path, version, folder / path.suffix)
        (ROOT / "dist").mkdir(exist_ok=True)
        for path in (wheel, sdist):
            path.replace(ROOT / "dist" / path.name)
            print(f"dist/{path.name}: {(ROOT / 'dist' / path.name).stat().st_size:,} bytes")


def _is_packaged(name) -> bool:
    return name.partition("/")[0] in PACKAGES


def _step(what, module, *arguments) -> None:
    start = time.perf_counter()
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=arguments[-1].parent, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{what}:\n{done.stdout}{done.stderr}")
    print(f"{time.perf_counter() - start:6.1f} s  {what}", flush=True)


def _same(what, holds, expected) -> None:
    if holds != expected:
        sys.exit(
            f"{what}: lacks {sorted(expected - holds)}, has besides {sorted(holds - expected)}"
        )
    print(f"          {what}: {len(holds)} files", flush=True)


def _try(path, version, folder) -> None:
    """Install a distribution and use it as a user does."""
    project = folder / "project"
    for package in PACKAGES:
        (project / package).mkdir(parents=True)
    binaries = make_environment(folder / "environment")
    install(binaries, path)
    smoke = SMOKE.format(version=version, environment=str(folder / "environment"))
    (project / "smoke.py").write_text(smoke, encoding="utf-8")
    (project / "training.toml").write_text(TRAINING, encoding="utf-8")
    for command in (
        ["python", "smoke.py"],
        ["vcnn", "--version"],
        ["vcnn", "show"],
        ["vcnn", "show", "hill.vtu"],
        ["vcnn", "train", "training.toml", "-o", "run"],
        ["vcnn", "show", "run/model.safetensors"],
        ["vcnn", "demo", "--quick", "-o", "demo"],
    ):
        start = time.perf_counter()
        run_in(project, binaries / command[0], *command[1:])
        seconds = time.perf_counter() - start
        print(f"{seconds:6.1f} s  {path.suffix[1:]}: {' '.join(command)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
