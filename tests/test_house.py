"""Rules of the house that no linter knows: sizes, words, annotations, declared members."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("vcnn", "meshes", "solvers", "openfoam", "benchmarks")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
POINTING = {"found", "known", "there", "here", "given", "told", "mine"}
PARTICIPLES = re.compile(
    r"^_?(begun|settled|converged|driven|checked|asked|gathered|turned|joined|made|carried|walked)$"
)


def named(path):
    return str(path.relative_to(ROOT))


def functions(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def code_lines(function):
    """Lines of a function without its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    return (
        function.end_lineno
        - function.lineno
        + 1
        - (len(docstring.splitlines()) if docstring else 0)
    )


@pytest.mark.parametrize("paths", [MODULES, TESTS], ids=["packages", "tests"])
def test_no_file_is_longer_than_300_lines(paths):
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_no_function_is_longer_than_60_lines():
    long = {
        f"{named(path)}:{function.name}": code_lines(function)
        for path in MODULES
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if code_lines(function) > 60
    }
    assert long == {}


def test_members_are_declared_and_not_probed():
    """Where nothing else will do, a comment on the same line or the one above says why."""
    probes = []
    for path in MODULES:
        lines = ["", *path.read_text(encoding="utf-8").splitlines()]
        for above, line in pairwise(lines):
            probed = re.search(r"\bhasattr\(|inspect\.signature|\bsignature\(", line)
            if probed and "#" not in line and not above.strip().startswith("#"):
                probes.append(f"{named(path)}: {line.strip()}")
    assert probes == []


def test_functions_are_verbs_or_nouns():
    words = [
        f"{named(path)}:{function.name}"
        for path in MODULES
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if PARTICIPLES.match(function.name)
    ]
    assert words == []


def test_variables_say_what_they_hold():
    pointing = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            if (stored and node.id in POINTING) or (
                isinstance(node, ast.arg) and node.arg in POINTING
            ):
                pointing.append(f"{named(path)}:{node.lineno}")
    assert pointing == []


def test_public_functions_are_annotated():
    """Every parameter but ``self`` and ``cls``."""
    bare = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [
            node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"
        ]
        for owner in (tree, *classes):
            for function in owner.body:
                if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                    continue
                arguments = [
                    *function.args.posonlyargs,
                    *function.args.args,
                    *function.args.kwonlyargs,
                ]
                if any(a.annotation is None and a.arg not in ("self", "cls") for a in arguments):
                    bare.append(f"{named(path)}:{function.name}")
    assert bare == []


def test_formatting_is_left_to_the_formatter():
    skips = sum(
        path.read_text(encoding="utf-8").count("# fmt: skip") for path in (*MODULES, *TESTS)
    )
    assert skips <= 20 + 1  # and the line above
