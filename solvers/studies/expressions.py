"""Formulas in x, y and z as text, computed without running any of it."""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Sequence

import numpy as np

from vcnn.errors import InputError

_LONGEST = 500  # characters
_LARGEST = 200  # numbers, names, operations and calls
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS = {  # with how many arguments
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tan": (np.tan, 1),
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "sqrt": (np.sqrt, 1),
    "abs": (np.abs, 1),
    "tanh": (np.tanh, 1),
    "min": (np.minimum, 2),
    "max": (np.maximum, 2),
    "where": (np.where, 3),
}
_WORDS = f"x, y, z, pi, {', '.join(_FUNCTIONS)}"


def vector_expression(
    components: Sequence[str | float], dimension: int
) -> Callable[[np.ndarray], np.ndarray]:
    """A function of positions (d, k) with values (d, k) from one formula for each component.

    Parameters
    ----------
    components : sequence of d formulas or numbers
        Of numbers, x, y, z, pi, ``+ - * / **``, parentheses, and the functions sin, cos, tan, exp,
        log, sqrt, abs, tanh, min and max of two, and where(a < b, yes, no). A formula has at most
        500 characters and 200 parts. Where it has no value, such as log(0), there is NaN or
        infinity.
    dimension : int
        d: without a third dimension there is no z.

    Raises
    ------
    InputError
        If a formula is anything else, or there are not d of them.
    """
    if len(components) != dimension:
        raise InputError(f"expected {dimension} components, got {len(components)}")
    parts = [scalar_expression(formula, dimension) for formula in components]
    return lambda x: np.array([part(x) for part in parts])


def scalar_expression(formula: str | float, dimension: int) -> Callable[[np.ndarray], np.ndarray]:
    """A function of positions (d, k) with values (k,) from one formula.

    Parameters
    ----------
    formula : str or number
        As for :func:`vector_expression`.
    dimension : int
        d.

    Raises
    ------
    InputError
        If it is none.
    """
    tree = _tree(str(formula), dimension)

    def values(x: np.ndarray) -> np.ndarray:
        """The values at positions."""
        names = {**dict(zip("xyz", np.asarray(x, dtype=float), strict=False)), "pi": np.pi}
        with np.errstate(all="ignore"):
            value = _value(tree, names)
        return np.array(np.broadcast_to(value, x.shape[1:]), dtype=float)

    return values


def _tree(formula, dimension) -> ast.expr:
    """The formula as a tree of what may be computed."""
    if len(formula) > _LONGEST:
        raise InputError(f"expected at most {_LONGEST} characters, got {len(formula)}")
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"{formula!r} is no formula") from None
    parts = list(ast.walk(tree))
    if len(parts) > 3 * _LARGEST:  # each has an operator or a context beside it
        raise InputError(f"expected at most {_LARGEST} parts, {formula[:20]!r}... has more")
    for part in parts:
        _check(part, formula, "xyz"[:dimension])
    _check_kinds(tree, formula)
    return tree


def _check(part, formula, coordinates) -> None:
    """Refuse whatever is not among the words of a formula."""
    if isinstance(part, ast.Name):
        if part.id not in (*coordinates, "pi", *_FUNCTIONS):
            raise InputError(f"{formula!r}: unknown name {part.id!r}; known are: {_WORDS}")
        return
    if isinstance(part, ast.Constant) and type(part.value) in (int, float):
        if abs(part.value) > sys.float_info.max:  # a whole number may be; 1e400 is infinity
            raise InputError(f"{formula[:20]!r}...: a number is too large")
        return
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and not part.keywords:
        function = _FUNCTIONS.get(part.func.id)
        if function is not None and len(part.args) == function[1]:
            return
        number = "is no function" if function is None else f"takes {function[1]}"
        raise InputError(f"{formula!r}: {part.func.id!r} {number}, got {len(part.args)} arguments")
    plain = (ast.BinOp, ast.UnaryOp, ast.Load, *_OPERATIONS)
    if isinstance(part, plain) or (isinstance(part, ast.Compare) and len(part.ops) == 1):
        return
    raise InputError(
        f"{formula!r}: expected numbers, x, y, z, + - * / **, parentheses and functions, found a "
        f"{type(part).__name__}"
    )


def _check_kinds(tree, formula) -> None:
    """A comparison stands in a `where` first, and nowhere else; a function is called."""
    conditions, called = set(), set()
    for part in ast.walk(tree):
        if isinstance(part, ast.Call):
            called.add(part.func)
            if part.func.id == "where":
                conditions.add(part.args[0])
    for part in ast.walk(tree):
        if isinstance(part, ast.Compare) != (part in conditions):
            raise InputError(f"{formula!r}: expected where(a < b, yes, no) around a comparison")
        if isinstance(part, ast.Name) and (part.id in _FUNCTIONS) != (part in called):
            raise InputError(f"{formula!r}: expected {part.id}(...) for a function")


def _value(part, names) -> np.ndarray:
    if isinstance(part, ast.Constant):
        return np.float64(part.value)  # no whole numbers, whose powers could fill the memory
    if isinstance(part, ast.Name):
        return names[part.id]
    if isinstance(part, ast.UnaryOp):
        return _OPERATIONS[type(part.op)](_value(part.operand, names))
    if isinstance(part, ast.BinOp):
        operation = _OPERATIONS[type(part.op)]
        return operation(_value(part.left, names), _value(part.right, names))
    if isinstance(part, ast.Compare):
        operation = _OPERATIONS[type(part.ops[0])]
        return operation(_value(part.left, names), _value(part.comparators[0], names))
    function, _ = _FUNCTIONS[part.func.id]
    return function(*(_value(argument, names) for argument in part.args))
