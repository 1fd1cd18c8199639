"""Several closures that learned the same, as one: what they say on average, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.adapters import Adapter, differentiable
from vcnn.closure.plain import as_closure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

if TYPE_CHECKING:  # torch is slow to import
    import torch


@dataclass(frozen=True, eq=False)
class ClosureEnsemble(Adapter):
    """The mean of several closures, which learned the same from other beginnings.

    Members that agree where they were taught differ where they were not: their spread is a measure
    of what training leaves open (deep ensembles: Lakshminarayanan, Pritzel & Blundell, NeurIPS
    2017). The mean turns with the frame as each member does.

    Parameters
    ----------
    closure : ClosureLike
        The first, which says of which flows, in what units and what for they all are.
    others : sequence of ClosureLike
        Of the same targets, needs, units and usage.

    Raises
    ------
    InputError
        If they are not of one kind.
    """

    others: Sequence[ClosureLike] = ()

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "others", tuple(map(as_closure, self.others)))
        first = Adapter(self.closure)
        for number, other in enumerate(map(Adapter, self.others), start=2):
            for name in ("targets", "needs", "dimension", "units", "usage"):
                ours, theirs = (_plain(getattr(one, name)) for one in (first, other))
                if ours != theirs:
                    raise InputError(
                        f"others: expected closures of one kind, number {number} has {name} "
                        f"{theirs}, the first has {ours}"
                    )

    @property
    def members(self) -> tuple[ClosureLike, ...]:
        """All of them."""
        return (self.closure, *self.others)

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the flow lacks what one of them needs."""
        for member in self.members:
            Adapter(member).check(flow)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What they predict on average; see `ClosureLike.predict`."""
        values = self.predict_each(flow, centres, dtype)
        return {name: value.mean(axis=0) for name, value in values.items()}

    def predict_each(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What each of the m members predicts.

        Parameters
        ----------
        flow, centres, dtype
            As for `ClosureLike.predict`.

        Returns
        -------
        dict
            Name -> (m, n), (m, n, d) or (m, n, d, d).
        """
        values = [member.predict(flow, centres=centres, dtype=dtype) for member in self.members]
        return {name: np.stack([value[name] for value in values]) for name in values[0]}

    def spread(self, flow: FlowField, centres: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Standard deviation between members, of vectors and tensors that of their length.

        Parameters
        ----------
        flow, centres
            As for `ClosureLike.predict`.

        Returns
        -------
        dict
            Name -> (n,), in the unit of the field; 0 for a single member.
        """
        values = self.predict_each(flow, centres)
        return {name: _deviation(value) for name, value in values.items()}

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> mean values by name, for torch.

        Of ``centres`` (m,) if given.

        Raises
        ------
        InputError
            If one of them cannot be differentiated.
        """
        predicts = [differentiable(member, flow, centres) for member in self.members]

        def values(velocity: torch.Tensor) -> dict[str, torch.Tensor]:
            each = [predict(velocity) for predict in predicts]
            return {name: sum(value[name] for value in each) / len(each) for name in each[0]}

        return values

    def extrapolation(self, flow: FlowField, centres: np.ndarray | None = None) -> np.ndarray:
        """The largest of the members' distances to their clouds of training.

        As for `Closure.extrapolation`, (n,) or (m,) with ``centres``.

        Raises
        ------
        InputError
            If one of them does not know what it was trained on.
        """
        each = [Adapter(member).extrapolation(flow, centres) for member in self.members]
        return np.max(each, axis=0)


def _deviation(values) -> np.ndarray:
    """Of (m, n, ...): root of the summed variances of components."""
    if len(values) == 1:
        return np.zeros(values.shape[1])
    variance = values.var(axis=0, ddof=1)
    return np.sqrt(variance.reshape(len(variance), -1).sum(axis=1))


def _plain(value):
    return dict(value) if isinstance(value, Mapping) else value
