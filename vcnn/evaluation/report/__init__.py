"""The report on closures in turned frames: one page with words, tables and pictures."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.evaluation.report.page import Section as Section
    from vcnn.evaluation.report.page import write_page as write_page
    from vcnn.evaluation.report.rotation import write_report as write_report
    from vcnn.evaluation.report.verdict import rotation_verdict as rotation_verdict

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
