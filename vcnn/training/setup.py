"""What a training is asked to do: network, target and region, new or those of a closure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from vcnn.closure.closure import Closure
from vcnn.clouds.regions import RegionOfInfluence, check_region
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.network.base import Network, check_network, name_outputs


def check_setup(
    network: Network, target: str | Sequence[str], region: RegionOfInfluence
) -> dict[str, str]:
    """Names of the targets -> their kinds.

    Raises
    ------
    InputError
        If an argument is none that it could be.
    """
    check_network(network)
    check_region(region, network.categories)
    return name_outputs(network, target)


def take_over(
    start: Closure,
    network: Network | None,
    target: str | Sequence[str] | None,
    region: RegionOfInfluence | None,
    flows: Mapping[str, FlowField],
) -> tuple[Network, str | tuple[str, ...], RegionOfInfluence]:
    """Network, target and region of a closure, for a training that begins from it.

    Parameters
    ----------
    start : Closure
        Stays as it is: its weights are copied, into the ``network`` if one is given.
    network, target, region : None, or equal to its own
    flows : name -> FlowField
        That it is to be trained and validated on.

    Raises
    ------
    InputError
        If one is not, or a flow is none that the closure can be asked about.
    """
    if not isinstance(start, Closure):
        raise InputError(f"start: expected a vcnn.Closure, got {type(start).__name__}")
    if network is None:
        network = copy.deepcopy(start.network)
    else:
        check_network(network)
        if _settings(network) != _settings(start.network):
            raise InputError(
                "network: expected one of the settings of the model to start from, "
                f"{_settings(start.network)}, got {_settings(network)}"
            )
        network.load_state_dict(start.network.state_dict())
    if target is not None and list(name_outputs(network, target)) != list(start.targets):
        raise InputError(
            f"target: the model to start from predicts {', '.join(start.targets)}, got {target!r}"
        )
    if region is not None and region != start.region:
        raise InputError(
            f"region: expected that of the model to start from, {start.region}, got {region}"
        )
    for name, flow in flows.items():
        with naming(name):
            start.check(flow)
    return network, start.target, start.region


def _settings(network: Network) -> str:
    """What a network is, but for the initial weights."""
    settings = [f"{key} = {value!r}" for key, value in network.config.items() if key != "seed"]
    return f"{network.name} ({', '.join(settings)})"
