"""The reference of Python names: what is public, where it stands, and how texts refer to it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import get_origin

from numpydoc.xref import DEFAULT_LINKS

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("vcnn", "meshes", "solvers", "openfoam")
# classes of others whose members are not told again; a network has hundreds of torch's
_FOREIGN = ("ABC", "Enum", "Exception", "Generic", "Module", "Protocol", "object", "str")


def setup(app):
    """Sphinx calls this."""
    for extension in ("sphinx.ext.autosummary", "numpydoc"):
        app.setup_extension(extension)
    app.connect("config-inited", _configure, priority=100)  # before numpydoc reads it
    app.connect("builder-inited", _remove_stale, priority=100)
    app.connect("autodoc-process-docstring", _escape_bars, priority=900)  # after numpydoc
    app.connect("autodoc-process-signature", _no_call)
    app.connect("autodoc-process-bases", _show_bases)
    app.connect("missing-reference", _resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


@cache
def public_packages() -> tuple[str, ...]:
    """Packages that say what is public with ``__all__``, and `vcnn.testing`; short names first."""
    names = ["vcnn.testing"]
    for package in PACKAGES:
        for path in (REPOSITORY / package).rglob("__init__.py"):
            if "__all__" in path.read_text(encoding="utf-8"):
                names.append(".".join(path.parent.relative_to(REPOSITORY).parts))
    return tuple(sorted(names, key=lambda name: (name.count("."), name)))


@cache
def public_objects() -> dict[str, object]:
    """Full name -> object, each under its shortest name, as ``vcnn.Closure``."""
    names: dict[int, str] = {}
    objects = {}
    for package in public_packages():
        module = import_module(package)
        for name in module.__all__:
            thing = getattr(module, name)
            if names.setdefault(id(thing), f"{package}.{name}") == f"{package}.{name}":
                objects[f"{package}.{name}"] = thing
    return objects


def aliases() -> dict[str, str]:
    """Last part of each public name -> the name, where only one has it: types of docstrings."""
    names = list(public_objects())
    ends = [name.rpartition(".")[2] for name in names]
    return {
        end: name
        for end, name in zip(ends, names, strict=True)
        if ends.count(end) == 1 and end[0].isupper()
    }


def _configure(app, config) -> None:
    DEFAULT_LINKS.clear()  # they lead to the pages of Python and NumPy, which a build cannot ask
    config.numpydoc_xref_aliases = aliases()
    classes = {n: thing for n, thing in public_objects().items() if isinstance(thing, type)}
    config.autosummary_context = {
        "told_elsewhere": ", ".join((*_FOREIGN, *sorted(c.__name__ for c in classes.values()))),
        "derived": {name for name, thing in classes.items() if _shown(thing.__bases__)},
    }


def _remove_stale(app) -> None:
    """Pages of names that are no longer public."""
    for page in Path(app.srcdir, "reference/api/generated").glob("*.rst"):
        if page.stem not in public_objects():
            page.unlink()


def _escape_bars(_app, _what, _name, _thing, _options, lines: list[str]) -> None:
    """Bars are those of |S|, a magnitude, and never of a substitution."""
    for i, line in enumerate(lines):
        parts = line.split("``")
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[i] = "``".join(parts)


def _no_call(_app, _what, _name, thing, _options, _signature, _returned):
    """Nobody calls a protocol: what stands for its arguments says nothing."""
    return ("", "") if getattr(thing, "_is_protocol", False) else None


def _show_bases(_app, _name, _thing, _options, bases: list) -> None:
    bases[:] = _shown(bases)


def _shown(bases) -> list:
    """Bases that have a page, and torch's; how the rest is put together is nobody's business."""
    shown = []
    for base in bases:
        base = get_origin(base) or base  # of a class that is generic
        known = base in public_objects().values() or base.__module__.startswith("torch")
        shown += [base] if known else _shown(base.__bases__)
    return shown


def _resolve(app, env, node, text):
    """Where a reference leads that leaves out packages, or names another one that has the name."""
    if node.get("refdomain") != "py":
        return None
    full = full_name(node.get("reftarget", ""), node.get("py:module") or "")
    domain = env.get_domain("py")
    if full not in domain.objects:
        return None
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", full, node, text)


def full_name(text: str, module: str = "") -> str | None:
    """Of a public name or a member of one, such as ``Closure.predict``; None if it is neither.

    Parameters
    ----------
    text : str
        What is left of the name, with or without a package.
    module : str
        Where the text is written; of equal names the one of the same top package is meant.
    """
    parts = text.split(".")
    for i, end in enumerate(parts):
        package = ".".join(parts[:i])
        names = [
            name
            for name, thing in public_objects().items()
            if name.rpartition(".")[2] == end and (not package or _has(package, end, thing))
        ]
        if len(names) > 1:
            top = module.partition(".")[0]
            names = [name for name in names if name.partition(".")[0] == top]
        if len(names) == 1:
            return ".".join((*names, *parts[i + 1 :]))
    return None


def _has(package, name, thing) -> bool:
    return package in public_packages() and getattr(import_module(package), name, None) is thing
