"""Families of training flows, and files of them that are solved once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from vcnn.errors import InputError
from vcnn.files import claim
from vcnn.flow.field import FlowField


@dataclass(frozen=True)
class Family:
    """Flows that differ in the shape of their walls and in how they are solved.

    Parameters
    ----------
    solve : callable
        From the numbers of a shape, cells and location to a FlowField.
    shape : names of the numbers of a shape
    """

    solve: Callable[..., FlowField]
    shape: tuple[str, ...]

    def provenance(self, shape: Sequence[float], cells: Sequence[int], location: str) -> dict:
        """What identifies a flow of the family: equal provenance, equal flow."""
        return {
            "generator": f"solvers.{self.solve.__name__}",
            "version": version("vcnn"),
            **{name: float(number) for name, number in zip(self.shape, shape, strict=True)},
            "cells": [int(n) for n in cells],
            "location": location,
        }


def write_flows(
    folder: str | os.PathLike,
    family: Family,
    shapes: Mapping[str, Sequence[float]],
    *,
    cells: Sequence[int],
    location: str = "cell",
    force: bool = False,
) -> dict[str, Path]:
    """Solve the flows of a family that a folder lacks, one file for each; call it on all ranks.

    Parameters
    ----------
    folder : path
        Flows in it that were solved with the same settings are kept.
    family : Family
    shapes : name of a flow -> the numbers of its shape
    cells, location : as for the family's ``solve``
    force : bool
        Solve again, and replace files with other contents.

    Returns
    -------
    dict
        Name -> path of the flow.

    Raises
    ------
    InputError
        If a file with other contents is in the way; nothing is solved then.
    DivergenceError
        If a flow has no solution; those before it are kept.
    """
    from solvers.fenics import MPI

    paths = {name: Path(folder) / f"{name}.vtu" for name in shapes}
    missing = {
        name: claim(path, force)
        for name, path in paths.items()
        if force or not _holds(path, family.provenance(shapes[name], cells, location))
    }
    comm = MPI.COMM_WORLD
    with tqdm(missing.items(), unit="flow", disable=comm.rank > 0) as progress:
        for name, path in progress:
            progress.set_postfix_str(path.name)
            flow = family.solve(*shapes[name], cells, location)
            if comm.rank == 0:
                flow.save(path)
    comm.barrier()
    return paths


def _holds(path, provenance) -> bool:
    try:
        return FlowField.load(path).provenance == provenance
    except InputError:
        return False
