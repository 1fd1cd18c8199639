"""Several closures that learned the same, as one: what they say on average, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.adapters import Adapter, Delegating, differentiable
from vcnn.closure.closure import Closure
from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.factors import check_factors, product
from vcnn.closure.file import read_models, write_models
from vcnn.closure.plain import as_closure
from vcnn.closure.predictions import WithPredictions
from vcnn.closure.protocol import ClosureLike
from vcnn.closure.spread import deviations, variance_between
from vcnn.closure.together import predict_together, see_alike
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.spreads import without_spreads

if TYPE_CHECKING:  # torch is slow to import
    import torch


@dataclass(frozen=True, eq=False)
class Ensemble(Delegating, WithPredictions):
    """The mean of several closures, which learned the same from other beginnings.

    Members that agree where they were taught differ where they were not: their spread is a measure
    of what training leaves open (deep ensembles: Lakshminarayanan, Pritzel & Blundell, NeurIPS
    2017). The mean turns with the frame as each member does.

    Parameters
    ----------
    members : sequence of ClosureLike
        Of the same targets, needs, units and usage. The first says of which flows, in what units
        and what for they all are.
    factors : mapping name -> float, optional
        What the spread of a target is multiplied with
        (:func:`vcnn.evaluation.recalibrate`); for ``"velocity"``, that of coupled flows
        (:func:`solvers.solve_members`).

    Raises
    ------
    InputError
        If there are none, or they are not of one kind.
    """

    members: Sequence[ClosureLike]
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self):
        if not isinstance(self.members, Sequence) or not self.members:
            raise InputError("members: expected a list of closures, at least one")
        object.__setattr__(self, "members", tuple(map(as_closure, self.members)))
        for number, member in enumerate(self.members, start=1):
            if isinstance(member, Ensemble):
                raise InputError(f"members: number {number} is an ensemble; expected its members")
            if isinstance(member, Closure) and member.latents:
                raise InputError(f"members: number {number} has latent variables; draw from it")
        ours = _kind(self.members[0])
        for number, other in enumerate(self.members[1:], start=2):
            for name, theirs in _kind(other).items():
                if ours[name] != theirs:
                    raise InputError(
                        f"members: expected closures of one kind, number {number} has {name} "
                        f"{theirs}, the first has {ours[name]}"
                    )
        object.__setattr__(self, "factors", check_factors(self.factors, self.targets))

    def recalibrated(self, factors: Mapping[str, float]) -> Ensemble:
        """The same with its spreads multiplied once more.

        Parameters
        ----------
        factors : mapping name -> float
            Of targets, and of the velocity of coupled flows; from
            :func:`vcnn.evaluation.recalibrate` of this ensemble, 1 for others.

        Returns
        -------
        Ensemble

        Raises
        ------
        InputError
            If they are none.
        """
        return Ensemble(self.members, product(self.factors, check_factors(factors, self.targets)))

    @property
    def closure(self) -> ClosureLike:
        """The first member, which says of which flows, in what units and what for they all are."""
        return self.members[0]

    @property
    def targets(self) -> dict[str, str]:
        """Name -> kind of the fields that it predicts, without their spreads."""
        return without_spreads(self.closure.targets)

    @property
    def training_range(self) -> TrainingRange | None:
        """That of the first member; None if one of them has none."""
        ranges = [m.training_range if isinstance(m, Closure) else None for m in self.members]
        return None if None in ranges else ranges[0]

    def by_name(self) -> Ensemble:
        """Itself: :meth:`predict` returns a dict."""
        return self

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the flow lacks what one of them needs."""
        for member in self.members:
            Adapter(member).check(flow)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """What they predict on average.

        Parameters
        ----------
        flow, centres, dtype
            As for `ClosureLike.predict`.

        Returns
        -------
        dict
            Name -> (n,), (n, d) or (n, d, d), (m, ...) with ``centres``.
        """
        return self._mean(self._predict_all(flow, centres, dtype))

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
        values = self._predict_all(flow, centres, dtype)
        return {name: np.stack([each[name] for each in values]) for name in self.targets}

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the targets whose :meth:`spread` it knows: all of them."""
        return tuple(self.targets)

    def predict_with_spread(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Mean values by name, and how far values may lie from them: their standard deviations.

        Of vectors and tensors that of their length. Of members that say how sure they are, the mean
        of their variances is added to the variance between them, as that of a mixture. It is 0 for
        a single member that is sure.

        Parameters
        ----------
        flow, centres
            As for `ClosureLike.predict`.

        Returns
        -------
        values : dict
            Name -> (n,), (n, d) or (n, d, d), (m, ...) with ``centres``.
        spread : dict
            Name -> (n,), (m,) with ``centres``.
        """
        values = self._predict_all(flow, centres, None)
        own = [deviations(self.closure.targets, each) for each in values]
        spread = {}
        for name in self.targets:
            variance = variance_between([each[name] for each in values])
            if name in own[0]:
                variance = variance + np.mean([each[name] ** 2 for each in own], axis=0)
            spread[name] = self.factors.get(name, 1.0) * np.sqrt(variance)
        return self._mean(values), spread

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
            return {name: sum(value[name] for value in each) / len(each) for name in self.targets}

        return values

    def extrapolation(self, flow: FlowField, centres: np.ndarray | None = None) -> np.ndarray:
        """The largest of the members' distances to their clouds of training.

        Parameters
        ----------
        flow, centres
            As for `Closure.extrapolation`.

        Returns
        -------
        (n,)
            (m,) with ``centres``.

        Raises
        ------
        InputError
            If one of them does not know what it was trained on.
        """
        each = [Adapter(member).extrapolation(flow, centres) for member in self.members]
        return np.max(each, axis=0)

    def in_units(self, length: float, velocity: float) -> Ensemble:
        """The same for flows told in other units, as `Closure.in_units` of each member.

        Parameters
        ----------
        length, velocity : float
            Its own units of length and of length/time in those of the flows to come.

        Raises
        ------
        InputError
            As there, or if a member is no `Closure`.
        """
        members = [member.in_units(length, velocity) for member in self._closures("in_units")]
        return Ensemble(members, self.factors)

    def save(self, path: str | Path) -> Path:
        """Write all members, and their factors, to one ``.safetensors`` file ``path``.

        Raises
        ------
        InputError
            If a member is no `Closure`, the path has another suffix, or a network could not be read
            again.
        """
        return write_models(self._closures("save"), path, dict(self.factors))

    @staticmethod
    def load(path: str | Path) -> Ensemble:
        """Read what :meth:`save` wrote to ``path``; members predict the same bit for bit.

        Raises
        ------
        InputError
            If the file is missing, truncated, no ensemble of this package, or of a network that is
            not registered.
        """
        members, factors = read_models(path)
        return Ensemble([Closure(**arguments) for arguments in members], factors)

    def _closures(self, what: str) -> Sequence[Closure]:
        for number, member in enumerate(self.members, start=1):
            if not isinstance(member, Closure):
                kind = type(member).__name__
                raise InputError(f"{what}: expected members of vcnn.Closure, {number} is a {kind}")
        return self.members

    def _mean(self, values) -> dict[str, np.ndarray]:
        return {name: np.mean([each[name] for each in values], axis=0) for name in self.targets}

    def _predict_all(self, flow, centres, dtype) -> list[dict[str, np.ndarray]]:
        closures = [member for member in self.members if isinstance(member, Closure)]
        if len(closures) == len(self.members) and see_alike(closures):
            self.members[0].check(flow)
            return predict_together(closures, flow, centres, dtype)
        return [member.predict(flow, centres=centres, dtype=dtype) for member in self.members]


def _kind(closure: ClosureLike) -> dict:
    """What members have in common; of targets their spreads are part."""
    stated = ("needs", "dimension", "units", "usage")
    parts = {name: getattr(Adapter(closure), name) for name in stated}
    return {"targets": dict(closure.targets), **parts}
