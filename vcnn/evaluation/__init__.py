"""How good a closure is, and what becomes of it in another frame."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.evaluation.bands import student_band as student_band
    from vcnn.evaluation.calibration import Calibration as Calibration
    from vcnn.evaluation.calibration import rank_histogram as rank_histogram
    from vcnn.evaluation.costs import Cost as Cost
    from vcnn.evaluation.costs import CostStudy as CostStudy
    from vcnn.evaluation.costs import cost_study as cost_study
    from vcnn.evaluation.frames import RotationStudy as RotationStudy
    from vcnn.evaluation.frames import rotate_study as rotate_study
    from vcnn.evaluation.frames import rotation as rotation
    from vcnn.evaluation.recalibration import recalibrate as recalibrate
    from vcnn.evaluation.report.rotation import write_report as write_report
    from vcnn.evaluation.transformations import Response as Response
    from vcnn.evaluation.transformations import TransformationStudy as TransformationStudy
    from vcnn.evaluation.transformations import transformation_study as transformation_study
    from vcnn.flow.norms import magnitudes as magnitudes
    from vcnn.flow.norms import relative_l2 as relative_l2

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
