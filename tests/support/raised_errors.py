"""Which errors of the house the code of a public name raises, as far as its module shows."""

import ast
import inspect
from functools import cache
from pathlib import Path

ERRORS = ("InputError", "DivergenceError")
# what an object does when it is made
_MADE = ("__init__", "__post_init__")


def raised(function: object) -> set[str]:
    """Errors that a function or class raises, by itself or by what it calls in its module."""
    thing = inspect.unwrap(function)
    file = inspect.getsourcefile(thing)
    return set().union(*(_errors(file, name) for name in _reached(file, thing.__qualname__)))


def _reached(file, name) -> set[str]:
    """Qualified names of a module that run when this one does."""
    todo, reached = [name], set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _calls(file, name)
    return reached


@cache
def _nodes(file) -> dict[str, ast.AST]:
    """Functions, classes and methods of a module by their qualified names."""
    nodes = {}
    for node in ast.parse(Path(file).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            nodes[node.name] = node
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    nodes[f"{node.name}.{member.name}"] = member
    return nodes


def _body(file, name):
    """What runs: of a class that which makes an object of it."""
    node = _nodes(file).get(name)
    if isinstance(node, ast.ClassDef):
        return [_nodes(file)[f"{name}.{key}"] for key in _MADE if f"{name}.{key}" in _nodes(file)]
    return [] if node is None else [node]


def _calls(file, name) -> list[str]:
    owner = name.partition(".")[0]
    names = []
    for call in _walk(file, name, ast.Call):
        called = call.func
        if isinstance(called, ast.Name) and called.id != owner:  # what it is made of was checked
            names.append(called.id)
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            if called.value.id in ("self", "cls"):
                names.append(f"{owner}.{called.attr}")
    return [name for name in names if name in _nodes(file)]


def _errors(file, name) -> set[str]:
    """Errors whose name stands behind a ``raise``."""
    return {
        error
        for statement in _walk(file, name, ast.Raise)
        for error in ERRORS
        if statement.exc is not None and error in ast.unparse(statement.exc)
    }


def _walk(file, name, kind):
    return [node for body in _body(file, name) for node in ast.walk(body) if isinstance(node, kind)]
