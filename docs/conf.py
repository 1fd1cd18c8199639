"""How the documentation is built: ``make docs``."""

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "docs")]

import matplotlib  # noqa: E402

from vcnn.version import __version__  # noqa: E402

matplotlib.use("agg")
# kernels of notebooks find the packages of this checkout and compute with one thread
os.environ["PYTHONPATH"] = str(REPOSITORY)
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "vcnn"
author = "The vcnn authors"
copyright = author
version = release = __version__

extensions = [
    "_extensions.elsewhere",
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

source_suffix = {".md": "myst-nb", ".rst": "restructuredtext", ".py": "myst-nb"}
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 4
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "auto"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autosummary_generate = True
autodoc_typehints = "none"  # docstrings say types, shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "_gallery",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "copyfile_regex": r".*\.toml",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("_extensions.gallery_style.set_style",),
    "image_srcset": ["2x"],
    "capture_repr": (),
    "show_signature": False,
    "min_reported_time": 600,
    "write_computation_times": False,  # its page asks other hosts for scripts
}

html_theme = "pydata_sphinx_theme"
html_title = f"vcnn {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_search_summary = False  # a summary is fetched, which a browser refuses for files
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "header_links_before_dropdown": 9,
}
html_context = {"default_mode": "light"}
