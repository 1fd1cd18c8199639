"""A carried scalar as it acts back on the flow: by its buoyancy and through the viscosity."""

from __future__ import annotations

import numpy as np

from solvers.coupling.ask import one_field, predict
from solvers.fem.sampling import flow_field
from solvers.fenics import basix, fem, ufl
from solvers.flow.conditions import Inlet
from solvers.flow.incompressible import FlowResult
from solvers.scalar.transport import ScalarTransport
from vcnn.errors import DivergenceError, InputError


class ScalarFeedback:
    """The concentration of an `ActiveScalar`, a `solvers.coupling.coupled_flow.Feedback`.

    What a closure predicts is known at the cells or vertices that it is asked for, what is
    transported at the nodes of its own quadratic elements: nothing of it is lost on its way to the
    momentum.

    Parameters
    ----------
    problem : ActiveScalar
    balance : MomentumBalance
    """

    name, what = "active scalar", "concentration"
    shapes, units, bounds = {"concentration": ()}, {"concentration": 1.0}, {}

    def __init__(self, problem, balance):
        self.problem, self.domain = problem, balance.domain
        self.closed = hasattr(problem.scalar, "predict")
        at_rest = FlowResult(
            problem, self.domain, *balance.velocity_and_pressure(balance.w), 0.0, (np.inf,)
        )
        asked = problem.location if self.closed else "cell"
        weights = flow_field(self.domain, asked, at_rest.velocity, {}, {}, {}, {}).weights
        if self.closed:
            self.location, self.weights = asked, weights
        else:
            self._transport(at_rest)  # refuses what cannot be before anything is solved
            nodes = self.domain.nodes
            self.location, self.weights = "node", np.repeat(weights / nodes, nodes)

    def terms(self, functions) -> dict:
        c, nu, B = functions["concentration"], self.problem.viscosity, self.problem.buoyancy
        if callable(nu):
            try:
                nu = nu(c)
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                raise InputError(
                    f"viscosity: the callable given fails for a UFL expression with {what}"
                ) from error
        force = (
            None if B is None else c * fem.Constant(self.domain.mesh, np.asarray(B, dtype=float))
        )
        return {"viscosity": nu, "force": force}

    def check(self, functions) -> None:
        """The viscosity is positive where the momentum balance needs it: at the points of
        quadrature.
        """
        if not callable(self.problem.viscosity):
            return
        c, mesh = functions["concentration"], self.domain.mesh
        points, _ = basix.make_quadrature(mesh.basix_cell(), 5)
        both = fem.Expression(ufl.as_vector([self.problem.viscosity(c), c]), points)
        every = np.concatenate(
            mesh.comm.allgather(both.eval(mesh, self.domain.cells).reshape(-1, 2))
        )
        bad = ~((every[:, 0] > 0) & (every[:, 0] < np.inf))
        if bad.any():
            nu, c = every[bad][np.argmin(every[bad, 0])]
            raise DivergenceError(
                f"{self.name}: the viscosity must be positive, it is {nu:.3g} where the concentration is {c:.3g}, and "
                f"wrong at {bad.mean():.2g} of the points"
            )

    def first(self) -> dict[str, np.ndarray]:
        """None of it."""
        return {"concentration": np.zeros(len(self.weights))}

    def predicted(self, flow) -> tuple[dict[str, np.ndarray], None]:
        """What the closure says of the flow, or what the flow carries."""
        result, comm = flow.result(), self.domain.mesh.comm
        if self.closed:
            return predict(
                self.problem.scalar, result.flow(self.location), comm, _concentrations, self.name
            ), None
        c = self._transport(result).solve(comm).concentration
        return {"concentration": self.domain.values(c, "node")}, None

    def scale(self, x) -> dict[str, np.ndarray]:
        return x

    def kept(self, functions) -> dict:
        return {"scalars": functions}

    def _transport(self, result) -> ScalarTransport:
        """The transport problem in a flow, under the conditions of the flow unless it has its own."""
        scalar, conditions = self.problem.scalar, self.problem.boundary_conditions
        own = "conditions" in getattr(scalar, "keywords", {})
        if not own and conditions.of_kind(Inlet):
            raise InputError(
                "scalar: needs values at an Inlet, functools.partial(ScalarTransport, conditions=...)"
            )
        try:
            transport = scalar(
                self.domain, velocity=result, **({} if own else {"conditions": conditions.by_name})
            )
        except TypeError as error:
            raise InputError(f"scalar: cannot be made into a transport problem: {error}") from error
        if not isinstance(transport, ScalarTransport):
            raise InputError(
                f"scalar: expected it to make a ScalarTransport, got {type(transport).__name__}"
            )
        return transport


def _concentrations(values, count, d) -> dict[str, np.ndarray]:
    return {"concentration": one_field(values, f"it to predict {count} concentrations", (count,))}
