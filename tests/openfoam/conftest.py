"""The OpenFOAM of this machine, with the library built for it."""

import os
from pathlib import Path
from shutil import which
from tempfile import gettempdir

import pytest
from filelock import FileLock

from openfoam import build_library
from openfoam.build.installation import find_installation
from tests.support.foam_runs import Foam


@pytest.fixture(scope="session")
def foam() -> Foam:
    """OpenFOAM's programs; where it is absent the test is skipped, but never in CI."""
    if which("simpleFoam") is None:
        assert "CI" not in os.environ, "OpenFOAM is not here"
        pytest.skip("OpenFOAM is not here: apt-get install openfoam")
    with FileLock(Path(gettempdir()) / f"vcnn-openfoam-{os.getuid()}.lock"):  # one builds
        library = build_library()
    return Foam(library, dict(find_installation().environment))
