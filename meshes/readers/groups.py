"""Boundaries of a mesh file: named groups, groups with a number only, cell sets."""

from __future__ import annotations

from collections.abc import Mapping

import meshio
import numpy as np

from vcnn.flow.mesh import Blocks

# Cell data in which meshio keeps numbers of groups. Those of gmsh's geometry serve where a file has
# no physical groups.
_MARKERS = ("gmsh:physical", "su2:tag", "cell_tags", "medit:ref", "gmsh:geometrical")


def named_facets_of(
    mesh: meshio.Mesh, d: int, group_names: Mapping[int, list[str]]
) -> tuple[dict[str, Blocks], list[str]]:
    """Boundaries by name; those of groups without a name are called by their number.

    Parameters
    ----------
    mesh : meshio.Mesh
    d : int
        Dimension of the domain; facets have one less.
    group_names : mapping number -> names
        Of groups of facets, besides those in the mesh's own tables.

    Returns
    -------
    boundaries : mapping name -> sequence of (type, (k, m) vertices)
    notes : list of str
        Which names no facet has.
    """
    names = _names(mesh, d) | dict(group_names)
    members, used = {}, set()
    marker = next((name for name in _MARKERS if _has_groups(mesh, d, name)), None)
    if marker is None:
        for name, sets in mesh.cell_sets.items():
            members[name] = [np.asarray([] if m is None else m, int) for m in sets]
    else:
        tags = [np.asarray(tags).ravel() for tags in mesh.cell_data[marker]]
        for tag in _groups(mesh, d, tags):
            by_number = [str(tag)] if marker == "gmsh:geometrical" else names.get(tag, [str(tag)])
            for name in by_number:
                index = [np.flatnonzero(t == tag) for t in tags]
                if name in members:
                    index = [*map(np.append, members[name], index)]
                members[name] = index
                used.add(name)
    boundaries = {}
    for name, sets in members.items():
        facets = [
            (block.type, np.asarray(block.data)[index])
            for block, index in zip(mesh.cells, sets, strict=True)
            if block.dim == d - 1 and len(index)
        ]
        if facets and not name.startswith("gmsh:"):
            boundaries[name] = facets
    unused = [name for group in names.values() for name in group if name not in boundaries]
    notes = []
    if unused:
        notes.append(f"no facet belongs to the groups {', '.join(unused)}")
    return boundaries, notes


def _names(mesh, d) -> dict[int, list[str]]:
    """Number -> names of groups of facets, as gmsh and MED tell them."""
    names: dict[int, list[str]] = {}
    for name, entry in mesh.field_data.items():
        entry = np.asarray(entry)
        # gmsh's entries are (number, dimension); other formats keep anything here
        if entry.shape == (2,) and entry.dtype.kind in "iu" and entry[1] == d - 1:
            names.setdefault(int(entry[0]), []).append(name)
    # only MED's meshes have this attribute
    families = getattr(mesh, "cell_tags", {})
    return names | {int(tag): [str(name) for name in group] for tag, group in families.items()}


def _has_groups(mesh, d, marker) -> bool:
    if marker not in mesh.cell_data:
        return False
    return bool(_groups(mesh, d, [np.asarray(tags).ravel() for tags in mesh.cell_data[marker]]))


def _groups(mesh, d, tags) -> list[int]:
    """The numbers of the groups that facets belong to; 0 is none."""
    facets = [t for t, block in zip(tags, mesh.cells, strict=True) if block.dim == d - 1]
    numbers = np.unique(np.concatenate(facets)) if facets else ()
    return [int(tag) for tag in numbers if tag]
