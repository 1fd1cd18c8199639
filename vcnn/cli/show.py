"""The verb ``vcnn show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.energies import describe_potential, holds_potential
from vcnn.cli.inputs import ANY_FLOW, ANY_MODEL, read_any_model, read_contents
from vcnn.closure.file import pretrained_names
from vcnn.evaluation.report.text import table
from vcnn.flow.quantities import find_quantity, in_words


def show(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help=f"A model: {ANY_MODEL}; or a flow or mesh: {ANY_FLOW}."
        ),
    ] = None,
):
    """Say what is in a flow, a mesh or a model; without any, which models the package has.

    \b
    Example:
      vcnn show
      vcnn show hill-stress
      vcnn show flows/hill_1.50.vtu
      vcnn show cases/openfoam_hill
      vcnn show step.msh
      vcnn show runs/hills/model.safetensors
    """
    if file is None:
        print(_shipped())
    elif holds_potential(file):
        print(f"{file}\n{_items(describe_potential(file))}")
    elif file.suffix == ".safetensors" or not (file.suffix or file.exists()):
        print(f"{file}\n{_model(read_any_model(file))}")
    else:
        print(f"{file}\n{_contents(read_contents(file))}")


def _shipped() -> str:
    """One line a model: its name, what it predicts and what it needs."""
    rows = []
    for name in pretrained_names():
        closure = read_any_model(Path(name))
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


def _contents(contents) -> str:
    rows = []
    for row in contents.rows:
        quantity = find_quantity(row.name)
        dimension = "" if quantity is None else quantity.dimension
        rows.append(
            [row.name, row.kind, row.place, dimension, f"{row.smallest:.4g}", f"{row.largest:.4g}"]
        )
    columns = ["field", "kind", "at", "dimension", "smallest", "largest"]
    meanings = ["meaning", *(_meaning(name) for name, *_ in rows)]
    lines = table(columns, rows).splitlines()
    width = max(map(len, lines))
    lines = [f"{line:<{width}}  {text}" for line, text in zip(lines, meanings, strict=True)]
    items = {**contents.items, "provenance": _plain(contents.provenance)}
    parts = [_items(items), *(f"  note          {note}" for note in contents.notes)]
    if rows:
        parts += ["", *map(str.rstrip, lines)]
    if any(row.kind != "scalar" for row in contents.rows):
        parts += ["", "of vectors and tensors: smallest and largest magnitudes"]
    return "\n".join(parts)


def _model(closure) -> str:
    from vcnn.closure.ensemble import Ensemble

    several = {}
    if isinstance(closure, Ensemble):
        factors = _plain(closure.factors) if closure.factors else "none"
        several = {"members": str(len(closure.members)), "factors": factors}
        closure = closure.members[0]
    network = closure.network
    return _items(
        {
            **several,
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
