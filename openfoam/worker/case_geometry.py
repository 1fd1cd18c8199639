"""What a worker knows of a case before it is asked: cells, walls, periods, and the solver's order.

Lengths are in the closure's unit throughout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from meshes.geometry.gradients import GradientOperator, strain_magnitude
from meshes.readers.dataset import Dataset
from meshes.readers.flow import cells_at_rest
from meshes.readers.openfoam.case import read_case_mesh
from meshes.readers.openfoam.parts import cell_numbers
from meshes.readers.openfoam.times import find_times
from openfoam.worker.section import find_section
from openfoam.worker.units import Units
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class CaseGeometry:
    """The cells of a case as points of a flow.

    Parameters
    ----------
    at_rest : FlowField
        With the fields that follow from mesh and walls.
    axes : (d, 3)
        Of its coordinates in those of the case.
    place : (n,) int
        For each cell, in the order in which the solver has them, the point of the flow that it is.
    own : slice
        Of these cells, those to answer for.
    mirrors : tuple of (3,)
        Normals of the planes of symmetry of a section, which go through the origin.
    gradient : GradientOperator
    """

    at_rest: FlowField
    axes: np.ndarray
    place: np.ndarray
    own: slice
    mirrors: tuple[np.ndarray, ...]
    gradient: GradientOperator

    @property
    def walls(self) -> list[str]:
        """Names of the walls."""
        return list(self.at_rest.provenance["walls"])

    @property
    def centres(self) -> np.ndarray | None:
        """(m,) int, the points to answer for in the solver's order; None where these are all."""
        return None if self.own == slice(None) else self.place[self.own]

    def at_points(self, values: np.ndarray) -> np.ndarray:
        """Values (n, ...) of the solver's cells at the points of the flow."""
        sorted_values = np.empty_like(values)
        sorted_values[self.place] = values
        return sorted_values

    def at_own_cells(self, values: np.ndarray) -> np.ndarray:
        """Values (n, ...) at the points of the flow for the cells to answer for, (m, ...)."""
        return values[self.place[self.own]]

    def flow(self, velocity: np.ndarray) -> FlowField:
        """The flow with a velocity (n, 3) of the solver's cells, and what follows from it."""
        u = self.at_points(velocity @ self.axes.T)
        gradient = self.gradient.apply(u)
        return replace(self.at_rest, velocity=u).with_fields(
            scalars={"strain_rate": strain_magnitude(gradient)},
            tensors={"velocity_gradient": gradient},
        )

    def in_case_axes(self, tensors: np.ndarray) -> np.ndarray:
        """Symmetric tensors (m, d, d) as xx, xy, xz, yy, yz, zz (m, 6) in the case's axes.

        Those of a plane flow have nothing across the plane: there only their divergence counts.
        """
        whole = self.axes.T @ tensors @ self.axes
        return whole[:, *np.triu_indices(3)]


def read_case_geometry(case: Path, ranks: int, rank: int, units: Units) -> CaseGeometry:
    """The geometry of a case, plane, in space, or a section if it is one cell long.

    Parameters
    ----------
    case : path
        Its folder; a mesh and dictionaries are enough.
    ranks : int
        Processes of the solver; of several each has a folder processorN.
    rank : int
        The one to answer for; -1: all.
    units : Units

    Raises
    ------
    InputError
        If the mesh cannot be read or used, or the case is decomposed in another way.
    """
    dataset = _in_units(read_case_mesh(case), units)
    count = sum(len(vertices) for _, vertices in dataset.cells)
    section = find_section(dataset)
    if section is None:
        flow, domain = cells_at_rest(dataset)
        axes, order, mirrors = domain.axes, domain.order, ()
    else:
        flow, order, mirrors, axes = section.flow, section.order, section.mirrors, np.eye(3)
    if len(flow) != count:
        raise InputError(f"{case}: {count - len(flow)} of its {count} cells are there twice")
    point = np.arange(count) if order is None else np.argsort(order)
    parts = _solver_order(case, ranks, count)
    ends = np.cumsum([0, *map(len, parts)])
    with naming(case):
        operator = GradientOperator.of(flow.mesh, flow.periods, flow.provenance["walls"])
    return CaseGeometry(
        at_rest=flow,
        axes=axes,
        place=point[np.concatenate(parts)],
        own=slice(None) if rank < 0 else slice(int(ends[rank]), int(ends[rank + 1])),
        mirrors=tuple(mirrors),
        gradient=operator,
    )


def _in_units(dataset: Dataset, units: Units) -> Dataset:
    nu = units.into(dataset.parameters)
    periods = tuple(np.asarray(period) / units.length for period in dataset.periods)
    return replace(dataset, points=dataset.points / units.length, periods=periods, parameters=nu)


def _solver_order(case, ranks, count) -> Sequence[np.ndarray]:
    """The cells of the mesh that each rank has."""
    if ranks == 1:
        return [np.arange(count)]
    times = find_times(case)
    if len(times.parts) != ranks:
        raise InputError(
            f"{case}: has {len(times.parts)} folders processorN, the solver runs on {ranks} ranks"
        )
    return cell_numbers(times, math.inf, count)
