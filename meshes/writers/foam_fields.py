"""The fields of a flow as OpenFOAM has them: three components, names, dimensions, conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import find_quantity

_WORD = re.compile(r"[^\s\"'/\\;{}()$#.][^\s\"'/\\;{}()$#]*")
_CLASSES = {
    (): ("volScalarField", "scalar"),
    (3,): ("volVectorField", "vector"),
    (6,): ("volSymmTensorField", "symmTensor"),
    (9,): ("volTensorField", "tensor"),
}
# types of patches that are conditions too: a field has the type of the patch there
_CONSTRAINTS = (
    *("cyclic", "cyclicACMI", "cyclicAMI", "cyclicSlip", "empty", "nonuniformTransformCyclic"),
    *("processor", "processorCyclic", "symmetry", "symmetryPlane", "wedge"),
)
_WITHOUT_MOTION = ("eddy_viscosity", "anisotropy", "reynolds_stress")  # none where the flow sticks
_OTHERS = {"p": (0, 2), "epsilon": (-1, 3), "nuTilda": (1, 1)}  # powers, of what is read as it is


def check_word(name: str, what: str) -> None:
    """Refuse what OpenFOAM cannot read as the name of a field or patch.

    Raises
    ------
    InputError
        If it has blanks, quotes, brackets, slashes or the like in it.
    """
    if not (name.isascii() and _WORD.fullmatch(name)):
        raise InputError(f"{what} {name!r}: OpenFOAM allows no such name; rename it")


def fields_in_space(flow: FlowField) -> dict[str, np.ndarray]:
    """The fields of a flow, "velocity" among them: (N,), (N, 3) or (N, 3, 3).

    What reading a plane case has kept of components across the plane, such as "tau_33", goes back
    to where it was.

    Raises
    ------
    InputError
        If a plane flow has a scalar "velocity_3": the velocity of a plane flow has none across it.
    """
    vectors = {"velocity": flow.velocity, **flow.vectors}
    if flow.dimension == 3:
        return {**flow.scalars, **vectors, **flow.tensors}
    if "velocity_3" in flow.scalars:
        raise InputError(
            "scalars: 'velocity_3' would become a component of the velocity, across the plane; "
            "rename it or leave it out"
        )
    scalars, fields = dict(flow.scalars), {}
    for name, values in flow.tensors.items():
        full = np.pad(values, ((0, 0), (0, 1), (0, 1)))
        full[:, 2, 2] = scalars.pop(f"{name}_33", 0.0)
        full[:, :2, 2] = vectors.pop(f"{name}_3", 0.0)
        full[:, 2, :2] = vectors.pop(f"{name}_3_transposed", full[:, :2, 2])
        fields[name] = full
    for name, values in vectors.items():
        across = scalars.pop(f"{name}_3", np.zeros(len(flow)))
        fields[name] = np.column_stack([values, across])
    return {**scalars, **fields}


def field_text(name: str, values: np.ndarray, patches: Mapping[str, str]) -> tuple[str, str]:
    """The class of a field and what its file holds below the header.

    Parameters
    ----------
    name : str
        The flow's, whatever OpenFOAM calls it: its dimension is that of the quantity.
    values : (N,), (N, 3) or (N, 3, 3)
    patches : mapping name -> type
        The velocity sticks to walls, where the stress of turbulence is 0 too; elsewhere values are
        those of the cells behind.
    """
    if values.ndim == 3:
        symmetric = np.array_equal(values, values.transpose(0, 2, 1))
        i, j = np.triu_indices(3)
        values = values[:, i, j] if symmetric else values.reshape(-1, 9)
    kind, item = _CLASSES[values.shape[1:]]
    lines = [
        f"dimensions      [{_dimensions(name)}];",
        "",
        f"internalField   nonuniform List<{item}>",
        *list_lines(values),
        ";",
        "",
        "boundaryField",
        "{",
        *(f"    {patch} {{ {_condition(name, t, values)} }}" for patch, t in patches.items()),
        "}",
    ]
    return kind, "\n".join(lines) + "\n"


def list_lines(values: np.ndarray) -> list[str]:
    """Numbers (n,) or (n, components) as a list of OpenFOAM, to the last bit."""
    rows = values.tolist()
    if values.ndim == 1:
        texts = [repr(row) for row in rows]
    else:
        texts = [f"({' '.join(map(repr, row))})" for row in rows]
    return [str(len(rows)), "(", *texts, ")"]


def file_text(kind: str, name: str, text: str) -> str:
    """What stands in a file: the header of a class and a name, then the text."""
    head = f"FoamFile\n{{\n    version 2.0;\n    format  ascii;\n    class   {kind};\n"
    return f"{head}    object  {name};\n}}\n\n{text}"


def _condition(name, patch_type, values) -> str:
    if patch_type in _CONSTRAINTS:
        return f"type {patch_type};"
    if patch_type == "wall" and name == "velocity":
        return "type noSlip;"
    row = find_quantity(name)
    if patch_type == "wall" and row is not None and row.name in _WITHOUT_MOTION:
        zero = "0" if values.ndim == 1 else f"({' '.join('0' * values.shape[1])})"
        return f"type fixedValue; value uniform {zero};"
    return "type zeroGradient;"


def _dimensions(name) -> str:
    """Powers of mass, length, time, temperature, substance, current and light; none if unknown."""
    row = find_quantity(name)
    length, velocity = _OTHERS.get(name) or (row.powers if row is not None else (0, 0))
    return f"0 {length + velocity} {-velocity} 0 0 0 0"
