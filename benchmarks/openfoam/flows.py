"""The flows of the study at the cells of their meshes: hills, and a quarter of a duct."""

from __future__ import annotations

from collections.abc import Iterable

import meshio
import numpy as np

import meshes
from vcnn import FlowField
from vcnn.flow.mesh import boundary_facets, named_mesh

HILL_VISCOSITY, HILL_BULK = 1 / 5600, 0.72
_LENGTH = 0.1  # of a duct, one cell: nothing changes along it


def uniform_flow(
    mesh: meshio.Mesh,
    velocity: list[float],
    period: list[float],
    viscosity: float,
    walls: Iterable[str],
) -> FlowField:
    """A flow of one velocity (d,) along a period (d,), at the cells of a mesh."""
    centres = meshes.cell_centres(mesh)
    return FlowField(
        centres,
        np.tile(velocity, (len(centres), 1)),
        weights=meshes.cell_volumes(mesh),
        periods=[period],
        parameters={"viscosity": viscosity},
        mesh=mesh,
        location="cell",
        provenance={"walls": list(walls)},
    )


def hill(cells: tuple[int, int], grading: float = 30.0, slope: float = 1.0) -> FlowField:
    """A hill at Re = 5,600 before it is solved."""
    mesh = meshes.periodic_hill(slope, cells=cells, grading=grading)
    period = [float(np.ptp(mesh.points[:, 0])), 0.0]
    return uniform_flow(mesh, [HILL_BULK, 0.0], period, HILL_VISCOSITY, ["bottom", "top"])


def duct(section: meshio.Mesh, data: dict) -> FlowField:
    """A quarter of a duct, :func:`benchmarks.data.ducts.read_duct`, one cell long."""
    count = len(section.points)
    points = np.concatenate([section.points, section.points + np.array([_LENGTH, 0, 0])])
    quads = np.concatenate([block.data for block in section.cells if block.type == "quad"])
    boundaries = {"inlet": [("quad", quads)], "outlet": [("quad", quads + count)]}
    for name, blocks in boundary_facets(section).items():
        if name in (*data["walls"], *data["symmetries"]):
            edges = np.concatenate([edges for _, edges in blocks])
            sides = np.concatenate([edges, edges[:, ::-1] + count], axis=1)
            boundaries[name] = [("quad", sides)]
    hexahedra = np.concatenate([quads, quads + count], axis=1)
    mesh = named_mesh(points, [("hexahedron", hexahedra)], boundaries)
    bulk = [data["bulk_velocity"], 0.0, 0.0]
    return uniform_flow(mesh, bulk, [_LENGTH, 0.0, 0.0], data["viscosity"], data["walls"])
