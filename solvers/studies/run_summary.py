"""What a solved case is known by: every number and field that its report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from solvers.diagnostics.boundaries import ReynoldsNumber
from solvers.diagnostics.wall_units import WallUnits
from solvers.diagnostics.walls import WallQuantities
from solvers.studies.case import NEEDED_WALL_UNITS, Case
from solvers.studies.run_reference import Comparison
from vcnn.flow.field import FlowField

# Share of the points where a closure extrapolates; 1 % of its own training clouds do.
_SUSPICIOUS = 0.2


@dataclass(frozen=True, eq=False)
class RunSummary:
    """A solved case, whole on every rank.

    Parameters
    ----------
    case : Case
    closure : name of what the turbulent stress came from
    resumed : whether the iteration went on from a checkpoint
    flow : FlowField
        At the cells.
    vertices : FlowField
        At the vertices, for pictures and files; with ``clipped`` and ``extrapolation``, or their
        means over the cells around.
    residuals : tuple of float
        Of the momentum balance before each step and at the end, or after each round of a closure.
    history : mapping name -> tuple of float
        Of a closure, see :class:`solvers.CouplingHistory`; else empty.
    speed : float
        The velocity of coefficients and profiles: the largest one given on the boundary, else the
        bulk velocity.
    forces : mapping wall -> (d,), of the fluid, over the density
    walls : mapping wall -> WallQuantities, of plane flows, for walls that are one line
    profiles : FlowFields on the lines of the stations
    comparison : Comparison
        With the reference of the case, if it has one.
    extrapolation : (n,), optional
        How far the clouds of the flow lie from those that the closure was trained on, at the points
        where it was asked; beyond 1 it extrapolates.
    clipped : (n,) int, optional
        At which of them it was out of bounds, see :class:`solvers.flow.incompressible.FlowResult`.
    fluxes : mapping boundary -> float
        What leaves through each, see :func:`solvers.diagnostics.boundaries.boundary_fluxes`.
    reynolds : ReynoldsNumber, optional
    wall_units : mapping wall -> WallUnits
        Of the first cells.
    notes : tuple of str
        What to know of how the flow was found, in sentences.
    failures : mapping diagnostic -> str
        What could not be made, and why.
    """

    case: Case
    closure: str
    resumed: bool
    flow: FlowField
    vertices: FlowField
    residuals: tuple[float, ...]
    history: Mapping[str, tuple[float, ...]]
    speed: float
    forces: Mapping[str, np.ndarray]
    walls: Mapping[str, WallQuantities]
    profiles: tuple[FlowField, ...]
    comparison: Comparison
    extrapolation: np.ndarray | None
    clipped: np.ndarray | None
    fluxes: Mapping[str, float]
    reynolds: ReynoldsNumber | None
    wall_units: Mapping[str, WallUnits]
    notes: tuple[str, ...]
    failures: Mapping[str, str]

    def __repr__(self) -> str:
        return (
            f"RunSummary({self.closure}, {len(self.flow):,} cells in {self.flow.dimension}-D, "
            f"{self.steps} steps, residual {self.residuals[-1]:.2g})"
        )

    @property
    def error(self) -> float | None:
        """Relative error of the velocity against the reference."""
        return self.comparison.error

    @property
    def closure_points(self) -> FlowField:
        """The flow at the points where a closure was asked."""
        return self.flow if self.case.location == "cell" else self.vertices

    @property
    def extrapolating(self) -> float | None:
        """Share of the points where the closure extrapolates."""
        return None if self.extrapolation is None else float(np.mean(self.extrapolation > 1))

    @property
    def share_clipped(self) -> float:
        """Share of the points where the closure was out of bounds."""
        return 0.0 if self.clipped is None else float(np.mean(self.clipped != 0))

    @property
    def viscosity_ratio(self) -> float | None:
        """The largest eddy viscosity over the molecular one."""
        nu_t = self.flow.scalars.get("eddy_viscosity")
        return None if nu_t is None else float(nu_t.max() / self.case.viscosity)

    @property
    def flags(self) -> list[str]:
        """Why not to trust a flow although it converged.

        ``"clipped"``: the closure was out of bounds somewhere. ``"extrapolating"``: more than 20 %
        of the clouds are unlike those that it was trained on. ``"coarse at walls"``: the first
        cells are higher than the model of the turbulence needs.
        """
        raised = {
            "clipped": self.share_clipped > 0,
            "extrapolating": (self.extrapolating or 0) > _SUSPICIOUS,
            "coarse at walls": bool(self.coarse_walls),
        }
        return [name for name, flag in raised.items() if flag]

    @property
    def needed_wall_units(self) -> float | None:
        """The largest y⁺ of first cells that the model of the turbulence is meant for, if any is.

        It is a property of models; what a closure needs is not known.
        """
        return NEEDED_WALL_UNITS.get(self.closure)

    @property
    def coarse_walls(self) -> list[str]:
        """Walls where the first cells are higher than the model needs somewhere."""
        limit = self.needed_wall_units or np.inf
        return [name for name, units in self.wall_units.items() if units.largest > limit]

    @property
    def steps(self) -> int:
        """Rounds of a closure, else steps of the iteration for the flow."""
        return len(self.residuals) if self.history else len(self.residuals) - 1

    def numbers(self) -> dict:
        """Everything but the fields, for JSON."""
        flow, case = self.flow, self.case
        numbers = {
            "closure": self.closure,
            "flags": self.flags,
            "resumed": self.resumed,
            "viscosity": case.viscosity,
            "cells": len(flow),
            "bulk_velocity": flow.parameters.get("bulk_velocity"),
            "pressure_gradient": flow.parameters.get("pressure_gradient"),
            "reference_velocity": self.speed,
            "steps": self.steps,
            "residuals": list(self.residuals),
            "history": {name: list(values) for name, values in self.history.items()},
            "viscosity_ratio": self.viscosity_ratio,
            "clipped": self.share_clipped,
            "clipped_below": 0 if self.clipped is None else int(np.sum(self.clipped < 0)),
            "clipped_above": 0 if self.clipped is None else int(np.sum(self.clipped > 0)),
            "extrapolating": self.extrapolating,
            "error": self.error,
            "reference": case.reference_name or None,
            "forces": {name: force.tolist() for name, force in self.forces.items()},
            "walls": {name: _wall_numbers(wall) for name, wall in self.walls.items()},
            "profiles": list(map(_profile_numbers, self.profiles)),
            "fluxes": dict(self.fluxes),
            "flux_sum": sum(self.fluxes.values()),
            "reynolds": None if self.reynolds is None else asdict(self.reynolds),
            "wall_units": {name: asdict(units) for name, units in self.wall_units.items()},
            "wall_units_needed": self.needed_wall_units,
            "notes": list(self.notes),
            "failures": dict(self.failures),
        }
        return finite_numbers(numbers)


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
        "pressure": profile.scalars["pressure"].tolist(),
    }


def _wall_numbers(wall) -> dict:
    names = ("points", "arc", "skin_friction", "pressure_coefficient", "separation", "reattachment")
    return {name: getattr(wall, name).tolist() for name in names}
