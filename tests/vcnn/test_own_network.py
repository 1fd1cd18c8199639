"""A network of one's own does what the shipped ones do, and what it lacks is said in one line."""

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch

from tests.support.mpi import importing_tests
from tests.support.own_network import NAME, code_blocks, viscous
from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    InputError,
    Network,
    RegionOfInfluence,
    TrainingConfig,
    fit,
    register_network,
)
from vcnn.network import Symmetry, VectorCloudNetwork, build_network
from vcnn.network import registry as registry_module
from vcnn.testing import assert_equivariant

BALL = RegionOfInfluence.ball(0.6)
CONFIG = TrainingConfig(epochs=60, batch_size=32, learning_rate=1e-2, dtype="float64")


@pytest.fixture(scope="module")
def closure(own_network):
    return fit(build_network("cloud-means", {}), [viscous(0)], NAME, BALL, CONFIG, progress=False)


def test_the_page_shows_a_network_of_fifteen_lines():
    """Of code, from its decorator on, and of nothing that reads its arguments for it."""
    code = code_blocks("python")[0].split("\n@register_network\n")[1]
    lines = [line for line in code.splitlines() if line.strip() and '"""' not in line]
    assert 1 + len(lines) <= 15


def test_it_learns(closure):
    flow = viscous(1)
    constant = np.std(flow.scalars[NAME]) / np.sqrt(np.mean(flow.scalars[NAME] ** 2))
    assert closure.errors(flow)[NAME] < 0.3 * constant


def test_it_claims_what_holds_and_may_be_differentiated(closure):
    flow = viscous(1, 60)
    assert_equivariant(closure, flow, 1e-12)
    predicted = closure.differentiable(flow)
    u = torch.tensor(flow.velocity, requires_grad=True)
    step = torch.randn(u.shape, generator=torch.Generator().manual_seed(0), dtype=u.dtype)
    (slope,) = torch.autograd.grad(predicted(u)[NAME].sum(), u)
    with torch.no_grad():
        h = 1e-5  # central differences: h² of the third derivative, 1e-16 / h of round-off
        changed = (predicted(u + h * step)[NAME] - predicted(u - h * step)[NAME]).sum() / (2 * h)
    assert float((slope * step).sum()) == pytest.approx(float(changed), rel=1e-6)
    assert abs(float(changed)) > 1e-3


def test_a_saved_one_is_loaded_in_a_fresh_process(closure, own_network, tmp_path):
    flow = viscous(1, 60)
    flow.save(tmp_path / "flow.vtu")
    closure.save(tmp_path / "means.safetensors")
    code = """
import sys
import numpy as np
from vcnn import Closure, FlowField
if sys.argv[1]:
    sys.path.append(sys.argv[1])
    import cloud_means
closure = Closure.load("means.safetensors")
np.save("values.npy", closure.predict(FlowField.load("flow.vtu")))
"""
    command = [sys.executable, "-c", code]
    options = dict(cwd=tmp_path, env=importing_tests(), capture_output=True, text=True)
    subprocess.run([*command, str(own_network.parent)], **options, check=True)
    flow = FlowField.load(tmp_path / "flow.vtu")
    np.testing.assert_array_equal(np.load(tmp_path / "values.npy"), closure.predict(flow))
    line = subprocess.run([*command, ""], **options).stderr.splitlines()[-1]
    assert line.startswith("vcnn.errors.InputError: means.safetensors: ")
    assert "got 'cloud-means'" in line and "--import FILE_OR_MODULE" in line


def test_a_package_may_bring_a_network_as_an_entry_point(own_network, registry, monkeypatch):
    entry = EntryPoint("cloud-means", "cloud_means:CloudMeans", "vcnn.networks")
    monkeypatch.setattr(registry, "_REGISTERED", {})
    monkeypatch.setattr(
        registry, "entry_points", lambda group, name=entry.name: [entry] * (name == entry.name)
    )
    assert "cloud-means" in registry.network_names()
    assert type(build_network("cloud-means", {})).__name__ == "CloudMeans"
    wrong = EntryPoint("other-means", "cloud_means:CloudMeans", "vcnn.networks")
    monkeypatch.setattr(registry, "entry_points", lambda group, name=None: [wrong])
    with pytest.raises(
        InputError, match=r"entry point 'other-means' of vcnn.networks: its network"
    ):
        build_network("other-means", {})


@pytest.fixture
def registry(monkeypatch):
    """The module, whose networks are forgotten again."""
    monkeypatch.setattr(registry_module, "_REGISTERED", dict(registry_module._REGISTERED))
    return registry_module


class Mean(Network):
    """The mean speed, scaled by one weight."""

    def __init__(self, scale=1.0):
        super().__init__(scale=scale)
        self.weight = torch.nn.Parameter(torch.tensor(float(scale)))

    def forward(self, clouds, points):
        speed = points.velocity.norm(dim=1, keepdim=True)
        return self.weight * self.mean(clouds, speed[clouds.neighbours]).squeeze(1)


def test_means_are_weighted_as_the_network_says():
    flow = random_flow(2)
    clouds, speed = replace(BALL, smooth=1.0).clouds(flow), np.linalg.norm(flow.velocity, axis=1)
    for weighted in (True, False):
        network = Mean().double()
        network.weighted = weighted
        weights = flow.weights if weighted else np.ones(len(flow))
        for k in (0, 17):
            j = clouds.neighbours[clouds.offsets[k] : clouds.offsets[k + 1]]
            expected = np.average(speed[j], weights=weights[j])
            assert network(clouds)[k].item() == pytest.approx(expected, rel=1e-13)


# -- what is refused, in one line


def test_a_plain_module_is_refused():
    message = "network: expected a vcnn.Network, got Linear; a network of your own derives from"
    with pytest.raises(InputError, match=message):
        fit(torch.nn.Linear(1, 1), [viscous(0)], NAME, BALL)
    with pytest.raises(InputError, match=message):
        Closure(torch.nn.Linear(1, 1), BALL, NAME, 2)


def test_names_are_not_given_twice(own_network):
    for name, owner in (("cloud-means", "cloud_means:CloudMeans"), ("egnn", "vcnn.baselines.egnn")):
        with pytest.raises(InputError, match=f"the name '{name}' is that of {owner}"):
            register_network(type("Rival", (Mean,), {"name": name}))
    with pytest.raises(InputError, match="name: expected text that files can call it by"):
        register_network(Mean)
    with pytest.raises(InputError, match=r"network Linear: a network derives from vcnn\.Network"):
        register_network(torch.nn.Linear)


def test_a_network_without_forward_is_refused():
    class Silent(Network):
        name = "silent"

    with pytest.raises(InputError, match=r"network .*Silent: forward is missing"):
        register_network(Silent)
    with pytest.raises(TypeError, match="forward"):
        Silent()


def test_arguments_that_no_file_can_hold():
    with pytest.raises(InputError, match="network 'Mean': config: scale: expected what JSON can"):
        Mean(scale=torch.tensor(1.0))


def test_what_cannot_be_loaded_again_is_not_trained_in_a_folder_nor_saved(tmp_path, registry):
    def refuse(network, match):
        with pytest.raises(InputError, match=match):
            Closure(network, BALL, "c", 2).save(tmp_path / "model.safetensors")
        with pytest.raises(InputError, match=match):
            fit(network, [viscous(0)], NAME, BALL, run_directory=tmp_path / "run", progress=False)
        assert list(tmp_path.iterdir()) == []

    class Variant(VectorCloudNetwork):
        """Another network under an inherited name: loaded, it would predict something else."""

    @register_network
    class Forgetful(Mean):
        name = "forgetful"

        def __init__(self, width=1):
            super().__init__()
            self.config = {}
            self.layer = torch.nn.Linear(width, 1)

    refuse(Mean(), "cannot be saved: give it a name of its own and decorate it with @vcnn.register")
    refuse(Variant(), r"Variant cannot be saved: give it .* \(its name is 'vector-cloud'\)")
    refuse(Forgetful(width=3), "config {} builds other weights; pass every argument")


def test_a_network_that_was_changed_after_training(registry, tmp_path):
    @register_network
    class Grown(Mean):
        name = "grown"

    Closure(Grown(), BALL, "c", 2).save(tmp_path / "model.safetensors")
    Closure.load(tmp_path / "model.safetensors")
    plain = Grown.__init__

    def with_another_weight(self, scale=1.0):
        plain(self, scale)
        self.more = torch.nn.Parameter(torch.ones(3))

    Grown.__init__ = with_another_weight
    with pytest.raises(InputError, match=r"model\.safetensors: its weights .* 'grown'"):
        Closure.load(tmp_path / "model.safetensors")


def test_values_of_another_shape_or_number():
    clouds = BALL.clouds(random_flow(2))

    class Column(Mean):
        def forward(self, clouds, points):
            return super().forward(clouds, points)[:, None]

    with pytest.raises(InputError, match=r"'scalar', expected \(120,\)"):  # would broadcast
        Column().values(clouds)
    network = Mean()
    network.outputs = ("scalar", "vector")
    with pytest.raises(InputError, match="forward gave 1 values, expected one for each"):
        network.values(clouds)


@pytest.mark.parametrize(
    "attribute, value, match",
    [
        ("outputs", ("spinor",), "outputs: expected scalar, .*, got 'spinor'"),
        ("symmetry", "O(d)", "symmetry: expected a vcnn.network.Symmetry, got 'O"),
    ],
)
def test_attributes_that_say_nothing(attribute, value, match):
    network = Mean()
    setattr(network, attribute, value)
    with pytest.raises(InputError, match=f"network 'Mean': {match}"):
        Closure(network, BALL, "c", 2)


def test_a_network_without_weights_is_refused():
    network = Mean()
    del network.weight
    with pytest.raises(InputError, match="network 'Mean': expected weights, got none"):
        Closure(network, BALL, "c", 2)


def test_symmetries_say_what_they_include():
    assert [(s.rotations, s.reflections) for s in Symmetry] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_a_dimension_is_held():
    network = Mean()
    network.dimension = 3
    with pytest.raises(InputError, match="flow 0: is 2-D, the network takes 3-D flows"):
        fit(network, [viscous(0)], NAME, BALL, progress=False)
