"""The valid inputs that are damaged, one folder for each format, small."""

import os
from pathlib import Path

import meshio
import numpy as np
import pyvista

import meshes
from tests.support.command_line import CONFIGURATION, plane_flow, run, untrained
from tests.support.foam_cases import BoxCase
from tests.support.solve_cases import CHANNEL

_TRAINING = CONFIGURATION.replace("a_*", "a_0").replace("epochs = 3", "epochs = 1")
_CASE = CHANNEL.replace("cells = [4, 4]", "cells = [3, 3]")

_SERIES = """<?xml version="1.0"?>
<VTKFile type="Collection" version="0.1"><Collection>
<DataSet timestep="0.5" part="0" file="ascii.vtu"/>
<DataSet timestep="1" part="0" file="binary.vtu"/>
</Collection></VTKFile>
"""
_PIECES = """<?xml version="1.0"?>
<VTKFile type="PUnstructuredGrid" version="0.1"><PUnstructuredGrid GhostLevel="0">
<PPointData><PDataArray type="Float64" Name="U" NumberOfComponents="3"/></PPointData>
<PPoints><PDataArray type="Float64" Name="Points" NumberOfComponents="3"/></PPoints>
<Piece Source="ascii.vtu"/>
</PUnstructuredGrid></VTKFile>
"""


def write_originals(folder: Path) -> None:
    """All of them; each folder holds what :mod:`tests.fuzz.formats` expects of it."""
    folder.mkdir()
    write_flows(folder)
    for kind in ("toml", "model", "run"):
        (folder / kind).mkdir()
    (folder / "toml" / "case.toml").write_text(_CASE)
    (folder / "toml" / "train.toml").write_text(_TRAINING)
    (folder / "toml" / "flows").mkdir()
    plane_flow().save(folder / "toml" / "flows" / "a_0.vtu")
    plane_flow(seed=9).save(folder / "toml" / "flows" / "b.vtu")
    untrained().save(folder / "model" / "model.safetensors")
    plane_flow().save(folder / "model" / "flow.vtu")
    _write_runs(folder / "run")


def write_flows(folder: Path) -> None:
    """Flows of every format, folders of cases among them."""
    for kind in ("vtu", "own", "vtk", "xdmf", "msh", "npz", "csv", "foam"):
        (folder / kind).mkdir()
    _write_meshes(folder)
    _write_arrays(folder)
    plane_flow().save(folder / "own" / "flow.vtu")
    BoxCase(cells=(3, 2, 1)).write(folder / "foam" / "ascii")
    BoxCase(cells=(2, 2, 2), sides="cyclic").write(folder / "foam" / "binary", binary=True)


def _write_meshes(folder) -> None:
    """A channel with a velocity, in every way that VTK and meshio write it."""
    mesh = meshes.channel(2.0, 1.0, (4, 3))
    points = np.pad(mesh.points, ((0, 0), (0, 1)))
    y = points[:, 1]
    fields = {"U": np.stack([y * (1 - y), 0.1 * y, 0 * y], axis=-1), "p": points[:, 0].copy()}
    quads = meshio.Mesh(points, [block for block in mesh.cells if block.dim == 2], fields)
    grid = pyvista.from_meshio(quads)
    grid.save(folder / "vtu" / "ascii.vtu", binary=False)
    grid.save(folder / "vtu" / "binary.vtu")
    meshio.write(folder / "vtu" / "meshio.vtu", quads)
    (folder / "vtu" / "series.pvd").write_text(_SERIES)
    (folder / "vtu" / "pieces.pvtu").write_text(_PIECES)
    grid.save(folder / "vtk" / "ascii.vtk", binary=False)
    grid.save(folder / "vtk" / "binary.vtk")
    meshio.write(folder / "vtk" / "meshio.vtk", quads, binary=False)
    meshio.write(folder / "xdmf" / "hdf.xdmf", quads)
    meshio.write(folder / "xdmf" / "xml.xdmf", quads, data_format="XML")
    tags = [np.full(len(block.data), block.dim, int) for block in mesh.cells]
    whole = meshio.Mesh(
        points,
        mesh.cells,
        fields,
        {"gmsh:physical": tags, "gmsh:geometrical": tags},
        {"wall": np.array([1, 1]), "fluid": np.array([2, 2])},
    )
    meshio.write(folder / "msh" / "binary22.msh", whole, file_format="gmsh22", binary=True)
    # meshio's text of fields is not readable with NumPy 2
    values = whole.point_data.pop("U")
    whole.point_data.clear()
    rows = "".join(f"{n} {' '.join(map(repr, row))}\n" for n, row in enumerate(values.tolist(), 1))
    data = f'$NodeData\n1\n"U"\n1\n0.0\n3\n0\n3\n{len(values)}\n{rows}$EndNodeData\n'
    plain = meshio.Mesh(points, quads.cells)
    for name, version, mesh in (("ascii22.msh", "gmsh22", whole), ("ascii41.msh", "gmsh", plain)):
        path = folder / "msh" / name
        meshio.write(path, mesh, file_format=version, binary=False)
        path.write_text(path.read_text() + data)


def _write_arrays(folder) -> None:
    mesh = meshes.channel(2.0, 1.0, (4, 3))
    cells = next(block.data for block in mesh.cells if block.dim == 2)
    x = mesh.points[cells].mean(axis=1)
    walls = np.array([[0, 1], [1, 2]])
    np.savez(
        folder / "npz" / "flow.npz",
        points=mesh.points,
        cells=cells,
        velocity=np.stack([x[:, 1], 0 * x[:, 1]], axis=-1),
        bottomWall=walls,
        k=x[:, 0],
        nu=0.01,
    )
    rows = np.hstack([x, np.stack([x[:, 1], 0 * x[:, 0], x[:, 0]], axis=-1)])
    np.savetxt(folder / "csv" / "flow.csv", rows, delimiter=",", header="x,y,u,v,k", comments="")


def _write_runs(folder) -> None:
    """A training that was interrupted and a solved case, to go on from."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        Path("case.toml").write_text(_CASE)
        Path("train.toml").write_text(_TRAINING)
        Path("flows").mkdir()
        plane_flow().save("flows/a_0.vtu")
        plane_flow(seed=9).save("flows/b.vtu")
        assert run("train", "train.toml", "-o", "trained") == 0
        Path("trained/model.safetensors").unlink()
        assert run("solve", "case.toml", "-o", "solved") == 0
        Path("solved/result.json").unlink()
    finally:
        os.chdir(before)
