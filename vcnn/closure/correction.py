"""Corrections of the eddy viscosity of another model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vcnn.closure.adapters import Adapter, differentiable
from vcnn.closure.plain import UNNAMED
from vcnn.closure.plane_flows import for_dimension
from vcnn.closure.protocol import ClosureLike, MeasuresExtrapolation
from vcnn.closure.turbulence_units import TurbulenceUnits, is_told_turbulence
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import QUANTITIES, find_quantity

if TYPE_CHECKING:  # torch is slow to import
    import torch

_TRUSTED = 2.0  # extrapolation from which on nothing of a correction is used
_PARTED = 0.4  # share of the production of turbulence beyond which a part is worse than nothing


@dataclass(frozen=True, eq=False)
class BaselineCorrection(Adapter):
    """A correction β of another model's eddy viscosity ν₀ as a closure for solvers: ν_t = β ν₀.

    What that model knows of a flow is kept where nothing better is known: where the closure is not
    trusted β is 1, and other fields that it predicts, such as an anisotropy, are 0.

    Parameters
    ----------
    closure : ClosureLike
        Predicts the correction β, alone or with other fields.
    baseline : (n,)
        ν₀ >= 0, length²/time, at the points where the closure will be asked.
    trust : (n,) or float, optional
        From 0 to 1: how much of β − 1 and of other fields is used, as from :func:`trust`; default:
        all. It is given once: one that followed the flow would keep flow and closure from settling.
    smooth : callable (n,) -> (n,), optional
        Makes β as smooth as it was in training, as :class:`solvers.Smoothing` does. Each process
        of a parallel run then asks the closure at all points.
    bounds : (float, float), optional
        Of β; default: those that the closure states in its ``usage``, if it does.

    Raises
    ------
    InputError
        If the closure says that it predicts no correction, or a field makes no sense.
    """

    baseline: np.ndarray
    trust: np.ndarray | float | None = field(default=None, kw_only=True)
    smooth: Callable[[np.ndarray], np.ndarray] | None = field(default=None, kw_only=True)
    bounds: tuple[float, float] | None = field(default=None, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        if self.closure.targets:
            _correction_of(self.closure.targets)
        baseline = np.asarray(self.baseline, dtype=float)
        if baseline.ndim != 1 or not (np.isfinite(baseline) & (baseline >= 0)).all():
            raise InputError("baseline: expected eddy viscosities (n,), finite and not negative")
        object.__setattr__(self, "baseline", baseline)
        if self.trust is not None:
            trust = np.asarray(self.trust, dtype=float)
            if trust.shape not in ((), baseline.shape) or not ((trust >= 0) & (trust <= 1)).all():
                raise InputError(f"trust: expected one number or {len(baseline)}, from 0 to 1")
        if self.bounds is None:
            object.__setattr__(self, "bounds", self.usage.get("bounds"))

    @property
    def targets(self) -> dict[str, str]:
        """With an eddy viscosity in place of the correction."""
        if not self.closure.targets:
            return {"eddy_viscosity": "scalar"}
        beta = _correction_of(self.closure.targets)
        return {
            "eddy_viscosity" if name == beta else name: head
            for name, head in self.closure.targets.items()
        }

    def check(self, flow: FlowField) -> None:
        """Raise `InputError` if the baseline is one of other points, or the flow lacks a field."""
        self._check_points(flow)
        super().check(flow)

    def predict(
        self, flow: FlowField, centres: np.ndarray | None = None, dtype: torch.dtype | None = None
    ) -> dict[str, np.ndarray]:
        """ν_t (n,), and what the closure predicts beside β; at ``centres`` (m,) if given.

        A ``dtype`` is the precision that the closure is asked to compute in.

        Raises
        ------
        InputError
            If the baseline is one of other points, the flow cannot be asked about, or the closure
            predicts no correction.
        """
        self._check_points(flow)
        centres = np.arange(len(flow)) if centres is None else centres
        wanted = centres if self.smooth is None else np.arange(len(flow))
        values = super().predict(flow, wanted, dtype)
        beta = values.pop(_correction_of(values))
        if self.bounds is not None:
            beta = np.clip(beta, *self.bounds)
        if self.trust is not None:
            trust = np.broadcast_to(self.trust, len(flow))[wanted]
            beta = 1 + trust * (beta - 1)
            values = {name: _scaled(value, trust) for name, value in values.items()}
        if self.smooth is not None:
            beta = self.smooth(beta)[centres]
            values = {name: value[centres] for name, value in values.items()}
        return {"eddy_viscosity": beta * self.baseline[centres], **values}

    def differentiable(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> Callable[[torch.Tensor], Mapping[str, torch.Tensor]]:
        """Velocity (n, d) at the points of a flow -> values by name, for torch.

        Of ``centres`` (m,) if given.

        Raises
        ------
        InputError
            If the baseline is one of other points, β is made smooth, or the closure cannot be
            differentiated.
        """
        import torch

        self._check_points(flow)
        if self.smooth is not None:
            raise InputError("smooth: a correction that is made smooth cannot be differentiated")
        centres = np.arange(len(flow)) if centres is None else centres
        predict = differentiable(self.closure, self.prepare(flow), centres)
        baseline = torch.from_numpy(self.baseline[centres])
        trust = 1.0 if self.trust is None else self.trust
        trust = torch.from_numpy(np.broadcast_to(trust, len(flow))[centres])

        def values(velocity: torch.Tensor) -> dict[str, torch.Tensor]:
            fields = dict(predict(velocity))
            beta = fields.pop(_correction_of(fields)).double()
            if self.bounds is not None:
                beta = beta.clamp(*self.bounds)
            fields = {name: _scaled(value, trust) for name, value in fields.items()}
            return {"eddy_viscosity": (1 + trust * (beta - 1)) * baseline, **fields}

        return values

    def _check_points(self, flow):
        if len(self.baseline) != len(flow):
            raise InputError(
                f"baseline: expected an eddy viscosity for each of the {len(flow)} points of the "
                f"flow, got {len(self.baseline)}"
            )


def _scaled(value, factors):
    """Fields (m, ...) times factors (m,)."""
    return value * factors.reshape(-1, *(1,) * (value.ndim - 1))


def trust(closure: MeasuresExtrapolation, flow: FlowField) -> np.ndarray:
    """How far a closure may be trusted: 1 where a flow is like those of training, then less.

    From an extrapolation of 2 on it is 0, and smooth in between: x² (3 − 2 x) with x = 2 −
    extrapolation.

    It is 0 everywhere if more than two fifths of the production of turbulent energy, ν_t |S|², are
    where it would be 0, as far as the flow knows both. A correction acts on the flow through these,
    and half of a boundary layer corrected is worse than none: what learned from hills and ducts is
    trusted beside the wall of a channel and not further out, and its friction was 15 % off. Over
    families that were left out that share is 0.2 at most where corrections were of use, and 0.42
    or more where they did harm (``benchmarks.travelling``).

    Parameters
    ----------
    closure : Closure
    flow : FlowField
        Best that of the model which is corrected.

    Returns
    -------
    (n,)
        From 0 to 1.

    Raises
    ------
    InputError
        If the closure does not know what it was trained on, or cannot be asked about the flow.
    """
    x = np.clip(_TRUSTED - closure.extrapolation(flow), 0, 1)
    trusted = x**2 * (3 - 2 * x)
    return trusted * (_untrusted_production(flow, trusted) <= _PARTED)


def _untrusted_production(flow, trusted) -> float:
    """Share of ν_t |S|² where a closure is not trusted; 0 of a flow that does not know it."""
    if not {"eddy_viscosity", "strain_rate"} <= flow.scalars.keys():
        return 0.0
    production = flow.weights * flow.scalars["eddy_viscosity"] * flow.scalars["strain_rate"] ** 2
    total = production.sum()
    return float(production @ (1 - trusted) / total) if total > 0 else 0.0


def over_model(
    closure: ClosureLike,
    model: FlowField,
    *,
    trusted: bool = False,
    smooth: Callable[[np.ndarray], np.ndarray] | None = None,
) -> BaselineCorrection:
    """A correction of a turbulence model's eddy viscosity, over a flow of that model.

    A closure whose unit of velocity is that of turbulence (`vcnn.closure.TurbulenceUnits`) is told
    the flow in such units, one for flows in space that a plane flow is one (`PlaneFlow`).

    Parameters
    ----------
    closure : ClosureLike
        Predicts β, alone or with other fields.
    model : FlowField
        Of the model, at the points where the closure will be asked.
    trusted : bool
        Whether it is used only where that flow is like those of training (:func:`trust`), if it
        knows which these were.
    smooth : callable (n,) -> (n,), optional
        As in `BaselineCorrection`.

    Returns
    -------
    BaselineCorrection

    Raises
    ------
    InputError
        If the flow lacks what the closure needs, or the closure predicts no correction.
    """
    if "eddy_viscosity" not in model.scalars:
        raise InputError("model: expected the flow of a turbulence model, it has no eddy_viscosity")
    closure = for_dimension(closure, model.dimension)
    if is_told_turbulence(closure):
        closure = TurbulenceUnits(closure, model)
    used = None
    if trusted and isinstance(closure, MeasuresExtrapolation):
        with suppress(InputError):  # of a closure that does not know its training
            used = trust(closure, model)
    baseline = np.maximum(model.scalars["eddy_viscosity"], 0)
    return BaselineCorrection(closure, baseline, trust=used, smooth=smooth)


def _correction_of(names: Iterable[str]) -> str:
    """The one of some fields that is a correction; a field without a name is one."""
    names = list(names)
    if names == [UNNAMED]:
        return UNNAMED
    rows = {name: find_quantity(name) for name in names}
    corrections = [name for name, row in rows.items() if row and row.name == "correction"]
    if len(corrections) != 1:
        raise InputError(
            f"closure: predicts {', '.join(names) or 'nothing'}; expected one correction (named "
            f"{' or '.join(QUANTITIES['correction'].names)}), alone or with other fields"
        )
    return corrections[0]
