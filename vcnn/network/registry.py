"""Networks by name, as model files and configurations name them."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from inspect import isabstract
from typing import Any

from vcnn.errors import InputError, suggest
from vcnn.network.base import Network, check_network

_GROUP = "vcnn.networks"  # of entry points by which other packages bring networks along

# Named as an entry point names them: a model file asks for one, and torch_geometric, which the
# baselines need, is slow to import.
_SHIPPED = {
    "vector-cloud": "vcnn.network.vector_cloud:VectorCloudNetwork",
    "pair-embedding": "vcnn.network.pair_embedding:PairEmbeddingNetwork",
    "zhou2022": "vcnn.network.zhou2022:Zhou2022",
    "vcnn-e": "vcnn.network.vcnn_e:VCNNe",
    "graph-kernel": "vcnn.baselines.graph_kernel:GraphKernelNetwork",
    "invariant-graph-kernel": "vcnn.baselines.invariant_graph_kernel:InvariantGraphKernelNetwork",
    "egnn": "vcnn.baselines.egnn:EGNN",
    "deep-sets": "vcnn.baselines.deep_sets:DeepSets",
    "attention": "vcnn.baselines.attention:AttentionNetwork",
    "e3nn": "vcnn.baselines.e3nn_network:E3nnNetwork",
    "canonical": "vcnn.baselines.canonical:CanonicalNetwork",
    "atom-cloud": "vcnn.network.atom_cloud:AtomCloudNetwork",
}
_EXTRAS = ("e3nn",)  # networks on a package of the same name, which may be missing
_REGISTERED: dict[str, type[Network]] = {}


def register_network[N: type[Network]](network: N) -> N:
    """Make a network known by its ``name`` to files and configurations; a class decorator.

    Parameters
    ----------
    network : type
        The class.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    InputError
        If the class is no `Network`, lacks a name or ``forward``, or another class has its name.
    """
    who = f"network {network.__qualname__}"
    if not issubclass(network, Network):
        raise InputError(f"{who}: a network derives from vcnn.Network")
    if not network.name:
        raise InputError(f"{who}: name: expected text that files can call it by, got none")
    if isabstract(network):
        raise InputError(f"{who}: {', '.join(sorted(network.__abstractmethods__))} is missing")
    home = f"{network.__module__}:{network.__qualname__}"
    rival = _SHIPPED.get(network.name, home)
    if network.name in _REGISTERED:
        other = _REGISTERED[network.name]
        rival = f"{other.__module__}:{other.__qualname__}"
    if rival != home:  # the same class once more is a module that was loaded again
        raise InputError(f"{who}: the name {network.name!r} is that of {rival} already")
    _REGISTERED[network.name] = network
    return network


def network_class(name: str) -> type[Network]:
    """The network of this name: registered, shipped, or brought along by another package.

    Raises
    ------
    InputError
        If there is none.
    """
    name = name if isinstance(name, str) else repr(name)  # of a file, which may hold anything
    if name in _REGISTERED:
        return _REGISTERED[name]
    if name in _SHIPPED:
        module, kind = _SHIPPED[name].split(":")
        return register_network(getattr(import_module(module), kind))
    for entry in entry_points(group=_GROUP, name=name):
        network = register_network(entry.load())
        if network.name != name:
            raise InputError(f"entry point {name!r} of {_GROUP}: its network is {network.name!r}")
        return network
    names = network_names()
    hint = suggest(name, names) or ";"
    raise InputError(
        f"architecture: expected one of {', '.join(names)}, got {name!r}{hint} "
        "a network of your own is known once its module is imported (vcnn --import "
        f"FILE_OR_MODULE ...) or is an entry point of {_GROUP}"
    )


def network_names() -> list[str]:
    """Names of all networks that can be trained, saved and loaded; shipped ones come first.

    Those whose package is not installed are left out.
    """
    brought = [entry.name for entry in entry_points(group=_GROUP)]
    names = dict.fromkeys([*_SHIPPED, *_REGISTERED, *brought])
    return [name for name in names if name not in _EXTRAS or find_spec(name)]


def build_network(name: str, config: dict[str, Any]) -> Network:
    """A network from its name and the keyword arguments of its constructor.

    Parameters
    ----------
    name : str
        As files and configurations call it, such as "vector-cloud".
    config : mapping
        The keyword arguments.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        If the name or a keyword is unknown.
    """
    kind = network_class(name)
    try:
        return kind(**config)
    except InputError:
        raise
    except Exception as error:  # a constructor may raise anything on what it does not expect
        reason = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"architecture {name!r}: {reason[0].split('() ')[-1]}") from error


def check_importable(network: Network) -> None:
    """Raise `InputError` unless other processes can import the class of the network."""
    kind = type(network)
    if "<locals>" in kind.__qualname__:
        home = "a function"
    elif kind.__module__ == "__main__" and "__file__" not in vars(sys.modules["__main__"]):
        home = "an interactive session"
    else:
        return
    raise InputError(
        f"network {kind.__name__} is defined in {home}, where other processes cannot import it; "
        "put it into a file of its own"
    )


def check_storable(network: Network) -> None:
    """Raise `InputError` unless a file can give this network back.

    Its class must be registered, and its ``config`` must build one of the same weights.
    """
    check_network(network)
    kind, who = type(network), f"network {type(network).__qualname__}"
    if network.name not in network_names() or network_class(network.name) is not kind:
        raise InputError(
            f"{who} cannot be saved: give it a name of its own and decorate it with "
            f"@vcnn.register_network (its name is {network.name!r})"
        )
    again = build_network(network.name, network.config).state_dict()
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if shapes != {name: tensor.shape for name, tensor in again.items()}:
        raise InputError(
            f"{who} cannot be saved: its config {network.config} builds other weights; pass every "
            "argument of the constructor to super().__init__ by keyword"
        )
