"""One look of all pictures of the gallery, that can be read on a phone and by every eye."""

import matplotlib as mpl

# Okabe & Ito, as in the reports of the package
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLE = {
    "axes.grid": False,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 13,
    "figure.constrained_layout.use": True,
    "figure.figsize": (6.4, 4.0),
    "font.size": 13,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "legend.fontsize": 12,
    "lines.linewidth": 2,
}


def set_style(gallery_conf: dict, script: str) -> None:
    """What sphinx-gallery calls before each script."""
    mpl.rcdefaults()
    mpl.use("agg")
    mpl.rcParams.update(STYLE)
