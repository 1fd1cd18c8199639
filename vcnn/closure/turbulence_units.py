"""Closures that are told a flow in units of its turbulence, as a model has it: no unit is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.adapters import Adapter, differentiable
from vcnn.closure.protocol import ClosureLike, StatesUnits
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

if TYPE_CHECKING:  # torch is slow to import
    import torch

# What the parts of the inputs are where turbulence is in equilibrium near a wall, and where it is
# no more viscous: β* = 0.09, κ = 0.41; √k d/ν at the edge of the buffer layer, and ν_t/ν there.
_EQUILIBRIUM_STRAIN = 0.3
_EQUILIBRIUM_LENGTH = 2.5
_BETA = 0.09
_WALL_REYNOLDS = 50.0
_VISCOSITY_RATIO = 10.0

TURBULENCE = "turbulence"  # unit of velocity of closures that are told flows in this way
TURBULENCE_INPUTS = (
    "wall_turbulence",
    "viscosity_ratio",
    "strain_ratio",
    "length_ratio",
    "energy_ratio",
)
_FIELDS = (
    "turbulent_kinetic_energy",
    "turbulent_time_scale",
    "eddy_viscosity",
    "strain_rate",
    "wall_distance",
)


@dataclass(frozen=True, eq=False)
class TurbulenceUnits(Adapter):
    """A closure told a flow in units of the turbulence that a model finds there.

    It sees velocities over :func:`turbulence_velocity` and, of each point, what
    :func:`turbulence_inputs` says: no unit of velocity is left, and of the viscosity only what
    turbulence feels of it. A ``relative_anisotropy`` that it predicts is multiplied by the model's
    k and is an ``anisotropy`` then.

    Parameters
    ----------
    closure : ClosureLike
    model : FlowField
        Flow of the model, such as `solvers.KOmegaSST`, at the points where the closure is asked.

    Raises
    ------
    InputError
        If the flow of the model lacks a field, its viscosity or turbulence.
    """

    model: FlowField

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "_velocity", turbulence_velocity(self.model))
        object.__setattr__(self, "_inputs", turbulence_inputs(self.model))
        energy = np.maximum(self.model.scalars["turbulent_kinetic_energy"], 0)
        object.__setattr__(self, "_energy", energy)

    @property
    def targets(self) -> dict[str, str]:
        """With an anisotropy in place of the relative one."""
        return {_absolute(name): head for name, head in self.closure.targets.items()}

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of a flow that it reads besides those of the model."""
        return tuple(name for name in super().needs if name not in TURBULENCE_INPUTS)

    def prepare(self, flow: FlowField) -> FlowField:
        """The flow in the units of its turbulence; of its numbers none is left.

        Raises
        ------
        InputError
            If the model's is one of other points.
        """
        if len(self.model) != len(flow):
            raise InputError(
                f"model: expected a flow at the {len(flow)} points where the closure is asked, got "
                f"{len(self.model)} points"
            )
        return in_turbulence_units(flow, self._velocity, self._inputs)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What the closure predicts, an anisotropy in units of the flow.

        Raises
        ------
        InputError
            If the model's flow is one of other points.
        """
        values = super().predict(flow, centres, dtype)
        return self._restore(values, self._energy if centres is None else self._energy[centres])

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> values by name, for torch.

        Of ``centres`` (m,) if given.

        Raises
        ------
        InputError
            If the closure cannot be differentiated.
        """
        import torch

        centres = np.arange(len(flow)) if centres is None else centres
        predict = differentiable(self.closure, self.prepare(flow), centres)
        energy = torch.from_numpy(self._energy[centres])
        return lambda velocity: self._restore(predict(velocity / self._velocity), energy)

    def _restore(self, values, energy):
        return {
            _absolute(name): energy[:, None, None] * value
            if name == "relative_anisotropy"
            else value
            for name, value in values.items()
        }


def is_told_turbulence(closure: ClosureLike) -> bool:
    """Whether a closure is told flows in units of turbulence, as its own units say."""
    return isinstance(closure, StatesUnits) and closure.units.get("velocity") == TURBULENCE


def check_velocity_unit(closure: ClosureLike, velocity: float) -> None:
    """Raise `InputError` if it is not 1 and the closure is told flows in units of turbulence."""
    if is_told_turbulence(closure) and velocity != 1:
        raise InputError(
            f"velocity: expected 1, got {velocity}: the closure is told flows in units of their "
            "turbulence"
        )


def in_turbulence_units(
    flow: FlowField, velocity: float, inputs: Mapping[str, np.ndarray]
) -> FlowField:
    """A flow with velocities over ``velocity`` and the scalars ``inputs``, without numbers.

    Parameters
    ----------
    flow : FlowField
    velocity : float
        As of :func:`turbulence_velocity`.
    inputs : mapping name -> (n,)
        As of :func:`turbulence_inputs`.

    Returns
    -------
    FlowField
    """
    scaled = replace(flow, velocity=flow.velocity / velocity, parameters={})
    return scaled.with_fields(scalars=dict(inputs))


def turbulence_velocity(model: FlowField) -> float:
    """Velocity that stands for a flow's turbulence: U² = ∫k² / ∫k, length/time.

    A mean over the turbulence, not over the volume: still fluid beside it counts for nothing.

    Parameters
    ----------
    model : FlowField
        With ``turbulent_kinetic_energy``.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If there is none, or it vanishes.
    """
    if "turbulent_kinetic_energy" not in model.scalars:
        raise InputError("model: expected the flow of a model with turbulent_kinetic_energy")
    k = np.maximum(model.scalars["turbulent_kinetic_energy"], 0)
    if not (whole := model.weights @ k) > 0:
        raise InputError("model: turbulent_kinetic_energy is 0 everywhere, the flow is laminar")
    return float(np.sqrt(model.weights @ k**2 / whole))


def turbulence_inputs(model: FlowField) -> dict[str, np.ndarray]:
    """What may be known of points in a way that travels across units and Reynolds numbers.

    Ratios x/(x + x₀) between 0 and 1, as Wang, Wu & Xiao (Phys. Rev. Fluids 2, 2017, 034603) make
    theirs: neither large Reynolds numbers nor free streams are far from what training has seen.
    With k, the time 1/ω, ν_t and |S| of the model,

    - ``wall_turbulence``: √k d/ν beside 50 (Ling & Templeton, Phys. Fluids 27, 2015, 085103);
    - ``viscosity_ratio``: ν_t/ν beside 10;
    - ``strain_ratio``: |S|/ω beside 0.3, that of equilibrium, √β*;
    - ``length_ratio``: √k/(β* ω d) beside 2.5, that of equilibrium near walls;
    - ``energy_ratio``: k beside the square of :func:`turbulence_velocity`.

    Parameters
    ----------
    model : FlowField
        With the scalars k, 1/ω, ν_t, |S| and the wall distance, and ν among its parameters.

    Returns
    -------
    dict
        Name -> (n,).

    Raises
    ------
    InputError
        If the flow lacks one of them.
    """
    missing = [name for name in _FIELDS if name not in model.scalars]
    if missing or "viscosity" not in model.parameters:
        missing = ", ".join(missing or ["viscosity"])
        raise InputError(f"model: expected the flow of a k-omega model, it lacks {missing}")
    k, time, nu_t, strain, d = (np.maximum(model.scalars[name], 0) for name in _FIELDS)
    nu, energy = float(model.parameters["viscosity"]), turbulence_velocity(model) ** 2
    return {
        "wall_turbulence": _beside(np.sqrt(k) * d, _WALL_REYNOLDS * nu),
        "viscosity_ratio": _beside(nu_t, _VISCOSITY_RATIO * nu),
        "strain_ratio": _beside(strain * time, _EQUILIBRIUM_STRAIN),
        "length_ratio": _beside(np.sqrt(k) * time / _BETA, _EQUILIBRIUM_LENGTH * d),
        "energy_ratio": _beside(k, energy),
    }


def _beside(x, scale):
    """x / (x + scale), 0 where both vanish."""
    whole = x + scale
    return np.divide(x, whole, out=np.zeros_like(whole), where=whole > 0)


def _absolute(name: str) -> str:
    return "anisotropy" if name == "relative_anisotropy" else name
