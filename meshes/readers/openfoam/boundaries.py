"""Patches of an OpenFOAM mesh -> named boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meshes.readers.openfoam.cells import facet_blocks
from meshes.readers.openfoam.cyclics import find_cyclics
from meshes.readers.openfoam.polymesh import PolyMesh
from meshes.readers.openfoam.values import word
from vcnn.errors import InputError
from vcnn.flow.mesh import Blocks


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Boundaries of a mesh, their OpenFOAM types, its periods, and what was merged.

    Parameters
    ----------
    facets : mapping name -> blocks
    types : mapping name -> str
    periods : list of (3,)
    notes : list of str
    """

    facets: dict[str, Blocks]
    types: dict[str, str]
    periods: list[np.ndarray]
    notes: list[str]


def find_boundaries(mesh: PolyMesh) -> Boundaries:
    """The patches that have faces; those of one period in several pairs make one boundary each.

    Raises
    ------
    InputError
        If the flow is axisymmetric, on a wedge, or a cyclic patch is no translate of its neighbour.
    """
    types = {name: word(mesh.patches[name], "type") for name in mesh.spans}
    wedges = [name for name, kind in types.items() if kind == "wedge"]
    if wedges:
        raise InputError(
            f"patch {wedges[0]!r} is a wedge: axisymmetric flows are not supported, only plane and "
            "three-dimensional ones"
        )
    cyclics, notes = find_cyclics(mesh), []
    new_names = {old: new for new, group in cyclics.merged.items() for old in group}
    facets: dict[str, list] = {}
    for name, span in mesh.spans.items():
        facets.setdefault(new_names.get(name, name), []).extend(facet_blocks(mesh, *span))
    for name, group in cyclics.merged.items():
        types[name] = types[group[0]]
        notes.append(f"patches {', '.join(group)} of one period are one boundary, {name!r}")
    types = {name: types[name] for name in facets}
    return Boundaries(facets, types, cyclics.periods, notes)
