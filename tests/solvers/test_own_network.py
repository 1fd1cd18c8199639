"""A network of one's own while a flow is being solved, and learning through the solver."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import meshes
from solvers import (
    RANS,
    FlowToLearn,
    LaminarFlow,
    LearningConfig,
    Observation,
    evaluate,
    fit_through_solver,
)
from tests.support.command_line import run
from tests.support.mpi import importing_tests
from tests.support.own_network import NAME
from tests.support.solve_cases import HILL
from vcnn import Closure, InputError, Network, RegionOfInfluence, TrainingConfig, fit
from vcnn.network import build_network

BALL = RegionOfInfluence.ball(0.4)
CONFIG = TrainingConfig(epochs=3, dtype="float64")
LEARNING = LearningConfig(epochs=1, learning_rate=3e-3, prior=0.0, tolerance=1e-8)
POINTS = np.random.default_rng(0).uniform([0.5, 1.2], [8.5, 2.8], (40, 2))


@pytest.fixture(scope="module")
def task(own_network):
    """A mesh, and a closure of the network of the page that has seen a laminar flow there."""
    mesh = meshes.periodic_hill(1.0, cells=(12, 8))
    flow = LaminarFlow(mesh, 0.02, 0.7).solve().flow("vertex")
    speed = np.linalg.norm(flow.velocity, axis=1)
    flow = flow.with_fields(scalars={NAME: 0.02 + 0.01 * speed})
    network = build_network("cloud-means", {"width": 8})
    return mesh, fit(network, [flow], NAME, BALL, CONFIG, progress=False)


def weights(closure):
    return torch.cat([p.detach().ravel() for p in closure.network.parameters()])


def test_flow_and_closure_agree(task):
    mesh, closure = task
    result = RANS(mesh, 0.01, 0.7, closure=closure, location="vertex").solve(tolerance=1e-9)
    flow = result.flow("vertex")
    predicted = closure.predict(flow)
    np.testing.assert_allclose(flow.scalars[NAME], predicted, rtol=1e-6)
    assert np.ptp(predicted) > 1e-4  # and it follows the flow


def test_the_command_line_solves_with_it(task, own_network, tmp_path, monkeypatch):
    """In a process where nobody has imported it; without ``--import`` the model is refused."""
    monkeypatch.chdir(tmp_path)
    _, closure = task
    closure.save("means.safetensors")
    (tmp_path / "hill.toml").write_text(HILL.replace("[20, 14]", "[12, 8]"))
    solve = ["solve", "hill.toml", "--closure", "means.safetensors", "-o", "out"]
    command = [sys.executable, "-c", "from vcnn.cli import main; main()"]
    options = dict(env=importing_tests(), capture_output=True, text=True)
    refused = subprocess.run([*command, *solve], **options)
    assert refused.returncode == 2 and not (tmp_path / "out").exists()
    assert refused.stderr.startswith("error: means.safetensors: architecture: expected one of ")
    subprocess.run([*command, "--import", str(own_network), *solve], check=True, **options)
    in_this_process = ["--import", str(own_network), *solve[:-1], "again"]
    assert run(*in_this_process) == 0
    numbers = [json.loads((tmp_path / out / "result.json").read_text()) for out in ("out", "again")]
    assert numbers[0]["history"]["change"][-1] <= 1e-9
    assert numbers[0]["pressure_gradient"] == pytest.approx(
        numbers[1]["pressure_gradient"], rel=1e-12
    )


@pytest.fixture(scope="module")
def flows(task):
    """Two flows of a closure of other weights, observed at some points."""
    mesh, closure = task
    torch.manual_seed(1)
    truth = with_other_weights(closure, 0.3)
    flows = []
    for viscosity in (0.01, 0.02):
        problem = RANS(mesh, viscosity, 0.7, location="vertex")
        velocity = replace(problem, closure=truth).solve().velocity
        seen = Observation(POINTS, evaluate(velocity, POINTS))
        flows.append(FlowToLearn(f"viscosity {viscosity}", problem, [seen]))
    return flows


def with_other_weights(closure, size):
    """The closure with other weights in its last layer."""
    network = build_network("cloud-means", closure.network.config).double()
    network.load_state_dict(closure.network.state_dict())
    with torch.no_grad():
        for parameter in network.layers[-1].parameters():
            parameter += size * torch.randn(parameter.shape, dtype=parameter.dtype)
    return Closure(network.eval(), closure.region, closure.target, 2, closure.scales)


def test_it_learns_through_the_solver_in_several_processes(task, flows):
    _, closure = task
    alone = fit_through_solver(closure, flows, LEARNING, progress=False)
    shared = fit_through_solver(closure, flows, LEARNING, processes=2, progress=False)
    # both take the same steps but for what a start leaves of the tolerance that flows are solved to
    torch.testing.assert_close(weights(shared), weights(alone), rtol=0, atol=1e-10)
    moved = (weights(alone) - weights(closure)).abs().max()
    assert moved > 1e-3


SCRIPT = """
import sys
import torch
from solvers import fit_through_solver
from vcnn import Closure
{network}
if __name__ == "__main__":
    flows, config = torch.load("flows.pt", weights_only=False)
    closure = Closure.load("means.safetensors")
    learned = fit_through_solver(closure, flows, config, processes=2, progress=False)
    assert type(learned.network).__module__ == "__main__"
    learned.save("learned.safetensors")
"""


def test_a_network_of_a_script_reaches_its_processes(task, flows, own_network, tmp_path):
    """Of its ``__main__``, which the processes import by another name."""
    _, closure = task
    closure.save(tmp_path / "means.safetensors")
    torch.save((flows, LEARNING), tmp_path / "flows.pt")
    script = tmp_path / "learn.py"
    script.write_text(SCRIPT.format(network=own_network.read_text()))
    subprocess.run([sys.executable, script], cwd=tmp_path, env=importing_tests(), check=True)
    learned = Closure.load(tmp_path / "learned.safetensors")
    alone = fit_through_solver(closure, flows, LEARNING, progress=False)
    torch.testing.assert_close(weights(learned), weights(alone), rtol=0, atol=1e-10)


def test_a_network_that_no_process_can_import(task, flows, monkeypatch):
    class Local(Network):
        """Of a function."""

        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(1.0))

        def forward(self, clouds, points):
            return self.weight * points.velocity[clouds.centres, 0]

    def learn(network):
        closure = Closure(network, BALL, NAME, 2)
        fit_through_solver(closure, flows, LEARNING, processes=2, progress=False)

    with pytest.raises(InputError, match="network Local is defined in a function, where other"):
        learn(Local())
    interactive = type("Typed", (Local,), {"__module__": "__main__", "__qualname__": "Typed"})
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    with pytest.raises(InputError, match="network Typed is defined in an interactive session"):
        learn(interactive())
