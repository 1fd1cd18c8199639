"""Velocity with another code's eddy viscosity: periodic hills of the Closure Challenge against OpenFOAM's k-ω SST.

    python benchmarks/rans_hills.py [--data ../shared/data]

Both solve the same equations with the same ν_t and bulk velocity; what is left are the discretisations.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from solvers import RANS
from solvers.periodicity import merged_vertices
from vcnn.mesh import boundary_facets, named_mesh

HILLS = ("alpha_10_9000_3036", "alpha_05_4071_3036", "alpha_15_13929_3036")
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


def at_vertices(mesh, data) -> np.ndarray:
    """OpenFOAM's ν_t (M,) at the vertices: means of the cells around weighted by inverse distance, 0 on walls.

    The finite-volume code takes it as linear between its points too; constant cells would cost 0.2 %.
    """
    merged = merged_vertices(mesh, [("inlet", "outlet")])
    cells = data["cells"]
    weights = 1 / np.linalg.norm(mesh.points[cells] - data["cell_centres"][:, None], axis=2)
    total = np.bincount(merged[cells].ravel(), weights.ravel(), len(merged))
    values = np.bincount(merged[cells].ravel(), (weights * data["sst_nut"][:, None]).ravel(), len(merged))
    values = values[merged] / total[merged]
    for wall in ("bottom", "top"):
        values[boundary_facets(mesh)[wall][0][1]] = 0
    return values


def compare(path) -> dict:
    """Solve one hill with the eddy viscosity in its file, driven at the bulk velocity there.

    Returns
    -------
    dict
        ``error``: area-weighted relative L2 of the velocity; ``pressure_gradient`` and ``reference_gradient``;
        ``steps``; ``seconds``.
    """
    mesh, data = read_hill(path)
    nu, bulk = float(data["nu"]), float(data["ubar"][0])
    begin = time.perf_counter()
    result = RANS(mesh, nu, bulk, closure=at_vertices(mesh, data), location="vertex").solve()
    seconds = time.perf_counter() - begin
    truth, weights = data["sst_velocity"][:, :2], data["cell_areas"][:, None]
    difference = result.flow("cell").velocity - truth
    return {
        "error": float(np.sqrt((weights * difference**2).sum() / (weights * truth**2).sum())),
        "pressure_gradient": result.pressure_gradient,
        "reference_gradient": float(data["sst_pressure_gradient"]),
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


def compare_all(folder) -> dict[str, dict]:
    """:func:`compare` for each of `HILLS`, from the folder of reference data."""
    return {name: compare(Path(folder) / "closure_challenge" / "train" / f"{name}.npz") for name in HILLS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    print("| hill | velocity error | f | f of OpenFOAM | steps | seconds |\n| --- | --- | --- | --- | --- | --- |")
    for name, row in compare_all(parser.parse_args().data).items():
        print(
            f"| {name} | {100 * row['error']:.2f} % | {row['pressure_gradient']:.5f} | "
            f"{row['reference_gradient']:.5f} | {row['steps']} | {row['seconds']:.0f} |"
        )


if __name__ == "__main__":
    main()
