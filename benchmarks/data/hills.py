"""The periodic hills of the Closure Challenge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import meshio
import numpy as np
from scipy.sparse import coo_array

from benchmarks.common.paths import existing
from benchmarks.data.catalogue import HILLS
from solvers.fem.mesh_facts import mesh_facts
from solvers.fem.periodicity import find_seams
from vcnn.flow.mesh import boundary_facets, named_mesh

VALIDATION = (
    "alpha_05_10071_2024",
    "alpha_05_10071_4048",
    "alpha_15_7929_2024",
    "alpha_15_7929_4048",
)
_PATCHES = {"bottomWall": "bottom", "topWall": "top"}


def hill_names(split: str) -> list[str]:
    """Names of the hills of a split, "train" or "validation"."""
    return [name for name in sorted(HILLS.originals) if (name in VALIDATION) == (split != "train")]


def hill_file(name: str) -> Path:
    """The file of a hill of training or validation."""
    return HILLS.file(name)


def read_hill(path: Path) -> tuple[meshio.Mesh, dict[str, np.ndarray]]:
    """The mesh of a hill, bounded by bottom, top, inlet and outlet, and all arrays of its file.

    Raises
    ------
    InputError
        If the file does not exist.
    """
    with np.load(existing(path)) as file:
        data = dict(file)
    patches = np.array([_PATCHES.get(name, name.split("_")[0]) for name in data["patch_names"]])
    facets = {
        name: [("line", data["bfacet_points"][patches[data["bfacet_patch"]] == name])]
        for name in dict.fromkeys(patches)
    }
    return named_mesh(data["points"], [("quad", data["cells"])], facets), data


def at_vertices(
    mesh: meshio.Mesh,
    data: dict[str, np.ndarray],
    name: str,
    seams: Sequence[tuple[str, str]] = (("inlet", "outlet"),),
    walls: Sequence[str] = ("bottom", "top"),
) -> np.ndarray:
    """A field of OpenFOAM (M, ...) at the vertices, 0 on walls.

    It is the mean over the cells around by inverse distance. The finite-volume code takes ν_t as
    linear between its points too; constant cells would cost 0.2 %.
    """
    merged, cells, field = find_seams(mesh_facts(mesh), seams).merged, data["cells"], data[name]
    weights = 1 / np.linalg.norm(mesh.points[cells] - data["cell_centres"][:, None], axis=2)
    around = merged[cells].ravel(), np.repeat(np.arange(len(cells)), cells.shape[1])
    mean = coo_array((weights.ravel(), around), shape=(len(merged), len(cells))).tocsr()[merged]
    values = ((mean @ field).T / mean.sum(axis=1)).T
    for wall in walls:
        values[boundary_facets(mesh)[wall][0][1]] = 0
    return values


def outline(mesh: meshio.Mesh, wall: str) -> list[list[float]]:
    """x and y along a wall that no vertical line meets twice."""
    points = mesh.points[np.unique(boundary_facets(mesh)[wall][0][1])]
    return points[np.argsort(points[:, 0])].T.round(4).tolist()


def hill_words(name: str) -> str:
    """What a hill's name says: alpha_05_10071_4048 is of slope 0.5, length 10.071, height 4.048."""
    _, slope, length, height = name.split("_")
    return (
        f"slope {slope[0]}.{slope[1:]}, length {int(length) / 1000:g} H, "
        f"height {int(height) / 1000:g} H"
    )
