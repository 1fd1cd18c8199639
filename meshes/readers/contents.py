"""What is in a file or case, whether it makes a flow or not."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

from meshes.readers.any_file import is_own, read_dataset, read_flow
from meshes.readers.flow import dataset_flow
from vcnn.errors import InputError
from vcnn.flow.contents import (
    PLACES,
    Contents,
    Row,
    count_by_type,
    extent,
    flow_contents,
    name_boundaries,
    row,
)

_MANY = 12  # times are listed


def describe(path: Path) -> Contents:
    """The contents of whatever :func:`meshes.read_flow` or :func:`meshes.read_mesh` reads.

    Fields are those of the flow, if there is a velocity, and all that a flow leaves out.

    Raises
    ------
    InputError
        If there is no such file or it cannot be read.
    """
    if is_own(path):
        return flow_contents(read_flow(path))
    dataset = read_dataset(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are among the notes
            flow = dataset_flow(dataset)
    except InputError as error:
        contents = _without_flow(dataset, str(error).removeprefix(f"{path}: "))
    else:
        contents = flow_contents(flow)
        other = {"vertex": "cell", "cell": "vertex"}.get(flow.location)
        contents = replace(contents, rows=[*contents.rows, *_rows(dataset, other)])
    items = dict(contents.items)
    if dataset.patch_types:  # which the flow knows of walls only
        items["boundaries"] = name_boundaries(dataset.boundaries, dataset.patch_types)
    provenance = dict(contents.provenance)
    times = provenance.pop("times", ())
    if times:
        some = times if len(times) <= _MANY else [*times[:3], "...", *times[-3:]]
        items["times"] = f"{len(times)}: {', '.join(map(str, some))}; this is {provenance['time']}"
    return replace(contents, items=items, provenance=provenance)


def _without_flow(dataset, reason) -> Contents:
    items = {
        "flow": f"none: {reason}",
        "points": f"{len(dataset.points):,}",
        "extent": extent(dataset.points),
        "cells": count_by_type(dataset.cells),
        "boundaries": name_boundaries(dataset.boundaries, dataset.patch_types),
    }
    rows = [*_rows(dataset, "vertex"), *_rows(dataset, "cell")]
    return Contents(items, dataset.provenance, dataset.notes, rows)


def _rows(dataset, location) -> list[Row]:
    fields = {"vertex": dataset.point_fields, "cell": dataset.cell_fields}.get(location, {})
    return [
        row(name, values, PLACES[location])
        for name, values in fields.items()
        if values.dtype.kind in "fiu"
    ]
