"""Training: networks fitted to flows."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.training.config import TrainingConfig as TrainingConfig
    from vcnn.training.fitting import fit as fit

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
