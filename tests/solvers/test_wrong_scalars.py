"""Active scalars that cannot be solved for."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from solvers import ActiveScalar, ScalarTransport
from tests.support.wrong_setups import DRIVEN, MESH, NO_WALLS, THROUGH, WALLS, Wrong, assert_refused
from vcnn import DivergenceError


def active(s, scalar=ScalarTransport, viscosity=0.1, start=None, **options):
    problem = {
        "mesh": MESH,
        "viscosity": viscosity,
        "bulk_velocity": 1.0,
        "scalar": scalar,
        **options,
    }
    return ActiveScalar(**problem).solve(start or s.flow)


def saying(concentration):
    return SimpleNamespace(predict=lambda flow: concentration)


SCALARS = [
    Wrong(
        "no scalar",
        lambda s: active(s, None),
        "scalar: expected a ScalarEquation, ScalarTransport or a closure; .* got None",
    ),
    Wrong(
        "scalar by name",
        lambda s: active(s, "c"),
        "scalar: expected a ScalarEquation, ScalarTransport or a closure; .* got 'c'",
    ),
    Wrong(
        "scalar that is one number",
        lambda s: active(s, lambda flow: 1.0),
        r"closure: expected concentration of shape \(16,\), got shape \(\)",
    ),
    Wrong(
        "scalar with an unknown option",
        lambda s: active(s, partial(ScalarTransport, schmidt=1.0)),
        "scalar: cannot be made into a transport problem: .*'schmidt'",
    ),
    Wrong(
        "scalar that does not diffuse",
        lambda s: active(s, partial(ScalarTransport, diffusivity=0.0)),
        "diffusivity: expected a positive number, got 0.0",
    ),
    Wrong(
        "active scalar without values at the inlet",
        lambda s: active(s, bulk_velocity=None, conditions={**WALLS, **THROUGH}, start=s.through),
        r"scalar: needs values at an Inlet, ScalarEquation\(conditions=",
    ),
    Wrong(
        "active scalar under other conditions than the flow",
        lambda s: active(s, partial(ScalarTransport, conditions={**NO_WALLS, **DRIVEN})),
        "velocity: was solved with walls",
    ),
    Wrong(
        "concentrations of NaN",
        lambda s: active(s, saying(np.full(16, np.nan))),
        "active scalar: the closure predicts NaN",
        DivergenceError,
    ),
    Wrong(
        "concentrations of wrong shape",
        lambda s: active(s, saying(np.ones((16, 2)))),
        r"closure: expected concentration of shape \(16,\), got shape \(16, 2\)",
    ),
    Wrong(
        "concentrations at vertices",
        lambda s: active(s, saying(np.ones(25))),
        r"closure: expected concentration of shape \(16,\), got shape \(25,\)",
    ),
    Wrong(
        "concentrations by name",
        lambda s: active(s, saying({"c": np.ones(16), "k": np.ones(16)})),
        "closure: predicts c and k; ActiveScalar needs concentration",
    ),
    Wrong(
        "active scalar without viscosity",
        lambda s: active(s, viscosity=None),
        "viscosity: expected a positive num",
    ),
    Wrong(
        "viscosity law for one number",
        lambda s: active(s, viscosity=lambda c: 0.1),
        r"viscosity: expected one for each concentration, got shape \(\)",
    ),
    Wrong(
        "viscosity law that raises",
        lambda s: active(s, viscosity=lambda c: c.nu),
        "viscosity: the callable given fails for an array of concentrations with AttributeError",
    ),
    Wrong(
        "viscosity law for arrays only",
        lambda s: active(s, viscosity=lambda c: np.exp(c)),
        "viscosity: the callable given fails for a UFL expression with TypeError",
    ),
    Wrong(
        "viscosity law that is negative",
        lambda s: active(s, saying(np.ones(16)), lambda c: 0.1 - c),
        "viscosity must be positive, it is -0.9 where the concentration is 1, and wrong at 1 of",
        DivergenceError,
    ),
    Wrong(
        "buoyancy in space",
        lambda s: active(s, buoyancy=(0, 0, 1)),
        "buoyancy: expected 2 finite numbers, got",
    ),
    Wrong(
        "buoyancy of NaN",
        lambda s: active(s, buoyancy=(0, np.nan)),
        "buoyancy: expected 2 finite numbers, got",
    ),
    Wrong(
        "buoyancy in words",
        lambda s: active(s, buoyancy="up"),
        "buoyancy: expected 2 numbers, got 'up'",
    ),
    Wrong(
        "active scalar at edges",
        lambda s: active(s, location="edge"),
        "location: expected 'cell' or 'vertex'",
    ),
    Wrong(
        "active scalar that nothing moves",
        lambda s: active(s, bulk_velocity=None),
        "bulk_velocity: missing; give it",
    ),
]


@pytest.mark.parametrize("wrong", SCALARS, ids=lambda wrong: wrong.name)
def test_wrong_scalars_are_refused_before_any_solve(wrong, small_channel, tmp_path, caplog):
    assert_refused(wrong, small_channel, tmp_path, caplog)
