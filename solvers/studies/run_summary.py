"""What a solved case is known by: every number and field that its report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy.interpolate import LinearNDInterpolator

from solvers.diagnostics.profiles import station_profiles
from solvers.diagnostics.walls import WallQuantities, along_wall, wall_force
from solvers.fem.fields import function_from
from solvers.fem.points import evaluate
from solvers.fem.sampling import average_at_vertices
from solvers.flow.conditions import Inlet, Wall
from solvers.flow.result import FlowResult
from solvers.studies.case import Case
from vcnn.closure.closure import Closure
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2

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
    reference_profiles : (k, d) velocities of the reference there, NaN where it is not known
    error : float, optional
        |u − u of the reference| / |u of the reference|, L² norms over the points of the reference.
    extrapolation : (n,), optional
        How far the clouds of the flow lie from those that the closure was trained on, at the points
        where it was asked; beyond 1 it extrapolates.
    clipped : (n,) int, optional
        At which of them it was out of bounds, see :class:`solvers.flow.incompressible.FlowResult`.
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
    reference_profiles: tuple[np.ndarray, ...]
    error: float | None
    extrapolation: np.ndarray | None
    clipped: np.ndarray | None

    def __repr__(self) -> str:
        return (
            f"RunSummary({self.closure}, {len(self.flow):,} cells in {self.flow.dimension}-D, "
            f"{self.steps} steps, residual {self.residuals[-1]:.2g})"
        )

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
        of the clouds are unlike those that it was trained on.
        """
        raised = {
            "clipped": self.share_clipped > 0,
            "extrapolating": (self.extrapolating or 0) > _SUSPICIOUS,
        }
        return [name for name, flag in raised.items() if flag]

    @property
    def steps(self) -> int:
        """Rounds of a closure, else steps of the iteration for the flow."""
        return len(self.residuals) if self.history else len(self.residuals) - 1

    def numbers(self) -> dict:
        """Everything but the fields, for JSON."""
        flow, case = self.flow, self.case
        return {
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
        }


def summarise(
    case: Case, result: FlowResult, closure: Closure | None, name: str, resumed: bool
) -> RunSummary:
    """Read off a solution what there is to report; call it on all ranks.

    Parameters
    ----------
    case : Case
    result : FlowResult
    closure : Closure, optional
        That the flow was solved with.
    name : str
        Of the closure or model.
    resumed : bool
        Whether the iteration went on from a checkpoint.

    Raises
    ------
    InputError
        If the reference has points far outside the mesh.
    """
    flow, vertices, domain = result.flow(), result.flow("vertex"), result.domain
    speed, plane = _speed(case, flow), domain.dimension == 2
    profiles = tuple(station_profiles(result, case.stations)) if plane else ()
    extrapolation = None
    if closure is not None and closure.training_range is not None:
        extrapolation = closure.extrapolation(flow if case.location == "cell" else vertices)
    of_closure = {"clipped": result.clipped, "extrapolation": extrapolation}
    of_closure = {name: v for name, v in of_closure.items() if v is not None}
    if case.location == "cell":
        functions = {name: function_from(domain, v, "cell", name) for name, v in of_closure.items()}
        of_closure = average_at_vertices(domain, functions)
    error, reference_profiles = _against_reference(case, result, profiles)
    return RunSummary(
        case=case,
        closure=name,
        resumed=resumed,
        flow=flow,
        vertices=vertices.with_fields(scalars=of_closure),
        residuals=result.residuals,
        history={} if result.history is None else asdict(result.history),
        speed=speed,
        forces={name: wall_force(result, name) for name in domain.walls},
        walls=_along_walls(result, speed) if plane else {},
        profiles=profiles,
        reference_profiles=reference_profiles,
        error=error,
        extrapolation=extrapolation,
        clipped=result.clipped,
    )


def _against_reference(case, result, profiles) -> tuple[float | None, tuple[np.ndarray, ...]]:
    """How far the velocity is from a reference, and its profiles; None and () without one."""
    reference = case.reference
    if reference is None:
        return None, ()
    with naming(f"[reference]: {case.reference_name}"):
        velocity = evaluate(result.velocity, reference.points)
        error = relative_l2(velocity, reference.velocity, reference.weights)
    if not profiles:
        return error, ()
    between = LinearNDInterpolator(reference.points, reference.velocity)
    return error, tuple(between(profile.points) for profile in profiles)


def _speed(case, flow) -> float:
    velocities = []
    for condition in case.conditions.values():
        if isinstance(condition, Wall) and condition.velocity is not None:
            velocities.append(condition.velocity)
        elif isinstance(condition, Inlet):
            velocities.append(condition.value)
    largest = max((float(np.linalg.norm(velocity)) for velocity in velocities), default=0.0)
    return largest or abs(flow.parameters["bulk_velocity"])


def _along_walls(result, speed) -> dict[str, WallQuantities]:
    walls = {}
    for name in result.domain.walls:
        try:
            walls[name] = along_wall(result, name, speed)
        except InputError:  # a closed line, or several
            continue
    return walls


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
