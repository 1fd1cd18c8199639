"""Training data of the published kind: concentrations carried by laminar flow over hills."""

from __future__ import annotations

from dataclasses import replace

from meshes import periodic_hill
from solvers.datasets.family import Family
from vcnn.flow.field import FlowField

VISCOSITY = 0.01  # Re = 100 with the bulk velocity at the crest for α = 1
BULK_VELOCITY = 0.721039  # volume mean, the same for every slope


def hill_concentration(
    slope: float, cells: tuple[int, int] = (96, 64), location: str = "cell"
) -> FlowField:
    """Laminar flow at Re = 100 over a periodic hill and the concentration it carries.

    The problem of Zhou, Han & Xiao, CMAME 388 (2022) 114211, solved with second-order finite
    elements; their fields, computed with first-order upwind convection, differ by several per cent
    for that reason.

    Parameters
    ----------
    slope : float
        α of :func:`meshes.periodic_hill`.
    cells : (nx, ny)
        Quadrilaterals along the flow and between the walls.
    location : {"cell", "vertex"}
        Where the flow is given.

    Returns
    -------
    FlowField
        Whole on every rank of MPI; see `TransportResult.flow`. Parameters include ``slope``.

    Raises
    ------
    InputError
        If there is no hill of this slope, or no such mesh or location.
    DivergenceError
        If flow or transport have no solution.
    """
    from solvers.flow.laminar import LaminarFlow
    from solvers.scalar.transport import ScalarTransport

    mesh = periodic_hill(slope, cells)
    result = LaminarFlow(mesh, VISCOSITY, BULK_VELOCITY).solve()
    flow = ScalarTransport(mesh, result).solve().flow(location)
    flow = flow.with_fields(parameters={"slope": slope})
    return replace(flow, provenance=HILLS.provenance((slope,), cells, location))


def hill_name(slope: float) -> str:
    """The name of the file of a hill."""
    return f"hill_{slope:.2f}" if round(slope, 2) == slope else f"hill_{slope}"


HILLS = Family(hill_concentration, ("slope",))
