"""u = (2 y, 0, 0) on small meshes, as files of other programs hold it: |S| = 2 everywhere."""

import warnings

import meshio
import numpy as np

from meshes import cell_centres, channel
from vcnn.flow.mesh import boundary_facets


def shear(points):
    """(n, 3) of points with 2 or 3 columns."""
    return np.stack([2 * points[:, 1], 0 * points[:, 1], 0 * points[:, 1]], axis=-1)


def in_space(points, z=0.0):
    return np.pad(points, ((0, 0), (0, 3 - points.shape[1])), constant_values=z)


def shear_mesh(location="vertex", kind="triangle", cells=(8, 6)):
    """A meshio mesh of [0, 2] x [0, 1] with the field U, and without names of boundaries."""
    mesh = channel(2.0, 1.0, cells, kind=kind)
    points = in_space(mesh.points)
    if location == "vertex":
        return meshio.Mesh(points, mesh.cells[:1], point_data={"U": shear(points)})
    return meshio.Mesh(points, mesh.cells[:1], cell_data={"U": [shear(cell_centres(mesh))]})


def explode(mesh):
    """The same with points of its own for each cell."""
    (block,) = mesh.cells
    corners = block.data.ravel()
    return meshio.Mesh(
        mesh.points[corners],
        [(block.type, np.arange(len(corners)).reshape(block.data.shape))],
        point_data={name: values[corners] for name, values in mesh.point_data.items()},
        cell_data=mesh.cell_data,
    )


def named_lines(kind="triangle"):
    """The boundary lines of :func:`shear_mesh`, by name."""
    return {
        name: blocks[0][1]
        for name, blocks in boundary_facets(channel(2.0, 1.0, (8, 6), kind=kind)).items()
    }


def read_noting(read, *arguments, **options):
    """What is read, and the text of the one warning, or none."""
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        result = read(*arguments, **options)
    if not notes:
        return result, ""
    (note,) = notes
    return result, str(note.message)
