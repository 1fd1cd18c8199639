"""The command line: one verb a job, an entry point of group "vcnn.commands" of each package.

An entry point may also be a group of verbs, a `typer.Typer`.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vcnn.cli.ranks import Crew, Notice, forget_launcher, is_cut_off
from vcnn.errors import DivergenceError, InputError
from vcnn.threads import limit_libraries

_GROUP = "vcnn.commands"
_STYLE = {"add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None}


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``vcnn`` with the given arguments (default: those of the process), then exit.

    Exit status: 0 on success, 1 if a computation diverged, 2 on bad input, 130 when interrupted.
    Under mpirun a verb that does not share its work is done by the first process, the others wait
    for it and end as it does; whatever is to be said to all is said once.
    """
    limit_libraries()
    # what libraries tell their developers is of no use to users
    warnings.simplefilter("ignore", FutureWarning)
    warnings.formatwarning = lambda message, *_: f"note: {message}\n"
    app = typer.Typer(cls=_Verbs, no_args_is_help=True, **_STYLE)
    app.callback()(_guarded(vcnn))
    if is_cut_off():
        forget_launcher()
    crew = Crew.of_launcher()
    with _silence() if crew is not None and crew.rank > 0 else nullcontext():
        app(sys.argv[1:] if argv is None else list(argv), prog_name="vcnn")


class _Verbs(TyperGroup):
    """The verbs of all packages, each imported when it is asked for."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self._entries = {entry.name: entry for entry in entry_points(group=_GROUP)}
        self.commands = dict.fromkeys(sorted(self._entries))  # their names, for the list of verbs

    def get_command(self, ctx: typer.Context, cmd_name: str):
        """The verb of that name, None if there is none."""
        entry = self._entries.get(cmd_name)
        return None if entry is None else _command(entry)


def vcnn(
    modules: Annotated[
        list[str] | None,
        typer.Option(
            "--import",
            metavar="FILE_OR_MODULE",
            help="Python file or module that registers networks of your own; may be repeated.",
        ),
    ] = None,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda wanted: _print_version() if wanted else None,
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Neural closures for flows that do not depend on the coordinate frame.

    Verbs overwrite nothing unless told to with --force; train needs none, its runs go on where they
    are. 'vcnn init' writes the files that train and solve read, their --keys lists what may stand
    there.

    \b
    Exit status:
      0    done
      1    a computation diverged
      2    bad input, said in one line
      130  interrupted
    """
    from vcnn.cli.plugins import import_users_module

    for text in modules or []:
        import_users_module(text)


def _command(entry: EntryPoint):
    """The verb, or group of verbs, of an entry point; if it cannot be imported, one that says so.

    A group is a `typer.Typer` with the verbs as its commands.
    """
    try:
        verb = entry.load()
    except ImportError as error:
        return _verb(
            entry.name,
            _refusal(f"vcnn {entry.name}: not available here ({error})"),
            help=f"Not available here ({error})",
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )
    if not isinstance(verb, typer.Typer):
        return _verb(entry.name, verb)
    app = typer.Typer(name=entry.name, help=verb.info.help, no_args_is_help=True, **_STYLE)
    group = typer.main.get_group(app)
    for item in verb.registered_commands:
        name = item.name or item.callback.__name__
        group.add_command(_verb(name, item.callback), name)
    return group


def _verb(name: str, function: Callable, **settings: Any):
    """What the command line makes of a function."""
    app = typer.Typer(**_STYLE)
    app.command(name, **settings)(_launched(function))
    command = typer.main.get_command(app)
    for parameter in command.params:
        if parameter.param_type_name == "argument":  # its name says enough, its type is Python's
            parameter.display_type_rich = lambda ctx: None
    return command


def _refusal(message: str) -> Callable[[], None]:
    def verb():
        raise InputError(message)

    return verb


def _guarded(verb: Callable) -> Callable:
    """The verb, with whatever a user can cause said in one line instead of a traceback."""

    @functools.wraps(verb)
    def run(*args, **kwargs):
        _end(*_attempt(verb, *args, **kwargs))

    return run


def _launched(verb: Callable) -> Callable:
    """The verb, guarded; if it knows no ranks, done by the first of several processes only."""
    crew = Crew.of_launcher()
    if crew is None:
        return _guarded(verb)

    @functools.wraps(verb)
    def run(*args, **kwargs):
        notice = Notice()
        if not crew.works(verb):
            status = notice.wait()
            if status is not None:
                raise typer.Exit(status)
            return _work_alone(crew, verb, *args, **kwargs)
        with _spoken():
            if crew.rank == 0:
                notice.post()
            if not crew.shares(verb):
                print(f"note: of {crew.size} processes one does the work", file=sys.stderr)
                forget_launcher()
            status, message = _attempt(verb, *args, **kwargs)
            if crew.rank == 0:
                notice.end(status, message)
            _end(status, "" if crew.rank > 0 and notice.says(message) else message)

    return run


def _work_alone(crew: Crew, verb: Callable, *args: Any, **kwargs: Any) -> None:
    """As if no launcher had started anything."""
    with _spoken(), warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.simplefilter("ignore", FutureWarning)
        print(f"note: process {crew.rank} of {crew.size} works alone", file=sys.stderr)
        forget_launcher()
        _end(*_attempt(verb, *args, **kwargs))


def _attempt(verb: Callable, *args: Any, **kwargs: Any) -> tuple[int, str]:
    """Exit status, and what to say about it if anything is."""
    try:
        verb(*args, **kwargs)
    except InputError as error:
        return 2, _line(str(error))
    except OSError as error:
        return 2, _line(_reason(error))
    except MemoryError:
        return 2, _line("there is not enough memory for this")
    except DivergenceError as error:
        return 1, _line(str(error))
    except KeyboardInterrupt:
        return 130, "interrupted"
    return 0, ""


def _line(reason: str) -> str:
    """One line, whatever stands in the names that a file brings along."""
    return f"error: {' '.join(reason.splitlines())}"


def _end(status: int, message: str) -> None:
    if message:
        print(message, file=sys.stderr)
    if status:
        raise typer.Exit(status)


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing is printed or noted inside."""
    warnings.simplefilter("ignore")
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


@contextmanager
def _spoken() -> Iterator[None]:
    """What is printed inside is printed again."""
    with redirect_stdout(sys.__stdout__), redirect_stderr(sys.__stderr__):
        yield


def _reason(error: OSError) -> str:
    """``FILE: what the system says``, or what whoever raised it said."""
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or str(error) or type(error).__name__


def _print_version() -> None:
    from vcnn.version import __version__

    print(f"vcnn {__version__}")
    raise typer.Exit
