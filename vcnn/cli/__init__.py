"""The command line: one verb a job, contributed by each package as an entry point of group
"vcnn.commands".
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated

import typer

from vcnn.errors import DivergenceError, InputError

_GROUP = "vcnn.commands"


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``vcnn`` with the given arguments (default: those of the process), then exit.

    Exit status: 0 on success, 1 if a computation diverged, 2 on bad input, 130 when interrupted.
    """
    warnings.simplefilter(
        "ignore", FutureWarning
    )  # what libraries tell their developers is of no use to users
    warnings.formatwarning = lambda message, *_: f"note: {message}\n"
    argv = sys.argv[1:] if argv is None else list(argv)
    verbs = {entry.name: entry for entry in entry_points(group=_GROUP)}
    if argv and argv[0] in verbs:
        verbs = {argv[0]: verbs[argv[0]]}  # the others need not be imported
    _application(verbs.values())(argv, prog_name="vcnn")


def _application(verbs) -> typer.Typer:
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def vcnn(
        show_version: Annotated[
            bool,
            typer.Option(
                "--version", callback=_print_version, is_eager=True, help="Print the version."
            ),
        ] = False,
    ):
        """Neural closures for flows that do not depend on the coordinate frame."""

    for entry in verbs:
        try:
            app.command(entry.name)(_guarded(entry.load()))
        except (ImportError, AttributeError) as error:
            _missing(app, entry, error)
    return app


def _guarded(verb: Callable) -> Callable:
    """The verb, with whatever a user can cause told in one line instead of a traceback."""

    @functools.wraps(verb)
    def run(*args, **kwargs):
        try:
            return verb(*args, **kwargs)
        except InputError as error:
            message, status = f"error: {error}", 2
        except OSError as error:
            message, status = f"error: {error.filename}: {error.strerror}", 2
        except DivergenceError as error:
            message, status = f"error: {error}", 1
        except KeyboardInterrupt:
            message, status = "interrupted", 130
        print(message, file=sys.stderr)
        raise typer.Exit(status)

    return run


def _missing(app: typer.Typer, entry: EntryPoint, error: Exception) -> None:
    reason = f"not available here ({error})"

    def verb():
        raise InputError(f"vcnn {entry.name}: {reason}")

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    app.command(entry.name, help=reason.capitalize(), context_settings=anything)(_guarded(verb))


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"vcnn {version('vcnn')}")
        raise typer.Exit
