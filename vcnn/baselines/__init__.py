"""Networks to compare a vector-cloud network with; all take `VectorClouds` in ``forward``."""

from vcnn.baselines.attention import AttentionNetwork
from vcnn.baselines.canonical import CanonicalNetwork
from vcnn.baselines.cloud_network import CloudNetwork
from vcnn.baselines.deep_sets import DeepSets
from vcnn.baselines.e3nn_network import E3nnNetwork
from vcnn.baselines.egnn import EGNN
from vcnn.baselines.graph_kernel import GraphKernelNetwork
from vcnn.baselines.invariant_graph_kernel import InvariantGraphKernelNetwork

__all__ = [
    "EGNN",
    "AttentionNetwork",
    "CanonicalNetwork",
    "CloudNetwork",
    "DeepSets",
    "E3nnNetwork",
    "GraphKernelNetwork",
    "InvariantGraphKernelNetwork",
]
