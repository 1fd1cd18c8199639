"""Laminar flow around a cylinder in a channel: the benchmark 2D-1 of Schäfer & Turek.

    python -m benchmarks.verification.cylinder [CELLS ...]

Schäfer & Turek, Notes on Numerical Fluid Mechanics 52 (1996) 547: channel of 2.2 x 0.41, circle of
radius 0.05 about (0.2, 0.2), parabola of peak 0.3 at the inlet, ν = 1e-3, so Re = 20. Reference
values c_D = 5.57953523384, c_L = 0.010618948146 are those of Nabh (1998), as the FeatFlow pages
list them. The case goes through a file, as ``vcnn solve`` reads it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import meshio
import numpy as np

from benchmarks.common.command import parser, run
from meshes.geometry.facets import shared_facets
from solvers import FlowResult, wall_force
from solvers.diagnostics.boundaries import boundary_fluxes
from solvers.studies.case import read_case
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import named_mesh

DRAG, LIFT = 5.57953523384, 0.010618948146
HEIGHT, LENGTH, CENTRE, RADIUS = 0.41, 2.2, np.array([0.2, 0.2]), 0.05
CASE = """viscosity = 1e-3
model = "laminar"
[mesh]
file = "cylinder.vtu"
[conditions]
inlet = { kind = "inlet", velocity = ["4*0.3*y*(0.41 - y)/0.41**2", "0"] }
outlet = { kind = "outlet" }
bottom = { kind = "wall" }
top = { kind = "wall" }
cylinder = { kind = "wall" }
"""


def cylinder_mesh(cells: int = 8, grading: float = 1.15) -> meshio.Mesh:
    """The channel in quadrilaterals: rays from the circle to a square about it, then columns.

    Parameters
    ----------
    cells : int
        Along a quarter of the circle and along each side of the square of edge 0.41.
    grading : float
        From each ring of cells to the next outer one.
    """
    edge = np.linspace(0, HEIGHT, cells + 1)
    full, none = np.full(cells, HEIGHT), np.zeros(cells)
    square = np.concatenate(
        [
            np.stack([edge[:-1], none], axis=-1),
            np.stack([full, edge[:-1]], axis=-1),
            np.stack([edge[:0:-1], full], axis=-1),
            np.stack([none, edge[:0:-1]], axis=-1),
        ]
    )
    rays = square - CENTRE
    circle = CENTRE + RADIUS * rays / np.linalg.norm(rays, axis=1, keepdims=True)
    rings = 2 * cells
    part = (grading ** np.arange(rings + 1) - 1) / (grading**rings - 1)
    points = circle + part[:, None, None] * (square - circle)
    number = np.arange(points[..., 0].size).reshape(points.shape[:2])
    around = np.roll(number, -1, axis=1)
    quads = [np.stack([number[:-1], around[:-1], around[1:], number[1:]], axis=-1).reshape(-1, 4)]
    columns = 3 * cells
    x = HEIGHT + (LENGTH - HEIGHT) * np.linspace(0, 1, columns + 1)[1:] ** 1.3
    behind = np.stack(np.meshgrid(x, edge, indexing="ij"), axis=-1)
    right = np.append(number[-1, cells : 2 * cells], number[-1, 2 * cells])
    new = points[..., 0].size + np.arange(behind[..., 0].size).reshape(behind.shape[:2])
    line = np.vstack([right[None], new])
    quads.append(
        np.stack([line[:-1, :-1], line[1:, :-1], line[1:, 1:], line[:-1, 1:]], axis=-1).reshape(
            -1, 4
        )
    )
    points = np.vstack([points.reshape(-1, 2), behind.reshape(-1, 2)])
    block = ("quad", np.concatenate(quads))
    _, _, outer = shared_facets(meshio.Mesh(points, [block]))
    outer = np.array(outer)
    ends = points[outer]
    names = {
        "inlet": (ends[..., 0] == 0).all(axis=1),
        "outlet": np.isclose(ends[..., 0], LENGTH).all(axis=1),
        "bottom": (ends[..., 1] == 0).all(axis=1),
        "top": np.isclose(ends[..., 1], HEIGHT).all(axis=1),
    }
    names["cylinder"] = ~np.any(list(names.values()), axis=0)
    facets = {name: [("line", outer[on])] for name, on in names.items()}
    return named_mesh(points, [block], facets)


def flow_around_cylinder(cells: int) -> FlowResult:
    """Solve the case on a mesh."""
    mesh = cylinder_mesh(cells)
    with tempfile.TemporaryDirectory() as folder:
        FlowField(mesh.points, np.zeros_like(mesh.points), mesh=mesh).save(
            Path(folder, "cylinder.vtu")
        )
        path = Path(folder, "case.toml")
        path.write_text(CASE, encoding="utf-8")
        return read_case(path).problem().solve()


def coefficients(result: FlowResult) -> np.ndarray:
    """c_D and c_L: 2 F/(U² D) with U = 0.2, the mean velocity, and D = 0.1."""
    return 2 * wall_force(result, "cylinder") / (0.2**2 * 2 * RADIUS)


def main() -> None:
    """Print a line for each mesh."""
    command = parser(__doc__)
    command.add_argument("cells", nargs="*", type=int, default=[8, 12, 16, 24])
    print("cells along a quarter, all | c_D | error % | c_L | error % | flux in - 0.082")
    for cells in command.parse_args().cells:
        result = flow_around_cylinder(cells)
        drag, lift = coefficients(result)
        flux = -boundary_fluxes(result)["inlet"] - 0.2 * HEIGHT
        print(
            f"{cells:3d} {result.domain.count_cells():6d} | {drag:.5f} | "
            f"{100 * (drag / DRAG - 1):+.3f} | {lift:.6f} | {100 * (lift / LIFT - 1):+.2f} | "
            f"{flux:+.1e}"
        )


if __name__ == "__main__":
    run(main)
