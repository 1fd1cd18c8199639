"""Cases for `vcnn solve`, a closure for them, and what a run leaves."""

import json
from pathlib import Path

from vcnn import Closure, RegionOfInfluence, VectorCloudNetwork
from vcnn.closure.scales import Scales

CHANNEL = """
viscosity = 0.05
model = "laminar"
[mesh]
generator = "channel"
height = 2.0
cells = [4, 4]
[conditions]
bottom = { kind = "wall" }
top = { kind = "wall" }
inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.5 }
"""


HILL = """
viscosity = 0.01
model = "laminar"
stations = [2.0, 6.0]
[mesh]
generator = "periodic_hill"
cells = [20, 14]
[conditions]
bottom = { kind = "wall" }
top = { kind = "wall" }
inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.72 }
"""


BUMP = """
viscosity = 0.05
model = "laminar"
[mesh]
generator = "bump_channel"
cells = [5, 4, 4]
[conditions]
bottom = { kind = "wall" }
top = { kind = "wall" }
inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.5 }
back = { kind = "periodic", to = "front" }
"""


def small_closure(
    target="eddy_viscosity", output="positive_scalar", scalars=("wall_distance",), dimension=2
):
    """A network with random weights; a viscosity from it is small, positive and depends on the
    flow, but on no derivative at a point, so that the loop settles however large the weights are.
    """
    network = VectorCloudNetwork(scalars, output=output, fits=0, channels=4, fitting=(16,), seed=1)
    scales = Scales(scalars=dict.fromkeys(scalars, (1.0, 1.0)), targets=((0.0, 0.01),))
    if output == "reynolds_stress":
        target = output
    return Closure(network, RegionOfInfluence.ball(0.4), target, dimension, scales)


def result(name):
    return json.loads(Path(name, "result.json").read_text())
