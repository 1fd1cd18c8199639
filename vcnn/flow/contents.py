"""What a flow or a file holds, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vcnn.flow.field import FlowField
from vcnn.flow.mesh import Blocks, boundary_facets, cell_dimension

PLACES = {"vertex": "vertices", "cell": "cells", None: "points"}
_POINTS = {"vertex": "mesh vertices", "cell": "mesh cells", None: "loose points"}


@dataclass(frozen=True)
class Row:
    """One field: where its values are, and how large; of vectors and tensors their magnitudes."""

    name: str
    kind: str
    place: str
    smallest: float
    largest: float


@dataclass(frozen=True)
class Contents:
    """Lines about the whole, and fields.

    Parameters
    ----------
    items : mapping name -> str
    provenance : mapping
        As a flow keeps it, without what are notes.
    notes : sequence of str
        What was left out, merged or assumed.
    rows : sequence of Row
    """

    items: Mapping[str, str]
    provenance: Mapping
    notes: Sequence[str]
    rows: Sequence[Row]


def flow_contents(flow: FlowField) -> Contents:
    """What a flow holds."""
    mesh, facets = flow.mesh, {}
    if mesh is not None:
        facets = boundary_facets(mesh)
    items = {
        "dimension": str(flow.dimension),
        "points": f"{len(flow):,} {_POINTS[flow.location]}",
        "extent": extent(flow.points),
    }
    if mesh is not None:
        d = cell_dimension(mesh)
        items["cells"] = count_by_type((b.type, b.data) for b in mesh.cells if b.dim == d)
        walls = dict.fromkeys(flow.provenance.get("walls", ()), "wall")
        items["boundaries"] = name_boundaries(facets, walls)
    periods = "; ".join(f"({', '.join(f'{v:.6g}' for v in p)})" for p in flow.periods)
    numbers = ", ".join(f"{k} = {v:.6g}" for k, v in flow.parameters.items())
    items |= {"periods": periods or "none", "parameters": numbers or "none"}
    fields = {"velocity": flow.velocity, "weight": flow.weights}
    fields |= {**flow.scalars, **flow.vectors, **flow.tensors}
    # on a line a vector has one component, as a scalar has
    kinds = {1: "scalar", 2: "vector", 3: "tensor"}
    rows = [
        replace(row(name, values, PLACES[flow.location]), kind=kinds[values.ndim])
        for name, values in fields.items()
    ]
    provenance = {name: value for name, value in flow.provenance.items() if name != "notes"}
    return Contents(items, provenance, flow.provenance.get("notes", ()), rows)


def row(name: str, values: np.ndarray, place: str) -> Row:
    """A field of numbers (n, ...), at "points", "vertices" or "cells"."""
    columns = int(np.prod(values.shape[1:]))
    kind = "scalar" if columns == 1 else "vector" if columns < 4 else "tensor"
    sizes = values.reshape(len(values)) if columns == 1 else _magnitudes(values)
    return Row(name, kind, place, float(sizes.min()), float(sizes.max()))


def count_by_type(blocks: Iterable[tuple[str, Sequence]]) -> str:
    """Such as "96 triangle, 4 quad"."""
    count: Counter[str] = Counter()
    for kind, vertices in blocks:
        count["polyhedron" if kind.startswith("polyhedron") else kind] += len(vertices)
    return ", ".join(f"{n:,} {kind}" for kind, n in count.items()) or "none"


def name_boundaries(facets: Mapping[str, Blocks], types: Mapping[str, str] | None = None) -> str:
    """Such as "bottom (wall, 8), outlet (6)": type where it is known, and number of facets."""
    words = []
    for name, blocks in facets.items():
        kind = [(types or {})[name]] if name in (types or {}) else []
        count = f"{sum(len(vertices) for _, vertices in blocks):,}"
        words.append(f"{name} ({', '.join([*kind, count])})")
    return ", ".join(words) or "none"


def extent(points: np.ndarray) -> str:
    """Such as "0..9 x 0..3"."""
    low, high = points.min(axis=0), points.max(axis=0)
    return " x ".join(f"{a:.4g}..{b:.4g}" for a, b in zip(low, high, strict=True))


def _magnitudes(values):
    return np.linalg.norm(values.reshape(len(values), -1), axis=1)
