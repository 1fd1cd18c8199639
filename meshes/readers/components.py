"""A velocity that a file holds as one scalar for each component."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# Names of the components, in lower case; the third may be missing, on a line the second.
_NAMES = (
    ("velocity_x", "velocity_y", "velocity_z"),
    ("velocity:0", "velocity:1", "velocity:2"),
    ("velocity_0", "velocity_1", "velocity_2"),
    ("velocityx", "velocityy", "velocityz"),
    ("velocity-x", "velocity-y", "velocity-z"),
    ("x-velocity", "y-velocity", "z-velocity"),
    ("x_velocity", "y_velocity", "z_velocity"),
    ("u_x", "u_y", "u_z"),
    ("u:0", "u:1", "u:2"),
    ("u_0", "u_1", "u_2"),
    ("ux", "uy", "uz"),
    ("u", "v", "w"),
)


def join_components(
    fields: Mapping[str, np.ndarray], has_velocity: bool = False, least: int = 2
) -> dict[str, np.ndarray]:
    """Fields with the vector "velocity" in place of its components, if there is no velocity yet.

    Parameters
    ----------
    fields : mapping name -> (n, ...)
    has_velocity : bool
        Whether another field is the velocity.
    least : int
        Number of components that make a velocity: 1 on a line.
    """
    vectors = [name for name in ("velocity", "U") if name in fields and fields[name].ndim >= least]
    if has_velocity or vectors:
        return dict(fields)
    by_name = {name.lower(): name for name, values in fields.items() if values.ndim == 1}
    for names in _NAMES:
        if all(name in by_name for name in names[:least]):
            parts = [by_name[name] for name in names if name in by_name]
            others = {name: values for name, values in fields.items() if name not in parts}
            return {**others, "velocity": np.stack([fields[part] for part in parts], axis=-1)}
    return dict(fields)
