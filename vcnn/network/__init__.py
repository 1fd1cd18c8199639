"""Networks on clouds: features, moments, outputs that rotate with the frame."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.network.atom_cloud import AtomCloudNetwork as AtomCloudNetwork
    from vcnn.network.base import Network as Network
    from vcnn.network.base import PointFields as PointFields
    from vcnn.network.distributions import Distribution as Distribution
    from vcnn.network.heads import OUTPUTS as OUTPUTS
    from vcnn.network.layers import perceptron as perceptron
    from vcnn.network.layers import seeded as seeded
    from vcnn.network.pair_embedding import PairEmbeddingNetwork as PairEmbeddingNetwork
    from vcnn.network.registry import build_network as build_network
    from vcnn.network.registry import register_network as register_network
    from vcnn.network.symmetry import Symmetry as Symmetry
    from vcnn.network.vcnn_e import VCNNe as VCNNe
    from vcnn.network.vector_cloud import VectorCloudNetwork as VectorCloudNetwork
    from vcnn.network.zhou2022 import Zhou2022 as Zhou2022

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
