"""How the documentation is built: ``make docs``."""

import os
import sys
from pathlib import Path
from shutil import which

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "docs")]

import matplotlib  # noqa: E402

from vcnn.version import __version__  # noqa: E402

matplotlib.use("agg")
# kernels of notebooks find the packages of this checkout and compute with one thread
os.environ["PYTHONPATH"] = str(REPOSITORY)
os.environ.setdefault("OMP_NUM_THREADS", "1")
# what libraries tell their developers has no place on a page
os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found,ignore:`torch.jit.script` is deprecated"

project = "vcnn"
author = "The vcnn authors"
copyright = author
version = release = __version__

extensions = [
    "_extensions.commands",
    "_extensions.elsewhere",
    "_extensions.gallery_style",
    "_extensions.keys",
    "_extensions.reference",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinx-mathjax-offline",
]
exclude_patterns = [
    "_build",
    "_extensions",
    "conf.py",
    "gallery/*",
    "**/.ipynb_checkpoints",
    *(f"_gallery/*.{kind}" for kind in ("ipynb", "json", "md5", "py", "zip")),
]
nitpicky = True
primary_domain = "py"

# .rst first: autosummary writes its pages with the first suffix
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".py": "myst-nb"}
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 4
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "auto"
# where OpenFOAM is absent, what it would say is
nb_execution_excludepatterns = [] if which("simpleFoam") else ["notebooks/openfoam_afternoon.py"]
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autosummary_generate = True
autodoc_typehints = "none"  # docstrings say types, shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # but for the public classes of this package
templates_path = ["_templates"]
default_role = "py:obj"
# bases that torch and Python bring, where no inventory can be fetched
nitpick_ignore_regex = [("py:.*", r"(torch|enum)\..*")]

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "_gallery",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,  # its page asks for scripts of another site
    "copyfile_regex": r".*\.toml",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("_extensions.gallery_style.set_style",),
    "image_srcset": ["2x"],
    "capture_repr": (),
    "show_signature": False,
    "min_reported_time": 600,
}

html_theme = "pydata_sphinx_theme"
html_title = f"vcnn {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_show_search_summary = False  # a summary is fetched, which a browser refuses for files
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "header_links_before_dropdown": 7,
}
html_context = {"default_mode": "light"}


def setup(app):
    # it says nothing about it, but all that it does is to copy files at the end
    mathjax = app.extensions["sphinx-mathjax-offline"]
    mathjax.parallel_read_safe = mathjax.parallel_write_safe = True
    app.connect("env-before-read-docs", _spread)


def _spread(app, env, names, strides=8):
    """Neighbours apart: processes take what follows each other, and notebooks take minutes each."""
    names[:] = [name for first in range(strides) for name in names[first::strides]]
