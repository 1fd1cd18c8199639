"""What walls feel of a flow of finite volumes: shear stress, forces, heights of the first cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meshes.geometry.boundary_facets import BoundaryFacets, facets_of, find_boundary
from meshes.geometry.lines import walk
from meshes.report.quantities import WallQuantities, WallUnits
from openfoam.report.solved_case import SolvedCase
from vcnn.errors import naming
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets


@dataclass(frozen=True, eq=False)
class WallStress:
    """What k facets of a wall feel, over the density.

    Parameters
    ----------
    facets : BoundaryFacets
    shear : (k, d)
        ν times the velocity along the wall in the cells behind, over their height: as the solver
        has it without a wall function.
    pressure : (k,), optional
        Of these cells.
    """

    facets: BoundaryFacets
    shear: np.ndarray
    pressure: np.ndarray | None

    @property
    def force(self) -> np.ndarray:
        """(d,) of the fluid on the wall: friction, and pressure where that is known."""
        stress = self.shear
        if self.pressure is not None:
            stress = stress - self.pressure[:, None] * self.facets.inwards
        return self.facets.areas @ stress

    def units(self, viscosity: float) -> WallUnits:
        """y⁺ of the middles of the first cells."""
        facets, speed = self.facets, np.sqrt(np.linalg.norm(self.shear, axis=1))
        units = facets.heights * speed / viscosity
        return WallUnits(float(units.max()), float(units @ facets.areas / facets.areas.sum()))


def wall_stress(case: SolvedCase, wall: str) -> WallStress:
    """What a wall of a case feels.

    Raises
    ------
    InputError
        If there is no boundary of that name.
    """
    return _stress(case, find_boundary(case.flow.mesh, wall), wall)


def along_wall(case: SolvedCase, wall: str, speed: float) -> WallQuantities:
    """Skin friction and pressure along a wall of a plane flow, at the facets in their order.

    The pressure is that less its mean over the domain where the flow goes round.

    Parameters
    ----------
    case : SolvedCase
    wall : str
    speed : float
        U of the coefficients.

    Raises
    ------
    InputError
        If the wall is not one line with two ends.
    """
    flow = case.flow
    period = flow.periods[0] if flow.periods else None
    with naming(f"wall {wall!r}"):
        line = walk(flow.mesh.points, boundary_facets(flow.mesh)[wall], period)
    ends = flow.mesh.points[line]
    step = np.diff(ends, axis=0)
    lengths = np.linalg.norm(step, axis=1)
    tangent = step / lengths[:, None]
    stress = _stress(case, facets_of(flow.mesh, np.stack([line[:-1], line[1:]], axis=-1)), wall)
    closed = period is not None and np.allclose(ends[-1] - ends[0], period, rtol=1e-6)
    pressure = np.full(len(lengths), np.nan)
    if stress.pressure is not None:
        pressure = stress.pressure - (_mean(flow, "pressure") if flow.periods else 0.0)
    return WallQuantities(
        points=stress.facets.middles,
        arc=np.cumsum(lengths) - lengths / 2,
        lengths=lengths,
        tangent=tangent,
        normal=stress.facets.inwards,
        skin_friction=np.sum(stress.shear * tangent, axis=1) / (speed**2 / 2),
        pressure_coefficient=pressure / (speed**2 / 2),
        period=period if closed else None,
    )


def _stress(case, facets, wall) -> WallStress:
    flow, normal = case.flow, facets.inwards
    slip = flow.velocity[facets.cells] - case.wall_velocities[wall]
    slip = slip - np.sum(slip * normal, axis=1, keepdims=True) * normal
    shear = flow.parameters["viscosity"] * slip / facets.heights[:, None]
    pressure = flow.scalars.get("pressure")
    return WallStress(facets, shear, None if pressure is None else pressure[facets.cells])


def _mean(flow: FlowField, name: str) -> float:
    return float(flow.weights @ flow.scalars[name] / flow.weights.sum())
