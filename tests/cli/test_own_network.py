"""A network of one's own on the command line: ``--import`` and the table ``[network]``."""

import json
import subprocess
import sys

import numpy as np

from tests.support.command_line import CONFIGURATION, refused, run
from tests.support.mpi import importing_tests
from tests.support.own_network import NAME, viscous, write_network
from vcnn import Closure, FlowField
from vcnn.network import build_network

RUN = (
    CONFIGURATION.replace('target = "c"', f'target = "{NAME}"')
    .replace('"vector-cloud"\nscalars = ["k"]', '"cloud-means"\nwidth = 16')
    .replace("channels = 4\nhidden = 8\nfitting = [8]\n", "")
)


def test_it_is_trained_predicts_and_is_rotated(own_network, tmp_path, monkeypatch):
    """In processes of their own, where nobody has imported it."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a_1", "a_2", "b")):
        viscous(number, 60).save(f"flows/{name}.vtu")
    (tmp_path / "run.toml").write_text(RUN)

    def vcnn(*arguments):
        code = "from vcnn.cli import main; main()"
        command = [sys.executable, "-c", code, "--import", str(own_network), *arguments]
        subprocess.run(command, env=importing_tests(), check=True, capture_output=True)

    vcnn("train", "run.toml", "-o", "run")
    closure = Closure.load("run/model.safetensors")
    assert closure.network.config == {"width": 16, "seed": 0}
    vcnn("predict", "run/model.safetensors", "flows/b.vtu", "-o", "out")
    values = FlowField.load("out/b.vtu").scalars[f"{NAME}_predicted"]
    np.testing.assert_array_equal(values, closure.predict(FlowField.load("flows/b.vtu")))
    vcnn("rotate", "run/model.safetensors", "flows/b.vtu", "--angle", "35", "-o", "report")
    report = json.loads((tmp_path / "report/report.json").read_text())
    (changes,) = report["transformations"]["responses"].values()
    assert max(changes["changes"].values()) < 1e-12


def test_a_module_is_imported_by_its_dotted_name_too(folder, monkeypatch):
    package = folder / "own_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    code = write_network(package).read_text().replace("cloud-means", "packaged-means")
    (package / "cloud_means.py").write_text(code)
    monkeypatch.syspath_prepend(folder)
    assert run("--import", "own_package.cloud_means", "show", "model.safetensors") == 0
    assert build_network("packaged-means", {"width": 4}).config["width"] == 4


def test_imports_that_are_no_modules(folder, capsys):
    def line(text):
        return refused(capsys, folder, "--import", text, "show", "model.safetensors")

    assert line("none.py").endswith("none.py: no such file")
    assert line("no.such.module") == (
        "--import: expected a Python file or a module, got 'no.such.module'"
    )
    (folder / "a.b.py").write_text("")
    assert line("a.b.py").endswith("a.b.py: expected a file NAME.py, without further dots")
    (folder / "json.py").write_text("")
    assert "has its name; rename the file" in line("json.py")
    (folder / "rival_means.py").write_text(
        write_network(folder).read_text().replace("cloud-means", "zhou2022")
    )
    assert line("rival_means.py") == (
        "network CloudMeans: the name 'zhou2022' is that of vcnn.network.zhou2022:Zhou2022 already"
    )


def test_a_configuration_names_a_network_that_nobody_registered(folder, capsys):
    (folder / "run.toml").write_text(RUN.replace("cloud-means", "unheard-of"))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line.startswith("run.toml: [network]: architecture: expected one of vector-cloud, ")
    assert "got 'unheard-of'; a network of your own" in line
    (folder / "run.toml").write_text(RUN.replace("cloud-means", "vector-clod"))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert "got 'vector-clod'; did you mean 'vector-cloud'? a network of your own" in line


def test_settings_of_the_configuration_are_checked(own_network, folder, capsys):
    for settings, complaint in (
        ("depth = 2", "unknown key 'depth'; known are: architecture, width, seed"),
        ('width = "wide"', "width: expected an integer, got 'wide'"),
    ):
        (folder / "run.toml").write_text(RUN.replace("width = 16", settings))
        line = refused(capsys, folder, "train", "run.toml", "-o", "out")
        assert line == f"run.toml: [network]: {complaint}"
