"""Vector-cloud neural networks: closures for CFD that do not depend on anyone's coordinate frame."""

from importlib import import_module

_HOME = {
    "Closure": "closure",
    "DivergenceError": "errors",
    "FlowField": "flow",
    "InputError": "errors",
    "RegionOfInfluence": "region",
    "Scales": "scales",
    "TrainingConfig": "training",
    "VCNNe": "vcnn_e",
    "VectorCloudNetwork": "network",
    "VectorClouds": "clouds",
    "Zhou2022": "zhou2022",
    "fit": "training",
}

__all__ = list(_HOME)


def __getattr__(name):  # on first use: reading a flow does not import torch
    if name not in _HOME:
        raise AttributeError(f"module 'vcnn' has no attribute {name!r}")
    return getattr(import_module(f"vcnn.{_HOME[name]}"), name)


def __dir__():
    return [*globals(), *__all__]
