"""Steady Reynolds-averaged flow with a turbulent stress from a closure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from solvers.coupling.loop import solve_coupled
from solvers.coupling.problem import CoupledProblem
from solvers.coupling.stress_feedback import StressFeedback
from solvers.fem.arguments import check_location
from solvers.fem.domain import Domain
from solvers.fem.fields import function_from
from solvers.fenics import fem
from solvers.flow.incompressible import PICARD_STEPS, solve_incompressible
from solvers.flow.problem import FlowModel
from solvers.flow.result import FlowResult
from solvers.flow.start import start_on
from vcnn.closure.plain import GivenValues, Predicts, as_closure
from vcnn.closure.requirements import TURBULENT_STRESS, check_closure
from vcnn.errors import InputError, naming
from vcnn.flow.arrays import float_array
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False, repr=False)
class RANS(CoupledProblem):
    """Steady Reynolds-averaged Navier-Stokes with a given eddy viscosity ν_t.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] − ∇·a + f e,  ∇·u = 0, driven and bounded as `LaminarFlow`
    is. The pressure includes 2/3 of the turbulent kinetic energy. Five Picard steps, then Newton.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, drive, conditions, walls, periodic
        As in `FlowProblem`.
    closure : array, FlowField, closure, or turbulence model
        ν_t, length²/time: values (n,) at the points of the mesh that ``location`` says; or a flow
        on the mesh with the scalar ``eddy_viscosity``. Or a closure, such as a `vcnn.Closure` or
        whatever else :func:`vcnn.as_closure` takes, that predicts at these points
        ν_t, ν_t and an anisotropy a, or a Reynolds stress <u'u'> (n, d, d), velocity²: flow and
        closure are then made to agree (``solvers.coupling.loop.solve_coupled``), and a Reynolds
        stress is split into an eddy viscosity in the operator and the rest
        (``vcnn.closure.stress.split_stress``). Numbers and tensors without a name are ν_t
        and <u'u'>; without a start the closure is asked first for the flow with ν_t = 0.02 U d, d
        the distance to the wall. Or the class of a turbulence model, such as `SpalartAllmaras`,
        which then solves the problem.
    anisotropy : array, optional
        a, velocity²: values (n, d, d) at the points that ``location`` says, part of the Reynolds
        stress that is not in ν_t.
    location : {"cell", "vertex"}
        Where arrays are given and closures are asked.

    Raises
    ------
    InputError
        If a number, a name or a field does not make sense, or the mesh cannot be used.
    """

    closure: object = None
    anisotropy: np.ndarray | None = None
    location: str = "cell"

    def __post_init__(self):
        check_location(self.location)
        if self._model is not None and self.anisotropy is not None:
            raise InputError("anisotropy: a turbulence model takes none")
        if not (self.closure is None or self._model or isinstance(self.closure, FlowField)):
            as_closure(self.closure)
        super().__post_init__()
        if isinstance(self.closure, Predicts) and self._model is None:
            walls = bool(self.boundary_conditions.walls)
            with naming("closure"):
                check_closure(as_closure(self.closure), TURBULENT_STRESS, self.mesh, walls)

    def _solve(self, start, comm, **options) -> FlowResult:
        if self._model is not None:
            return self._model.from_problem(self).solve(start, comm)
        eddy_viscosity = self._given_eddy_viscosity()
        if eddy_viscosity is not None:
            domain, initial = start_on(self, start, comm)
            return self._solve_with(domain, *eddy_viscosity, initial)
        if self.anisotropy is not None:
            _check_values(self.anisotropy, "anisotropy", 2 * (self.mesh.points.shape[1],))
        return solve_coupled(self, StressFeedback, start=start, comm=comm, **options)

    def given_anisotropy(self, domain: Domain) -> fem.Function | None:
        """The anisotropy a on a ``domain``, if it is given beside the closure, else None.

        Raises
        ------
        InputError
            If it has another shape, is not symmetric or not finite.
        """
        if self.anisotropy is None:
            return None
        values = _check_values(self.anisotropy, "anisotropy", 2 * (domain.dimension,))
        return function_from(domain, values, self.location, "anisotropy")

    @property
    def _model(self) -> type[FlowModel] | None:
        """The class of a turbulence model."""
        model = isinstance(self.closure, type) and issubclass(self.closure, FlowModel)
        return self.closure if model else None

    def _solve_with(self, domain, values, location, start) -> FlowResult:
        """The flow with a given eddy viscosity."""
        nu_t = function_from(
            domain, _check_values(values, "eddy_viscosity", ()), location, "eddy_viscosity"
        )
        result = solve_incompressible(
            self,
            domain,
            name="RANS",
            picard_steps=PICARD_STEPS,
            eddy_viscosity=nu_t,
            anisotropy=self.given_anisotropy(domain),
            start=start,
        )
        return replace(result, eddy_viscosity=nu_t)

    def _given_eddy_viscosity(self) -> tuple[np.ndarray, str] | None:
        """Values of ν_t and their location; None if a closure predicts them.

        Raises
        ------
        InputError
            If there is no closure, or it is a flow without ν_t or on another mesh.
        """
        flow = self.closure
        if flow is None:
            raise InputError(
                "closure: missing; give an array, a FlowField, a closure or a turbulence model"
            )
        if not isinstance(flow, FlowField):
            closure = as_closure(self.closure)
            return (closure.values, self.location) if isinstance(closure, GivenValues) else None
        if "eddy_viscosity" not in flow.scalars:
            raise InputError("closure: the flow has no scalar 'eddy_viscosity'")
        if flow.mesh is None or not np.array_equal(flow.mesh.points, self.mesh.points):
            raise InputError("closure: the flow does not live on the mesh given")
        return flow.scalars["eddy_viscosity"], flow.location


def _check_values(values, name, shape) -> np.ndarray:
    expected = f"an array of shape (n{''.join(f', {d}' for d in shape)})"
    values = float_array(values, name, expected)
    if values.ndim != 1 + len(shape) or values.shape[1:] != shape:
        raise InputError(f"{name}: expected {expected}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError(f"{name}: holds NaN or infinite values")
    if name == "eddy_viscosity" and values.min() < 0:
        raise InputError(
            f"{name}: must not be negative, got {values.min():.3g} at index {values.argmin()}"
        )
    if (
        name == "anisotropy"
        and np.ptp([values, values.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(values).max()
    ):
        raise InputError(f"{name}: must be symmetric")
    return values
