"""Random flows for tests: scattered points, optionally periodic."""

import numpy as np

from vcnn import FlowField


def random_flow(d, n=120, periodic=False, seed=0):
    """n scattered points in a box of side 2 (the period), unequal weights, an analytic scalar and a
    vector.
    """
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 2, (n, d))
    velocity = np.stack(
        [np.cos(np.pi * points[:, (k + 1) % d]) + 0.3 * k for k in range(d)], axis=1
    )
    return FlowField(
        points,
        velocity,
        weights=rng.uniform(0.5, 1.5, n),
        scalars={
            "strain_rate": rng.uniform(0, 3, n),
            "wall_distance": rng.uniform(0, 1, n),
            "boundary": (rng.random(n) < 0.2).astype(float),
            "concentration": np.sin(np.pi * points[:, 0]) + 0.5 * points[:, min(1, d - 1)],
        },
        vectors={"pressure_gradient": rng.normal(size=(n, d))},
        periods=2 * np.eye(d)[: max(d - 1, 1)] if periodic else (),
    )
