"""Training data in three dimensions: concentrations carried by laminar flow over bumps."""

from __future__ import annotations

from dataclasses import replace

from meshes import bump_channel
from solvers.datasets.family import Family
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
    InputError
        If there is no such bump, mesh or location.
    DivergenceError
        If flow or transport have no solution.
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
    return replace(flow, provenance=BUMPS.provenance((height, aspect, yaw), cells, location))


def bump_name(height: float, aspect: float, yaw: float) -> str:
    """The name of the file of a bump."""
    return "_".join(["bump", *(f"{number:.15g}" for number in (height, aspect, yaw))])


BUMPS = Family(bump_concentration, ("height", "aspect", "yaw"))
