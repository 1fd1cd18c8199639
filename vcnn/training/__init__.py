"""Training: networks fitted to flows, or for a task of one's own."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.training.config import TrainingConfig as TrainingConfig
    from vcnn.training.fitting import fit as fit
    from vcnn.training.linear_fit import fit_linear as fit_linear
    from vcnn.training.loss import negative_log_likelihood as negative_log_likelihood
    from vcnn.training.task import Step as Step
    from vcnn.training.task import Task as Task
    from vcnn.training.task import run_fingerprint as run_fingerprint

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
