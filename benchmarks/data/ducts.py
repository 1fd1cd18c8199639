"""Developed turbulent flow in rectangular ducts of the Closure Challenge: a quarter of each.

The ducts are those of Vinuesa, Schlatter & Nagib (Phys. Rev. Fluids 3, 2018, 054606), Re_τ about
180.
"""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
from scipy.interpolate import RectBivariateSpline

from benchmarks.common.paths import existing
from benchmarks.data.catalogue import DUCTS
from meshes import section
from solvers import RANS, Developed, FlowResult, Symmetry, Wall
from vcnn.closure import stress
from vcnn.flow.mesh import named_mesh
from vcnn.flow.quantities import find_quantity

RATIOS = (1, 3, 5, 7, 10)
VALIDATION = 7
_FIELDS = ("velocity", "nut", "reynolds_stress")  # of SST and the DNS


def duct_file(ratio: int) -> Path:
    """The file of a duct of a ratio of width to height."""
    return DUCTS.file(f"AR_{ratio}_Ret_180")


def read_duct(path: Path) -> tuple[meshio.Mesh, dict]:
    """A quarter of a duct as a section, in half heights h and SST's friction velocity.

    u_τ² = f A / P with the driving force f, the area A and the wetted length P; x is along the
    flow, walls are at y = 1 and z = ratio, planes of symmetry at y, z = 0.

    Returns
    -------
    mesh : meshio.Mesh
        Points (M, 3); boundaries named as the file's patches.
    data : dict
        ``viscosity``, ``bulk_velocity`` and ``pressure_gradient`` of the SST run,
        ``friction_velocity`` (in the file's units), the names of ``walls`` and ``symmetries``;
        ``cell_areas`` (N,) and ``cell_centres`` (N, 3); fields ``sst_velocity``, ``sst_nut`` and,
        where the file has them, ``les_velocity`` and ``les_reynolds_stress`` (N, 3, 3).

    Raises
    ------
    InputError
        If the file does not exist.
    """
    with np.load(existing(path)) as file:
        raw = dict(file)
    h, names = raw["points"][:, 0].max(), raw["patch_names"].tolist()
    facets = {name: raw["bfacet_points"][raw["bfacet_patch"] == i] for i, name in enumerate(names)}
    boundaries = {name: [("line", edges)] for name, edges in facets.items()}
    mesh = section(named_mesh(raw["points"] / h, [("quad", raw["cells"])], boundaries))
    walls = [name for name, kind in zip(names, raw["patch_types"], strict=True) if kind == "wall"]
    area = raw["cell_areas"].astype(float) / h**2
    wetted = sum(
        np.linalg.norm(np.diff(mesh.points[facets[name]], axis=1), axis=-1).sum() for name in walls
    )
    force = float(raw["sst_pressure_gradient"])
    speed = np.sqrt(force * h * area.sum() / wetted)
    data = {
        "viscosity": float(raw["nu"]) / h / speed,
        "bulk_velocity": float(raw["ubar"][0]) / speed,
        "pressure_gradient": force * h / speed**2,
        "friction_velocity": float(speed),
        "walls": walls,
        "symmetries": [name for name in names if name not in walls],
        "cell_areas": area,
        "cell_centres": np.pad(raw["cell_centres"] / h, ((0, 0), (1, 0))),
    }
    for name, values in raw.items():
        source, _, field = name.partition("_")
        if source in ("sst", "les") and field in _FIELDS:
            a, b = find_quantity(field).powers
            data[name] = values.astype(float) / speed**b / h**a
    if "les_reynolds_stress" in data:
        data["les_reynolds_stress"] = data["les_reynolds_stress"][
            :, [0, 1, 2, 1, 3, 4, 2, 4, 5]
        ].reshape(-1, 3, 3)
    return mesh, data


def at_vertices(mesh: meshio.Mesh, data: dict, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A field of the file at the vertices (M, ...), and its derivatives (M, ..., 3).

    A cubic spline through the cell centres, the mirror images of the quarter, which have other
    signs in components across the mirrors, and 0 on the walls.
    """
    field, points = data[name], mesh.points[:, 1:]
    (y, row), (z, column) = (
        np.unique(x.round(6), return_inverse=True) for x in data["cell_centres"].T[1:]
    )
    values, slopes = (
        np.empty((len(points), *field.shape[1:])),
        np.zeros((len(points), *field.shape[1:], 3)),
    )
    grid = np.empty((len(y), len(z)))
    for index in np.ndindex(field.shape[1:]):
        grid[row, column] = field[(slice(None), *index)]
        half = _mirrored(grid, (-1) ** index.count(1))
        whole = _mirrored(half.T, (-1) ** index.count(2)).T
        spline = RectBivariateSpline(*map(_knots, (y, z), points.max(axis=0)), whole)
        values[(slice(None), *index)] = spline.ev(*points.T)
        for i, order in enumerate(((1, 0), (0, 1))):
            slopes[(slice(None), *index, 1 + i)] = spline.ev(*points.T, *order)
    return values, slopes


def _mirrored(grid, sign):
    wall = np.zeros((1, grid.shape[1]))
    return np.concatenate([wall, sign * grid[::-1], grid, wall])


def _knots(x, wall):
    return np.concatenate([[-wall], -x[::-1], x, [wall]])


def sst_flow(path: Path) -> FlowResult:
    """The flow with SST's ν_t in our equations, at the bulk velocity of that run."""
    mesh, data = read_duct(path)
    nu_t = np.maximum(at_vertices(mesh, data, "sst_nut")[0], 0)
    return RANS(
        mesh, data["viscosity"], closure=nu_t, location="vertex", conditions=conditions(data)
    ).solve()


def split_stress(mesh: meshio.Mesh, data: dict) -> tuple[np.ndarray, np.ndarray]:
    """ν_t (M,) >= 0 and a (M, 3, 3) with τ − tr τ/3 = a − 2 ν_t S of the DNS, S of its velocity."""
    tau = at_vertices(mesh, data, "les_reynolds_stress")[0]
    _, gradient = at_vertices(mesh, data, "les_velocity")
    S = 0.5 * (gradient + gradient.swapaxes(1, 2))
    small = stress.SMALL_STRAIN * data["bulk_velocity"]
    return stress.split_stress(stress.deviator(tau), stress.deviator(S), small)


def dns_flow(path: Path) -> FlowResult:
    """The flow with the stress of the DNS in our equations, at its bulk velocity."""
    mesh, data = read_duct(path)
    nu_t, a = split_stress(mesh, data)
    area = data["cell_areas"]
    bulk = area @ data["les_velocity"][:, 0] / area.sum()
    return RANS(
        mesh,
        data["viscosity"],
        closure=nu_t,
        anisotropy=a,
        location="vertex",
        conditions=conditions(data, bulk),
    ).solve()


def conditions(data: dict, bulk_velocity: float | None = None) -> dict:
    """Those of a quarter of a duct, driven along x, by default at the bulk velocity of SST."""
    return {
        **dict.fromkeys(data["walls"], Wall()),
        **dict.fromkeys(data["symmetries"], Symmetry()),
        "section": Developed((1, 0, 0), bulk_velocity=bulk_velocity or data["bulk_velocity"]),
    }
