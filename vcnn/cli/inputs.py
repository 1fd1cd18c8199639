"""Reading what a command is given, so that every complaint names the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vcnn.cli.plugins import load_entry_point
from vcnn.errors import InputError, naming

ANY_FLOW = "a flow file, an OpenFOAM case folder, or whatever else 'vcnn import' reads"


def read_flow(path: Path, fields: Iterable[str] = ()):
    """The FlowField in a flow file, case folder or mesh file.

    Read by the entry point "flow" of group "vcnn.readers", so that vcnn itself knows no formats but
    its own.

    Parameters
    ----------
    path : path
    fields : names, optional
        Of what is needed from the flow besides the velocity.

    Raises
    ------
    InputError
        If it cannot be read, or is another code's and has no such fields: they may be there by
        other names.
    """
    read = load_entry_point(
        "vcnn.readers", "flow", "flows: nothing installed reads them; install vcnn anew"
    )
    with naming(path):
        flow = read(path)
    there = {**flow.scalars, **flow.vectors, **flow.tensors}
    missing = [name for name in fields if name not in there]
    if missing and "source" in flow.provenance:
        raise InputError(
            f"{path}: no field {', '.join(map(repr, missing))} (there are: {', '.join(there) or 'none'}); if it has "
            f"another name use: vcnn import {flow.provenance['source']} --field {missing[0]}=OTHER_NAME -o FILE.vtu"
        )
    return flow


def load_study(name: str):
    """The entry point of this name of group "vcnn.studies", which joins a report.

    Raises
    ------
    InputError
        If no package brings it, or that lacks what it needs.
    """
    return load_entry_point(
        "vcnn.studies",
        name,
        f"--{name}: nothing installed solves flows; install vcnn anew with FEniCSx",
    )


def read_model(path: Path):
    """The Closure in a ``.safetensors`` file of this package."""
    from vcnn.closure.closure import Closure

    with naming(path):
        return Closure.load(path)


def fields_of(network) -> list[str]:
    """Names of the fields that a network takes."""
    return [*network.scalars, *network.vectors, *network.tensors]


def file_name(path: Path) -> str:
    """``NAME.vtu``, for what is computed from a file or case folder called NAME."""
    return f"{path.resolve().name if path.is_dir() else path.stem}.vtu"
