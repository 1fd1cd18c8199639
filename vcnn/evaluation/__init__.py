"""How good a closure is, and what becomes of it in another frame."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.evaluation.costs import cost_study as cost_study
    from vcnn.evaluation.frames import rotate_study as rotate_study
    from vcnn.evaluation.report.rotation import write_report as write_report
    from vcnn.evaluation.transformations import transformation_study as transformation_study
    from vcnn.flow.norms import relative_l2 as relative_l2

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
