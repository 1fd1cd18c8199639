"""Vector-cloud neural networks: closures for CFD that do not depend on a coordinate frame.

    from vcnn import Closure

flows      FlowField, VectorClouds, RegionOfInfluence
closures   Closure, Scales, as_closure, ClosureLike
networks   VectorCloudNetwork, Zhou2022, VCNNe; of one's own: Network, register_network
training   fit, TrainingConfig
errors     InputError, DivergenceError
version    __version__

More is in vcnn.flow, vcnn.clouds, vcnn.closure, vcnn.network, vcnn.baselines, vcnn.training,
vcnn.evaluation, vcnn.evaluation.report, vcnn.particles and vcnn.testing. Names are imported on
first use.
"""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure as Closure
    from vcnn.closure.plain import as_closure as as_closure
    from vcnn.closure.protocol import ClosureLike as ClosureLike
    from vcnn.closure.scales import Scales as Scales
    from vcnn.clouds.clouds import VectorClouds as VectorClouds
    from vcnn.clouds.regions import RegionOfInfluence as RegionOfInfluence
    from vcnn.errors import DivergenceError as DivergenceError
    from vcnn.errors import InputError as InputError
    from vcnn.flow.field import FlowField as FlowField
    from vcnn.network.base import Network as Network
    from vcnn.network.registry import register_network as register_network
    from vcnn.network.vcnn_e import VCNNe as VCNNe
    from vcnn.network.vector_cloud import VectorCloudNetwork as VectorCloudNetwork
    from vcnn.network.zhou2022 import Zhou2022 as Zhou2022
    from vcnn.training.config import TrainingConfig as TrainingConfig
    from vcnn.training.fitting import fit as fit
    from vcnn.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
