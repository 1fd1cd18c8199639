"""What a flow makes and what acts back on its momentum: the protocol of every coupling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from solvers.fenics import fem

if TYPE_CHECKING:
    from solvers.coupling.coupled_flow import CoupledFlow


class Feedback(Protocol):
    """Fields that a flow makes and that act back on its momentum.

    Made from a problem and its `MomentumBalance`.

    The fields x are arrays (n, ...) by name, whole on every rank of MPI.

    Attributes
    ----------
    name : str
        Of the problem, for messages.
    quantity : str
        What the fields are, for messages.
    location : {"cell", "vertex", "node"}
        Where the fields are known, see ``solvers.fem.fields``.
    weights : (n,)
        Parts of the volume there.
    shapes : mapping name -> shape of a value
    units : mapping name -> float
        What values of a field are measured in, for the fields to have one norm.
    bounds : mapping name -> (float, float)
        Between which the values of some fields are kept.
    """

    name: str
    quantity: str
    location: str
    weights: np.ndarray
    shapes: Mapping[str, tuple[int, ...]]
    units: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]

    def momentum_terms(self, functions: Mapping[str, fem.Function]) -> dict:
        """Arguments of :func:`solvers.flow.incompressible.linearise_momentum`.

        Parameters
        ----------
        functions : mapping name -> dolfinx Function
            They hold the fields.
        """

    def check(self, functions: Mapping[str, fem.Function]) -> None:
        """Raise `DivergenceError` if the momentum balance makes no sense with these fields."""

    def initial_fields(self) -> dict[str, np.ndarray]:
        """Fields to begin with where there is no flow yet."""

    def predict(self, flow: CoupledFlow) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """The fields that a flow makes, and where they were clipped (:class:`FlowResult`)."""

    def reference(self, x: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What changes of the fields are small beside."""

    def result_fields(self, functions: Mapping[str, fem.Function]) -> dict:
        """The fields as arguments of `FlowResult`."""
