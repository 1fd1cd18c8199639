"""Points and cells that a file holds twice, points that it holds for no cell."""

from __future__ import annotations

from dataclasses import replace

import meshio
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from meshes.geometry.facets import cell_facets
from meshes.readers.dataset import Dataset
from vcnn.errors import InputError
from vcnn.flow.mesh import Blocks

_SAME_PLACE = 1e-3  # of the shortest edge; two points of a cell are never taken for one
_AT_MOST = 2e-7  # of the largest coordinate, which is what single precision leaves
_ROUND_OFF = 1e-6  # of a field's largest value: that of single precision, and some more
_FAR = 1e100  # beyond which squares of lengths are no numbers


def tidy(dataset: Dataset) -> Dataset:
    """The dataset with coincident points merged, each cell once, no points of no cell; with notes.

    Raises
    ------
    InputError
        If a cell or facet has a vertex that is no point, or a type that is not supported, or a
        point of a cell is NaN, infinite or beyond 1e100.
    """
    if all(meshio.CellBlock(*block).dim < 2 for block in dataset.cells):
        return dataset
    n = len(dataset.points)
    for name, blocks in (("cells", dataset.cells), *dataset.boundaries.items()):
        used = np.concatenate([_vertices(*block) for block in blocks] or [np.zeros(0, int)])
        if used.size and not 0 <= used.min() <= used.max() < n:
            raise InputError(f"{name}: vertex numbers beyond the {n} points")
    dataset = _without_unused(dataset)
    bad = ~np.isfinite(dataset.points).all(axis=1)
    if bad.any():
        raise InputError(
            f"points: {bad.sum()} are NaN or infinite, first at index {np.argmax(bad)}"
        )
    if not (np.abs(dataset.points) < _FAR).all():
        raise InputError(f"points: a coordinate is beyond {_FAR:g}")
    return _once(_merged(dataset))


def _once(dataset) -> Dataset:
    """Without the cells that a file repeats, as of pieces that overlap and of several groups."""
    lengths = [len(vertices) for _, vertices in dataset.cells]
    # Cells with the same facets have the same sum of random numbers, one drawn for each vertex.
    drawn = np.random.default_rng(0).integers(2**64, size=len(dataset.points), dtype=np.uint64)
    sums = np.zeros(sum(lengths), np.uint64)
    for vertices, cells in cell_facets(meshio.Mesh(dataset.points, list(dataset.cells))):
        np.add.at(sums, cells, drawn[vertices].sum(axis=1))
    first = _first_of(sums)
    repeated = first != np.arange(len(sums))
    if not repeated.any():
        return dataset

    def kept(values):
        return None if values is None else values[~repeated]

    differing = [
        name
        for name, values in dataset.cell_fields.items()
        if not np.array_equal(values[repeated], values[first[repeated]])
    ]
    notes = [f"{repeated.sum()} of {len(sums)} cells are there again, they were left out"]
    if differing:
        notes.append(f"there these fields differ, the first was taken: {', '.join(differing)}")
    blocks = zip(dataset.cells, np.split(~repeated, np.cumsum(lengths)[:-1]), strict=True)
    return replace(
        dataset,
        cells=[
            (kind, [vertices[k] for k in np.flatnonzero(own)])
            if kind.startswith("polyhedron")
            else (kind, np.asarray(vertices)[own])
            for (kind, vertices), own in blocks
            if own.any()
        ],
        cell_fields={name: kept(values) for name, values in dataset.cell_fields.items()},
        centres=kept(dataset.centres),
        volumes=kept(dataset.volumes),
        notes=(*dataset.notes, *notes),
    )


def _merged(dataset) -> Dataset:
    points = dataset.points
    facets = [v for v, _ in cell_facets(meshio.Mesh(points, list(dataset.cells)))]
    # the first point at the same place, for each
    first = _apart(dataset, facets, _first_at_place(points, facets))
    repeated = first != np.arange(len(points))
    if not repeated.any():
        return dataset
    fields, differing = {}, []
    for name, values in dataset.point_fields.items():
        fields[name] = values[~repeated]
        jumps = np.abs(values[repeated] - values[first[repeated]])
        if not jumps.max() <= _ROUND_OFF * np.abs(values).max():
            differing.append(name)
            total = np.zeros(values.shape)
            np.add.at(total, first, values)
            count = np.bincount(first, minlength=len(points))[~repeated]
            fields[name] = total[~repeated] / count.reshape(-1, *[1] * (values.ndim - 1))
    notes = [f"{repeated.sum()} of {len(points)} points lie where others do, they were merged"]
    if differing:
        notes.append(
            f"there these fields are discontinuous, means were taken: {', '.join(differing)}"
        )
    number = (np.cumsum(~repeated) - 1)[first]
    return _renumbered(dataset, points[~repeated], fields, number, notes)


def _first_at_place(points, facets):
    edges = [np.stack([v, np.roll(v, 1, axis=1)], axis=-1).reshape(-1, 2) for v in facets]
    lengths = np.concatenate(
        [np.linalg.norm(points[e[:, 0]] - points[e[:, 1]], axis=1) for e in edges]
    )
    shortest = lengths[lengths > 0].min(initial=np.inf)
    reach = min(_SAME_PLACE * shortest, _AT_MOST * np.abs(points).max())
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    n = len(points)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return _first_of(connected_components(graph, directed=False)[1])


def _first_of(labels):
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    return first[number]


def _apart(dataset, facets, first):
    """Points stay apart that are vertices of one facet, or of two named ones in the same place.

    The latter are the two sides of a wall without thickness.
    """
    separate = np.zeros(len(first), bool)
    for vertices in facets:
        rows = np.sort(first[vertices], axis=1)
        separate[rows[:, 1:][rows[:, 1:] == rows[:, :-1]]] = True
    named: dict[int, list] = {}
    for blocks in dataset.boundaries.values():
        for _, vertices in blocks:
            named.setdefault(np.shape(vertices)[1], []).append(vertices)
    for groups in named.values():
        own = np.unique(np.sort(np.concatenate(groups), axis=1), axis=0)
        rows, count = np.unique(np.sort(first[own], axis=1), axis=0, return_counts=True)
        separate[rows[count > 1]] = True
    return np.where(separate[first], np.arange(len(first)), first)


def _without_unused(dataset) -> Dataset:
    used = np.zeros(len(dataset.points), bool)
    for block in dataset.cells:
        used[_vertices(*block)] = True
    if used.all():
        return dataset
    boundaries, lost = {}, 0
    for name, blocks in dataset.boundaries.items():
        whole = [(kind, v, used[np.asarray(v)].all(axis=1)) for kind, v in blocks]
        boundaries[name] = [(kind, np.asarray(v)[keep]) for kind, v, keep in whole]
        lost += sum((~keep).sum() for *_, keep in whole)
    notes = [f"{(~used).sum()} of {len(used)} points belong to no cell, they were left out"]
    if lost:
        notes.append(f"so were {lost} facets of boundaries that belong to no cell")
    fields = {name: values[used] for name, values in dataset.point_fields.items()}
    dataset = replace(dataset, boundaries=boundaries)
    return _renumbered(dataset, dataset.points[used], fields, np.cumsum(used) - 1, notes)


def _renumbered(dataset, points, fields, number, notes) -> Dataset:
    return replace(
        dataset,
        points=points,
        cells=_renumber(dataset.cells, number),
        boundaries={name: _renumber(blocks, number) for name, blocks in dataset.boundaries.items()},
        point_fields=fields,
        notes=(*dataset.notes, *notes),
    )


def _renumber(blocks, number) -> Blocks:
    return [
        (kind, [[number[np.asarray(face)] for face in cell] for cell in vertices])
        if kind.startswith("polyhedron")
        else (kind, number[np.asarray(vertices)])
        for kind, vertices in blocks
    ]


def _vertices(kind, vertices) -> np.ndarray:
    """All vertices that cells of a block have, some of them many times."""
    if kind.startswith("polyhedron"):
        return np.concatenate([np.ravel(face) for cell in vertices for face in cell])
    return np.ravel(vertices).astype(int)
