"""Names that a package exports and imports on first use: reading a flow does not import torch."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path


def lazy_exports(package: str, file: str) -> tuple[Callable, Callable, list[str]]:
    """``__getattr__``, ``__dir__``, ``__all__`` for what the ``TYPE_CHECKING`` block imports.

    The block is the one place that says what is exported: type checkers and editors read it as they
    read any import, and this function reads it as text. A package begins with

        if TYPE_CHECKING:
            from package.module import Name as Name

        __getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)

    Parameters
    ----------
    package : ``__name__`` of the package
    file : ``__file__`` of the package
    """
    homes = _type_checking_imports(Path(file).read_text(encoding="utf-8"))

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return get, lambda: sorted(homes), sorted(homes)


def _type_checking_imports(source: str) -> dict[str, str]:
    """Name -> module, of the imports in ``if TYPE_CHECKING:``."""
    blocks = [node for node in ast.parse(source).body if isinstance(node, ast.If)]
    guarded = [
        node
        for node in blocks
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]
    imports = [line for node in guarded for line in node.body if isinstance(line, ast.ImportFrom)]
    return {alias.name: line.module for line in imports for alias in line.names}
