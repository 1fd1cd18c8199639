"""vcnn solve --members: bands of the flows with each member, where they are wanted."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from scipy.stats import t as student_t

from tests.support.command_line import refused, run
from tests.support.solve_cases import HILL, result, small_closure
from vcnn import FlowField
from vcnn.closure import Ensemble

if find_spec("dolfinx") is None:
    pytest.skip("FEniCSx is not installed", allow_module_level=True)

SIZES, FACTOR = (0.001, 0.002, 0.004), 30.0


def closure(size):
    """The small closure with a ν_t of some size."""
    small = small_closure()
    return replace(small, scales=replace(small.scales, targets=((0.0, size),)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The hill with three members, and with each alone."""
    folder = tmp_path_factory.mktemp("members")
    (folder / "hill.toml").write_text(HILL)
    ensemble = Ensemble([closure(size) for size in SIZES])
    ensemble.recalibrated({"velocity": FACTOR}).save(folder / "all.safetensors")
    assert solve(folder, "all", "--members") == 0
    for number, member in enumerate(ensemble.members):
        member.save(folder / f"{number}.safetensors")
        assert solve(folder, str(number)) == 0
    return folder


def solve(folder, name, *options):
    """Run the verb with the model of that name, into the folder of that name."""
    model = ("--closure", str(folder / f"{name}.safetensors"))
    return run("solve", str(folder / "hill.toml"), *model, "-o", str(folder / name), *options)


def test_bands_are_those_of_the_flows_with_each_alone(folder):
    alone, found = [result(folder / str(n)) for n in range(3)], result(folder / "all")["members"]
    quantile = FACTOR * student_t.ppf(0.95, 2) * np.sqrt(4 / 3)
    for k, band in enumerate(found["profiles"]):
        each = np.array([flow["profiles"][k]["velocity"] for flow in alone])
        half = quantile * each.std(axis=0, ddof=1)
        np.testing.assert_allclose(band["upper"], each.mean(axis=0) + half, atol=1e-6)
        np.testing.assert_allclose(band["lower"], each.mean(axis=0) - half, atol=1e-6)
    each = np.array([flow["walls"]["bottom"]["skin_friction"] for flow in alone])
    upper = each.mean(axis=0) + quantile * each.std(axis=0, ddof=1)
    np.testing.assert_allclose(found["skin_friction"]["bottom"]["upper"], upper, atol=1e-6)
    places = [flow["walls"]["bottom"]["reattachment"][0][0] for flow in alone]
    expected = [[min(places), max(places)]]
    np.testing.assert_allclose(found["reattachment"]["bottom"], expected, atol=1e-5)
    vertices = [FlowField.load(folder / f"{n}/flow.vtu") for n in range(3)]
    spread = np.stack([flow.velocity for flow in vertices]).var(axis=0, ddof=1).sum(axis=1)
    kept = FlowField.load(folder / "all/flow.vtu").scalars["velocity_spread"]
    np.testing.assert_allclose(kept, FACTOR * np.sqrt(spread), atol=1e-6)


def test_the_velocity_is_what_is_said_to_be_uncertain(folder):
    found = result(folder / "all")
    percent = 100 * found["members"]["velocity_spread"]
    assert percent > 5 and "uncertain" in found["flags"]
    sentence = f"Beware: the velocities with the 3 members of the ensemble differ by {percent:.3g}"
    assert sentence in found["answer"]
    page = (folder / "all/report.html").read_text()
    assert "How sure" in page and "Standard deviation of the velocity among the members" in page


def test_members_are_added_to_a_run_and_a_small_spread_is_no_warning(folder, capsys):
    Ensemble([closure(0.1), closure(0.1001)]).save(folder / "two.safetensors")
    assert solve(folder, "two") == 0
    assert result(folder / "two")["members"] is None
    assert solve(folder, "two", "--members", "--resume") == 0
    found = result(folder / "two")
    assert 0 < found["members"]["velocity_spread"] < 1e-3 and found["flags"] == []
    assert "The velocities with the 2 members of the ensemble differ by" in found["answer"]
    capsys.readouterr()
    assert solve(folder, "two", "--members", "--resume") == 0
    assert "was complete already" in capsys.readouterr().out


def test_one_closure_has_no_members(folder, capsys):
    arguments = ("hill.toml", "--closure", "0.safetensors", "--members", "-o", "none")
    line = refused(
        capsys, folder, "solve", *(str(folder / a) if "." in a else a for a in arguments)
    )
    assert "--members: expected a model that is an ensemble, got 0.safetensors" in line
