"""Headers of models and checkpoints: what does not fit is refused before anything is made of it."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from tests.support.command_line import CONFIGURATION, plane_flow, run, untrained
from vcnn import Closure, InputError, RegionOfInfluence, VectorCloudNetwork
from vcnn.files import load_arrays
from vcnn.headers import is_number, parse_json
from vcnn.toml_file import read_toml


def change(path, header=None, tensors=None):
    """Write a safetensors file anew, with changes made by functions of its header and tensors."""
    with safe_open(path, framework="pt") as file:
        table = json.loads(file.metadata()["vcnn"])
        values = {name: file.get_tensor(name) for name in file.keys()}
    table = header(table) if header else table
    if tensors:
        tensors(values)
    text = table if isinstance(table, str) else json.dumps(table)
    save_file(values, path, metadata={"vcnn": text})


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["dimension"], 4, "its header: damaged, 'dimension' is 4"),
        (["dimension"], "2", "its header: damaged, 'dimension' is '2'"),
        (["target"], ["c", 1], "its header: damaged, 'target'"),
        (["target"], ["c", "d"], "target: the network has outputs scalar, got c, d"),
        (["architecture"], ["vector-cloud"], "its header: damaged, 'architecture'"),
        (["architecture"], "unknown", "architecture: expected one of"),
        (["config"], [], "its header: damaged, 'config' is []"),
        (["config", "channels"], "8", "channels: expected a positive integer, got '8'"),
        (["config", "hidden"], "8", "hidden: expected a positive integer, got '8'"),
        (["config", "fitting"], None, "fitting: expected a list of positive integers, got None"),
        (["config", "channels"], 16, "its weights are not those of network 'vector-cloud'"),
        (["config", "hidden"], 10**9, "a layer of 2 x 1000000000 weights is too large"),
        (["config", "seed"], 10**30, "architecture 'vector-cloud'"),
        (["region", "radius"], "0.4", "radius: expected a positive number, got '0.4'"),
        (["region", "kind"], ["ball"], "region: kind: expected one of"),
        (["scales", "length"], 0, "scales: damaged, 'length' is 0"),
        (["scales", "velocity"], float("nan"), "scales: damaged, 'velocity' is nan"),
        (["scales", "scalars"], {}, "damaged, 'k' has no scale"),
        (["scales", "scalars"], {"k": [0, 0]}, "scales: damaged, 'scalars'"),
        (["scales", "scalars"], {"k": 1}, "scales: damaged, 'scalars'"),
        (["scales", "targets"], [], "damaged, it has scales of 0 targets"),
        (["scales", "targets"], [[1]], "scales: damaged, 'targets'"),
        (["units"], "m", "its header: damaged, 'units' is 'm'"),
        (["provenance"], None, "its header: damaged, 'provenance' is None"),
        (["format"], "3", "model format 3, this version reads 2 and 3"),
        (["format"], 1, "model format 1, this version reads 2 and 3"),
        (["format"], [2], "model format [2], this version reads 2 and 3"),
    ],
)
def test_a_model_whose_header_does_not_fit(tmp_path, keys, value, message):
    path = untrained().save(tmp_path / "model.safetensors")

    def put(header):
        place = header
        for key in keys[:-1]:
            place = place[key]
        assert keys[-1] in place
        place[keys[-1]] = value
        return header

    change(path, put)
    with pytest.raises(InputError) as error:
        Closure.load(path)
    assert str(error.value).startswith(str(path)) and message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000, '{"format": ' + "9" * 5000])
def test_a_model_whose_header_is_none(tmp_path, text):
    path = untrained().save(tmp_path / "model.safetensors")
    change(path, lambda _: text)
    with pytest.raises(InputError, match=r"model\.safetensors: its header: damaged"):
        Closure.load(path)


def _nan(tensors):
    tensors["fitting.0.weight"][0, 0] = float("nan")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_nan, "weights 'fitting.0.weight' are not finite"),
        (lambda tensors: tensors.pop("fitting.0.weight"), "its weights are not those"),
        (lambda tensors: tensors.clear(), "its weights are not those"),
        (lambda t: t.update({k: v.to(torch.int32) for k, v in t.items()}), "are not those"),
        (lambda t: t.update({"training_range/usual": torch.ones(())}), "is incomplete"),
        (
            lambda t: t.update(
                {
                    "training_range/usual": torch.ones(()),
                    "training_range/scales": torch.ones(3),
                    "training_range/references": torch.ones(4, 2),
                }
            ),
            "its training range does not fit together",
        ),
    ],
)
def test_a_model_whose_weights_do_not_fit(tmp_path, damage, message):
    path = untrained().save(tmp_path / "model.safetensors")
    change(path, tensors=damage)
    with pytest.raises(InputError) as error:
        Closure.load(path)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An interrupted run."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "flows").mkdir()
    plane_flow().save(folder / "flows" / "a_0.vtu")
    plane_flow(seed=9).save(folder / "flows" / "b.vtu")
    text = CONFIGURATION.replace("epochs = 3", "epochs = 1")
    (folder / "run.toml").write_text(text, encoding="utf-8")
    assert run("train", folder / "run.toml", "-o", folder / "run") == 0
    (folder / "run" / "model.safetensors").unlink()
    return folder


@pytest.mark.parametrize(
    ("header", "tensors", "message"),
    [
        (lambda h: {**h, "epoch": "1"}, None, "damaged, 'epoch' is '1'"),
        (lambda h: {**h, "history": [{"epoch": 1}]}, None, "damaged, 'history'"),
        (lambda h: {**h, "best": []}, None, "damaged, 'best' is []"),
        (lambda h: {**h, "run": None}, None, "belongs to another run"),
        (None, lambda t: t.pop("best/fitting.0.weight"), "'best/fitting.0.weight' is missing"),
        (None, lambda t: t.update({"adam/x/step": torch.ones(())}), "'adam/x/step' is not"),
        (None, lambda t: t.update({"adam/0/exp_avg": torch.ones(1)}), "'adam/0/exp_avg' is not"),
        (None, lambda t: t["adam/0/exp_avg"].fill_(float("inf")), "'adam/0/exp_avg' is not"),
    ],
)
def test_a_checkpoint_that_does_not_fit(trained, capsys, header, tensors, message):
    path = trained / "run" / "checkpoint.safetensors"
    whole = path.read_bytes()
    try:
        change(path, header, tensors)
        assert run("train", trained / "run.toml", "-o", trained / "run") == 2
    finally:
        path.write_bytes(whole)
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line and message in line


def test_clouds_that_would_reach_over_thousands_of_periods():
    flow = plane_flow()  # of period 2
    with pytest.raises(InputError, match=r"region: its clouds reach over 5e\+05 periods"):
        RegionOfInfluence.ball(1e6).clouds(flow)
    # points every 1/3, those at the seam twice: 121 + 21 in the centre's row, 119 + 19 in five more
    assert len(RegionOfInfluence.ball(20.0).clouds(flow, centres=[0]).neighbours) == 832


def test_a_network_that_fits_into_no_memory():
    with pytest.raises(InputError, match="a layer of 3 x 1000000000 weights is too large"):
        VectorCloudNetwork(["k", "c"], hidden=10**9)


def test_arrays_that_are_none(tmp_path, monkeypatch):
    path = tmp_path / "flow.npz"
    np.savez_compressed(path, a=np.arange(1000.0))
    whole = path.read_bytes()
    np.testing.assert_array_equal(load_arrays(path)["a"], np.arange(1000.0))
    for place in range(0, len(whole), 17):
        content = bytearray(whole)
        content[place] ^= 255
        path.write_bytes(content)
        try:
            load_arrays(path)
        except InputError as error:
            assert str(error).startswith(f"{path}: cannot be read as plain NumPy arrays (")
    monkeypatch.setattr("vcnn.files._UNPACKED", 1 << 20)
    np.savez_compressed(path, a=np.zeros(1 << 18))  # 2 MiB, packed into 3 kB
    with pytest.raises(InputError, match=r"flow\.npz: .*unpacked larger than 1 MiB"):
        load_arrays(path)
    np.savez(path, a=np.array([print], dtype=object))
    with pytest.raises(InputError, match="allow_pickle=False"):
        load_arrays(path)


def test_what_a_number_is():
    assert [is_number(x) for x in (0, -1.5, 10**299)] == [True] * 3
    refused = (True, None, "1", [1], float("nan"), float("inf"), 10**400, 1e301)
    assert [is_number(x) for x in refused] == [False] * 8


def test_json_is_an_object():
    assert parse_json(b'{"a": 1}', "x") == {"a": 1}
    with pytest.raises(InputError, match="result: damaged, not JSON"):
        parse_json(b"\xff\xfe", "result")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 50_000, "\xff", "a =", "a = " + "9" * 5000, "a = \x0b", "\x85a = b"]
)
def test_toml_that_is_none(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="not a TOML file: "):
        read_toml(path)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_whole_numbers_of_toml_have_64_bits(tmp_path, number):
    path = tmp_path / "run.toml"
    path.write_text(f"a = {2**63 - 1}\n[b]\nc = [[1, {number}]]\n")
    with pytest.raises(InputError, match=r"b\.c: expected a whole number of 64 bits, got") as error:
        read_toml(path)
    assert len(str(error.value)) < 80
