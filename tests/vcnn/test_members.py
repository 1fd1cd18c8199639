"""Several trainings as an ensemble: they differ, go on after a stop, are one model to commands."""

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import (
    FlowField,
    InputError,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.cli import main
from vcnn.closure import Ensemble, load_closure

REGION = RegionOfInfluence.ball(0.4)
SMALL = {"hidden": 8, "fitting": (16,), "radial": 1, "fits": 0, "mixed": (4, 4, 2)}
CONFIG = TrainingConfig(epochs=2, batch_size=64, max_points=8, seed=3)


def taught(seed):
    flow = random_flow(2, n=150, seed=seed)
    return flow.with_fields({"c": flow.scalars["strain_rate"] ** 2})


def train(directory=None, **options):
    network = VectorCloudNetwork(["strain_rate"], seed=5, **SMALL)
    settings = {"config": CONFIG, "run_directory": directory, "progress": False, **options}
    return fit(network, [taught(0), taught(1)], "c", REGION, **settings)


def test_members_differ_and_the_first_is_that_of_a_single_training(tmp_path):
    ensemble, flow = train(tmp_path, members=3), taught(9)
    assert isinstance(ensemble, Ensemble) and len(ensemble.members) == 3
    each = ensemble.predict_each(flow)["c"]
    np.testing.assert_array_equal(each[0], train().predict(flow))
    assert min(np.abs(each[a] - each[b]).max() for a, b in [(0, 1), (0, 2), (1, 2)]) > 1e-3
    assert [member.network.config["seed"] for member in ensemble.members] == [5, 6, 7]
    kept = load_closure(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(kept.predict_each(flow)["c"], each)


def test_a_run_that_was_stopped_goes_on_with_the_member_it_was_at(tmp_path):
    whole = train(members=2).predict_each(taught(9))["c"]
    train(tmp_path, members=2)
    for name in ("model", "member_2/model", "member_2/checkpoint"):
        (tmp_path / f"{name}.safetensors").unlink()
    first = (tmp_path / "member_1" / "model.safetensors").read_bytes()
    resumed = train(tmp_path, members=2).predict_each(taught(9))["c"]
    np.testing.assert_array_equal(resumed, whole)
    assert (tmp_path / "member_1" / "model.safetensors").read_bytes() == first
    assert (tmp_path / "model.safetensors").is_file()


def test_what_cannot_be_an_ensemble_is_refused(tmp_path):
    for bad in (0, 1.5, True):
        with pytest.raises(InputError, match="members: expected a positive integer"):
            train(members=bad)
    with pytest.raises(InputError, match="members: expected 1 beside a task"):
        fit(task=object(), members=2)
    train(tmp_path / "one")
    with pytest.raises(InputError, match="holds the run of a single closure"):
        train(tmp_path / "one", members=2)
    train(tmp_path / "two", members=2)
    with pytest.raises(InputError, match="holds the run of an ensemble"):
        train(tmp_path / "two")


def test_it_is_one_model_to_every_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        taught(seed).save(tmp_path / f"flow_{seed}.vtu")
    (tmp_path / "run.toml").write_text(
        'target = ["c", "c_deviation"]\nflows = ["flow_0.vtu"]\nmembers = 2\n'
        '[network]\nscalars = ["strain_rate"]\noutput = ["scalar", "positive_scalar"]\n'
        "hidden = 8\nfitting = [16]\nradial = 1\nfits = 0\nmixed = [4, 4, 2]\n"
        '[region]\nkind = "ball"\nradius = 0.4\n'
        "[training]\nepochs = 2\nmax_points = 8\n"
    )

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert ended.value.code in (0, None), capsys.readouterr().err
        return capsys.readouterr().out

    assert "trained" in run("train", "run.toml", "-o", "run")
    assert "was complete already" in run("train", "run.toml", "-o", "run")
    shown = run("show", "run/model.safetensors")
    assert "members" in shown and "c_deviation (positive scalar)" in shown
    run("predict", "run/model.safetensors", "flow_1.vtu", "-o", "predicted")
    written = FlowField.load(tmp_path / "predicted" / "flow_1.vtu")
    ensemble = load_closure(tmp_path / "run" / "model.safetensors")
    spread = ensemble.spread(taught(1))["c"]
    np.testing.assert_allclose(written.scalars["c_spread"], spread, rtol=1e-6)
    assert {"c_predicted", "c_error"} <= set(written.scalars)
    assert "c_deviation_predicted" not in written.scalars
