"""Training data in three dimensions: a concentration carried by laminar flow over a periodic array
of bumps.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from meshes import bump_channel
from solvers.datasets.hills import BULK_VELOCITY, VISCOSITY
from vcnn.flow.field import FlowField


def bump_concentration(
    height: float = 0.6,
    aspect: float = 1.5,
    yaw: float = 30.0,
    cells: tuple[int, int, int] = (16, 10, 12),
    location: str = "cell",
) -> FlowField:
    """Laminar flow over an oblique bump on the floor of a channel and the concentration it carries.

    Viscosity, bulk velocity and the equation of the concentration are those of
    :func:`solvers.hill_concentration`.

    Parameters
    ----------
    height, aspect, yaw
        As in :func:`meshes.bump_channel`.
    cells : (nx, ny, nz)
        Hexahedra along the flow, between the walls and across, each cut into six tetrahedra.
    location : {"cell", "vertex"}
        Where the flow is given.

    Returns
    -------
    FlowField
        Whole on every rank of MPI; see `TransportResult.flow`. Parameters include ``height``,
        ``aspect`` and ``yaw``.

    Raises
    ------
    InputError, DivergenceError
    """
    from solvers.flow.conditions import Periodic, Wall
    from solvers.flow.laminar import LaminarFlow
    from solvers.scalar.transport import ScalarTransport

    mesh = bump_channel(height, aspect, yaw, cells)
    conditions = {
        "bottom": Wall(),
        "top": Wall(),
        "inlet": Periodic("outlet", bulk_velocity=BULK_VELOCITY),
        "back": Periodic("front"),
    }
    result = LaminarFlow(mesh, VISCOSITY, conditions=conditions).solve()
    flow = ScalarTransport(mesh, result, conditions=conditions).solve().flow(location)
    flow = flow.with_fields(parameters={"height": height, "aspect": aspect, "yaw": yaw})
    return replace(flow, provenance=bump_provenance(height, aspect, yaw, cells, location))


def bump_provenance(height, aspect, yaw, cells, location) -> dict:
    """What identifies a flow of :func:`bump_concentration`: equal provenance, equal flow."""
    return {
        "generator": "solvers.bump_concentration",
        "version": version("vcnn"),
        "height": float(height),
        "aspect": float(aspect),
        "yaw": float(yaw),
        "cells": [int(n) for n in cells],
        "location": location,
    }
