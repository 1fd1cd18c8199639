"""Installed from a wheel or from a clone, the package is found from any folder."""

import re
import zipfile

import pytest

from tests.support.installations import (
    PACKAGES,
    ROOT,
    build_wheel,
    copy_sources,
    install,
    make_environment,
    run_in,
)

pytest.importorskip("setuptools")
SHOW = "import meshes, solvers, vcnn; print(vcnn.__file__, meshes.read_flow, solvers.__all__[:1])"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return copy_sources(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def project(tmp_path):
    """A user's folder, as every user of Gmsh has it."""
    for name in PACKAGES:
        (tmp_path / "project" / name).mkdir(parents=True)
    (tmp_path / "project" / "meshes" / "step.geo").touch()
    (tmp_path / "project" / "script.py").write_text(SHOW, encoding="utf-8")
    return tmp_path / "project"


def test_a_wheel_holds_every_module_and_what_they_read(sources, tmp_path):
    with zipfile.ZipFile(build_wheel(sources, tmp_path)) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix in (".py", ".html", ".safetensors", ".md", ".H", ".C")
    } | {"openfoam/src/Make/files", "openfoam/src/Make/options"}
    assert names == files
    assert {"vcnn/pretrained/hill-stress.safetensors", "vcnn/pretrained/hill-stress.md"} <= names
    assert "vcnn/evaluation/report/report.html" in names


def test_no_folder_hides_a_clone_that_is_installed_as_make_does(sources, project, tmp_path):
    """Nor does the folder of the clone, which may be called vcnn, from the one that holds it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^INSTALL = install .*--editable '\.\[", makefile, re.MULTILINE)
    binaries = make_environment(tmp_path / "environment")
    install(binaries, "--editable", sources)
    (project / "clone").symlink_to(sources)
    for command in (["script.py"], ["-c", SHOW], ["-m", "vcnn", "--version"]):
        said = run_in(project, binaries / "python", *command)
        assert said.startswith(("vcnn ", str(sources)))
    assert "hill-stress" in run_in(project, binaries / "vcnn", "show")


def test_a_wheel_works_without_the_sources(sources, project, tmp_path):
    binaries = make_environment(tmp_path / "environment")
    install(binaries, build_wheel(sources, tmp_path))
    assert run_in(project, binaries / "python", "script.py").startswith(str(tmp_path))
    version = run_in(project, binaries / "python", "-c", "import vcnn; print(vcnn.__version__)")
    for command in (["vcnn"], ["python", "-m", "vcnn"]):
        said = run_in(project, binaries / command[0], *command[1:], "--version")
        assert said == f"vcnn {version}"
    assert "hill-stress" in run_in(project, binaries / "vcnn", "show")
    assert run_in(project, binaries / "vcnn", "solve", "--help")
