"""Keys of networks in files: what their constructors take."""

from __future__ import annotations

from vcnn.keys import ANYTHING, LIST, TEXT, Key, kind_of, parameter_meanings
from vcnn.network.base import Network
from vcnn.network.registry import build_network, network_class, network_names

DEFAULT_ARCHITECTURE = "vector-cloud"
EARLIER_ARCHITECTURE = "pair-embedding"  # the default up to version 0.2
_UNITS = {"diffusion_length": "length"}  # all other settings are numbers without one
_ELSEWHERE = "as in "  # begins what a docstring says of a parameter that its base class has


def architecture_key() -> Key:
    """The key that says which network a description is of."""
    return Key(
        "architecture",
        TEXT,
        "which network; one of your own is known to `vcnn --import FILE_OR_MODULE`",
        DEFAULT_ARCHITECTURE,
        choices=tuple(network_names()),
    )


def network_keys(name: str) -> tuple[Key, ...]:
    """Keys beside `architecture_key` of the description of a network.

    Raises
    ------
    InputError
        If there is no architecture of that name.
    """
    config, meanings = build_network(name, {}).config, {}
    names = [config["inner"], name] if "inner" in config else [name]
    for base in [base for name in names for base in reversed(network_class(name).__mro__)]:
        if issubclass(base, Network):
            texts = parameter_meanings(base.__doc__)
            meanings |= {k: text for k, text in texts.items() if not text.startswith(_ELSEWHERE)}
    return tuple(
        Key(key, _kind(key, default), meanings.get(key, ""), default, unit=_UNITS.get(key, ""))
        for key, default in config.items()
    )


def _kind(key, default):
    if key == "output":  # one kind, or a list of them
        return TEXT | LIST
    return ANYTHING if default is None else kind_of(default)
