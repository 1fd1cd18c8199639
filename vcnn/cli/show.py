"""The verb ``vcnn show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.inputs import ANY_FLOW, ANY_MODEL, read_flow, read_model
from vcnn.closure.file import pretrained_names
from vcnn.evaluation.report.text import table
from vcnn.flow.quantities import find_quantity, in_words


def show(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help=f"A model: {ANY_MODEL}; or a flow: {ANY_FLOW}."),
    ] = None,
):
    """Say what is in a flow or a model; without either, which models the package has.

    \b
    Example:
      vcnn show
      vcnn show hill-stress
      vcnn show flows/hill_1.50.vtu
      vcnn show cases/openfoam_hill
      vcnn show runs/hills/model.safetensors
    """
    if file is None:
        print(_shipped())
    elif file.suffix == ".safetensors" or not (file.suffix or file.exists()):
        print(f"{file}\n{_model(read_model(file))}")
    else:
        print(f"{file}\n{_flow(read_flow(file))}")


def _shipped() -> str:
    """One line a model: its name, what it predicts and what it needs."""
    rows = []
    for name in pretrained_names():
        closure = read_model(Path(name))
        needs = ["velocity", *closure.needs]
        if "baseline" in closure.usage:
            needs.append(closure.usage["baseline"])
        rows.append([name, ", ".join(closure.targets), ", ".join(needs)])
    lines = [["model", "predicts", "needs"], *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(3)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _flow(flow) -> str:
    import numpy as np

    where = {"vertex": "mesh vertices", "cell": "mesh cells", None: "loose points"}[flow.location]
    low, high = flow.points.min(axis=0), flow.points.max(axis=0)
    items = {
        "dimension": str(flow.dimension),
        "points": f"{len(flow):,} {where}",
        "extent": " x ".join(f"{a:.4g}..{b:.4g}" for a, b in zip(low, high, strict=True)),
        "periods": "; ".join(_vector(p) for p in flow.periods) or "none",
        "parameters": ", ".join(f"{k} = {v:.6g}" for k, v in flow.parameters.items()) or "none",
        "provenance": _plain(flow.provenance),
    }
    fields = [("velocity", "vector", flow.velocity), ("weight", "scalar", flow.weights)]
    for kind in ("scalar", "vector", "tensor"):
        fields += [(name, kind, values) for name, values in getattr(flow, f"{kind}s").items()]
    rows = []
    for name, kind, values in fields:
        if kind != "scalar":
            values = np.linalg.norm(values.reshape(len(values), -1), axis=1)  # a range of lengths
        dimension = "" if (row := find_quantity(name)) is None else row.dimension
        rows.append([name, kind, dimension, f"{values.min():.4g}", f"{values.max():.4g}"])
    columns = ["field", "kind", "dimension", "smallest", "largest"]
    meanings = ["meaning", *(_meaning(name) for name, *_ in rows)]
    lines = table(columns, rows).splitlines()
    width = max(map(len, lines))
    lines = [f"{line:<{width}}  {text}" for line, text in zip(lines, meanings, strict=True)]
    return "\n".join([_items(items), "", *map(str.rstrip, lines)])


def _model(closure) -> str:
    network = closure.network
    return _items(
        {
            "architecture": network.name,
            "parameters": f"{sum(p.numel() for p in network.parameters()):,}",
            "settings": _plain(network.config),
            "predicts": ", ".join(
                f"{name} ({in_words(kind)})" for name, kind in closure.targets.items()
            ),
            "scalars": ", ".join(network.scalars) or "none",
            "vectors": ", ".join(["velocity", *network.vectors]),
            "tensors": ", ".join(network.tensors) or "none",
            "symmetry": network.symmetry + ", Galilean" * closure.galilean,
            "dimension": str(closure.dimension),
            "region": _plain(closure.region.to_dict()),
            "scales": _plain(closure.scales.to_dict()),
            "units": _plain(closure.units),
            "usage": _plain(closure.usage),
            "provenance": _plain(closure.provenance),
        }
    )


def _meaning(name) -> str:
    row = find_quantity(name)
    return "" if row is None else row.meaning


def _items(items) -> str:
    return "\n".join(f"  {name:<13} {value}" for name, value in items.items())


def _plain(mapping) -> str:
    return json.dumps(dict(mapping), ensure_ascii=False)[1:-1] or "none"


def _vector(values) -> str:
    return f"({', '.join(f'{v:.6g}' for v in values)})"
