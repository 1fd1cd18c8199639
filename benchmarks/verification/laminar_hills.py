"""Laminar flow and transport over hills: balances, and the differences from another code's fields."""

from __future__ import annotations

import time

import numpy as np

import meshes
from benchmarks.paths import DATA
from solvers import LaminarFlow, ScalarTransport, along_wall, locate, wall_force
from solvers.algebra.bordered import Constraint
from solvers.algebra.newton import newton
from solvers.fem.fields import wall_distance_function
from solvers.fenics import basix, fem, ufl
from solvers.flow.incompressible import strain_rate

VISCOSITY, BULK = 0.01, 0.721039
CELLS = ((30, 20), (60, 40), (90, 60), (120, 80), (180, 120))
FIRST_ORDER = {
    "1.00": (80, 80),
    "1.50": (120, 80),
    "2.00": (160, 80),
}  # cells in the ratio of that code's
FAMILY = {"alpha": 1.0, "Lx": 9.0, "Ly": 3.036}  # where there is nothing to compare with


def hill_mesh(data, cells):
    return meshes.periodic_hill(
        float(data["alpha"]), cells, length=float(data["Lx"]), height=float(data["Ly"])
    )


def gaps(data, velocity, concentration, located):
    """Volume-weighted relative L2 differences from another code's velocity and concentration at its
    cells.
    """
    weight = data["volume"]
    measure = lambda a: np.sqrt((weight @ a**2).sum())
    u = located.values(velocity.function_space)(velocity)
    c = located.values(concentration.function_space)(concentration)
    truth = data["velocity"], data["concentration"]
    return [
        measure(ours - theirs) / measure(theirs) for ours, theirs in zip((u, c), truth, strict=True)
    ]


def hill_run(cells) -> dict:
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


def wall_balance(flow):
    """What is left of the balance of forces along the period, relative to the driving force times
    the volume.
    """
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


def scalar_balance(transport):
    """What is left of the scalar's balance and what walls take up, relative to the production."""
    balance = transport.balance()
    return {
        "scalar": balance.defect / balance.production,
        "walls' share": sum(balance.fluxes.values()) / balance.production,
    }


def first_order(slope) -> dict:
    """Gaps to a first-order upwind field of (velocity, concentration): as they are, and with its
    diffusion.
    """
    data, cells = read(slope), FIRST_ORDER[slope]
    mesh = hill_mesh(data, cells)
    flow = LaminarFlow(mesh, VISCOSITY, BULK).solve()
    transport = ScalarTransport(mesh, flow).solve()
    located = locate(flow.domain.mesh, data["centres"])
    # Cells in the same ratio both ways: that code's edges are ours, shorter by one factor.
    diffusive = upwind_like(transport, shorter=cells[1] / float(data["ny"]))
    return {
        "plain": gaps(data, flow.velocity, transport.concentration, located),
        "diffusive": gaps(data, *diffusive, located),
    }


def slopes_known():
    """Those of `FIRST_ORDER` whose fields are here."""
    return [slope for slope in FIRST_ORDER if read(slope)]


def upwind_like(transport, shorter):
    """Velocity and concentration with the numerical diffusion of first-order upwind convection.

    On a structured mesh with edges d_k it is ∇·(K∇φ), K = Σ_k |u^k| d_k⊗d_k / 2, u = Σ_k u^k d_k.
    """
    flow, problem = transport.carrier, transport.problem
    domain, J = flow.domain, ufl.Jacobian(flow.domain.mesh)

    def K(u):
        along = ufl.inv(J) * u
        columns = [J[:, k] for k in range(2)]
        return shorter / 2 * sum(abs(along[k]) * ufl.outer(d, d) for k, d in enumerate(columns))

    cell = domain.mesh.basix_cell()
    pair = [
        basix.ufl.element("Lagrange", cell, 2, shape=(2,)),
        basix.ufl.element("Lagrange", cell, 1),
    ]
    W = fem.functionspace(domain.mesh, basix.ufl.mixed_element(pair))
    V, (to_velocity, *_) = W.sub(0).collapse()
    w = fem.Function(W)
    w.x.array[to_velocity] = flow.velocity.x.array
    u, p = ufl.split(w)
    v, q = ufl.TestFunctions(W)
    du, dp = ufl.TrialFunctions(W)
    dx = ufl.dx(degree=5)

    def momentum(u, p, carrier):
        stress = ufl.grad(u) * (VISCOSITY * ufl.Identity(2) + K(carrier)) - p * ufl.Identity(2)
        return (
            ufl.inner(ufl.grad(u) * carrier, v) + ufl.inner(stress, ufl.grad(v)) - q * ufl.div(u)
        ) * dx

    walls = fem.dirichletbc(fem.Function(V), domain.wall_dofs((W.sub(0), V)), W.sub(0))
    Q, (to_pressure, *_) = W.sub(1).collapse()
    pinned = fem.dirichletbc(fem.Function(Q), [to_pressure[:1], np.zeros(1, np.int32)], W.sub(1))
    residual = momentum(u, p, u)
    e = fem.Constant(domain.mesh, np.array([1.0, 0.0]))
    bulk = Constraint(ufl.dot(e, v) * dx, target=BULK * domain.integral(1.0))
    newton(
        residual,
        [momentum(du, dp, u), ufl.derivative(residual, w)],
        w,
        [walls, pinned],
        bulk,
        name="upwind flow",
    )

    u, c = w.sub(0).collapse(), fem.Function(transport.concentration.function_space)
    c.x.array[:] = transport.concentration.x.array
    s = ufl.TestFunction(c.function_space)
    production = problem.production(strain_rate(u), wall_distance_function(domain))
    spread = problem.diffusivity * ufl.Identity(2) + K(u)
    residual = (
        ufl.dot(u, ufl.grad(c)) * s
        + ufl.dot(spread * ufl.grad(c), ufl.grad(s))
        + (problem.decay * abs(c) * c - production) * s
    ) * dx
    at_rest = fem.dirichletbc(0.0, domain.wall_dofs(c.function_space), c.function_space)
    newton(residual, [ufl.derivative(residual, c)], c, [at_rest], name="upwind transport")
    return u, c


def read(name):
    path = DATA / "openfoam" / f"foam_alpha{name}.npz"
    if not path.is_file():
        return None
    with np.load(path) as data:
        return dict(data)
