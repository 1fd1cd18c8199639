"""What the clouds of a training are like, and what is said if it looks like a mistake."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from vcnn.clouds.regions import RegionOfInfluence
from vcnn.flow.field import FlowField
from vcnn.training.progress import say

_LEAST_POINTS = 5  # of a cloud on average: fewer say nothing about what is around a point
_LIKE = 5.0  # ratio of scales above which flows are probably told in different units
_COARSE = 6.0  # spacings to a radius: a lattice that is coarser can be seen in predictions
_FINE = 8.0
_MOST_LINES = 12


def advise(
    flows: Mapping[str, FlowField],
    counts: Mapping[str, np.ndarray],
    region: RegionOfInfluence,
    shown: bool,
) -> None:
    """Say how large the clouds are, if that is to be shown; warn of what looks like a mistake.

    Parameters
    ----------
    flows : name -> FlowField
        All that take part.
    counts : name of a training flow -> (m,) points of its clouds
    region : that the clouds belong to
    shown : whether anything but warnings is said
    """
    for line in describe_clouds(counts) if shown else ():
        say(line)
    warn_of_scales(flows)
    warn_of_clouds(counts, region)


def describe_clouds(counts: Mapping[str, np.ndarray]) -> list[str]:
    """Lines that say how many points the clouds of each flow hold, one for each if they are few.

    Parameters
    ----------
    counts : name of a flow -> (m,) points of its clouds
    """
    if len(counts) > _MOST_LINES:
        order = sorted(counts, key=lambda name: counts[name].mean())
        shown = {name: counts[name] for name in (order[0], order[-1])}
        head = f"clouds of {len(counts)} flows, the smallest and the largest on average: "
    else:
        shown, head = counts, "clouds: "
    return [
        f"{head}{name}: {len(sizes):,} of {sizes.mean():.0f} points "
        f"({sizes.min()} to {sizes.max()})"
        for name, sizes in shown.items()
    ]


def warn_of_clouds(counts: Mapping[str, np.ndarray], region: RegionOfInfluence) -> None:
    """Warn of flows whose clouds are hardly any, and of a lattice that will be seen.

    Parameters
    ----------
    counts : name of a flow -> (m,) points of its clouds
    region : that the clouds belong to
    """
    for name, sizes in counts.items():
        if sizes.mean() < _LEAST_POINTS:
            _warn(
                f"{name}: its clouds hold {sizes.mean():.1f} points on average, a network needs "
                f"{_LEAST_POINTS} or more to see what is around a point; the region reaches "
                f"{region.lateral:.3g}, choose a larger one or bring the flow to the units of the "
                "others"
            )
    spacing = region.lattice_spacing
    if spacing is not None and region.lateral < _COARSE * spacing:
        _warn(
            f"region: a spacing of {spacing:.3g} is 1/{region.lateral / spacing:.2g} of the "
            f"radius; predictions will show the lattice; {region.lateral / _FINE:.3g} is an eighth"
        )


def warn_of_scales(flows: Mapping[str, FlowField]) -> None:
    """Warn if velocities or lengths of flows differ so much that their units may.

    Parameters
    ----------
    flows : name -> FlowField
    """
    measures = {
        "velocities": {name: _speed(flow) for name, flow in flows.items()},
        "extents": {
            name: float(np.linalg.norm(np.ptp(flow.points, axis=0))) for name, flow in flows.items()
        },
    }
    for what, sizes in measures.items():
        sizes = {name: size for name, size in sizes.items() if size > 0}
        if not sizes:
            continue
        low, high = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
        ratio = sizes[high] / sizes[low]
        if ratio > _LIKE:
            _warn(
                f"{what} of {high} ({sizes[high]:.3g}) and {low} ({sizes[low]:.3g}) differ by a "
                f"factor of {ratio:.3g}; a model has one scale for all flows: tell them in the "
                "same units, best of a length and a velocity of the flow"
            )


def _speed(flow: FlowField) -> float:
    """Root mean square."""
    return float(np.sqrt(np.average((flow.velocity**2).sum(axis=1), weights=flow.weights)))


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=7)  # where fit was called
