"""
Stresses that can be
====================

Reynolds stresses fill the triangle between turbulence with one, two and three equal components. The
head ``reynolds_stress`` stays inside whatever its weights (here random); a free tensor does not.
"""

import matplotlib.pyplot as plt
import numpy as np

from vcnn import Closure, FlowField, RegionOfInfluence, VectorCloudNetwork

CORNERS = np.array([[1, 0], [0, 0], [0.5, np.sqrt(3) / 2]])


def shares(stress):
    """Of one, two and three components, of stresses (n, 3, 3): Banerjee et al. (2007)."""
    a, b, c = np.linalg.eigvalsh(stress / np.trace(stress, axis1=1, axis2=2)[:, None, None]).T
    return np.stack([c - b, 2 * (b - a), 3 * a], axis=-1)


rng = np.random.default_rng(0)
flow = FlowField(rng.uniform(size=(300, 3)), rng.normal(size=(300, 3)), np.full(300, 1 / 300))
fig, axes = plt.subplots(figsize=(6.4, 5.6))
for output, mark in {"symmetric_tensor": "x", "reynolds_stress": "o"}.items():
    points = []
    for seed in range(20):
        network = VectorCloudNetwork(output=output, seed=seed)
        for weights in network.parameters():
            weights.data *= 2.0
        closure = Closure(network, RegionOfInfluence.ball(0.3), "stress", dimension=3)
        points.append(shares(closure.predict(flow, centres=range(60))))
    axes.plot(*(np.concatenate(points) @ CORNERS).T, mark, ms=4, alpha=0.6, label=output)
assert np.min(points) > -1e-5  # the last ones, of reynolds_stress
axes.fill(*CORNERS.T, fill=False, lw=2)
for name, place in {"one": (1.1, -0.08), "two": (-0.1, -0.08), "three": (0.5, 0.9)}.items():
    axes.text(*place, name, ha="center")
axes.set(aspect="equal", xlim=(-0.5, 1.5), ylim=(-0.4, 1.0))
axes.legend(loc="upper left", bbox_to_anchor=(-0.1, 1.1)).axes.axis("off")
