"""The verb ``vcnn init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vcnn.cli.plugins import entry_point_names, load_entry_point
from vcnn.errors import InputError, suggest
from vcnn.files import claim, write_text

_GROUP = "vcnn.templates"  # of entry points, by which packages bring a file for each of their verbs


def init(
    kind: Annotated[str, typer.Argument(metavar="VERB", help="Whose file: train or solve.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write. [default: VERB.toml]"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a commented file to begin with, for 'vcnn train' or 'vcnn solve'.

    It runs as it is; its first lines say how. It holds every key of a common case: what may be left
    out is commented out.

    \b
    Example:
      vcnn init train
      vcnn init solve -o hill.toml
    """
    names = entry_point_names(_GROUP)
    if kind not in names:
        raise InputError(
            f"init: expected one of {', '.join(names)}, got {kind!r}{suggest(kind, names)}"
        )
    path = Path(f"{kind}.toml") if output is None else output
    if not str(path).isprintable():  # it stands in comments of the file, and in UTF-8
        raise InputError(f"{str(path)!r}: expected a name of printable characters")
    claim(path, force)
    if path.suffix != ".toml":
        raise InputError(f"{path}: expected a file NAME.toml")
    template = load_entry_point(_GROUP, kind, f"init: nothing installed has a file for {kind}")
    text = template(path)
    write_text(path, text)
    print(f"written: {path}; next:")
    print("\n".join(line[2:] for line in text.splitlines() if line.startswith("#   vcnn")))
