"""Shared fixtures: the real flows that some tests verify against."""

import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples everywhere and always: a test does not fail by luck. `make search` draws others.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads bring nothing to these solves


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference flows kept beside the repository."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("reference flows (../shared/data) are not here")
    return folder


@pytest.fixture(scope="session")
def raw(shared_data, tmp_path_factory) -> Path:
    """The folder of published OpenFOAM cases, as they are published."""
    folder = tmp_path_factory.mktemp("raw")
    for archive in sorted((shared_data / "closure_challenge" / "raw").glob("*.tar.gz")):
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def own_network(tmp_path_factory) -> Path:
    """The file with the network of docs/how-to/own-network.md, registered in this process too."""
    from tests.support.own_network import write_network
    from vcnn.cli.plugins import import_users_module

    path = write_network(tmp_path_factory.mktemp("own"))
    import_users_module(str(path))
    return path
