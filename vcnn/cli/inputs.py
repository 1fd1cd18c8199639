"""Reading what a command is given, so that every complaint names the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vcnn.cli.plugins import load_entry_point
from vcnn.errors import InputError, naming

if TYPE_CHECKING:  # torch is slow to import
    from vcnn.closure.closure import Closure
    from vcnn.closure.ensemble import Ensemble
    from vcnn.flow.contents import Contents
    from vcnn.flow.field import FlowField

Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="N", min=1, help="For the network. [default: 1, or OMP_NUM_THREADS]"
    ),
]
ANY_FLOW = "a flow file, an OpenFOAM case folder, or whatever else 'vcnn import' reads"
ANY_MODEL = "a .safetensors file, or the name of a model of the package ('vcnn show' lists them)"


def read_flow(path: Path, fields: Iterable[str] = (), time: str | None = None) -> FlowField:
    """The FlowField in a flow file, case folder or mesh file.

    Read by the entry point "flow" of group "vcnn.readers", so that vcnn itself knows no formats but
    its own.

    Parameters
    ----------
    path : path
    fields : names, optional
        Of what is needed from the flow besides the velocity.
    time : str, optional
        Of a case or a series; default the latest.

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
        flow = read(path, time)
    present = {**flow.scalars, **flow.vectors, **flow.tensors}
    missing = [name for name in fields if name not in present]
    if missing and "source" in flow.provenance:
        command = f"vcnn import {flow.provenance['source']} --field {missing[0]}=OTHER_NAME"
        raise InputError(
            f"{path}: no field {', '.join(map(repr, missing))} (there are: "
            f"{', '.join(present) or 'none'}); if it has another name use: {command} -o FILE.vtu"
        )
    return flow


def read_contents(path: Path) -> Contents:
    """What is in a flow file, case folder or mesh file, with a velocity or without.

    Read by the entry point "contents" of group "vcnn.readers".

    Raises
    ------
    InputError
        If it cannot be read.
    """
    describe = load_entry_point(
        "vcnn.readers", "contents", "flows: nothing installed reads them; install vcnn anew"
    )
    with naming(path):
        return describe(path)


def load_study(name: str) -> Callable:
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


def check_order(models: Iterable[Path], flows: Iterable[Path]) -> None:
    """Raise `InputError` if a flow stands where a model should, and a model where a flow should."""
    from vcnn.closure.file import pretrained_names

    def is_model(path):
        return path.suffix == ".safetensors" or (
            str(path) in pretrained_names() and not path.exists()
        )

    exchanged = [path for path in flows if is_model(path)]
    if exchanged and not all(map(is_model, models)):
        raise InputError(f"{exchanged[0]}: a model, expected a flow; the model comes first")


def read_model(model: Path) -> Closure:
    """The closure that a user names, see :func:`vcnn.closure.file.model_file`.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be read.
    """
    from vcnn.closure.closure import Closure
    from vcnn.closure.file import model_file

    path = model_file(model)
    with naming(path):
        return Closure.load(path)


def read_any_model(model: Path) -> Closure | Ensemble:
    """The closure that a user names, or several of them in one file.

    Raises
    ------
    InputError
        As :func:`read_model`.
    """
    from vcnn.closure.file import model_file
    from vcnn.closure.loading import load_closure

    path = model_file(model)
    with naming(path):
        return load_closure(path)


def file_name(path: Path) -> str:
    """``NAME.vtu``, for what is computed from a file or case folder called NAME."""
    return f"{path.resolve().name if path.is_dir() else path.stem}.vtu"
