"""What a correction of a model should say: from the velocity and the stress that are known."""

from __future__ import annotations

import numpy as np

from benchmarks.travelling.flows import KnownFlow
from vcnn import FlowField
from vcnn.closure import in_space, turbulence_inputs, turbulence_velocity
from vcnn.closure.stress import SMALL_STRAIN, deviator, split_stress
from vcnn.closure.turbulence_units import in_turbulence_units

BOUNDS = (0.1, 5.0)  # of β
_LARGEST = 2.0  # of a/k: what a deviator can be where the true k is twice the model's
_VISCOUS = 0.1  # of ν: eddy viscosities far below it say nothing of β
_STRAIN = 10.0  # in heights and turbulence velocities, beyond which it counts for no more
_EVERYWHERE = 0.1  # of the mean importance


def training_flow(flow: KnownFlow, model: FlowField) -> FlowField:
    """The known velocity with the β and a/k that give the known stress, in units of turbulence.

    An error of β counts for the square of what it does to the stress, ν₀ |S|.

    Parameters
    ----------
    flow : KnownFlow
    model : FlowField
        Of its model, at the vertices.
    """
    space = in_space(model) if model.dimension == 2 else model
    nu_0, k = (
        np.maximum(model.scalars[name], 0)
        for name in ("eddy_viscosity", "turbulent_kinetic_energy")
    )
    nu, speed = model.parameters["viscosity"], turbulence_velocity(model)
    S = deviator((flow.gradient + flow.gradient.swapaxes(1, 2)) / 2)
    nu_t, a = split_stress(deviator(flow.stress), S, SMALL_STRAIN * speed)
    beta = np.clip((nu_t + _VISCOUS * nu) / (nu_0 + _VISCOUS * nu), *BOUNDS)
    ratio = a / np.maximum(k, 1e-6 * k.max())[:, None, None]
    size = np.sqrt((ratio**2).sum(axis=(1, 2)))
    ratio *= (_LARGEST / np.maximum(size, _LARGEST))[:, None, None]
    strain = np.minimum(np.sqrt(2 * (S**2).sum(axis=(1, 2))) / speed, _STRAIN)
    importance = (nu_0 * strain) ** 2
    importance = importance / np.average(importance, weights=model.weights) + _EVERYWHERE
    seen = in_turbulence_units(
        FlowField(
            space.points, flow.velocity, space.weights, scalars=space.scalars, periods=space.periods
        ),
        speed,
        turbulence_inputs(model),
    )
    return seen.with_fields(
        scalars={"correction": beta, "importance": importance},
        tensors={"relative_anisotropy": ratio},
    )
