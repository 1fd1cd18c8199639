"""Vector-cloud neural networks: closures for CFD that do not depend on anyone's coordinate frame."""

from vcnn.errors import DivergenceError, InputError
from vcnn.flow import FlowField

__all__ = ["DivergenceError", "FlowField", "InputError"]
