"""Closures in OpenFOAM's solvers: the library that asks them, cases that use it, their reports.

    from openfoam import build_library

build      build_library

The solvers ask the closure through a RAS model, `vcnn` or `vcnnKOmegaSST`, whose C++ sources
are in ``openfoam/src``; a Python process answers. Nothing here knows of finite elements.
"""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from openfoam.build.compile import build_library as build_library

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
