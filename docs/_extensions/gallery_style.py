"""One look of all pictures of the gallery, that can be read on a phone and by every eye.

Who does not see them hears the title of the page.
"""

import matplotlib as mpl
from sphinx_gallery.directives import imgsgnode

from vcnn.evaluation.report.curves import COLOURS

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


def setup(app):
    """Sphinx calls this."""
    app.connect("doctree-read", _name_pictures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _name_pictures(app, doctree) -> None:
    """Without it they are called after titles of their axes, or after their file."""
    for picture in doctree.findall(imgsgnode):
        picture["alt"] = app.env.titles[app.env.docname].astext()


def set_style(gallery_conf: dict, script: str) -> None:
    """What sphinx-gallery calls before each script."""
    mpl.rcdefaults()
    mpl.use("agg")
    mpl.rcParams.update(STYLE)
