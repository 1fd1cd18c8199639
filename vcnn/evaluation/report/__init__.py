"""The report on closures in turned frames: one page with words, tables and pictures.

Each picture is a function that gives a matplotlib figure.
"""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.evaluation.report.calibration import calibration_figure as calibration_figure
    from vcnn.evaluation.report.calibration import calibration_table as calibration_table
    from vcnn.evaluation.report.curves import angle_curve as angle_curve
    from vcnn.evaluation.report.curves import cost_curve as cost_curve
    from vcnn.evaluation.report.curves import learning_curve as learning_curve
    from vcnn.evaluation.report.curves import rotation_distribution as rotation_distribution
    from vcnn.evaluation.report.fields import draw_field as draw_field
    from vcnn.evaluation.report.fields import field_comparison as field_comparison
    from vcnn.evaluation.report.fields import field_figure as field_figure
    from vcnn.evaluation.report.page import Section as Section
    from vcnn.evaluation.report.page import write_page as write_page
    from vcnn.evaluation.report.panels import error_panel as error_panel
    from vcnn.evaluation.report.panels import frame_panel as frame_panel
    from vcnn.evaluation.report.panels import prediction_panel as prediction_panel
    from vcnn.evaluation.report.rotation import write_report as write_report
    from vcnn.evaluation.report.verdict import rotation_verdict as rotation_verdict

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
