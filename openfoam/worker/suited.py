"""A closure with what its flow and its card ask for around it."""

from __future__ import annotations

import numpy as np

from meshes.geometry.boundaries import named_facets
from openfoam.worker.case_geometry import CaseGeometry
from vcnn.closure.plane_flows import for_dimension
from vcnn.closure.protocol import ClosureLike, StatesUsage
from vcnn.closure.sections import MirroredSection, NearWall
from vcnn.closure.turbulence_units import is_told_turbulence
from vcnn.flow.field import FlowField


def suit(closure: ClosureLike, geometry: CaseGeometry) -> ClosureLike:
    """The closure as it can be asked in a case: near walls, with mirror images, in the plane.

    One that states a ``layer`` is in units of the friction velocity (`vcnn.closure.NearWall`); in a
    part of a section with planes of symmetry it sees the images of the part
    (`vcnn.closure.MirroredSection`). One for space that is told flows in units of turbulence is
    asked about plane flows, too (`vcnn.closure.PlaneFlow`).
    """
    if is_told_turbulence(closure):
        closure = for_dimension(closure, geometry.at_rest.dimension)
    if is_near_wall(closure):
        closure = NearWall(closure)
    if geometry.mirrors:
        closure = MirroredSection(closure, geometry.mirrors)
    return closure


def is_near_wall(closure: ClosureLike) -> bool:
    """Whether a closure is one in units of the friction velocity."""
    return isinstance(closure, StatesUsage) and "layer" in closure.usage


def friction_velocity(geometry: CaseGeometry, flow: FlowField) -> float:
    """u_τ of a section, velocity: the root of the mean of ν |u| / d over its walls.

    Parameters
    ----------
    geometry : CaseGeometry
        Of a section.
    flow : FlowField
        One in it, with its viscosity, resolved down to the walls.
    """
    speed = np.linalg.norm(flow.velocity, axis=1) / flow.scalars["wall_distance"]
    shear, lengths = [], []
    for name, cells in geometry.gradient.at_walls.items():
        shear.append(speed[cells])
        edges = np.concatenate(named_facets(flow.mesh, [name]))
        lengths.append(np.linalg.norm(np.diff(flow.mesh.points[edges], axis=1)[:, 0], axis=-1))
    mean = np.average(np.concatenate(shear), weights=np.concatenate(lengths))
    return float(np.sqrt(flow.parameters["viscosity"] * mean))
