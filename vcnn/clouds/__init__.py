"""Vector clouds: which points of a flow belong to a centre, and how they are found."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.clouds.clouds import VectorClouds as VectorClouds
    from vcnn.clouds.regions import Ball as Ball
    from vcnn.clouds.regions import Ellipsoid as Ellipsoid
    from vcnn.clouds.regions import RegionOfInfluence as RegionOfInfluence
    from vcnn.clouds.regions import TransportRegion as TransportRegion

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
