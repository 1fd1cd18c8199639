"""What follows from the predictions of a closure: their errors and their spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vcnn.closure.plain import as_closure
from vcnn.closure.spread import deviations
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2
from vcnn.flow.spreads import pair_spreads, without_spreads
from vcnn.network.heads import OUTPUTS


class WithPredictions:
    """A closure's comparison of its predictions with what flows have, and with what they may be."""

    targets: Mapping[str, str]

    def truth(self, flow: FlowField) -> dict[str, np.ndarray]:
        """The fields (n, ...) that the closure predicts, by name; those that the flow has.

        Spreads of other fields are none of them.
        """
        targets = without_spreads(self.targets)
        fields = {name: getattr(flow, OUTPUTS[kind]) for name, kind in targets.items()}
        return {name: named[name] for name, named in fields.items() if name in named}

    def errors(self, flow: FlowField) -> dict[str, float]:
        """Relative L2 error of each field that the closure predicts and the flow has, by name."""
        predicted = as_closure(self).predict(flow)
        return {
            name: relative_l2(predicted[name], truth, flow.weights)
            for name, truth in self.truth(flow).items()
        }

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the targets whose :meth:`spread` it knows."""
        return tuple(pair_spreads(self.targets))

    def predict_with_spread(
        self, flow: FlowField, centres: np.ndarray | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """What it predicts, by name, and its :meth:`spread`, for the cost of the former.

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
        values = as_closure(self).predict(flow, centres=centres)
        return values, deviations(self.targets, values)

    def spread(self, flow: FlowField, centres: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """How far values may lie from what is predicted: their standard deviation, by name.

        Of the targets that are ``uncertain``; of vectors and tensors that of their length.

        Parameters
        ----------
        flow, centres
            As for `ClosureLike.predict`.

        Returns
        -------
        dict
            Name -> (n,), (m,) with ``centres``, in the unit of the field.
        """
        return self.predict_with_spread(flow, centres)[1]
