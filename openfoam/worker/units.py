"""The closure's units of length and velocity in those of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vcnn.flow.quantities import factors


@dataclass(frozen=True)
class Units:
    """What is 1 for the closure, in the units of the case.

    Parameters
    ----------
    length, velocity : float
        As in `vcnn.Closure.in_units`. The flow is told in the closure's units instead: any closure
        can then be asked, whether it knows units or not.

    Raises
    ------
    InputError
        If one is not positive.
    """

    length: float = 1.0
    velocity: float = 1.0

    def __post_init__(self):
        factors((), self.length, self.velocity)

    def of(self, quantity: str) -> float:
        """The closure's unit of a quantity of :data:`vcnn.flow.QUANTITIES`."""
        return factors([quantity], self.length, self.velocity)[quantity]

    def into(self, values: Mapping) -> dict:
        """Values by their quantity, from the case's units to the closure's."""
        return {name: value / self.of(name) for name, value in values.items()}
