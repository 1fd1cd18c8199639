"""The library is built once, and what is missing is named with what brings it."""

import subprocess

import pytest

from openfoam import build_library
from openfoam.build.installation import find_installation
from vcnn import InputError


@pytest.fixture
def no_environment(monkeypatch):
    """Nothing of an OpenFOAM that is sourced."""
    for name in ("WM_PROJECT_DIR", "WM_PROJECT_VERSION", "WM_PRECISION_OPTION", "FOAM_SRC"):
        monkeypatch.delenv(name, raising=False)


def test_openfoam_loads_the_library_and_knows_its_models(foam, tmp_path):
    command = foam.command("simpleFoam", "-lib", f'("{foam.library}")', ranks=1)
    answer = subprocess.run(
        [*command, "-listTurbulenceModels"],
        env=foam.environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert {"vcnn", "vcnnKOmegaSST"} <= set(answer.stdout.split())


def test_it_is_built_once(foam):
    told = []
    assert build_library(told.append) == foam.library and told == []


def test_a_machine_without_openfoam_is_told_what_to_do(no_environment, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"no simpleFoam here; .*apt-get install openfoam"):
        build_library()


def test_a_machine_without_a_compiler_is_told_what_to_do(foam, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match=r"no-such-compiler: no such compiler; .*install g\+\+"):
        build_library()


@pytest.mark.parametrize(
    ("version", "number", "foundation"), [("v2312", 2312, False), ("11", 11, True)]
)
def test_an_openfoam_that_is_sourced_comes_first(
    no_environment, monkeypatch, tmp_path, version, number, foundation
):
    (tmp_path / "src").mkdir()
    monkeypatch.setenv("WM_PROJECT_DIR", str(tmp_path))
    monkeypatch.setenv("WM_PROJECT_VERSION", version)
    installation = find_installation()
    assert (installation.version, installation.of_foundation) == (number, foundation)
    with pytest.raises(InputError, match="lnInclude: no such folder"):
        build_library()
    monkeypatch.setenv("WM_PRECISION_OPTION", "SP")
    with pytest.raises(InputError, match="expected DP"):
        build_library()
