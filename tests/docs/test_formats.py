"""The keys of reference/formats.md are those of real files: one more or less fails."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from tests.support.command_line import CONFIGURATION, plane_flow, run
from tests.support.pages import page_text
from tests.support.solve_cases import HILL, small_closure
from vcnn.closure.file import pretrained_file, pretrained_names
from vcnn.flow.grid import read_grid

PAGE = page_text("reference/formats.md")


def keys(label: str) -> set[str]:
    """What the first column of the table after a label names."""
    rows = PAGE.split(f"({label})=\n")[1].partition("| --- ")[2].split("\n\n")[0].splitlines()[1:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def header(path) -> dict:
    with safe_open(path, framework="pt") as file:
        assert list(file.metadata()) == ["vcnn"]
        return json.loads(file.metadata()["vcnn"])


def load(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with flows, a training of three epochs and what the other commands make of it."""
    folder = tmp_path_factory.mktemp("formats")
    (folder / "flows").mkdir()
    for name in ("a_1", "a_2", "b"):
        plane_flow(seed=len(name)).save(folder / "flows" / f"{name}.vtu")
    (folder / "train.toml").write_text(CONFIGURATION, encoding="utf-8")
    assert run("train", folder / "train.toml", "-o", folder / "run") == 0
    model, flow = folder / "run/model.safetensors", folder / "flows/b.vtu"
    assert run("predict", model, flow, "-o", folder / "predictions") == 0
    assert run("rotate", model, flow, "-o", folder / "rotation") == 0
    return folder


def test_header_of_a_flow(trained):
    grid = read_grid(trained / "flows/b.vtu")
    assert set(json.loads(str(grid.field_data["vcnn"][0]))) == keys("flow-header")
    assert grid.point_data["velocity"].shape[1] == 3 and "weight" in grid.point_data
    assert b"sha256" in (trained / "flows/b.vtu").read_bytes()[-200:]
    predicted = read_grid(trained / "predictions/b.vtu").point_data
    assert {"c_predicted", "c_error", "extrapolation"} <= set(predicted)


def test_headers_of_models(trained):
    shipped = [header(pretrained_file(name)) for name in pretrained_names()]
    assert set().union(*shipped) == keys("model-header")
    for one in (*shipped, header(trained / "run/model.safetensors")):
        assert set(one) | {"usage"} == keys("model-header")
        names = "length velocity scalars vectors tensors targets"
        assert set(one["scales"]) == set(names.split())
        for key in one["scales"]:
            assert f"`{key}`" in PAGE
    ranges = set()
    for path in (trained / "run/model.safetensors", pretrained_file("hill-stress")):
        with safe_open(path, framework="pt") as file:
            ranges |= {name for name in file.keys() if name.startswith("training_range/")}
    assert ranges == set(re.findall(r"`(training_range/\w+)`", PAGE))


def test_a_training(trained):
    epochs = load(trained / "run/history.json")
    assert set(epochs[0]) == keys("history")
    assert set(header(trained / "run/checkpoint.safetensors")) == keys("training-checkpoint")
    for path in (trained / "run").iterdir():
        assert f"`{path.name}`" in PAGE
    assert set(load(trained / "predictions/errors.json")["b.vtu"]) == {"c"}


def test_a_report_on_frames(trained):
    assert set(load(trained / "rotation/report.json")) == keys("rotate-json")


@pytest.mark.skipif(find_spec("dolfinx") is None, reason="FEniCSx is not installed")
def test_a_solved_case(tmp_path):
    case, model, out = tmp_path / "hill.toml", tmp_path / "nut.safetensors", tmp_path / "run"
    case.write_text(
        HILL.replace("[20, 14]", "[12, 8]").replace("viscosity = 0.01", "viscosity = 0.1"), "utf-8"
    )
    small_closure().save(model)
    assert run("solve", case, "--closure", model, "-o", out) == 0
    found = load(out / "result.json")
    assert set(found) == keys("result-json")
    assert set(found["history"]) == keys("result-history")
    assert set(found["walls"]["bottom"]) == keys("result-walls")
    assert set(found["profiles"][0]) == keys("result-profiles")
    assert set(load(out / "report.json")) == keys("result-json") | keys("report-json")
    nested = {*found["reynolds"], *found["wall_units"]["top"], *load(out / "closure.json")}
    with np.load(out / "checkpoint.npz") as arrays:
        nested |= {*json.loads(str(arrays["header"])), "header"}
        nested |= {name.removeprefix("function_") for name in arrays}
    for key in nested:
        assert f"`{key}`" in PAGE, key
    for path in out.iterdir():
        assert f"`{re.sub('_[0-9][a-z]', '_*', path.name)}`" in PAGE
