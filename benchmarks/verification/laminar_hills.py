"""Laminar flow and transport over hills: balances, and gaps to another code's fields."""

from __future__ import annotations

import time

import meshio
import numpy as np

import meshes
from benchmarks.data.catalogue import LAMINAR_HILLS
from benchmarks.verification.upwind import upwind_like
from solvers import (
    FlowResult,
    LaminarFlow,
    ScalarTransport,
    TransportResult,
    along_wall,
    locate,
    wall_force,
)
from solvers.fem.points import LocatedPoints
from solvers.fenics import fem, ufl
from vcnn.evaluation import relative_l2

VISCOSITY, BULK = 0.01, 0.721039
CELLS = ((30, 20), (60, 40), (90, 60), (120, 80), (180, 120))
FIRST_ORDER = {
    "1.00": (80, 80),
    "1.50": (120, 80),
    "2.00": (160, 80),
}  # cells in the ratio of that code's
FAMILY = {"alpha": 1.0, "Lx": 9.0, "Ly": 3.036}  # where there is nothing to compare with


def hill_mesh(data: dict, cells: tuple[int, int]) -> meshio.Mesh:
    """The mesh of a hill with the slope and the size of another code's."""
    return meshes.periodic_hill(
        float(data["alpha"]), cells, length=float(data["Lx"]), height=float(data["Ly"])
    )


def gaps(
    data: dict, velocity: fem.Function, concentration: fem.Function, located: LocatedPoints
) -> list[float]:
    """Volume-weighted relative L2 differences from another code's u and c at its cells."""
    u = located.values(velocity.function_space)(velocity)
    c = located.values(concentration.function_space)(concentration)
    truth = data["velocity"], data["concentration"]
    return [relative_l2(*pair, data["volume"]) for pair in zip((u, c), truth, strict=True)]


def hill_run(cells: tuple[int, int]) -> dict:
    """The hill α = 1 on one mesh: numbers, and the friction along its floor."""
    data = read("1.00_linearUpwind")
    start = time.perf_counter()
    flow = LaminarFlow(hill_mesh(data or FAMILY, cells), VISCOSITY, BULK).solve()
    transport = ScalarTransport(flow.domain.source, flow).solve()
    seconds = time.perf_counter() - start
    floor = along_wall(flow, "bottom")
    row = {
        "seconds": seconds,
        "driving force": flow.pressure_gradient,
        "separation": floor.separation[0, 0],
        "reattachment": floor.reattachment[0, 0],
        **wall_balance(flow),
        **scalar_balance(transport),
        "floor": [floor.points[:, 0].round(4).tolist(), floor.skin_friction.round(5).tolist()],
    }
    if data:
        located = locate(flow.domain.mesh, data["centres"])
        row["u"], row["c"] = gaps(data, flow.velocity, transport.concentration, located)
        row["f"] = flow.pressure_gradient / float(data["pressure_gradient"]) - 1
    return row


def wall_balance(flow: FlowResult) -> dict[str, float]:
    """What is left of the balance of forces along the period, relative to force times volume."""
    drive = flow.pressure_gradient * flow.domain.integral(1.0)
    convected = flow.domain.integral(ufl.dot(ufl.grad(flow.velocity)[0, :], flow.velocity))
    read_off = 0.0
    for wall in ("bottom", "top"):
        w = along_wall(flow, wall, reference_velocity=2**0.5)
        friction, pressure = (
            w.skin_friction[:, None] * w.tangent,
            w.pressure_coefficient[:, None] * w.normal,
        )
        read_off += (w.lengths @ (friction - pressure))[0]
    reaction = wall_force(flow, "bottom", "top")[0]
    return {
        "reaction": (reaction + convected) / drive - 1,
        "momentum convected": convected / drive,
        "read off": read_off / drive - 1,
    }


def scalar_balance(transport: TransportResult) -> dict[str, float]:
    """What is left of the scalar's balance and what walls take up, relative to the production."""
    balance = transport.balance()
    return {
        "scalar": balance.defect / balance.production,
        "walls' share": sum(balance.fluxes.values()) / balance.production,
    }


def first_order(slope: str) -> dict[str, list[float]]:
    """Gaps of (u, c) to a first-order upwind field: as they are, and with its diffusion."""
    data, cells = read(slope), FIRST_ORDER[slope]
    mesh = hill_mesh(data, cells)
    flow = LaminarFlow(mesh, VISCOSITY, BULK).solve()
    transport = ScalarTransport(mesh, flow).solve()
    located = locate(flow.domain.mesh, data["centres"])
    # Cells in the same ratio both ways: that code's edges are ours, shorter by one factor.
    shorter = cells[1] / float(data["ny"])
    diffusive = upwind_like(transport, viscosity=VISCOSITY, bulk_velocity=BULK, shorter=shorter)
    return {
        "plain": gaps(data, flow.velocity, transport.concentration, located),
        "diffusive": gaps(data, *diffusive, located),
    }


def slopes_available() -> list[str]:
    """Those of `FIRST_ORDER` whose fields exist."""
    return [slope for slope in FIRST_ORDER if read(slope)]


def read(name: str) -> dict | None:
    """The arrays of an OpenFOAM field; None if there is no such file."""
    path = LAMINAR_HILLS.file(f"foam_alpha{name}")
    if not path.is_file():
        return None
    with np.load(path) as data:
        return dict(data)
