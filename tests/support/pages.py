"""Pages of the documentation, as they are written."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# what a build of the site puts beside them
_MADE = {"_build", "_gallery", "notebooks", "results", "models"}


def written_pages() -> list[Path]:
    """All .md files of docs that are in the repository."""
    docs = ROOT / "docs"
    return sorted(p for p in docs.rglob("*.md") if p.relative_to(docs).parts[0] not in _MADE)


def page_text(page: str) -> str:
    """What is written on a page of docs."""
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def code_blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page_text(page), re.MULTILINE | re.DOTALL)


def steps(page: str) -> list[tuple[str, str | None]]:
    """Each Python block of a page, with the text block that follows it at once if one does."""
    pairs = re.findall(
        r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?",
        page_text(page),
        re.MULTILINE | re.DOTALL,
    )
    return [(code, output or None) for code, output in pairs]


def commands(text: str) -> list[str]:
    """Command lines of vcnn that stand by themselves on a page, in code, without what is before."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    pattern = re.compile(r"(?: {4}|\$ )?(?:\S*mpirun -n \d+ )?(?:\S*/)?vcnn (\S.*)$")
    return [match[1].split("  #")[0] for match in map(pattern.match, lines) if match]
