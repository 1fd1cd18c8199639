"""Shared fixtures: the real flows that some tests verify against."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile(
    "CI", derandomize=True
)  # what lands does not hang on a draw; searches are made elsewhere
if os.environ.get("CI"):
    settings.load_profile("CI")

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads bring nothing to these solves


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference flows kept beside the repository."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("reference flows (../shared/data) are not here")
    return folder


@pytest.fixture(scope="session")
def own_network(tmp_path_factory) -> Path:
    """The file with the network of docs/own-network.md, which is registered in this process too."""
    from tests.support.own_network import write_network
    from vcnn.cli.plugins import import_users_module

    path = write_network(tmp_path_factory.mktemp("own"))
    import_users_module(str(path))
    return path
