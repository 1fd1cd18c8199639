"""One time of an OpenFOAM case through VTK's reader."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.readers.openfoam.files import read_list
from vcnn.errors import InputError
from vcnn.flow.mesh import named_mesh

# VTK lists the components xx, yy, zz, xy, yz, xz of a symmetric tensor, OpenFOAM xx xy xz yy yz zz.
_SYMMETRIC = [[0, 3, 5], [3, 1, 4], [5, 4, 2]]


def is_number(name: str) -> bool:
    """Whether a folder's name is a time."""
    try:
        return float(name) >= 0
    except ValueError:
        return False


def read_case(case: Path, time: str | None) -> tuple[meshio.Mesh, dict[str, np.ndarray]]:
    """Mesh with its patches as named boundaries, and the cell fields of a time folder, if any.

    VTK delivers single precision; the points are replaced by those of the file.

    Returns
    -------
    mesh : meshio.Mesh
    fields : mapping name -> (N,), (N, 3) or (N, 3, 3)

    Raises
    ------
    InputError
        If VTK finds no cells.
    """
    import pyvista

    blocks = _through_vtk(case, time)
    grid = None
    if blocks is not None and "internalMesh" in blocks.keys():
        grid = blocks["internalMesh"]
    if grid is None or grid.n_cells == 0:
        raise InputError(f"{case}: VTK finds no cells in constant/polyMesh; is the mesh damaged?")
    points = np.asarray(grid.points, dtype=float)
    exact = read_list(case / "constant" / "polyMesh" / "points", columns=3)
    if np.array_equal(exact.astype(np.float32), grid.points):
        points = exact
    tree = cKDTree(grid.points)
    boundaries = {}
    for name in blocks["boundary"].keys() if "boundary" in blocks.keys() else ():
        patch = blocks["boundary"][name]
        if patch is not None and patch.n_cells:
            number = tree.query(patch.points)[1]
            boundaries[name] = [_facet_block(number[faces]) for faces in _faces_by_size(patch)]
    cells = [(block.type, block.data) for block in pyvista.to_meshio(grid).cells]
    fields = {name: _full(np.asarray(grid.cell_data[name], float)) for name in grid.cell_data}
    fields = {name: values for name, values in fields.items() if len(values) == grid.n_cells}
    return named_mesh(points, cells, boundaries), fields


def _through_vtk(case, time):
    """The blocks of a case.

    VTK wants a ``.foam`` file in the case: it gets links to it in a temporary folder, with one time
    only.
    """
    import pyvista

    with tempfile.TemporaryDirectory() as folder, _Silence():
        links = Path(folder) / "case"
        links.mkdir()
        for entry in case.resolve().iterdir():
            other = is_number(entry.name) or entry.name.startswith("processor")
            if entry.name == time or not (other or entry.suffix == ".foam"):
                (links / entry.name).symlink_to(entry)
        (links / "case.foam").touch()
        reader = pyvista.OpenFOAMReader(str(links / "case.foam"))
        reader.skip_zero_time = False
        reader.cell_to_point_creation = False
        reader.enable_all_patch_arrays()
        if time is not None:
            reader.set_active_time_value(reader.time_values[-1])
        return reader.read()


class _Silence:
    """Keeps VTK's complaints off the terminal: what it could not read is reported by name."""

    def __enter__(self):
        from vtkmodules.vtkCommonCore import vtkLogger

        self.verbosity = vtkLogger.GetCurrentVerbosityCutoff()
        self.level = logging.root.manager.disable
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
        logging.disable(logging.CRITICAL)

    def __exit__(self, *_):
        from vtkmodules.vtkCommonCore import vtkLogger

        vtkLogger.SetStderrVerbosity(self.verbosity)
        logging.disable(self.level)


def _faces_by_size(patch):
    """The patch's faces, (k, m) local vertices for each number m of vertices."""
    by_size = {}
    for face in patch.irregular_faces:
        by_size.setdefault(len(face), []).append(np.asarray(face))
    return [np.array(faces) for _, faces in sorted(by_size.items())]


def _facet_block(vertices):
    return {3: "triangle", 4: "quad"}.get(vertices.shape[1], "polygon"), vertices


def _full(values) -> np.ndarray:
    """Tensors as matrices."""
    if values.ndim == 2 and values.shape[1] == 6:
        return values[:, _SYMMETRIC]
    return values.reshape(-1, 3, 3) if values.ndim == 2 and values.shape[1] == 9 else values
