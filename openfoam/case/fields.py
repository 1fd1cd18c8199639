"""Fields that are predicted for a case, in the folder of one of its times."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meshes.readers.any_file import is_case
from meshes.readers.dataset import Dataset
from meshes.readers.domain import Domain, find_domain
from meshes.readers.openfoam.boundaries import find_boundaries
from meshes.readers.openfoam.cells import cell_blocks
from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.parts import cell_numbers
from meshes.readers.openfoam.polymesh import PolyMesh
from meshes.readers.openfoam.snapshot import read_mesh_at
from meshes.readers.openfoam.times import Times, choose_time, find_times, mesh_folder
from meshes.readers.openfoam.values import word
from meshes.readers.tidy import tidy
from meshes.writers.foam_fields import check_word, field_text, file_text
from vcnn.errors import InputError
from vcnn.files import staged
from vcnn.flow.field import FlowField

_PREFIX = "vcnn_"  # so that nobody's field is taken for a prediction, or lost to one
_ROUND_OFF = 1e-6  # of a tensor's largest value: what single precision leaves of its symmetry


@dataclass(frozen=True, eq=False)
class CaseFields:
    """Where predicted fields of a case go: the folder of a time, or those of its processors.

    Parameters
    ----------
    times : Times
        Of the case.
    time : float
    """

    times: Times
    time: float

    @property
    def folders(self) -> list[Path]:
        """Of the time, in the case or in each processor."""
        return self.times.folders(self.time)

    def write(self, flow: FlowField, fields: Mapping[str, np.ndarray]) -> list[str]:
        """Write fields of a flow that was read from the case; all of them or none.

        Parameters
        ----------
        flow : FlowField
        fields : mapping name -> (n,), (n, d) or (n, d, d)
            At its points, by their names here.

        Returns
        -------
        list of str
            Names that they have in the case.

        Raises
        ------
        InputError
            If the flow does not have the cells of the case, or these cannot be read.
        """
        mesh = read_mesh_at(self.times, self.time)
        if len(flow) != mesh.n_cells:
            raise InputError(
                f"{self.times.case}: the flow has {len(flow)} cells, the case {mesh.n_cells}; "
                "cells that are there twice cannot be told apart"
            )
        domain = _domain(mesh)
        whole = {name: _in_space(values, flow, domain) for name, values in fields.items()}
        with ExitStack() as stack:
            for folder, cells, patches in self._places(mesh):
                part = stack.enter_context(staged(folder))
                for name, values in whole.items():
                    kind, text = field_text(name, values[cells], patches)
                    text = file_text(kind, _foam_name(name), text)
                    (part / _foam_name(name)).write_text(text, encoding="ascii")
        return list(map(_foam_name, fields))

    def _places(self, mesh) -> Iterable[tuple[Path, slice | np.ndarray, dict[str, str]]]:
        """Each folder, which cells of the whole mesh it has, and the types of its patches."""
        if not self.times.in_parts(self.time):
            return [(self.folders[0], slice(None), _types(mesh.patches))]
        numbers = cell_numbers(self.times, self.time, mesh.n_cells)
        patches = [self._patches(part) for part in self.times.parts]
        return zip(self.folders, numbers, patches, strict=True)

    def _patches(self, part: Path) -> dict[str, str]:
        """Of the mesh of one processor."""
        place = mesh_folder(part, self.times.parts[part], self.time, "boundary")
        if place is None:
            raise InputError(f"{part}: it has no mesh (constant/polyMesh/boundary)")
        listed = read_dictionary(place[1] / "boundary", self.times.case).get("", [])
        return _types(dict(zip(listed[::2], listed[1::2], strict=True)))


def claim_fields(
    case: str | os.PathLike,
    time: float | str | None,
    names: Iterable[str],
    force: bool = False,
) -> CaseFields:
    """The place of predicted fields in a case, if they may be written there.

    In the case they are called "vcnn_NAME".

    Parameters
    ----------
    case : path
        Its folder, or the empty ``.foam`` file in it.
    time : float or str, optional
        Default: the latest, wherever in the case it is.
    names : of the fields, as they are called here
    force : bool
        Whether fields that are there are replaced.

    Raises
    ------
    InputError
        If this is no case, has no such time, or a field of this name there already.
    """
    path = Path(case)
    if not is_case(path):
        raise InputError(f"{path}: expected the folder of an OpenFOAM case, as --foam writes there")
    times = find_times(path if path.is_dir() else path.parent)
    place = CaseFields(times, choose_time(times, time))
    for name in map(_foam_name, names):
        check_word(name, "field")
        for folder in place.folders:
            if is_there(folder / name) and not force:
                raise InputError(f"{folder / name}: exists already; give --force to overwrite it")
    return place


def _foam_name(name: str) -> str:
    return f"{_PREFIX}{name}"


def _domain(mesh: PolyMesh) -> Domain:
    """Where the cells of a flow lie in the mesh of its case, as they do for its reader."""
    boundaries = find_boundaries(mesh)
    return find_domain(
        tidy(
            Dataset(
                points=mesh.points,
                cells=cell_blocks(mesh),
                boundaries=boundaries.facets,
                patch_types=boundaries.types,
                provenance={"source": str(mesh.folder), "format": "OpenFOAM"},
            )
        )
    )


def _in_space(values: np.ndarray, flow: FlowField, domain: Domain) -> np.ndarray:
    """Values in the case's order of cells and, of a plane flow, in its axes."""
    axes = domain.axes if flow.dimension == len(domain.axes) else np.eye(3)  # else a section
    if values.ndim == 2:
        values = values @ axes
    elif values.ndim == 3:
        values = axes.T @ values @ axes
        half = (values + values.transpose(0, 2, 1)) / 2
        off = np.abs(values - half).max(initial=0.0)
        values = half if off <= _ROUND_OFF * np.abs(values).max(initial=0.0) else values
    if domain.order is None:
        return values
    in_order = np.empty_like(values)
    in_order[domain.order] = values
    return in_order


def _types(patches: Mapping[str, dict]) -> dict[str, str]:
    return {name: word(entries, "type") for name, entries in patches.items()}
