"""Folders that are written for ParaView, read back."""

import subprocess
import sys
from tempfile import TemporaryDirectory

import numpy as np

from solvers import evaluate

# Its libraries are not those of FEniCSx: one process cannot load both.
_READ = """
import sys
import adios2
import numpy as np
with adios2.FileReader(sys.argv[1]) as file:
    np.savez(sys.argv[2], **{name: file.read(name) for name in file.available_variables()})
"""
BOOKKEEPING = {"vtkGhostType", "vtkOriginalPointIds"}


def read_bp(path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Nodes (n, 3) and the fields at them, name -> (n,) or (n, 3), of a ``.bp`` folder."""
    with TemporaryDirectory() as folder:
        copy = f"{folder}/arrays.npz"
        subprocess.run([sys.executable, "-c", _READ, str(path), copy], check=True)
        with np.load(copy) as file:
            arrays = dict(file)
    nodes = arrays.pop("geometry")
    fields = {
        name: values[:, 0] if values.shape[1] == 1 else values
        for name, values in arrays.items()
        if values.shape[:1] == nodes.shape[:1] and name not in BOOKKEEPING
    }
    return nodes, fields


def assert_shows(path, mesh, **functions):
    """The folder holds these continuous functions of a plane mesh.

    Nodal values are copied, values at points come by interpolation at places that are found to
    about 1e-12 of a cell: they agree to 1e-9 of the largest one.
    """
    nodes, fields = read_bp(path)
    for extreme in (np.min, np.max):  # both sides of a seam are there
        reach = extreme(nodes[:, :2], axis=0)
        np.testing.assert_allclose(reach, extreme(mesh.points, axis=0), atol=1e-12)
    assert set(functions) <= set(fields)
    for name, function in functions.items():
        expected = evaluate(function, nodes[:, :2])
        found = fields[name][:, :2] if expected.ndim == 2 else fields[name]
        size = np.abs(expected).max()
        assert size > 0, name
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * size, err_msg=name)


def values_at_vertices(path, mesh, name) -> np.ndarray:
    """A field of the folder at the vertices of a plane mesh, in the order of these."""
    nodes, fields = read_bp(path)
    gaps = np.linalg.norm(mesh.points[:, None] - nodes[None, :, :2], axis=2)
    assert gaps.min(axis=1).max() < 1e-9 * np.ptp(mesh.points)
    return fields[name][gaps.argmin(axis=1)]
