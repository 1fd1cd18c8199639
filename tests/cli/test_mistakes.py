"""No mistake of a user ends in a traceback or half a file."""

import numpy as np
import pytest
import pyvista
import torch

from tests.support.command_line import CONFIGURATION, listing, plane_flow, refused, run, untrained
from vcnn import Closure, DivergenceError, FlowField, InputError


def predicting(model="model.safetensors", flow="flows/b.vtu"):
    return "predict", model, flow, "-o", "out"


def test_missing_field(folder, capsys):
    flow = plane_flow()
    FlowField(flow.points, flow.velocity, scalars={"c": flow.scalars["c"]}).save("flows/bare.vtu")
    line = refused(capsys, folder, *predicting(flow="flows/bare.vtu"))
    assert line == "flows/bare.vtu: the model needs scalars k; the flow has: c"
    line = refused(capsys, folder, "rotate", "model.safetensors", "flows/bare.vtu", "-o", "out")
    assert line.startswith("flows/bare.vtu: ") and line.endswith(
        "the model needs scalars k; the flow has: c"
    )


def test_field_the_flows_to_train_on_lack(folder, capsys):
    text = CONFIGURATION.replace('scalars = ["k"]', 'scalars = ["omega"]')
    (folder / "run.toml").write_text(text)
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line == "flows/a_1.vtu: the network needs scalars omega; the flow has: k, c"
    (folder / "run.toml").write_text(CONFIGURATION.replace('target = "c"', 'target = "theta"'))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line == "flows/a_1.vtu: target 'theta' is missing; its scalars: k, c"


def test_dimension_of_the_model(folder, capsys):
    untrained(dimension=3).save("space.safetensors")
    line = refused(capsys, folder, *predicting("space.safetensors"))
    assert line.startswith("flows/b.vtu: dimension: the model was trained on 3-D flows")


def test_nan_in_a_field(folder, capsys):
    grid = pyvista.read("flows/b.vtu")
    grid["k"][7] = np.nan
    grid.save("flows/nan.vtu")
    line = refused(capsys, folder, *predicting(flow="flows/nan.vtu"))
    assert line == "flows/nan.vtu: scalars['k']: 1 values are NaN or infinite, first at index 7"


def test_mesh_without_cells(folder, capsys):
    grid = pyvista.read("flows/b.vtu")
    lines = pyvista.UnstructuredGrid(
        {pyvista.CellType.LINE: np.array([[0, 1], [1, 2]])}, grid.points
    )
    for name in grid.point_data:
        lines.point_data[name] = grid.point_data[name]
    lines.field_data["vcnn"] = grid.field_data["vcnn"]
    lines.save("flows/lines.vtu")
    line = refused(capsys, folder, *predicting(flow="flows/lines.vtu"))
    assert line == "flows/lines.vtu: mesh: no cells of dimension 2 (cells: line)"


@pytest.mark.parametrize("keep", [0, 5, 200, -100])
def test_truncated_files(folder, capsys, keep):
    for name in ("model.safetensors", "flows/b.vtu"):
        data = (folder / name).read_bytes()
        (folder / name.replace(".", "_cut.")).write_bytes(data[:keep])
    assert "model_cut.safetensors: truncated" in refused(
        capsys, folder, *predicting("model_cut.safetensors")
    )
    assert "flows/b_cut.vtu: damaged" in refused(
        capsys, folder, *predicting(flow="flows/b_cut.vtu")
    )
    assert "flows/b_cut.vtu: damaged" in refused(capsys, folder, "show", "flows/b_cut.vtu")


def test_foreign_files(folder, capsys):
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(3)}, "foreign.safetensors")
    assert "not written by this package" in refused(
        capsys, folder, *predicting("foreign.safetensors")
    )
    pyvista.Box().cast_to_unstructured_grid().save("box.vtu")
    line = refused(capsys, folder, *predicting(flow="box.vtu"))
    assert line == "box.vtu: the mesh has no cells of dimension 3 (cells: quad)"
    grid = pyvista.read("flows/b.vtu")
    grid.clear_field_data()
    grid.rename_array("velocity", "UMean")
    grid.save("other.vtu")
    line = refused(capsys, folder, *predicting(flow="other.vtu"))
    assert line == (
        "other.vtu: no velocity field 'velocity' or 'U' (fields: weight, k, c, UMean); "
        "name it: vcnn import --field velocity=NAME"
    )
    (folder / "case.foam").write_text("")
    assert "not an OpenFOAM case" in refused(capsys, folder, *predicting(flow="case.foam"))
    line = refused(capsys, folder, *predicting(flow="model.safetensors"))
    assert line.startswith(
        "model.safetensors: unknown kind of file '.safetensors'; expected an OpenFOAM case folder"
    )


def test_missing_files(folder, capsys):
    assert (
        refused(capsys, folder, *predicting("none.safetensors")) == "none.safetensors: no such file"
    )
    assert (
        refused(capsys, folder, *predicting(flow="none.vtu")) == "none.vtu: no such file or folder"
    )
    assert refused(capsys, folder, "train", "none.toml", "-o", "out") == "none.toml: no such file"
    assert refused(capsys, folder, "show", "none.safetensors") == "none.safetensors: no such file"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "units",
            "unit",
            "unknown key 'unit'; did you mean 'units'? known are: target, flows, validation",
        ),
        (
            "channels",
            "chanels",
            "[network]: unknown key 'chanels'; did you mean 'channels'? known are: architecture",
        ),
        (
            "channels = 4",
            "order = 2",
            "[network]: unknown key 'order'; the earlier network has it, architecture = "
            '"pair-embedding"; known are: architecture, scalars, vectors',
        ),
        (
            "radius",
            "radios",
            "[region]: unknown key 'radios'; did you mean 'radius'? known are: kind, radius",
        ),
        (
            "epochs",
            "epoch",
            "[training]: unknown key 'epoch'; did you mean 'epochs'? known are: epochs, batch_size",
        ),
        ("vector-cloud", "vector-clod", "[network]: architecture: expected one of vector-cloud"),
        (
            '"ball"',
            '"bowl"',
            "[region]: kind: expected one of transport, ball, ellipsoid, got 'bowl'",
        ),
        ("radius = 0.4", "radius = -1", "[region]: radius: expected a positive number, got -1"),
        ("epochs = 3", "epochs = 0", "[training]: epochs: expected a positive integer, got 0"),
        ('scalars = ["k"]', 'scalars = "k"', "[network]: scalars: expected a list, got 'k'"),
        ("hidden = 8", "hidden = -8", "[network]: "),
        ('target = "c"', "target = 5", "target: expected text or a list, got 5"),
        ('target = "c"', "", "key 'target' is missing"),
        ("a_*", "z_*", "flows: 'flows/z_*.vtu' matches no file"),
        ("[region]", "[region", "not a TOML file"),
    ],
)
def test_mistakes_in_a_configuration(folder, capsys, old, new, message):
    (folder / "run.toml").write_text(CONFIGURATION.replace(old, new))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line.startswith(f"run.toml: {message}")


def test_a_folder_with_another_run_is_left_alone(folder, capsys):
    assert run("train", "run.toml", "-o", "out") == 0
    model = (folder / "out/model.safetensors").read_bytes()
    (folder / "run.toml").write_text(CONFIGURATION.replace("batch_size = 16", "batch_size = 17"))
    capsys.readouterr()
    assert "belongs to another run" in refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert (folder / "out/model.safetensors").read_bytes() == model
    assert (folder / "out/config.toml").read_text() == CONFIGURATION


def test_output_below_a_file(folder, capsys):
    line = refused(
        capsys, folder, "predict", "model.safetensors", "flows/b.vtu", "-o", "run.toml/out"
    )
    assert line == "run.toml/out: cannot be written, run.toml is a file"
    line = refused(capsys, folder, "train", "run.toml", "-o", "run.toml/out")
    assert line == "run.toml/out: cannot be written, run.toml is a file"


def test_flows_of_the_same_name(folder, capsys):
    line = refused(
        capsys,
        folder,
        "predict",
        "model.safetensors",
        "flows/b.vtu",
        "flows/../flows/b.vtu",
        "-o",
        "out",
    )
    assert line.startswith("b.vtu: given twice")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DivergenceError("c: 3 predictions are NaN"), 1, "error: c: 3 predictions are NaN"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "/out"), 2, "error: /out: Permission denied"),
        (MemoryError(), 2, "error: there is not enough memory for this"),
        (InputError("field a\nb: missing"), 2, "error: flows/b.vtu: field a b: missing"),
    ],
)
def test_failures_while_it_works(folder, capsys, monkeypatch, error, status, message):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Closure, "predict", fail)
    before = listing(folder)
    assert run(*predicting()) == status
    assert capsys.readouterr().err.splitlines() == [message]
    assert listing(folder) == before


def test_unknown_verbs_and_options(capsys):
    for arguments in (["fly"], ["predict"], ["show", "x.vtu", "--speed", "3"]):
        assert run(*arguments) == 2
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, hint",
    [
        ("target = concentration", 'text needs quotes: "concentration"'),
        ("a = 1\nkind = ball  # of radius 0.3", 'text needs quotes: "ball"'),
        ("flows = [flows/a.vtu, flows/b.vtu]", 'text needs quotes: "flows/a.vtu"'),
        ("[network]\nx = { kind = wall }", 'text needs quotes: "wall"'),
        ("a = ]", None),
        ("a = 1,0", None),
    ],
)
@pytest.mark.parametrize("verb", ["train", "solve"])
def test_text_without_quotes(folder, capsys, verb, text, hint):
    (folder / "slip.toml").write_text(text)
    line = refused(capsys, folder, verb, "slip.toml", "-o", "out")
    assert line.startswith("slip.toml: not a TOML file: ")
    assert line.endswith(hint) if hint else "quotes" not in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "flows/b.vtu", "model.safetensors"),
        ("predict", "flows/b.vtu", "flows/a_1.vtu", "model.safetensors"),
        ("predict", "flows/b.vtu", "hill-concentration"),
        ("rotate", "flows/b.vtu", "model.safetensors"),
    ],
)
def test_model_and_flow_exchanged(folder, capsys, arguments):
    line = refused(capsys, folder, *arguments, "-o", "out")
    assert line == f"{arguments[-1]}: a model, expected a flow; the model comes first"
