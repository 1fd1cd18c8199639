"""What is known of one flow: points, velocity, named fields; its mesh, its file, its norms."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.flow.field import FlowField as FlowField
    from vcnn.flow.joining import concatenate as concatenate
    from vcnn.flow.quantities import QUANTITIES as QUANTITIES
    from vcnn.flow.spreads import SPREADS as SPREADS

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
