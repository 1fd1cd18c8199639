"""Bands around a case, of the same case solved with the members of its ensemble."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student_t

from openfoam.report.page import write_report
from openfoam.worker.named_closure import read_closure
from tests.support.command_line import run
from tests.support.solve_cases import small_closure
from tests.support.solved_foam_cases import channel_flow, write_solved
from vcnn import InputError
from vcnn.closure import Ensemble

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SIZES = (0.9, 1.0, 1.2)


def case(folder, size):
    flow = channel_flow()
    return write_solved(replace(flow, velocity=size * flow.velocity), folder / f"case_{size}")


def test_bands_are_those_of_the_cases(tmp_path):
    """u of each case is a factor times the same parabola, and so are bounds and the spread."""
    members = [case(tmp_path, size) for size in SIZES]
    middle, options = str(tmp_path / "case_1.0"), []
    for member in members:
        options += ["--member", str(member)]
    page = str(tmp_path / "report")
    assert run("openfoam", "report", middle, "-o", page, "--at", "1.0", *options) == 0
    found = json.loads((tmp_path / "report/report.json").read_text())
    deviation = np.std(SIZES, ddof=1)
    half = student_t.ppf(0.95, 2) * np.sqrt(4 / 3) * deviation
    alone = np.array(found["profiles"][0]["velocity"])
    band = found["members"]["profiles"][0]
    np.testing.assert_allclose(band["upper"], (np.mean(SIZES) + half) * alone, atol=1e-10)
    np.testing.assert_allclose(band["lower"], (np.mean(SIZES) - half) * alone, atol=1e-10)
    friction = np.array(found["walls"]["top"]["skin_friction"])
    upper = found["members"]["skin_friction"]["top"]["upper"]
    np.testing.assert_allclose(upper, (np.mean(SIZES) + half) * friction, rtol=1e-10)
    assert found["members"]["velocity_spread"] == pytest.approx(deviation / np.mean(SIZES))
    assert "uncertain" in found["flags"] and "Beware: the velocities with the 3" in found["answer"]


def test_members_that_are_none_are_refused(tmp_path):
    one, other = case(tmp_path, 1.0), case(tmp_path, 1.2)
    with pytest.raises(InputError, match="--member: expected two at least, got 1"):
        write_report(one, tmp_path / "a", members=[other])
    longer = write_solved(channel_flow((5, 12)), tmp_path / "longer")
    with pytest.raises(InputError, match=r"--member: .*longer: has another mesh than"):
        write_report(one, tmp_path / "b", members=[other, longer])


def test_a_member_of_an_ensemble_is_read_by_its_number(tmp_path):
    single, flow = small_closure(), channel_flow().with_fields({"wall_distance": np.ones(48)})
    scales = [replace(single.scales, targets=((0.0, size),)) for size in SIZES]
    members = [replace(single, scales=each) for each in scales]
    Ensemble(members).save(tmp_path / "all.safetensors")
    single.save(tmp_path / "one.safetensors")
    for number, member in enumerate(members, start=1):
        read = read_closure(f"all.safetensors:{number}", tmp_path)
        values = read.predict(flow)["eddy_viscosity"]
        np.testing.assert_array_equal(values, member.by_name().predict(flow)["eddy_viscosity"])
    for name in ("0", "4", "two"):
        with pytest.raises(InputError, match=f"expected a member from 1 to 3, got '{name}'"):
            read_closure(f"all.safetensors:{name}", tmp_path)
    with pytest.raises(InputError, match="has no member 1: it is a single closure"):
        read_closure("one.safetensors:1", tmp_path)
