"""Flow between two cylinders, the inner one turning: what straight cells cost at curved walls.

    python -m benchmarks.verification.circular_couette

prints the errors of u = (A r + B/r) e_θ on meshes whose vertices lie on the cylinders and whose
edges are chords.
"""

from __future__ import annotations

import meshio
import numpy as np

from benchmarks.common.command import parser, run
from solvers import LaminarFlow, Wall
from solvers.fenics import ufl
from vcnn.flow.mesh import named_mesh

INNER, OUTER, OMEGA = 1.0, 2.0, 1.0
SIZES = (4, 8, 16, 32)  # cells between the cylinders


def annulus(n: int) -> meshio.Mesh:
    """n x 8 n quadrilaterals between the cylinders."""
    around = 8 * n
    r, angle = np.meshgrid(np.linspace(INNER, OUTER, n + 1), 2 * np.pi * np.arange(around) / around)
    points = np.stack([r * np.cos(angle), r * np.sin(angle)], axis=-1).reshape(-1, 2)
    number = np.arange(len(points)).reshape(around, n + 1)
    onward = np.roll(number, -1, axis=0)
    corners = number[:, :-1], number[:, 1:], onward[:, 1:], onward[:, :-1]
    cells = np.stack([corner.ravel() for corner in corners], axis=-1)
    boundaries = {
        name: [("line", np.stack([number[:, i], onward[:, i]], axis=-1))]
        for name, i in (("inner", 0), ("outer", n))
    }
    return named_mesh(points, [("quad", cells)], boundaries)


def velocity_error(n: int, viscosity: float = 0.1) -> float:
    """L2 error relative to the velocity, over the cells."""
    turning = Wall(velocity=lambda x: OMEGA * np.stack([-x[1], x[0]]))
    result = LaminarFlow(
        annulus(n), viscosity, conditions={"inner": turning, "outer": Wall()}
    ).solve()
    domain = result.domain
    x, y = ufl.SpatialCoordinate(domain.mesh)
    B = OMEGA * INNER**2 * OUTER**2 / (OUTER**2 - INNER**2)
    turn = B * (1 / (x**2 + y**2) - 1 / OUTER**2)
    exact = ufl.as_vector([-turn * y, turn * x])
    error = result.velocity - exact
    squares = [domain.integral(ufl.inner(u, u)) for u in (error, exact)]
    return float(np.sqrt(squares[0] / squares[1]))


def main():
    parser(__doc__).parse_args()
    errors = [velocity_error(n) for n in SIZES]
    orders = [np.nan, *np.log2(np.divide(errors[:-1], errors[1:]))]
    print("cells between  error of u  order")
    for n, error, order in zip(SIZES, errors, orders, strict=True):
        print(f"{n:13d}  {error:10.2e}  {order:5.2f}")


if __name__ == "__main__":
    run(main)
