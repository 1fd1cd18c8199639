"""Flows with inlet and outlet of the Closure Challenge: a wall-mounted hump and a curved
backward-facing step.

They are test flows: there is no truth to learn from, and nothing may be trained or tuned on them.
With the ν_t of OpenFOAM's k-ω SST, which is in their files, our equations should lead to its
velocity: that is what is compared here.

    python -m benchmarks.data.openings
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.data.hills import at_vertices
from benchmarks.paths import TESTS
from solvers import RANS, Inlet, Outlet, Symmetry, Wall
from solvers.fem.fields import function_from
from solvers.fenics import MPI, fem
from solvers.flow.incompressible import FlowResult
from vcnn.evaluation import relative_l2
from vcnn.flow.mesh import named_mesh

SCALES = {  # lengths and velocities that become 1, in the units of the files
    "CBFS13700": (1.0, 1.0),  # height of the step, velocity of the free stream
    "NASA_2DWMH": (0.0537505, 34.6),  # height of the hump, m, and velocity of the free stream, m/s
}
_DIMENSIONS = {  # powers of length and velocity
    "points": (1, 0),
    "cell_centres": (1, 0),
    "wall_distance": (1, 0),
    "cell_areas": (2, 0),
    "nu": (1, 1),
    "sst_nut": (1, 1),
    "sst_omega": (-1, 1),
    "sst_k": (0, 2),
    "sst_pressure": (0, 2),
    "sst_velocity": (0, 1),
    "inlet_velocity": (0, 1),
    "outlet_pressure": (0, 2),
    "sst_wall_shear_stress": (0, 2),
}


def read_opening(path):
    """A test flow with inlet and outlet in units of its `SCALES`.

    Returns
    -------
    mesh : meshio.Mesh
        The patches are its boundaries.
    data : dict
        The arrays of the file, those named in this module in these units; velocities (n, 2) in the
        plane.
    conditions : dict
        Of each boundary: walls, slip where the file says symmetry, the profile of velocity at the
        inlet and that of the pressure at the outlet.
    """
    with np.load(path) as file:
        data = dict(file)
    length, velocity = SCALES[str(data["case"])]
    for name, (a, b) in _DIMENSIONS.items():
        data[name] = data[name] / (length**a * velocity**b)
    for name in ("sst_velocity", "inlet_velocity", "sst_wall_shear_stress"):
        data[name] = data[name][:, data["plane_axes"]]
    lines = {
        str(name): data["bfacet_points"][data["bfacet_patch"] == i]
        for i, name in enumerate(data["patch_names"])
    }
    named = {name: [("line", facets)] for name, facets in lines.items()}
    mesh = named_mesh(data["points"], [("quad", data["cells"])], named)
    walls = np.unique(data["bfacet_points"][data["patch_types"][data["bfacet_patch"]] == "wall"])
    profile = lambda name, field, still: _profile(data["points"], lines[name], data[field], still)
    kinds = {"wall": Wall, "symmetry": Symmetry}
    conditions = {
        str(name): kinds[kind]()
        for name, kind in zip(data["patch_names"], data["patch_types"], strict=True)
        if kind in kinds
    }
    conditions["inlet"] = Inlet(profile("inlet", "inlet_velocity", walls))
    conditions["outlet"] = Outlet(profile("outlet", "outlet_pressure", ()))
    return mesh, data, conditions


def _profile(points, lines, values, still):
    """Values (n, ...) at the middles of n lines in a row as a function of positions (2, k), as
    conditions take it.

    Linear between the middles, constant beyond them, and 0 at the points that are ``still``.
    """
    ends = points[lines].reshape(-1, 2)
    along = np.linalg.svd(ends - ends.mean(axis=0), full_matrices=False)[2][0]
    still = np.intersect1d(lines, np.asarray(still, dtype=int))
    place = np.concatenate([points[lines].mean(axis=1), points[still]]) @ along
    values = np.concatenate([values, np.zeros((len(still), *values.shape[1:]))])
    order = np.argsort(place)
    place, columns = place[order], values[order].reshape(len(place), -1).T
    return lambda x: np.array([np.interp(along @ x, place, column) for column in columns]).reshape(
        *values.shape[1:], -1
    )


def opening_field(mesh, data, conditions, name) -> np.ndarray:
    """A field of the file at the vertices."""
    walls = [wall for wall, condition in conditions.items() if isinstance(condition, Wall)]
    return at_vertices(mesh, data, name, seams=(), walls=walls)


def begun(problem, mesh, data) -> FlowResult:
    """SST's own velocity and pressure, to begin from: at rest Picard's iteration does not find the
    way to the hump.
    """
    domain = problem.boundary_conditions.build_domain(mesh, MPI.COMM_WORLD)
    velocity = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 2, (2,))))
    at_points = opening_field(mesh, data, problem.conditions, "sst_velocity")
    velocity.interpolate(function_from(domain, at_points, "vertex", "velocity"))
    pressure = function_from(
        domain, at_vertices(mesh, data, "sst_pressure", seams=(), walls=()), "vertex", "pressure"
    )
    return FlowResult(problem, domain, velocity, pressure, 0.0, (np.inf,))


def turns(data, velocity, wall) -> list[float]:
    """x where the flow along a wall turns its direction, of velocities (N, 2) in the cells beside
    it.
    """
    there = data["bfacet_patch"] == data["patch_names"].tolist().index(wall)
    ends = data["points"][data["bfacet_points"][there]]
    along = ends[:, 1] - ends[:, 0]
    speed = (velocity[data["bfacet_owner"][there]] * along).sum(axis=1) / along[:, 0]
    x = ends[:, :, 0].mean(axis=1)
    x, speed = x[np.argsort(x)], speed[np.argsort(x)]
    k = np.flatnonzero(speed[:-1] * speed[1:] < 0)
    return (x[k] - speed[k] * (x[k + 1] - x[k]) / (speed[k + 1] - speed[k])).tolist()


def compare(path) -> dict:
    """Solve a flow with the ν_t in its file.

    Returns
    -------
    dict
        ``score``: mean |ΔU| by mean |U| over cells, ``evaluated``: over the challenge's 1000 cells,
        ``error``: relative L2, all against SST's own velocity; ``turns`` of both along the lower
        wall; ``steps`` and ``seconds``.
    """
    mesh, data, conditions = read_opening(path)
    nu_t = opening_field(mesh, data, conditions, "sst_nut")
    problem = RANS(mesh, float(data["nu"]), closure=nu_t, location="vertex", conditions=conditions)
    begin = time.perf_counter()
    result = problem.solve(start=begun(problem, mesh, data))
    seconds = time.perf_counter() - begin
    velocity, theirs = result.flow("cell").velocity, data["sst_velocity"].astype(float)
    gap, size = np.linalg.norm(velocity - theirs, axis=1), np.linalg.norm(theirs, axis=1)
    chosen, (wall, *_) = (
        data["eval_cells"],
        [name for name in conditions if name.startswith("bottom")],
    )
    return {
        "score": float(gap.mean() / size.mean()),
        "evaluated": float(gap[chosen].mean() / size[chosen].mean()),
        "error": relative_l2(velocity, theirs, data["cell_areas"].astype(float)),
        "turns": {"ours": turns(data, velocity, wall), "theirs": turns(data, theirs, wall)},
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


if __name__ == "__main__":
    for name in SCALES:
        print(name, compare(TESTS / f"{name}.npz"), flush=True)
