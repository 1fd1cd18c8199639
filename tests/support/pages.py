"""Pages of the documentation, as they are written."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
# what a build of the site puts beside them
_MADE = {"_build", "_gallery", "notebooks", "results", "models"}


def written_pages() -> list[Path]:
    """All .md files of docs that are in the repository."""
    docs = ROOT / "docs"
    return sorted(p for p in docs.rglob("*.md") if p.relative_to(docs).parts[0] not in _MADE)
