"""A closure of a user's own: the mixing length of a channel of height 1."""

import numpy as np

LARGEST = 0.09


class MixingLength:
    """ν_t = l² |S| with l = min(0.41 d, 0.09)."""

    targets = {"eddy_viscosity": "scalar"}  # noqa: RUF012
    needs = ("wall_distance", "strain_rate")

    def predict(self, flow, centres=None, dtype=None):
        """ν_t at the points of a flow."""
        length = np.minimum(0.41 * flow.scalars["wall_distance"], LARGEST)
        values = length**2 * flow.scalars["strain_rate"]
        return {"eddy_viscosity": values if centres is None else values[centres]}
