"""Vector-cloud neural networks: closures for CFD that do not depend on anyone's coordinate frame."""

from vcnn.closure import Closure
from vcnn.clouds import RegionOfInfluence, VectorClouds
from vcnn.errors import DivergenceError, InputError
from vcnn.flow import FlowField
from vcnn.network import VectorCloudNetwork
from vcnn.scales import Scales
from vcnn.training import TrainingConfig, fit
from vcnn.zhou2022 import Zhou2022

__all__ = [
    "Closure",
    "DivergenceError",
    "FlowField",
    "InputError",
    "RegionOfInfluence",
    "Scales",
    "TrainingConfig",
    "VectorCloudNetwork",
    "VectorClouds",
    "Zhou2022",
    "fit",
]
