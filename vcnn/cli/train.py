"""vcnn train: a network fitted to flow files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.energies import train_potential
from vcnn.cli.inputs import ANY_MODEL, Threads, read_flow
from vcnn.cli.key_listing import keys_option
from vcnn.errors import InputError, naming
from vcnn.evaluation.report.text import percent, table
from vcnn.files import claim
from vcnn.flow.spreads import without_spreads
from vcnn.keys import KeyTable
from vcnn.threads import ask_for
from vcnn.toml_file import read_toml


def _tables() -> list[KeyTable]:
    from vcnn.cli.train_keys import train_tables

    return train_tables()


def train(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="TOML file that says what to train on what.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder of the run; an interrupted one goes on.",
        ),
    ],
    start: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help=f"Go on from a model's weights: {ANY_MODEL}."),
    ] = None,
    threads: Threads = None,
    keys: Annotated[bool, keys_option(_tables)] = False,
) -> None:
    """Train a model on flows, or a potential on atoms.

    Writes model.safetensors, history.json, learning_curve.png and a copy of the configuration. If
    the run was interrupted, the same command goes on where it stopped and ends with the same model,
    bit for bit; with more epochs a run that has ended goes on too. With --start, or the key start,
    target, network and region are those of a model, and its weights are the first.

    A run overwrites nothing but itself, so there is no --force: a folder that holds another run is
    refused. --keys lists all keys of CONFIG, 'vcnn init train' writes one to begin with.

    With task = "energy" in CONFIG a potential of atoms is learned from frames with energies and
    forces; its keys are others.

    \b
    Example:
      vcnn train hills.toml -o runs/hills
      vcnn train more_hills.toml --start hill-concentration -o runs/more_hills
    \b
    hills.toml:
      target = "concentration"
      flows = ["flows/hill_1.00.vtu", "flows/hill_2.*.vtu"]   # relative to this file
      validation = ["flows/hill_1.50.vtu"]                    # OpenFOAM cases as well
      units = { length = "H", velocity = "U_b" }
      [network]
      architecture = "vector-cloud"                           # or one of your own: --import
      scalars = ["strain_rate", "wall_distance"]
      [region]
      kind = "transport"                                      # or "ball", "ellipsoid"
      diffusivity = 0.1
      decay = 3.0
      [training]
      epochs = 100
    """
    from vcnn.cli.configuration import read_configuration
    from vcnn.evaluation.report.curves import learning_curve
    from vcnn.training.fitting import fit
    from vcnn.training.samples import check_flow

    ask_for(threads)
    claim(output, force=True)  # a run goes on where it is
    model, before = output / "model.safetensors", _histories(output)
    if model.exists() and not any(output.glob("**/checkpoint.safetensors")):
        raise InputError(f"{model}: exists, but not the checkpoint of its run; choose another -o")
    if _trains_atoms(config, output, start):
        return
    run = read_configuration(config, start)
    needed = [*run.network.needs, *without_spreads(run.targets)]
    flows = {path: read_flow(path, needed) for path in (*run.flows, *run.validation)}
    for path, flow in flows.items():
        with naming(path):
            check_flow(run.network, flow, run.targets)
    with naming(config):
        closure = fit(
            run.network,
            {str(path): flows[path] for path in run.flows},
            run.target,
            run.region,
            run.training,
            validation={str(path): flows[path] for path in run.validation},
            run_directory=output,
            start=run.start,
            importance=run.importance,
            units=run.units,
            provenance=_names(run),
            members=run.members,
        )
    shutil.copyfile(config, output / "config.toml")
    histories = _histories(output)
    learning_curve(histories[0]).savefig(output / "learning_curve.png", dpi=120)
    print(f"{model}: {'was complete already' if histories == before else 'trained'}")
    _print_errors(run, flows, closure)


def _trains_atoms(config, output, start) -> bool:
    """Whether the configuration is of a potential, which is trained then."""
    from vcnn.cli.energy_configuration import is_energy_file

    with naming(config):
        contents, _ = read_toml(config)
        of_atoms = is_energy_file(contents)
    if of_atoms:
        if start is not None:
            raise InputError(f"--start: {config} is of a potential, which begins anew")
        train_potential(config, contents, output)
    return of_atoms


def _print_errors(run, flows, closure) -> None:
    rows, names = [], without_spreads(run.targets)
    for path, flow in flows.items():
        use = "training" if path in run.flows else "validation"
        rows.append([path.name, use, *map(percent, closure.errors(flow).values())])
    print(table(["flow", "used for", *(f"error of {name}" for name in names)], rows))


def _names(run) -> dict[str, list[str]]:
    """What a model says of the files that it learned from."""
    return {
        "flows": [path.name for path in run.flows],
        "validation": [path.name for path in run.validation],
    }


def _histories(output) -> list[list[dict]]:
    """Epochs of a run so far, of each of its members."""
    paths = [output / "history.json", *sorted(output.glob("member_*/history.json"))]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
