"""Flows of four families whose mean velocity and Reynolds stress are known.

Lengths are in heights: of the hill or the step, half that of a duct or channel. What is known at
vertices is told in space, of plane flows too, for one closure serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import meshio
import numpy as np

import meshes
from benchmarks.common.paths import existing
from benchmarks.data.catalogue import CHANNELS, DUCTS, HILLS, SEPARATIONS
from benchmarks.data.ducts import at_vertices as duct_at_vertices
from benchmarks.data.ducts import conditions, read_duct
from benchmarks.data.hills import at_vertices, hill_names, read_hill
from benchmarks.data.openings import opening_field, read_opening
from benchmarks.data.thinned_hills import thinned, thinned_vertices
from meshes.geometry.boundaries import named_facets
from solvers import Developed, KOmegaSST, Observation, Symmetry, Wall
from solvers.fem.build import build_domain
from solvers.fem.fields import function_from
from solvers.fem.sampling import flow_field
from solvers.fenics import MPI

CHANNELS_SOLVED = {180: 40.0, 550: 100.0, 950: 200.0, 2000: 400.0}  # Re_τ -> grading
WIDTH = 1.25  # of a duct without ends; clouds must not reach around twice that
_LENGTH, _CELLS = 6.0, (12, 80)  # of a channel; its clouds must not reach around


@dataclass(frozen=True, eq=False)
class ModelledFlow:
    """A flow to be solved with the model that corrections are over.

    Parameters
    ----------
    name : str
    family : str
        "hill", "step", "hump", "duct", "wide duct" or "channel".
    model : KOmegaSST
        The problem, as the model solves it.
    """

    name: str
    family: str
    model: KOmegaSST


@dataclass(frozen=True, eq=False)
class KnownFlow(ModelledFlow):
    """A flow of which velocity and stress are known, too.

    Parameters
    ----------
    name, family, model
        As of `ModelledFlow`.
    observation : Observation
        Its velocity.
    velocity : (M, 3)
        At the vertices, length/time.
    gradient : (M, 3, 3)
        ∂u_i/∂x_j there, 1/time.
    stress : (M, 3, 3)
        <u'u'> there, length²/time².
    friction : Observation, optional
        The velocity gradient at its walls, of flows that are developed.
    force : float, optional
        What drives them against that friction, length/time².
    """

    observation: Observation
    velocity: np.ndarray
    gradient: np.ndarray
    stress: np.ndarray
    friction: Observation | None = None
    force: float | None = None

    @property
    def observations(self) -> list[Observation]:
        """All that is known of it."""
        return [self.observation] if self.friction is None else [self.observation, self.friction]


def hill(name: str) -> KnownFlow:
    """A periodic hill, driven as its LES, on the mesh with every other row."""
    return _hill(HILLS.file(name))


def breuer() -> KnownFlow:
    """The hill at Re_h = 10,595."""
    return _hill(SEPARATIONS.file("PHLL10595"))


def _hill(path: Path) -> KnownFlow:
    mesh, data = read_hill(path)
    kept, area = thinned_vertices(mesh), data["cell_areas"]
    bulk = (
        data["ubar_dns"][0]
        if "ubar_dns" in data
        else area @ data["les_velocity"][:, 0] / area.sum()
    )
    model = KOmegaSST(thinned(mesh), float(data["nu"]), float(bulk))
    domain = build_domain(model.mesh, ("bottom", "top"), ("inlet", "outlet"))
    at = {
        name: at_vertices(mesh, data, name)[kept]
        for name in ("les_velocity", "les_reynolds_stress")
    }
    return _plane(path.stem, "hill", model, data, domain, **at)


def step() -> KnownFlow:
    """The curved step at Re_h = 13,700, with the profiles of OpenFOAM's run at its inlet."""
    path = SEPARATIONS.file("CBFS13700")
    mesh, data, ends = read_opening(path)
    model = KOmegaSST(mesh, float(data["nu"]), conditions=ends)
    domain = model.boundary_conditions.build_domain(mesh, MPI.COMM_WORLD)
    at = {
        name: opening_field(mesh, data, ends, name)
        for name in ("les_velocity", "les_reynolds_stress")
    }
    return _plane(path.stem, "step", model, data, domain, **at)


def _plane(name, family, model, data, domain, les_velocity, les_reynolds_stress) -> KnownFlow:
    u = function_from(domain, les_velocity[:, :2], "vertex", "velocity")
    gradient = flow_field(domain, "vertex", u).tensors["velocity_gradient"].swapaxes(1, 2)
    return KnownFlow(
        name,
        family,
        model,
        Observation(data["cell_centres"], data["les_velocity"][:, :2], weights=data["cell_areas"]),
        np.pad(les_velocity[:, :2], ((0, 0), (0, 1))),
        np.pad(gradient, ((0, 0), (0, 1), (0, 1))),
        les_reynolds_stress[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3),
    )


def duct(ratio: int) -> KnownFlow:
    """A quarter of a duct at Re_τ = 180, at the bulk velocity of its DNS."""
    path = DUCTS.file(f"AR_{ratio}_Ret_180")
    mesh, data = read_duct(path)
    area = data["cell_areas"]
    bulk = area @ data["les_velocity"][:, 0] / area.sum()
    velocity, gradient = duct_at_vertices(mesh, data, "les_velocity")
    stress, _ = duct_at_vertices(mesh, data, "les_reynolds_stress")
    friction = _friction(mesh, data["walls"], gradient)
    return KnownFlow(
        path.stem,
        "duct",
        KOmegaSST(mesh, data["viscosity"], conditions=conditions(data, bulk)),
        Observation(data["cell_centres"], data["les_velocity"], weights=area),
        velocity,
        gradient,
        stress,
        friction,
        _force(friction, data["viscosity"], area.sum()),
    )


def channel(reynolds: int) -> KnownFlow:
    """A plane channel, at the bulk velocity of its DNS in units of its friction velocity."""
    y, u, stress, re_tau = read_channel(CHANNELS.file(f"Re{reynolds}"))
    mesh = meshes.channel(_LENGTH, 2.0, cells=_CELLS, grading=CHANNELS_SOLVED[reynolds])
    bulk = float(np.trapezoid(u, y))
    height = mesh.points[:, 1]
    d, side = np.minimum(height, 2 - height), np.sign(1 - height)

    def at(values):
        return np.interp(d, y, values)

    n = len(height)
    velocity, gradient, tau = np.zeros((n, 3)), np.zeros((n, 3, 3)), np.zeros((n, 3, 3))
    velocity[:, 0], gradient[:, 0, 1] = at(u), side * at(np.gradient(u, y))
    for (i, j), values in stress.items():
        tau[:, i, j] = tau[:, j, i] = at(values) * (side if i != j else 1)
    seen = np.linspace(0.0, 2.0, 203)[1:-1]
    points = np.stack([np.full_like(seen, _LENGTH / 2), seen], axis=1)
    values = np.stack([np.interp(np.minimum(seen, 2 - seen), y, u), 0 * seen], axis=1)
    friction = _friction(mesh, ("bottom", "top"), gradient[:, :2, :2])
    return KnownFlow(
        f"channel_{reynolds}",
        "channel",
        KOmegaSST(mesh, 1 / re_tau, bulk),
        Observation(points, values),
        velocity,
        gradient,
        tau,
        friction,
        _force(friction, 1 / re_tau, 2 * _LENGTH),
    )


def wide_duct(reynolds: int) -> KnownFlow:
    """The same channel as a quarter of a duct without ends, of which it has `WIDTH`."""
    y, u, stress, re_tau = read_channel(CHANNELS.file(f"Re{reynolds}"))
    lines = meshes.channel(1.0, 2.0, cells=(2, _CELLS[1]), grading=CHANNELS_SOLVED[reynolds])
    heights = np.unique(lines.points[:, 1].round(12))[_CELLS[1] // 2 :] - 1
    plane = meshes.channel(1.0, WIDTH, cells=(len(heights) - 1, 8))
    plane.points[:, 0] = np.interp(plane.points[:, 0], np.linspace(0, 1, len(heights)), heights)
    mesh, d = meshes.section(plane), 1 - plane.points[:, 0]
    n = len(d)
    velocity, gradient, tau = np.zeros((n, 3)), np.zeros((n, 3, 3)), np.zeros((n, 3, 3))
    velocity[:, 0], gradient[:, 0, 1] = np.interp(d, y, u), -np.interp(d, y, np.gradient(u, y))
    for (i, j), values in stress.items():
        tau[:, i, j] = tau[:, j, i] = np.interp(d, y, values) * (-1 if i != j else 1)
    seen = np.linspace(0.0, 1.0, 101)[:-1]
    points = np.stack([0 * seen, seen, np.full_like(seen, WIDTH / 2)], axis=1)
    values = np.stack([np.interp(1 - seen, y, u), 0 * seen, 0 * seen], axis=1)
    friction = _friction(mesh, ("outlet",), gradient)
    sides = {
        "outlet": Wall(),
        **dict.fromkeys(("inlet", "bottom", "top"), Symmetry()),
        "section": Developed((1, 0, 0), bulk_velocity=float(np.trapezoid(u, y))),
    }
    return KnownFlow(
        f"wide_duct_{reynolds}",
        "wide duct",
        KOmegaSST(mesh, 1 / re_tau, conditions=sides),
        Observation(points, values),
        velocity,
        gradient,
        tau,
        friction,
        _force(friction, 1 / re_tau, WIDTH),
    )


def _friction(mesh: meshio.Mesh, walls: Sequence[str], gradient: np.ndarray) -> Observation:
    """What is known of the gradient at the middles of the walls' edges, of those at vertices."""
    edges = np.concatenate(named_facets(mesh, walls))
    a, b = mesh.points[edges.T]
    length = np.linalg.norm(b - a, axis=1)
    return Observation((a + b) / 2, gradient[edges].mean(axis=1), "velocity_gradient", length)


def _force(friction: Observation, viscosity: float, area: float) -> float:
    """The driving force along x of a developed flow: ∮ ν |∇u_x| ds / area."""
    shear = np.linalg.norm(friction.values[:, 0], axis=1)
    return viscosity * float(friction.weights @ shear) / area


def read_channel(path: Path):
    """Profiles of a channel of del Álamo & Jiménez and Hoyas & Jiménez in wall units, y in h.

    Returns
    -------
    y, u : (n,)
    stress : mapping (i, j) -> (n,)
        <u_i'u_j'>, 0 <= i <= j <= 2.
    re_tau : float
    """
    table = np.loadtxt(existing(path), comments=("%", "WARNING"))  # as published
    y, y_plus, u = table[:, 0], table[:, 1], table[:, 2]
    normal = {(i, i): table[:, 3 + i] ** 2 for i in range(3)}
    return y, u, {**normal, (0, 1): table[:, 10]}, float(y_plus[-1] / y[-1])


FLOWS: dict[str, Callable[[], KnownFlow]] = {
    **{name: partial(hill, name) for name in (*hill_names("train"), *hill_names("validation"))},
    **{f"AR_{ratio}_Ret_180": partial(duct, ratio) for ratio in (1, 3, 5, 7, 10)},
    **{f"channel_{reynolds}": partial(channel, reynolds) for reynolds in CHANNELS_SOLVED},
    **{f"wide_duct_{reynolds}": partial(wide_duct, reynolds) for reynolds in CHANNELS_SOLVED},
    "PHLL10595": breuer,
    "CBFS13700": step,
}
