"""Closures: network, region, scales and units in one, what a solver is given."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure as Closure
    from vcnn.closure.extrapolation import TrainingRange as TrainingRange
    from vcnn.closure.scales import Scales as Scales

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
