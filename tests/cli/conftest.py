"""The working folder of the tests of commands."""

import pytest

from tests.support.command_line import CONFIGURATION, plane_flow, untrained


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with flows, a model and a configuration, all good."""
    monkeypatch.chdir(tmp_path)
    for name, shear in (("a_1", 0.5), ("a_2", 1.5), ("b", 1.0)):
        plane_flow(shear=shear).save(f"flows/{name}.vtu")
    untrained().save("model.safetensors")
    (tmp_path / "run.toml").write_text(CONFIGURATION)
    return tmp_path
