"""One thread unless somebody asks for more, and never more than there are cores."""

import os
import subprocess
import sys

import pytest
import torch

from tests.support.command_line import untrained
from tests.support.mpi import importing_tests
from tests.support.synthetic import random_flow
from vcnn import RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit, threads
from vcnn.evaluation.parallel import in_parallel
from vcnn.threads import ask_for, available_cores, few_threads


@pytest.fixture
def two_cores(monkeypatch):
    """A machine on which torch begins with two threads, and nobody has asked for any."""
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "_asked", [])
    monkeypatch.setattr(threads, "_core_counts", lambda: {2})
    monkeypatch.setattr(threads, "available_cores", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_of(network) -> list:
    """How many threads torch has whenever the network is asked, from here on."""
    counts = []
    network.register_forward_pre_hook(lambda *_: counts.append(torch.get_num_threads()))
    return counts


def test_training_and_prediction_take_one_thread_and_give_back_the_others(two_cores):
    flow = random_flow(2, n=60)
    flow = flow.with_fields(scalars={"k": flow.scalars["strain_rate"]})
    network = VectorCloudNetwork(["k"], channels=4, hidden=8, fitting=(8,))
    counts = threads_of(network)
    ball = RegionOfInfluence.ball(0.5)
    closure = fit(network, [flow], "concentration", ball, TrainingConfig(epochs=1), progress=False)
    assert closure.provenance["training_threads"] == 1 and torch.get_num_threads() == 2
    closure.predict(flow)
    closure.differentiable(flow)(torch.tensor(flow.velocity))
    assert len(counts) >= 3 and set(counts) == {1} and torch.get_num_threads() == 2


@pytest.mark.parametrize("how", ["torch", "environment", "command"])
def test_more_threads_are_kept_where_somebody_asks_for_them(two_cores, monkeypatch, how):
    if how == "torch":
        torch.set_num_threads(3)
    elif how == "environment":
        monkeypatch.setattr(threads, "_asked", ["OMP_NUM_THREADS"])
    else:
        ask_for(2)
    expected = torch.get_num_threads()
    assert expected > 1
    closure = untrained()
    counts = threads_of(closure.network)
    flow = random_flow(2, n=60)
    closure.predict(flow.with_fields(scalars={"k": flow.scalars["strain_rate"]}))
    assert set(counts) == {expected}


def test_predictions_side_by_side_use_all_cores_with_one_thread_each(two_cores):
    torch.set_num_threads(1)  # as a command does, with the environment
    threads.limit_libraries()
    assert threads.count_workers() == 2
    assert in_parallel([torch.get_num_threads] * 4) == [1] * 4
    threads._asked.append("OMP_NUM_THREADS")
    assert threads.count_workers() == 1


def test_no_more_threads_than_cores(two_cores):
    with pytest.warns(UserWarning, match="threads: 64 asked for, there are 2 cores"):
        ask_for(64)
    assert torch.get_num_threads() == 2


def test_an_error_inside_gives_the_threads_back(two_cores):
    with pytest.raises(ZeroDivisionError), few_threads():
        assert torch.get_num_threads() == 1
        _ = 1 / 0
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(
    "asked, printed",
    [({}, "1 1"), ({"OMP_NUM_THREADS": "2"}, "2 2"), ({"MKL_NUM_THREADS": "2"}, "None 2")],
)
def test_commands_limit_every_library_before_it_is_loaded(asked, printed):
    code = """
import os
from vcnn.cli import main
try:
    main(["--version"])
except SystemExit:
    import torch
    print(os.environ.get("OMP_NUM_THREADS"), torch.get_num_threads())
"""
    environment = {n: v for n, v in importing_tests().items() if not n.endswith("NUM_THREADS")}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment | asked, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == printed


@pytest.mark.parametrize(
    "groups, files, cores",
    [
        ("0::/a/b\n", {"a/cpu.max": "150000 100000", "a/b/cpu.max": "max 100000"}, 1.5),
        ("0::/\n", {"cpu.max": "50000 100000"}, 0.5),
        ("0::/of/the/host\n", {"cpu.max": "400000 100000"}, 4.0),
        ("0::/\n", {"cpu.max": "max 100000"}, float("inf")),
        ("0::/\n", {}, float("inf")),
        (
            "5:memory:/m\n4:cpu,cpuacct:/job\n",
            {"cpu/job/cpu.cfs_quota_us": "300000", "cpu/job/cpu.cfs_period_us": "100000"},
            3.0,
        ),
        (
            "4:cpu,cpuacct:/job\n",
            {"cpu/job/cpu.cfs_quota_us": "-1", "cpu/job/cpu.cfs_period_us": "100000"},
            float("inf"),
        ),
    ],
)
def test_the_quota_of_a_control_group(tmp_path, groups, files, cores):
    (tmp_path / "cgroup").write_text(groups)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert threads._quota(tmp_path / "cgroup", tmp_path) == cores


@pytest.mark.parametrize(
    "quota, cores", [(0.5, 1), (1.5, 2), (2.0, 2), (64.0, 4), (float("inf"), 4)]
)
def test_cores_are_those_of_affinity_and_quota(monkeypatch, quota, cores):
    monkeypatch.setattr(threads, "_quota", lambda: quota)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: set(range(4)))
    assert available_cores() == cores


def test_of_the_machine_that_tests_run_on():
    assert 1 <= available_cores() <= os.cpu_count()
