"""Symmetry of any closure or network: how far predictions are from rotating with the frame.

from vcnn.testing import equivariance_errors, assert_equivariant

print(equivariance_errors(closure, flow))
assert_equivariant(closure, flow, 1e-12)
"""

from vcnn.evaluation.equivariance import (
    TRANSFORMATIONS,
    EquivarianceErrors,
    assert_equivariant,
    equivariance_errors,
)

__all__ = ["TRANSFORMATIONS", "EquivarianceErrors", "assert_equivariant", "equivariance_errors"]
