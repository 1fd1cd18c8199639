"""Pages of the site that lie elsewhere in the repository: notebooks, results, model cards.

They are copied here before a build, and links from and to them are turned accordingly, so that
the same links lead somewhere on the site and in the repository.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

# folder of the site -> folder of the repository
FOLDERS = {"notebooks": "notebooks", "results": "benchmarks/results", "models": "vcnn/pretrained"}
_PICTURES = (".png", ".svg")
_SUFFIXES = (".md", ".py", *_PICTURES)
_LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:|#|/)([^)#\s]+)(#[^)\s]*)?\)")
_BLOCK = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
_PERCENT = re.compile(r"(?<=\d) (?=%)")


def setup(app):
    """Sphinx calls this."""
    app.connect("config-inited", _copy)
    app.connect("source-read", _redirect)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _copy(app, _config) -> None:
    """Copy what is new or changed; remove what is gone."""
    site = Path(app.srcdir)
    for here, there in FOLDERS.items():
        files = {
            path.name: path
            for path in (site.parent / there).iterdir()
            if path.suffix in _SUFFIXES and path.name != "__init__.py"
        }
        folder = site / here
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if path.is_file() and path.name not in files:
                path.unlink()
        for name, path in files.items():
            copy = folder / name
            if not copy.exists() or copy.stat().st_mtime != path.stat().st_mtime:
                shutil.copy2(path, copy)


def _redirect(app, docname: str, source: list[str]) -> None:
    """Links of a page, from where it is written to where it stands on the site."""
    site = Path(app.srcdir).resolve()
    page = Path(app.env.doc2path(docname))
    written = _origin(site, page)
    pages = {_origin(site, Path(app.env.doc2path(name))) for name in app.env.found_docs}

    def replace(link: re.Match) -> str:
        text, path, anchor = link.groups(default="")
        target = Path(os.path.normpath(written.parent / path))
        if target in pages or target.suffix in _PICTURES:
            place = os.path.relpath(_place(site, target), page.parent)
            return f"[{text}]({place}{anchor})"
        if target.exists():  # a folder, code or data: in the repository only
            named = target.stem in text
            return text if named else f"{text} (`{target.relative_to(site.parent)}`)"
        return link.group()

    parts = _BLOCK.split(source[0])
    parts[::2] = [_LINK.sub(replace, part) for part in parts[::2]]
    if page.suffix == ".md":  # a number and its % stay on one line
        parts[::2] = [_PERCENT.sub("\N{NO-BREAK SPACE}", part) for part in parts[::2]]
    source[0] = "".join(parts)


def _origin(site: Path, page: Path) -> Path:
    """Where a page of the site is written."""
    inside = page.relative_to(site)
    folder = FOLDERS.get(inside.parts[0])
    return page if folder is None else site.parent / folder / Path(*inside.parts[1:])


def _place(site: Path, path: Path) -> Path:
    """Where a file of the repository is on the site, the inverse of `_origin`."""
    for here, there in FOLDERS.items():
        if path.parent == site.parent / there:
            return site / here / path.name
    return path
