"""Flows on a line: clouds, networks, learning and files where the only other frame is mirrored."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from meshes import read_flow
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
from vcnn.baselines import CanonicalNetwork, DeepSets
from vcnn.cli import main
from vcnn.evaluation import cost_study, rotate_study
from vcnn.evaluation.report import field_comparison, field_figure
from vcnn.testing import equivariance_errors

BALL = RegionOfInfluence.ball(0.3)


def modes(seed, n, count=3):
    """A smooth periodic u on [0, 1), as its values at n points and its Fourier coefficients."""
    rng = np.random.default_rng(seed)
    k = 2 * np.pi * np.arange(1, count + 1)
    a, b = rng.normal(size=(2, count)) / np.arange(1, count + 1)
    x = (np.arange(n) + rng.uniform()) / n
    return x, k, a, b


def profile(seed, n=96):
    """u, θ = 1 + u/4, and a nonlocal heat flux q(x) = −∫ G(x − y) ∂θ/∂y dy with G of width 0.05."""
    x, k, a, b = modes(seed, n)
    phase = x[:, None] * k
    u = np.cos(phase) @ a + np.sin(phase) @ b
    slope = (np.cos(phase) * k) @ b - (np.sin(phase) * k) @ a
    damped = np.exp(-((0.05 * k) ** 2) / 2)  # a Gaussian in Fourier space
    flux = -((np.cos(phase) * k * damped) @ b - (np.sin(phase) * k * damped) @ a) / 4
    return FlowField(
        x[:, None],
        u[:, None],
        np.full(n, 1 / n),
        scalars={"temperature": 1 + u / 4},
        vectors={"slope": slope[:, None] / 4, "heat_flux": flux[:, None]},
        periods=[[1.0]],
    )
