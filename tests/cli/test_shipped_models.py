"""Models that come with the package, by name wherever a command takes a model."""

import json

import numpy as np
import pytest

from tests.support.command_line import plane_flow, refused, run, untrained
from vcnn import Closure, FlowField
from vcnn.closure.file import pretrained_names

NAMES = (
    "duct-correction, duct-stress, hill-concentration, hill-correction, hill-eddy-viscosity, "
    "hill-stress, sst-correction"
)


@pytest.fixture
def flow(folder):
    """A flow file with what models of hills see."""
    flow = plane_flow()
    y = flow.points[:, 1]
    scalars = {"wall_distance": np.minimum(y, 1 - y), "strain_rate": 1 + 0 * y}
    flow = flow.with_fields(scalars=scalars)
    flow.save("flow.vtu")
    return flow


def test_show_lists_them_with_what_they_predict_and_need(folder, capsys):
    assert run("show") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["model", "predicts", "needs"]
    assert [line.split()[0] for line in lines] == pretrained_names() == NAMES.split(", ")
    for line in lines:
        closure = Closure.pretrained(line.split()[0])
        for word in (*closure.targets, *closure.needs, closure.usage.get("baseline", "velocity")):
            assert word in line


def test_show_one_of_them(folder, capsys):
    assert run("show", "duct-stress") == 0
    out = capsys.readouterr().out
    for text in ("beta (positive scalar)", '"layer": 0.145', "k-omega SST", "half height"):
        assert text in out


def test_predict_and_rotate(folder, flow, capsys):
    assert run("predict", "hill-concentration", "flow.vtu", "-o", "out") == 0
    predicted = FlowField.load("out/flow.vtu").scalars["concentration_predicted"]
    np.testing.assert_array_equal(
        predicted, Closure.pretrained("hill-concentration").predict(FlowField.load("flow.vtu"))
    )
    assert np.ptp(predicted) > 0
    assert run("rotate", "hill-eddy-viscosity", "flow.vtu", "-o", "report", "--angle", "30") == 0
    numbers = json.loads((folder / "report/report.json").read_text())
    assert max(numbers["variation"].values()) < 1e-10


def test_a_name_that_there_is_not(folder, flow, capsys):
    for arguments in (
        ("show", "hill-strss"),
        ("predict", "hill-strss", "flow.vtu", "-o", "out"),
        ("rotate", "hill-strss", "flow.vtu", "-o", "out"),
    ):
        assert refused(capsys, folder, *arguments) == (
            "hill-strss: neither a file nor a model of the package (these are: "
            f"{NAMES}); did you mean 'hill-stress'?"
        )
    line = refused(capsys, folder, "predict", "runs/hill-stress", "flow.vtu", "-o", "out")
    assert line == "runs/hill-stress: no such file"


@pytest.mark.filterwarnings("ignore:.*taken in place")
def test_a_file_of_that_name_comes_first(folder, capsys):
    untrained().save("hill-stress.safetensors")
    for name in ("hill-stress", "hill-stress.safetensors"):
        assert run("show", name) == 0
        assert "c (scalar)" in capsys.readouterr().out
    with pytest.warns(UserWarning, match="hill-stress.safetensors: taken in place of the model"):
        run("show", "hill-stress")
