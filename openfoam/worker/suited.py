"""A closure with what its flow and its card ask for around it."""

from __future__ import annotations

import numpy as np

from meshes.geometry.boundaries import named_facets
from openfoam.worker.case_geometry import CaseGeometry
from vcnn.closure.protocol import ClosureLike, StatesUsage
from vcnn.closure.sections import MirroredSection, NearWall
from vcnn.flow.field import FlowField


def suit(closure: ClosureLike, geometry: CaseGeometry) -> ClosureLike:
    """The closure as it can be asked in a case: near walls, and with mirror images.

    One that states a ``layer`` is in units of the friction velocity (`vcnn.closure.NearWall`); in a
    part of a section with planes of symmetry it sees the images of the part
    (`vcnn.closure.MirroredSection`).
    """
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
