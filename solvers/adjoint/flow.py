"""The mean flow as a differentiable function of the turbulent stress."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike

from solvers.adjoint.implicit import (
    MeshValues,
    Probe,
    assemble_owned,
    check_tensor,
    observe,
    slope_forms,
    solve,
    take_multiplier,
)
from solvers.coupling.coupled_flow import CoupledFlow
from solvers.coupling.stress_feedback import StressFeedback
from solvers.fem.points import locate
from solvers.fenics import MPI, fem, ufl
from solvers.flow.result import FlowResult
from solvers.flow.start import start_on
from vcnn.errors import DivergenceError

_RESIDUAL = 1e-11  # of the load: as small as Newton's method gets it
_CORRECTIONS = 30


class DifferentiableFlow:
    """The velocity of `RANS`, differentiable by eddy viscosity, anisotropy and drive.

    Calling it solves the flow from where the last call ended, and gives::

        coefficients, force = flow(eddy_viscosity, anisotropy, drive)

    the coefficients of the quadratic velocity on this rank, and the driving force f.
    ``flow.at(points)`` turns the former into velocities, ``flow.gradients_at(points)`` into
    velocity gradients. Values given and fields found are whole on every rank of MPI, and every rank
    computes the same loss from them.

    Parameters
    ----------
    problem : RANS
        Its ``closure`` is not looked at; ``location`` says where values are given.
    start : FlowResult or path, optional
        As in :meth:`RANS.solve`.
    comm : MPI communicator
    make_feedback : callable, optional
        As in ``solvers.coupling.coupled_flow.CoupledFlow``, for whoever solves the flow with a
        closure.

    Raises
    ------
    InputError
        If the problem makes no sense.
    DivergenceError
        On calls, if the flow cannot be solved; the next call begins where the last good one ended.
    """

    def __init__(self, problem, start=None, comm=MPI.COMM_WORLD, make_feedback=StressFeedback):
        self.problem = problem
        self.domain, initial = start_on(problem, start, comm)
        self.flow = CoupledFlow(problem, make_feedback, self.domain, initial)
        if initial is None:
            self.flow.initialise()
        self.values = MeshValues(self.domain, problem.location)
        self._fields, self._linearised = None, False
        balance, functions = self.flow.balance, self.flow.functions
        self._multiplier = fem.Function(balance.space)
        self._slopes = slope_forms(self.flow.equation, self._multiplier, functions.values())
        self._pushed = (
            fem.form(balance.unit_force(ufl.split(self._multiplier)[0])) if balance.force else None
        )
        self.space, (self._dofs, *_) = balance.space.sub(0).collapse()

    def __call__(
        self, eddy_viscosity, anisotropy=None, drive=None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Solve with closure values at the points of the mesh.

        Parameters
        ----------
        eddy_viscosity : (n,) tensor, float64
        anisotropy : (n, d, d) tensor, optional
            0 without it.
        drive : scalar tensor, optional
            Bulk velocity or pressure gradient, whichever drives the flow, instead of the problem's.

        Returns
        -------
        coefficients : (k,) tensor, float64
        force : scalar tensor
        """
        n, d = self.values.count, self.domain.dimension
        if anisotropy is None:
            anisotropy = torch.zeros(n, d, d, dtype=torch.float64)
        if drive is None:
            drive = torch.tensor(self.drive(), dtype=torch.float64)
        check_tensor(eddy_viscosity, "eddy_viscosity", (n,))
        check_tensor(anisotropy, "anisotropy", (n, d, d))
        check_tensor(drive, "drive", ())
        return solve(self, eddy_viscosity, anisotropy, drive)

    def at(self, points: ArrayLike) -> Probe:
        """Coefficients -> velocities (m, d) at the given ``points`` (m, d), length."""
        return partial(observe, locate(self.domain.mesh, points).values(self.space))

    def gradients_at(self, points: ArrayLike) -> Probe:
        """Coefficients -> velocity gradients (m, d, d) at ``points`` (m, d), length.

        They are ∂u_i/∂x_j at [i, j].
        """
        return partial(observe, locate(self.domain.mesh, points).gradients(self.space))

    def result(self) -> FlowResult:
        """The flow as solved last."""
        residual = self.flow.system.residual_norm() / self.flow.system.load()
        return self.flow.result((residual,))

    def solve_with(
        self, eddy_viscosity: np.ndarray, anisotropy: np.ndarray, drive: float
    ) -> tuple[np.ndarray, float]:
        """Coefficients (k,) and force; a solve that fails leaves everything as it was.

        Parameters
        ----------
        eddy_viscosity : (n,)
            ν_t, length²/time.
        anisotropy : (n, d, d)
            a, velocity².
        drive : float
            Bulk velocity or pressure gradient, whichever drives the flow.

        Raises
        ------
        DivergenceError
            If the flow cannot be solved.
        """
        before = self.state()
        try:
            self._set(eddy_viscosity, anisotropy, drive)
            self._solve()
        except DivergenceError:
            self.restore(before)
            raise
        return self.solution()

    def correction_with(
        self, eddy_viscosity: np.ndarray, anisotropy: np.ndarray, drive: float
    ) -> tuple[np.ndarray, float]:
        """Coefficients (k,) and force after one correction with other values, which is not taken.

        Parameters
        ----------
        eddy_viscosity : (n,)
            ν_t, length²/time.
        anisotropy : (n, d, d)
            a, velocity².
        drive : float
            As in :meth:`solve_with`.

        Raises
        ------
        DivergenceError
            If values are NaN or infinite.
        """
        self._linearise()
        fields, held = self._fields, self.drive()
        try:
            self._set(eddy_viscosity, anisotropy, drive)
            w, force = self.flow.system.corrected()
        finally:
            self._set(*fields.values(), held, averaged=True)
            self._fields = fields
        return w[self._dofs], self.drive() if self.flow.system.target is None else force

    def _solve(self):
        """Newton's method with the fields that act now."""
        system = self.flow.system
        if abs(system.defect()) > _RESIDUAL * abs(system.target or 0.0):  # another bulk velocity
            system.step()
            self._linearised = False
        for _ in range(_CORRECTIONS):
            if (residual := system.residual_norm() / system.load()) <= _RESIDUAL:
                return
            last, self._linearised = residual, False
            residual = self.flow.correct(self._fields)
            if residual <= 1e3 * _RESIDUAL and residual > 0.5 * last:
                return  # round-off
        raise DivergenceError(
            f"RANS: relative residual {residual:.3g} after {_CORRECTIONS} corrections"
        )

    def solution(self) -> tuple[np.ndarray, float]:
        """Coefficients (k,) and force as they are now."""
        system = self.flow.system
        force = self.drive() if system.target is None else system.force
        return self.flow.balance.w.x.array[self._dofs], force

    def forget_fields(self) -> None:
        """Forget fields and Jacobian, as when the flow was solved from outside."""
        self._fields, self._linearised = None, False

    def state(self) -> tuple:
        """Coefficients, force, fields and drive, for :meth:`restore`."""
        return (
            self.flow.balance.w.x.array.copy(),
            self.flow.system.force,
            self._fields,
            self.drive(),
        )

    def restore(self, state: tuple) -> None:
        """Take all of a ``state`` again; the Jacobian is kept if nothing has changed.

        Raises
        ------
        DivergenceError
            If the fields of the state are NaN or infinite.
        """
        w, force, fields, drive = state
        if fields is not self._fields or not np.array_equal(w, self.flow.balance.w.x.array):
            self._linearised = False
            self.flow.balance.w.x.array[:], self.flow.system.force = w, force
            if fields is not None:
                self._set(*fields.values(), drive, averaged=True)

    def slopes(self, gradient: np.ndarray, of_force: float) -> tuple[np.ndarray, ...]:
        """Derivatives by eddy viscosity (n,), anisotropy (n, d, d) and drive ().

        Parameters
        ----------
        gradient : (k,)
            Of the loss by the coefficients.
        of_force : float
            Derivative of the loss by the driving force.
        """
        self._linearise()
        system = self.flow.system
        mu = take_multiplier(self._multiplier, system, gradient, self._dofs, of_force)
        by_field = [self.values.pull_back(assemble_owned(form)) for form in self._slopes]
        if self._pushed is None:
            by_drive = mu * self.domain.volume
        else:
            by_drive = self.domain.comm.allreduce(fem.assemble_scalar(self._pushed)) + of_force
        shapes = self.flow.feedback.shapes.values()
        by_field = [v.reshape(-1, *shape) for v, shape in zip(by_field, shapes, strict=True)]
        return *by_field, np.array(float(by_drive))

    def drive(self) -> float:
        """Bulk velocity or pressure gradient, whichever drives the flow now; 0 if none."""
        balance, system = self.flow.balance, self.flow.system
        return balance.force if system.target is None else system.target / self.domain.volume

    def _linearise(self):
        if not self._linearised:
            self.flow.system.linearise()
            self._linearised = True

    def _set(self, eddy_viscosity, anisotropy, drive, averaged=False):
        """Let fields and drive act; the flow stays as it is."""
        fields = {
            "eddy_viscosity": np.asarray(eddy_viscosity),
            "anisotropy": np.asarray(anisotropy),
        }
        if not all(np.isfinite(v).all() for v in fields.values()):
            raise DivergenceError("RANS: the closure values are NaN or infinite")
        if not averaged:
            fields = {name: self.values.average(v) for name, v in fields.items()}
        self._fields = fields
        self.flow.replace(fields)
        if self.flow.system.target is not None:
            self.flow.system.target = float(drive) * self.domain.volume
        else:
            self.flow.balance.applied_force.value = float(drive)
