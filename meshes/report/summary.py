"""What a flow is known by: every number and field that its page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from meshes.report.bands import Bands
from meshes.report.quantities import ReynoldsNumber, WallQuantities
from meshes.report.records import ClosureRecord, FirstCells, Progress
from meshes.report.reference import Comparison, Reference
from vcnn.flow.field import FlowField

CLOSED = ("wall", "symmetry")  # kinds of boundaries that nothing passes
# Share of the points where a closure extrapolates; 1 % of its own training clouds do.
_SUSPICIOUS = 0.2
_UNCERTAIN = 0.05  # of the velocity, by which those of members may differ


@dataclass(frozen=True, eq=False)
class FlowSummary:
    """A flow and what is read off it, whoever computed it; on several ranks whole on each.

    Parameters
    ----------
    closure : str
        Name of what the turbulent stress came from, or "laminar".
    viscosity : float
        ν, length²/time.
    method : str
        How the velocity is held in the cells, such as "with quadratic velocities".
    flow : FlowField
        At the cells.
    vertices : FlowField
        At the vertices, for pictures and files; with ``clipped`` and ``extrapolation``, or their
        means over the cells around.
    progress : Progress
    boundaries : mapping name -> kind
        "wall", "symmetry", "periodic", "inlet", "outlet", ...
    speed : float
        The velocity of coefficients and profiles.
    forces : mapping wall -> (d,), of the fluid, over the density
    walls : mapping wall -> WallQuantities, of plane flows, for walls that are one line
    profiles : FlowFields on the lines of the stations
    first_cells : FirstCells
    fluxes : mapping boundary -> float
        What leaves through each.
    reynolds : ReynoldsNumber, optional
    record : ClosureRecord, optional
        Of a closure, if the stress is one's.
    reference : Reference, optional
    comparison : Comparison
        With the reference.
    bands : Bands, optional
        Of the flows with each member of an ensemble.
    notes : tuple of str
        What to know of how the flow was found, in sentences.
    failures : mapping diagnostic -> str
        What could not be made, and why.
    """

    closure: str
    viscosity: float
    method: str
    flow: FlowField
    vertices: FlowField
    progress: Progress
    boundaries: Mapping[str, str]
    speed: float
    forces: Mapping[str, np.ndarray]
    walls: Mapping[str, WallQuantities]
    profiles: tuple[FlowField, ...]
    first_cells: FirstCells
    fluxes: Mapping[str, float]
    reynolds: ReynoldsNumber | None
    record: ClosureRecord | None = None
    reference: Reference | None = None
    comparison: Comparison = field(default_factory=Comparison)
    bands: Bands | None = None
    notes: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"FlowSummary({self.closure}, {len(self.flow):,} cells in {self.flow.dimension}-D, "
            f"{self.progress.steps} {self.progress.counted}s)"
        )

    @property
    def error(self) -> float | None:
        """Relative error of the velocity against the reference."""
        return self.comparison.error

    @property
    def closed(self) -> list[str]:
        """Boundaries that nothing passes."""
        return [name for name, kind in self.boundaries.items() if kind in CLOSED]

    @property
    def closure_points(self) -> FlowField:
        """The flow at the points where a closure was asked."""
        at_vertices = self.record is not None and self.record.location == "vertex"
        return self.vertices if at_vertices else self.flow

    @property
    def extrapolation(self) -> np.ndarray | None:
        """Distances of the closure's clouds from those of its training."""
        return None if self.record is None else self.record.extrapolation

    @property
    def extrapolating(self) -> float | None:
        """Share of the points where the closure extrapolates."""
        return None if self.record is None else self.record.share_extrapolating

    @property
    def clipped(self) -> np.ndarray | None:
        """Where the closure was out of bounds."""
        return None if self.record is None else self.record.clipped

    @property
    def share_clipped(self) -> float:
        """Share of the points where the closure was out of bounds."""
        return 0.0 if self.record is None else self.record.share_clipped

    @property
    def viscosity_ratio(self) -> float | None:
        """The largest eddy viscosity over the molecular one."""
        nu_t = self.flow.scalars.get("eddy_viscosity")
        return None if nu_t is None else float(nu_t.max() / self.viscosity)

    @property
    def flags(self) -> list[str]:
        """Why not to trust a flow.

        ``"not converged"``: the iteration was ended before. ``"clipped"``: the closure was out of
        bounds somewhere. ``"extrapolating"``: more than 20 % of the clouds are unlike those that it
        was trained on. ``"uncertain"``: the velocities with the members of an ensemble differ by
        more than 5 %. ``"coarse at walls"``: the first cells are higher than they should be.
        """
        raised = {
            "not converged": self.progress.settled is False,
            "clipped": self.share_clipped > 0,
            "extrapolating": (self.extrapolating or 0) > _SUSPICIOUS,
            "uncertain": self.bands is not None and self.bands.relative > _UNCERTAIN,
            "coarse at walls": bool(self.first_cells.coarse),
        }
        return [name for name, flag in raised.items() if flag]

    def numbers(self) -> dict:
        """Everything but the fields, for JSON."""
        flow, progress = self.flow, self.progress
        numbers = {
            "closure": self.closure,
            "flags": self.flags,
            "resumed": progress.resumed,
            "viscosity": self.viscosity,
            "cells": len(flow),
            "bulk_velocity": flow.parameters.get("bulk_velocity"),
            "pressure_gradient": flow.parameters.get("pressure_gradient"),
            "reference_velocity": self.speed,
            "steps": progress.steps,
            **progress.numbers,
            "viscosity_ratio": self.viscosity_ratio,
            "clipped": self.share_clipped,
            "clipped_below": self._count_clipped(-1),
            "clipped_above": self._count_clipped(1),
            "extrapolating": self.extrapolating,
            "error": self.error,
            "members": None if self.bands is None else self.bands.numbers(),
            "reference": None if self.reference is None else self.reference.name,
            "forces": {name: force.tolist() for name, force in self.forces.items()},
            "walls": {name: _wall_numbers(wall) for name, wall in self.walls.items()},
            "profiles": list(map(_profile_numbers, self.profiles)),
            "fluxes": dict(self.fluxes),
            "flux_sum": sum(self.fluxes.values()),
            "reynolds": None if self.reynolds is None else asdict(self.reynolds),
            "wall_units": {name: asdict(units) for name, units in self.first_cells.units.items()},
            "wall_units_needed": self.first_cells.needed,
            "notes": list(self.notes),
            "failures": dict(self.failures),
        }
        return finite_numbers(numbers)

    def _count_clipped(self, side) -> int | None:
        """At how many points the closure was out of bounds on one side, None if not known."""
        if self.clipped is None:
            return None if self.share_clipped else 0
        return int(np.sum(self.clipped * side > 0))


def finite_numbers(value: object) -> object:
    """Numbers in mappings and lists, None for those that JSON does not know: NaN and infinity."""
    if isinstance(value, dict):
        return {key: finite_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite_numbers(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _profile_numbers(profile) -> dict:
    return {
        "x": profile.parameters["station"],
        "y": profile.points[:, 1].tolist(),
        "velocity": profile.velocity.tolist(),
        "pressure": profile.scalars["pressure"].tolist() if "pressure" in profile.scalars else None,
    }


def _wall_numbers(wall) -> dict:
    names = ("points", "arc", "skin_friction", "pressure_coefficient", "separation", "reattachment")
    return {name: getattr(wall, name).tolist() for name in names}
