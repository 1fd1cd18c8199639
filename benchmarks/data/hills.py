"""Velocity with another code's eddy viscosity: periodic hills of the Closure Challenge against
OpenFOAM's k-ω SST.

Both solve the same equations with the same ν_t and bulk velocity; what is left are the
discretisations."""

from __future__ import annotations

import time

import numpy as np
from scipy.sparse import coo_array

from benchmarks.paths import HILLS
from solvers import RANS, evaluate, station_profiles
from solvers.fem.fields import function_from
from solvers.fem.mesh_facts import mesh_facts
from solvers.fem.periodicity import find_seams
from vcnn.flow.mesh import boundary_facets, named_mesh

SHOWN = ("alpha_10_9000_3036", "alpha_05_4071_3036", "alpha_15_13929_3036")
_PATCHES = {"bottomWall": "bottom", "topWall": "top"}


def read_hill(path):
    """The mesh of a hill with boundaries bottom, top, inlet and outlet, and all arrays of its file."""
    with np.load(path) as file:
        data = dict(file)
    patches = np.array([_PATCHES.get(name, name.split("_")[0]) for name in data["patch_names"]])
    facets = {
        name: [("line", data["bfacet_points"][patches[data["bfacet_patch"]] == name])]
        for name in dict.fromkeys(patches)
    }
    return named_mesh(data["points"], [("quad", data["cells"])], facets), data


def at_vertices(
    mesh, data, name, seams=(("inlet", "outlet"),), walls=("bottom", "top")
) -> np.ndarray:
    """A field of OpenFOAM (M, ...) at the vertices: means of the cells around by inverse distance,
    0 on walls.

    The finite-volume code takes ν_t as linear between its points too; constant cells would cost 0.2
    %."""
    merged, cells, field = find_seams(mesh_facts(mesh), seams).merged, data["cells"], data[name]
    weights = 1 / np.linalg.norm(mesh.points[cells] - data["cell_centres"][:, None], axis=2)
    around = merged[cells].ravel(), np.repeat(np.arange(len(cells)), cells.shape[1])
    mean = coo_array((weights.ravel(), around), shape=(len(merged), len(cells))).tocsr()[merged]
    values = ((mean @ field).T / mean.sum(axis=1)).T
    for wall in walls:
        values[boundary_facets(mesh)[wall][0][1]] = 0
    return values


def compare(path) -> dict:
    """Solve one hill with the eddy viscosity in its file, driven at the bulk velocity there.

    Returns
    -------
    dict
        ``error``: area-weighted relative L2 of the velocity; ``pressure_gradient`` and
        ``reference_gradient``; ``steps``; ``seconds``; ``profiles``, see :func:`profiles`.
    """
    mesh, data = read_hill(path)
    nu, bulk = float(data["nu"]), float(data["ubar"][0])
    begin = time.perf_counter()
    result = RANS(
        mesh, nu, bulk, closure=at_vertices(mesh, data, "sst_nut"), location="vertex"
    ).solve()
    seconds = time.perf_counter() - begin
    truth, weights = data["sst_velocity"][:, :2], data["cell_areas"][:, None]
    difference = result.flow("cell").velocity - truth
    return {
        "error": float(np.sqrt((weights * difference**2).sum() / (weights * truth**2).sum())),
        "pressure_gradient": result.pressure_gradient,
        "reference_gradient": float(data["sst_pressure_gradient"]),
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
        "profiles": profiles(result, at_vertices(mesh, data, "sst_velocity")[:, 0]),
    }


def profiles(result, theirs, count=9) -> dict[str, list]:
    """Equidistant stations along the period: ``station`` and, there, ``y``, ``ours`` and ``theirs``
    of u along x.

    ``floor`` and ``ceiling`` are polylines, their x and y.
    """
    theirs = function_from(result.domain, theirs, "vertex", "velocity")
    mesh = result.domain.source
    length = np.ptp(mesh.points[:, 0])
    lines = station_profiles(result, np.arange(count) * length / count, count=61)
    return {
        "station": [line.parameters["station"] for line in lines],
        "y": [line.points[:, 1].round(4).tolist() for line in lines],
        "ours": [line.velocity[:, 0].round(4).tolist() for line in lines],
        "theirs": [evaluate(theirs, line.points).round(4).tolist() for line in lines],
        "floor": outline(mesh, "bottom"),
        "ceiling": outline(mesh, "top"),
    }


def outline(mesh, wall) -> list:
    """x and y along a wall that no vertical line meets twice."""
    points = mesh.points[np.unique(boundary_facets(mesh)[wall][0][1])]
    return points[np.argsort(points[:, 0])].T.round(4).tolist()


def hills_known():
    """Paths of those of `SHOWN` that are here."""
    return [path for path in (HILLS / f"{name}.npz" for name in SHOWN) if path.is_file()]
