"""How a coupled iteration went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CouplingHistory:
    """How a flow and what is predicted from it came to agree, one number a round.

    Parameters
    ----------
    residual : tuple of float
        Of the momentum balance, after the correction, relative to the load.
    change : tuple of float
        |G(x) − x| / |(ν + ν_t, a)|, or / |c| of a scalar, root mean squares of fields in their
        units: how far what is predicted is from what the flow was solved with.
    relaxation : tuple of float
        β of ``solvers.algebra.anderson.Anderson`` in the step that follows.
    clipped : tuple of float
        Share of the points where the prediction was out of bounds.
    """

    residual: tuple[float, ...] = ()
    change: tuple[float, ...] = ()
    relaxation: tuple[float, ...] = ()
    clipped: tuple[float, ...] = ()

    def __repr__(self) -> str:
        if not len(self):
            return "CouplingHistory(no rounds)"
        return (
            f"CouplingHistory({len(self)} rounds, residual {self.residual[-1]:.2g}, "
            f"change {self.change[-1]:.2g}, {self.clipped[-1]:.1%} clipped)"
        )

    def __len__(self) -> int:
        return len(self.residual)

    def with_round(
        self, *, residual: float, change: float, relaxation: float, clipped: float
    ) -> CouplingHistory:
        """The history with one more round.

        Its ``residual``, ``change``, ``relaxation`` and ``clipped`` are these.
        """
        return CouplingHistory(
            (*self.residual, residual),
            (*self.change, change),
            (*self.relaxation, relaxation),
            (*self.clipped, clipped),
        )
