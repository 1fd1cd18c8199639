"""Units of length and velocity: what the fields of a flow amount to in others."""

from __future__ import annotations

from collections.abc import Iterable

from vcnn.errors import InputError

# Powers of length and velocity; names may have anything before, as in "sst_nut".
DIMENSIONS = {
    "wall_distance": (1, 0),
    "mixing_length": (1, 0),
    "strain_rate": (-1, 1),
    "velocity_gradient": (-1, 1),
    "eddy_viscosity": (1, 1),
    "nut": (1, 1),
    "nu_t": (1, 1),
    "pressure": (0, 2),
    "pressure_gradient": (-1, 2),
    "turbulent_kinetic_energy": (0, 2),
    "reynolds_stress": (0, 2),
    "anisotropy": (0, 2),
    "spanwise_stress": (0, 2),
    "boundary": (0, 0),
    "concentration": (0, 0),
}


def factors(names: Iterable[str], length: float, velocity: float) -> dict[str, float]:
    """What fields of these names are multiplied with when their units of length and velocity are.

    Raises
    ------
    InputError
        If a number is not positive, or the dimension of a field is not known.
    """
    for name, value in (("length", length), ("velocity", velocity)):
        if not 0 < value < float("inf"):
            raise InputError(f"{name}: expected a positive number, got {value!r}")
    found = {}
    for name in names:
        known = [key for key in DIMENSIONS if name == key or name.endswith(f"_{key}")]
        if not known:
            raise InputError(
                f"units: the dimension of {name!r} is not known; known are: {', '.join(DIMENSIONS)}"
            )
        a, b = DIMENSIONS[max(known, key=len)]
        found[name] = length**a * velocity**b
    return found
