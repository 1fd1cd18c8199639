"""Closures without much behind them: functions of a flow, and networks with random weights."""

import numpy as np
import torch

import meshes
from solvers import LaminarFlow
from vcnn import Closure, RegionOfInfluence, VectorCloudNetwork, fit
from vcnn.closure.scales import Scales
from vcnn.training.fitting import TrainingConfig


class Predicting:
    """A closure from a function of the flow."""

    def __init__(self, predict):
        self.predict = predict


def mixing_length(flow):
    return np.minimum(0.41 * flow.scalars["wall_distance"], 0.09) ** 2 * flow.scalars["strain_rate"]


def linear_stress(flow):
    """A Reynolds stress <u'u'> from a wall distance and a velocity alone; it knows nothing of any
    eddy viscosity.
    """
    d, u = flow.scalars["wall_distance"], flow.velocity
    return 0.01 * (d / (1 + d))[:, None, None] * (u[:, :, None] * u[:, None, :] + 0.1 * np.eye(2))


BALL, LATTICE = RegionOfInfluence.ball(0.4), RegionOfInfluence.ball(0.8, spacing=0.2)


def cloud_closure(output="positive_scalar", seed=1, gain=1.0, region=BALL, target=None, fits=2):
    """A small network with random weights that predicts eddy viscosities or, with that output,
    Reynolds stresses, small but for the gain.
    """
    network = VectorCloudNetwork(
        ("wall_distance", "strain_rate"),
        output=output,
        fits=fits,
        channels=4,
        fitting=(16,),
        seed=seed,
    )
    with torch.no_grad():
        network.fitting[-1].weight.mul_(gain)
        network.fitting[-1].bias.mul_(gain)
    scales = Scales(scalars=dict.fromkeys(network.scalars, (1.0, 1.0)), targets=((0.0, 0.01),))
    if target is None:
        target = "reynolds_stress" if output == "reynolds_stress" else "eddy_viscosity"
    return Closure(network, region, target, 2, scales)


def small_closure(stress=True, region=LATTICE, fits=2):
    """A network that learned an eddy viscosity from a laminar flow, and an anisotropy too."""
    output = ["positive_scalar", "traceless_symmetric_tensor"] if stress else "positive_scalar"
    names = ["eddy_viscosity", "anisotropy"] if stress else "eddy_viscosity"
    mesh = meshes.periodic_hill(1.0, cells=(12, 8))
    flow = LaminarFlow(mesh, 0.02, 0.7).solve().flow("vertex")
    n, rng = len(flow), np.random.default_rng(5)
    a = 0.002 * rng.standard_normal((n, 2, 2))
    flow = flow.with_fields(
        scalars={"eddy_viscosity": 0.02 + 0.01 * np.linalg.norm(flow.velocity, axis=1)},
        tensors={"anisotropy": a + a.transpose(0, 2, 1)},
    )
    network = VectorCloudNetwork(
        ["wall_distance"], output=output, fits=fits, channels=4, hidden=16, fitting=(24,)
    )
    config = TrainingConfig(epochs=3, dtype="float64")
    return mesh, fit(network, [flow], names, region, config, progress=False)
