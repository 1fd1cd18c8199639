"""Files of format 2: what they call vector-cloud is the network that is now pair-embedding."""

import json

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    InputError,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.closure.file import pretrained_file, pretrained_names
from vcnn.network import PairEmbeddingNetwork
from vcnn.tensor_file import read_tensors, write_tensors

BALL = RegionOfInfluence.ball(0.6)
SMALL = {"hidden": 8, "fitting": (8,)}


def trained(network, folder=None, **options):
    flows, config = [random_flow(2, 60)], TrainingConfig(epochs=1, **options)
    return fit(network, flows, "concentration", BALL, config, run_directory=folder, progress=False)


def rewritten(path, **changes):
    """The file with other entries of its header."""
    tensors, header = read_tensors(path)
    write_tensors(path, tensors, {**header, **changes})
    return path


@pytest.mark.parametrize("order", [1, 2])
def test_format_2_means_the_network_of_before(tmp_path, order):
    closure, flow = (
        trained(PairEmbeddingNetwork(["strain_rate"], order=order, **SMALL)),
        random_flow(2, 60, seed=1),
    )
    path = closure.save(tmp_path / "model.safetensors")
    _, header = read_tensors(path)
    assert (header["format"], header["architecture"]) == (3, "pair-embedding")
    old = Closure.load(rewritten(path, format=2, architecture="vector-cloud"))
    assert type(old.network) is PairEmbeddingNetwork and old.network.name == "pair-embedding"
    assert old.network.config == closure.network.config
    np.testing.assert_array_equal(old.predict(flow), closure.predict(flow))
    # saved again it is a file of today
    _, header = read_tensors(old.save(tmp_path / "again.safetensors"))
    assert (header["format"], header["architecture"]) == (3, "pair-embedding")
    np.testing.assert_array_equal(
        Closure.load(tmp_path / "again.safetensors").predict(flow), closure.predict(flow)
    )


def test_a_format_that_is_not_that_of_the_network(tmp_path):
    """Neither network is ever built from a file of the other."""
    new = trained(VectorCloudNetwork(["strain_rate"], **SMALL)).save(tmp_path / "new.safetensors")
    old = trained(PairEmbeddingNetwork(["strain_rate"], **SMALL)).save(tmp_path / "old.safetensors")
    for path, changes, message in (
        (new, {"format": 2}, "architecture 'pair-embedding': "),
        (old, {"architecture": "vector-cloud"}, "architecture 'vector-cloud': "),
        (new, {"format": "two"}, "model format two, this version reads 2 and 3"),
        (new, {"format": None}, "model format None, this version reads 2 and 3"),
        (new, {"format": 4}, "model format 4, this version reads 2 and 3"),
    ):
        with pytest.raises(InputError) as error:
            Closure.load(rewritten(path, **changes))
        assert str(error.value).startswith(f"{path}: {message}")
        assert "\n" not in str(error.value)


def test_other_names_are_what_they_were(tmp_path):
    path = Closure(VectorCloudNetwork(**SMALL), BALL, "c", 2, Scales(targets=((0.0, 1.0),))).save(
        tmp_path / "model.safetensors"
    )
    with pytest.raises(InputError, match=r"architecture: expected one of .* got 'moments'"):
        Closure.load(rewritten(path, format=2, architecture="moments"))


def test_shipped_models_of_format_2():
    old = [n for n in pretrained_names() if read_tensors(pretrained_file(n))[1]["format"] == 2]
    assert len(old) > 0
    for name in old:
        assert type(Closure.pretrained(name).network) is PairEmbeddingNetwork


@pytest.fixture
def run_of_before(tmp_path, monkeypatch):
    """The folder of a run of the network of before under its name of before, interrupted."""
    with monkeypatch.context() as patch:
        patch.setattr(PairEmbeddingNetwork, "name", "vector-cloud")
        patch.setattr("vcnn.network.registry._REGISTERED", {"vector-cloud": PairEmbeddingNetwork})
        trained(PairEmbeddingNetwork(["strain_rate"], **SMALL), tmp_path)
    (tmp_path / "model.safetensors").unlink(missing_ok=True)
    return tmp_path


@pytest.mark.parametrize("kind", [VectorCloudNetwork, PairEmbeddingNetwork])
def test_a_run_of_before_does_not_go_on_as_another_network(run_of_before, kind):
    """Not even with the settings of the new one; nothing of it is overwritten."""
    before = (run_of_before / "checkpoint.safetensors").read_bytes()
    assert len(json.loads((run_of_before / "history.json").read_text())) == 1
    with pytest.raises(InputError, match=r"checkpoint\.safetensors: belongs to another run"):
        trained(kind(["strain_rate"], **SMALL), run_of_before)
    assert (run_of_before / "checkpoint.safetensors").read_bytes() == before


def test_a_training_does_not_start_from_the_network_of_before_as_from_the_new(tmp_path):
    start = trained(PairEmbeddingNetwork(["strain_rate"], **SMALL))
    path = rewritten(
        start.save(tmp_path / "old.safetensors"), format=2, architecture="vector-cloud"
    )
    with pytest.raises(InputError, match="expected one of the settings of the model to start from"):
        fit(
            VectorCloudNetwork(["strain_rate"], **SMALL),
            [random_flow(2, 60)],
            start=Closure.load(path),
            progress=False,
        )
    again = fit(
        None,
        [random_flow(2, 60)],
        start=Closure.load(path),
        config=TrainingConfig(epochs=1),
        progress=False,
    )
    assert again.network.name == "pair-embedding"
    assert torch.equal(again.network.shift, start.network.shift)
