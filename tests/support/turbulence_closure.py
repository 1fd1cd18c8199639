"""A correction of k-ω SST that is told flows in units of turbulence, with weights drawn."""

import torch

from vcnn import Closure, RegionOfInfluence, VectorCloudNetwork
from vcnn.closure import TURBULENCE_INPUTS
from vcnn.closure.scales import Scales


def turbulence_closure() -> Closure:
    """β between 0.5 and 2 and a small a/k, of flows in space."""
    network = VectorCloudNetwork(
        TURBULENCE_INPUTS,
        output=["positive_scalar", "traceless_symmetric_tensor"],
        galilean=True,
        fitting=(16,),
        fits=0,
        seed=3,
    )
    with torch.no_grad():
        network.fitting[-1].weight.mul_(10)
    return Closure(
        network.double(),
        RegionOfInfluence.ball(1.0, spacing=0.25),
        ("correction", "relative_anisotropy"),
        3,
        Scales(
            scalars=dict.fromkeys(TURBULENCE_INPUTS, (0.5, 0.25)), targets=((0.0, 1.0), (0.0, 1.0))
        ),
        units={"length": "h", "velocity": "turbulence"},
        usage={"baseline": "eddy viscosity of k-omega SST", "bounds": [0.5, 2.0]},
    )
