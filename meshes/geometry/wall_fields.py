"""Fields that every flow can be given once its walls are known."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from meshes.geometry.boundaries import wall_flag
from meshes.geometry.gradients import strain_rate
from meshes.geometry.wall_distance import wall_distance
from vcnn.errors import InputError
from vcnn.flow.field import FlowField


def with_wall_fields(flow: FlowField, walls: Iterable[str], complete: bool = True) -> FlowField:
    """The flow with the scalars "boundary", "wall_distance" and "strain_rate" where it lacks them.

    "boundary" is 1 at walls and 0 elsewhere (:func:`meshes.wall_flag`). Without walls there is no
    distance to them; |S| is computed for cell-centred flows only, sticking to the walls, unless the
    cells have too few neighbours (:func:`meshes.strain_rate`). The walls' names are kept in
    ``provenance["walls"]``.

    Parameters
    ----------
    flow : FlowField
        With a mesh.
    walls : names of boundaries
    complete : bool
        Whether these are all walls; where nothing is known of walls there is no "boundary".
    """
    walls, scalars = list(walls), {}
    own = {*flow.scalars, *flow.vectors, *flow.tensors}
    if complete and "boundary" not in own:
        scalars["boundary"] = wall_flag(flow.mesh, walls, flow.location)
    if walls and "wall_distance" not in own:
        scalars["wall_distance"] = wall_distance(flow.mesh, flow.points, walls, flow.periods)
    if flow.location == "cell" and "strain_rate" not in own:
        with suppress(InputError):  # of a mesh one cell thick
            scalars["strain_rate"] = strain_rate(flow, walls)
    return replace(
        flow.with_fields(scalars=scalars), provenance={**flow.provenance, "walls": walls}
    )
