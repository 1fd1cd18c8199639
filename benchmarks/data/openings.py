"""Flows of the Closure Challenge with inlet and outlet: a wall-mounted hump and a curved step.

The hump is a test flow: nothing may be trained or tuned on it. The step may be learned from; its
truth is in another file of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import meshio
import numpy as np

from benchmarks.common.paths import existing
from benchmarks.data.hills import at_vertices
from solvers import RANS, Inlet, Outlet, Symmetry, Wall
from solvers.fem.fields import function_from
from solvers.fenics import MPI, fem
from solvers.flow.start import Start
from vcnn.flow.mesh import named_mesh
from vcnn.flow.quantities import factors

SCALES = {  # lengths and velocities that become 1, in the units of the files
    "CBFS13700": (1.0, 1.0),  # height of the step, velocity of the free stream
    "NASA_2DWMH": (0.0537505, 34.6),  # height of the hump, m, and velocity of the free stream, m/s
}
_FIELDS = (  # that are brought into these units
    "points",
    "cell_centres",
    "wall_distance",
    "cell_areas",
    "nu",
    "sst_nut",
    "sst_omega",
    "sst_k",
    "sst_pressure",
    "sst_velocity",
    "inlet_velocity",
    "inlet_k",
    "inlet_omega",
    "outlet_pressure",
    "sst_wall_shear_stress",
)


def read_opening(path: Path) -> tuple[meshio.Mesh, dict, dict]:
    """A flow with inlet and outlet in units of its `SCALES`.

    Returns
    -------
    mesh : meshio.Mesh
        The patches are its boundaries.
    data : dict
        The arrays of the file, those named in this module in these units; velocities (n, 2) in the
        plane.
    conditions : dict
        Of each boundary: walls, slip where the file says symmetry, the profiles of velocity, k and
        1/ω at the inlet and that of the pressure at the outlet.

    Raises
    ------
    InputError
        If the file does not exist.
    """
    with np.load(existing(path)) as file:
        data = dict(file)
    for name, unit in factors(_FIELDS, *SCALES[str(data["case"])]).items():
        data[name] = data[name] / unit
    for name in ("sst_velocity", "inlet_velocity", "sst_wall_shear_stress"):
        data[name] = data[name][:, data["plane_axes"]]
    lines = {
        str(name): data["bfacet_points"][data["bfacet_patch"] == i]
        for i, name in enumerate(data["patch_names"])
    }
    named = {name: [("line", facets)] for name, facets in lines.items()}
    mesh = named_mesh(data["points"], [("quad", data["cells"])], named)
    walls = np.unique(data["bfacet_points"][data["patch_types"][data["bfacet_patch"]] == "wall"])
    kinds = {"wall": Wall, "symmetry": Symmetry}
    conditions = {
        str(name): kinds[kind]()
        for name, kind in zip(data["patch_names"], data["patch_types"], strict=True)
        if kind in kinds
    }
    points = data["points"]
    entering = {
        "turbulent_kinetic_energy": _profile(points, lines["inlet"], data["inlet_k"], walls),
        "turbulent_time_scale": _profile(points, lines["inlet"], 1 / data["inlet_omega"], walls),
    }
    velocity = _profile(points, lines["inlet"], data["inlet_velocity"], walls)
    conditions["inlet"] = Inlet(velocity, turbulence=entering)
    conditions["outlet"] = Outlet(_profile(points, lines["outlet"], data["outlet_pressure"], ()))
    return mesh, data, conditions


def _profile(points, lines, values, still):
    """Values (n, ...) at the middles of n lines in a row as a function of positions (2, k).

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


def opening_field(mesh: meshio.Mesh, data: dict, conditions: Mapping, name: str) -> np.ndarray:
    """A field of the file at the vertices."""
    walls = [wall for wall, condition in conditions.items() if isinstance(condition, Wall)]
    return at_vertices(mesh, data, name, seams=(), walls=walls)


def initial_flow(problem: RANS, mesh: meshio.Mesh, data: dict) -> Start:
    """SST's own velocity and pressure, as from rest Picard's iteration does not find the hump's."""
    domain = problem.boundary_conditions.build_domain(mesh, MPI.COMM_WORLD)
    velocity = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 2, (2,))))
    at_points = opening_field(mesh, data, problem.conditions, "sst_velocity")
    velocity.interpolate(function_from(domain, at_points, "vertex", "velocity"))
    pressure = function_from(
        domain, at_vertices(mesh, data, "sst_pressure", seams=(), walls=()), "vertex", "pressure"
    )
    return Start(domain, velocity, pressure)
