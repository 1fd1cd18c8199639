"""How good a closure is, and what becomes of it in another frame."""

from vcnn.evaluation.errors import relative_l2

__all__ = ["relative_l2"]
