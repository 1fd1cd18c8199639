"""Graph networks to compare a vector-cloud network with; all take `VectorClouds` in ``forward``."""

from vcnn.baselines.graph_kernel import GraphKernelNetwork

__all__ = ["GraphKernelNetwork"]
