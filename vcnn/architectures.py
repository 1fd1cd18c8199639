"""Networks by name, as model files and configurations name them."""

from __future__ import annotations

from torch import nn

from vcnn.errors import InputError
from vcnn.network.vcnn_e import VCNNe
from vcnn.network.vector_cloud import VectorCloudNetwork
from vcnn.network.zhou2022 import Zhou2022

_PUBLISHED = {network.name: network for network in (VectorCloudNetwork, Zhou2022, VCNNe)}


def architectures() -> dict[str, type[nn.Module]]:
    """Every network that can be trained, saved and loaded: name -> class."""
    from vcnn import baselines as b  # torch_geometric is slow to import

    graphs = (b.GraphKernelNetwork, b.InvariantGraphKernelNetwork, b.EGNN)
    sets = (b.DeepSets, b.AttentionNetwork, b.CanonicalNetwork)
    return _PUBLISHED | {network.name: network for network in (*graphs, *sets)}


def build_network(name: str, config: dict) -> nn.Module:
    """A network from its name and the keyword arguments of its constructor.

    Raises
    ------
    InputError
        If the name or a keyword is unknown.
    """
    network = _PUBLISHED.get(name) or architectures().get(name)
    if network is None:
        raise InputError(
            f"architecture: expected one of {', '.join(architectures())}, got {name!r}"
        )
    try:
        return network(**config)
    except (
        TypeError,
        RuntimeError,
    ) as error:  # an unknown keyword; torch's answer to a width below zero
        raise InputError(
            f"architecture {name!r}: {str(error).splitlines()[0].split('() ')[-1]}"
        ) from None
