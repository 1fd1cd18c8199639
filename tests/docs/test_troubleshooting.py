"""The page on messages and the code: nothing on the page is gone, no message is missing there."""

import ast
import re

from tests.support.pages import ROOT, page_text

RAISED = ("InputError", "DivergenceError", "warnings.warn", "_warn")
_ANY = "…"  # what is different each time, on the page and here


def template(node) -> str | None:
    """A text of the code, with … where something is put in; None if it is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else _ANY for v in node.values)
    if isinstance(node, ast.BinOp):
        return "".join(template(part) or _ANY for part in (node.left, node.right))
    return None


def nodes():
    for package in ("vcnn", "meshes", "solvers", "openfoam"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def messages() -> set[str]:
    """What errors and warnings say, where they say more than what they are told."""
    calls = (n for n in nodes() if isinstance(n, ast.Call) and ast.unparse(n.func) in RAISED)
    texts = set()
    for first in (call.args[0] for call in calls if call.args):
        options = (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)
        texts |= {text for text in map(template, options) if text}
    return {text for text in texts if len(re.findall(r"\w\w+", text)) > 1}


def rows() -> set[str]:
    """The messages that the tables of the page begin with."""
    tables = re.findall(
        r"^\| message \|.*\n\| --- .*\n((?:\|.*\n)+)", page_text("troubleshooting.md"), re.M
    )
    cells = [line.split(" | ")[0] for table in tables for line in table.splitlines()]
    return {row for cell in cells for row in re.findall(r"`([^`]+)`", cell)}


def fits(row: str, message: str) -> bool:
    """Whether the parts of a row come one after the other in a message."""
    place = 0
    for part in row.split(_ANY):
        place = message.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def test_what_the_page_shows_is_in_the_code():
    texts = {text for text in map(template, nodes()) if text}
    assert [row for row in sorted(rows()) if not any(fits(row, text) for text in texts)] == []


def test_every_message_has_a_row():
    """But for rows that fit anything."""
    telling = {row for row in rows() if re.search(r"\w", row)}
    missing = [m for m in sorted(messages()) if not any(fits(row, m) for row in telling)]
    assert missing == []
    assert len(messages()) > 300 and len(telling) > 150


def test_rows_are_told_apart():
    assert fits("…: no such file", "{path}: no such file or folder")
    assert not fits("…: exists already; …", "…: no such file")
