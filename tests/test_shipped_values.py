"""Shipped models say what they said when they were shipped."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from vcnn import Closure, FlowField
from vcnn.closure import TURBULENCE_INPUTS

RECORDED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def sheared(d):
    """A wavy shear layer on a lattice over a wall; in 3-D a section with velocity across it."""
    across, up = np.meshgrid(np.linspace(0, 3, 31), np.linspace(0, 1, 21), indexing="ij")
    points = np.stack([across.ravel(), up.ravel()], axis=1)
    x, y = points.T
    velocity = np.stack([np.tanh(4 * y) + 0.1 * np.sin(2 * x), 0.1 * np.cos(2 * x) * y], axis=1)
    scalars = {
        "wall_distance": y,
        "strain_rate": 4 / np.cosh(4 * y) ** 2,
        "layer": 1 - np.exp(-7 * y),
        "eddy_viscosity": 0.01 * y * (2 - y),
        **{name: y**n for n, name in enumerate(TURBULENCE_INPUTS, 1)},
    }
    if d == 3:
        points = np.pad(points, ((0, 0), (1, 0)))
        velocity = np.column_stack([18 * y ** (1 / 7), velocity])
    return FlowField(points, velocity, scalars=scalars)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_predictions_are_those_recorded(name):
    """In double precision, to round-off of the sums in them: weights, scales, clouds, heads."""
    flow = sheared(Closure.pretrained(name).dimension)
    answer = Closure.pretrained(name).predict(flow, centres=[40, 333, 610], dtype=torch.float64)
    for field, values in RECORDED[name].items():
        values = np.array(values)
        got = answer[field] if isinstance(answer, dict) else answer
        np.testing.assert_allclose(got, values, rtol=0, atol=1e-11 * np.abs(values).max())
