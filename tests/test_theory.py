"""The pages on theory and validation name code that exists and numbers that their pages hold."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
THEORY = sorted((DOCS / "theory").glob("*.md"))
_NAME = re.compile(r"`([\w/]*\w\.py|(?:vcnn|solvers|meshes)/[\w/]+/)`|“([a-z0-9\s]+)”")


@pytest.mark.parametrize("page", THEORY, ids=lambda path: path.stem)
def test_files_and_tests_that_theory_names_exist(page):
    """A file without a folder is in that of the one before it, a “test by its name” in the file."""
    file = None
    for path, test in _NAME.findall(page.read_text(encoding="utf-8")):
        if path:
            file = ROOT / path if "/" in path else file.parent / path
            assert file.exists(), path
        if test:
            text = file.read_text(encoding="utf-8")
            name = "_".join(["test", *test.split()])
            assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{file.name}: {name}"


def results_by_page():
    """What validation.md says of each page that it links to."""
    text = (DOCS / "validation.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    for cells in rows:
        if link := re.search(r"\]\(([^)#]+)", cells[-1]):
            yield cells[0].strip(), cells[-2], DOCS / link.group(1)


def test_numbers_of_validation_are_those_of_the_pages():
    checked = 0
    for what, result, page in results_by_page():
        text = page.read_text(encoding="utf-8")
        numbers = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w°])", result)
        for number in numbers:
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?!\d|\.\d)", text), (
                f"{what}: {number}"
            )
        checked += len(numbers)
    assert checked > 50
