"""Flows on a line: clouds, networks, learning and files where the only other frame is mirrored."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    InputError,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.baselines import CanonicalNetwork
from vcnn.cli import main
from vcnn.evaluation import cost_study, rotate_study
from vcnn.evaluation.report import field_comparison, field_figure
from vcnn.testing import equivariance_errors

BALL = RegionOfInfluence.ball(0.2)
WIDTH = 0.05  # of the kernel of the heat flux


def profile(seed, n=96, scattered=False):
    """A temperature θ of three random modes, a velocity, and the nonlocal heat flux of Luciani,
    Mora & Virmont (1983), q(x) = ∫ G(x − y) q₀(y) dy with q₀ = −θ^(5/2) ∂θ/∂y and a Gaussian G.
    """
    rng = np.random.default_rng(seed)
    fine, k = np.arange(512) / 512, np.arange(1, 4)

    def smooth():
        a, b = 0.2 * rng.uniform(-1, 1, size=(2, 3)) / k
        return lambda x: (
            np.cos(2 * np.pi * x[:, None] * k) @ a + np.sin(2 * np.pi * x[:, None] * k) @ b
        )

    warm, moving = smooth(), smooth()
    x = np.sort(rng.random(n)) if scattered else (np.arange(n) + rng.uniform()) / n
    # q₀ = −(2/7) ∂θ^(7/2)/∂y; its derivative and its average over G in Fourier space
    waves = 2 * np.pi * np.arange(257)
    modes = np.fft.rfft((1 + warm(fine)) ** 3.5) / 512
    modes = -2 / 7 * 1j * waves * modes * np.exp(-((WIDTH * waves) ** 2) / 2)
    flux = 2 * (np.exp(1j * waves * x[:, None]) @ modes).real
    gaps = np.diff(np.concatenate([[x[-1] - 1], x, [x[0] + 1]]))
    return FlowField(
        x[:, None],
        moving(x)[:, None],
        (gaps[1:] + gaps[:-1]) / 2,
        scalars={"temperature": 1 + warm(x)},
        vectors={"heat_flux": flux[:, None]},
        periods=[[1.0]],
    )


@pytest.fixture(scope="module")
def learned():
    network = VectorCloudNetwork(
        ["temperature"], output="vector", galilean=True, channels=4, hidden=32, fitting=(32,)
    )
    flows = [profile(seed) for seed in range(12)]
    config = TrainingConfig(epochs=60, batch_size=64, learning_rate=5e-3)
    return fit(network, flows, "heat_flux", BALL, config, progress=False)


def test_a_nonlocal_heat_flux_is_learned(learned):
    """On profiles that were not trained on, with twice and four times as many points."""
    for seed in (101, 102, 103):
        for n, scattered in ((96, False), (192, True), (192, False)):
            flow = profile(seed, n, scattered)
            assert learned.errors(flow)["heat_flux"] < 0.15
    coarse, fine = profile(103, 96), profile(103, 960)
    values, finer = (learned.predict(flow)[:, 0] for flow in (coarse, fine))
    finer = np.interp(coarse.points[:, 0], fine.points[:, 0], finer, period=1.0)
    assert np.linalg.norm(finer - values) < 0.05 * np.linalg.norm(values)


def test_its_mirror_image_is_the_prediction_of_the_mirror_image(learned):
    flow = profile(100)
    errors = equivariance_errors(learned, flow)
    assert set(errors.rebuilt) == {
        "reflection", "translation", "permutation", "refinement", "Galilean"
    }  # fmt: skip
    assert errors.worst <= 1e-12
    mirrored = learned.predict(flow.reflected([1.0]), dtype=torch.float64)
    expected = -learned.predict(flow, dtype=torch.float64)
    np.testing.assert_allclose(mirrored, expected, atol=1e-12 * np.abs(expected).max())


def test_the_same_bits_in_another_process_and_on_the_command_line(learned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flow = profile(100)
    learned.save("model.safetensors"), flow.save("flow.vtu")
    expected = learned.predict(flow)
    np.save("expected.npy", expected)
    code = """
import numpy as np
from vcnn import Closure, FlowField
closure = Closure.load("model.safetensors")
assert closure.dimension == 1
values = closure.predict(FlowField.load("flow.vtu"))
assert np.array_equal(values, np.load("expected.npy"))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(SystemExit) as ended:
        main(["predict", "model.safetensors", "flow.vtu", "-o", "out"])
    assert ended.value.code == 0
    written = FlowField.load("out/flow.vtu")
    assert np.array_equal(written.vectors["heat_flux_predicted"], expected)
    assert written.scalars["extrapolation"].shape == (96,)
    errors = json.loads((tmp_path / "out" / "errors.json").read_text())
    assert errors["flow.vtu"]["heat_flux"] == pytest.approx(learned.errors(flow)["heat_flux"])


def test_it_is_differentiable(learned):
    flow = profile(100)
    network = VectorCloudNetwork(["temperature"], output=["vector", "symmetric_tensor"])
    closure = Closure(network.double(), BALL, ("q", "p"), 1, Scales(
        scalars={"temperature": (1.0, 1.0)}, targets=((0.0, 1.0), (0.0, 1.0))))  # fmt: skip
    for region in (BALL, RegionOfInfluence.ball(0.2, spacing=0.04)):
        closure = replace(closure, region=region)
        predict, predicted = closure.differentiable(flow), closure.predict(flow)
        u = torch.tensor(flow.velocity, requires_grad=True)
        values = predict(u)
        for name in ("q", "p"):
            np.testing.assert_allclose(values[name].detach(), predicted[name], atol=1e-13)
        total = values["q"].sum() + values["p"].sum()
        (slope,) = torch.autograd.grad(total, u)
        step = torch.randn(u.shape, dtype=u.dtype, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            ends = [predict(u + h * step) for h in (1e-6, -1e-6)]
            change = sum((ends[0][k] - ends[1][k]).sum() for k in ("q", "p")) / 2e-6
        assert (slope * step).sum().item() == pytest.approx(change.item(), rel=1e-6)


def test_clouds_on_a_line_are_intervals():
    """The half-axis along the velocity is all that a region has where a point moves."""
    flow = random_flow(1, periodic=True)
    still = replace(flow, velocity=np.where(np.arange(120)[:, None] < 60, 0.0, flow.velocity))
    region = RegionOfInfluence.ellipsoid(along=0.5, across=0.2)
    clouds = region.clouds(still)
    for k in range(120):
        reach = 0.2 if k < 60 else 0.5
        r = flow.points[:, 0] - flow.points[k, 0]
        images = (r[:, None] + [-2.0, 0.0, 2.0]).ravel()
        found = clouds.positions[clouds.offsets[k] : clouds.offsets[k + 1], 0]
        expected = images[np.abs(images) <= reach * (1 + 1e-10)]
        np.testing.assert_allclose(np.sort(found), np.sort(expected), atol=1e-12)


def test_turned_clouds_of_training_are_mirrored_ones(monkeypatch):
    """What augmentation draws on a line, about as often as not; the targets with their clouds."""
    from vcnn.training import regression

    drawn, inner = [], regression._random_frames
    monkeypatch.setattr(
        regression, "_random_frames", lambda *a: drawn.append(inner(*a)) or drawn[-1]
    )
    config = TrainingConfig(epochs=3, dtype="float64")
    plain, turned = (
        fit(
            VectorCloudNetwork(["temperature"], output="vector", channels=4, hidden=8),
            [profile(0)],
            "heat_flux",
            BALL,
            replace(config, augmentation=augmentation),
            progress=False,
        ).predict(profile(1))
        for augmentation in ("none", "rotations")
    )
    frames = np.concatenate(drawn)
    assert set(np.unique(frames)) == {-1.0, 1.0} and abs(frames.mean()) < 0.3
    np.testing.assert_allclose(turned, plain, rtol=1e-6)


def test_frames_of_clouds():
    """By the velocity nothing turns on a line; along the axes signs follow the mean velocity."""
    flow, centres = random_flow(1), np.arange(0, 120, 6)
    for frame, claimed, reflected in (("velocity", "SO(d)", False), ("axes", "O(d)", True)):
        network = CanonicalNetwork(["strain_rate"], 1, frame=frame)
        errors = equivariance_errors(network, flow, RegionOfInfluence.ball(0.6), centres)
        assert errors.claimed == claimed and ("reflection" in errors.rebuilt) == reflected
        assert errors.worst <= 1e-12


def test_pseudoscalars_leave_no_claim_to_reflections():
    network = VectorCloudNetwork(["strain_rate"], pseudoscalars=["boundary"], output="vector")
    errors = equivariance_errors(network, random_flow(1), BALL)
    assert errors.claimed == "SO(d)" and set(errors.rebuilt) == {
        "translation", "permutation", "refinement"
    }  # fmt: skip
    with pytest.raises(InputError, match=r"transformations: expected one of reflection, trans.*1'"):
        equivariance_errors(network, random_flow(1), BALL, transformations=["rotation 1"])


def test_what_a_line_has_not_is_refused_in_one_line(learned, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flow = profile(100)
    none = "rotation: a 1-D flow has none, only a mirror image"
    with pytest.raises(InputError, match=none):
        rotate_study({"model": learned}, flow, progress=False)
    learned.save("model.safetensors"), flow.save("flow.vtu")
    with pytest.raises(SystemExit):
        main(["rotate", "model.safetensors", "flow.vtu", "-o", "report"])
    assert none in capsys.readouterr().err and not (tmp_path / "report").exists()
    with pytest.raises(InputError, match="picture: a field of a 1-D flow is a curve"):
        field_figure(flow, flow.scalars["temperature"], "θ")
    with pytest.raises(InputError, match="picture: a field of a 1-D flow is a curve"):
        field_comparison(flow, flow.scalars["temperature"], flow.scalars["temperature"], "θ")
    with pytest.raises(InputError, match="the model was trained on 1-D flows, this flow is 2-D"):
        learned.predict(random_flow(2).with_fields(scalars={"temperature": np.ones(120)}))


def test_costs(learned):
    cost = cost_study({"model": learned}, profile(100), sizes=(25, 100, 200)).costs["model"]
    assert cost.parameters == sum(p.numel() for p in learned.network.parameters())
