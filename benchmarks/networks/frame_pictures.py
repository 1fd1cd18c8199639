"""Pictures of the study of turned frames that the reports of the package do not have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.networks.frame_models import SIZES
from vcnn.evaluation.report.curves import scale_for_errors

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import NullLocator


def draw_efficiency(rows: Sequence[Sequence], path: Path) -> None:
    """Errors against the number of hills: rows of a model and its error for each number."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for (model, *errors), marker in zip(rows, "os^", strict=True):
        axes.semilogx(list(SIZES), errors, marker=marker, label=model)
    scale_for_errors(axes, axes.yaxis, {model: np.array(errors) for model, *errors in rows})
    axes.set(xlabel="training hills", ylabel="relative L2 error in turned frames")
    axes.set_xticks(list(SIZES), map(str, SIZES))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.3, which="both")
    figure.legend(frameon=False, loc="outside upper center", ncols=len(rows))
    figure.savefig(path, dpi=110)
    plt.close(figure)
