"""Lines across a plane flow, on which its velocity is shown."""

from __future__ import annotations

from collections.abc import Sequence

import meshio
import numpy as np

from vcnn.errors import InputError

_PARTS = (0.1, 0.3, 0.5, 0.7, 0.9)


def choose_stations(stations: Sequence[float], mesh: meshio.Mesh) -> tuple[float, ...]:
    """The x of lines: those asked for, else five of a plane mesh and none in space.

    Raises
    ------
    InputError
        If one is outside the mesh, or any is asked for in space.
    """
    low, high = mesh.points[:, 0].min(), mesh.points[:, 0].max()
    if stations and mesh.points.shape[1] == 3:
        raise InputError("only a plane flow has profiles at stations")
    for x in stations:
        if not low <= x <= high:
            raise InputError(f"x = {x:g} is outside the mesh, {low:g} to {high:g}")
    if stations or mesh.points.shape[1] == 3:
        return tuple(map(float, stations))
    digits = max(3, 2 - int(np.floor(np.log10(high - low))))
    return tuple(float(round(low + part * (high - low), digits)) for part in _PARTS)
