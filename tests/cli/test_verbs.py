"""Verbs and readers that packages bring along, or fail to."""

import sys
import textwrap
from importlib import metadata
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Annotated

import pytest
import typer

import vcnn.cli as command_line
from tests.support.command_line import refused, run
from vcnn.cli import plugins
from vcnn.clouds import TransportRegion
from vcnn.errors import DivergenceError, InputError


def bring(monkeypatch, verb, name="stir"):
    """A package that brings one more verb."""
    module = ModuleType("verbs_of_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    module.verb = verb
    entry = EntryPoint(name, f"{module.__name__}:verb", "vcnn.commands")

    def entry_points(group):
        return [*metadata.entry_points(group=group), entry]

    monkeypatch.setattr(command_line, "entry_points", entry_points)
    return module


@pytest.mark.parametrize(
    "error, line",
    [
        (OSError("the pipe is closed"), "error: the pipe is closed"),
        (FileNotFoundError(2, "No such file", "x.vtu"), "error: x.vtu: No such file"),
        (OSError(28, "No space left on device"), "error: No space left on device"),
        (TimeoutError(), "error: TimeoutError"),
    ],
)
def test_what_the_system_refuses_is_said_without_gaps(monkeypatch, capsys, error, line):
    def stir():
        raise error

    bring(monkeypatch, stir)
    assert run("stir") == 2
    assert capsys.readouterr().err == line + "\n"


def test_a_verb_that_cannot_be_imported_says_so(monkeypatch, capsys):
    bring(monkeypatch, print)
    monkeypatch.setitem(sys.modules, "verbs_of_a_test", None)
    assert run("stir", "--anything", "at all") == 2
    assert capsys.readouterr().err.startswith("error: vcnn stir: not available here (import of")
    assert run("--help") == 0
    assert "\n  stir " in capsys.readouterr().out


def test_a_fault_of_a_verb_is_not_called_a_missing_package(monkeypatch):
    """It ends in a traceback, which its author can do something with."""

    class Broken(ModuleType):
        def __getattr__(self, name):
            raise AttributeError("'NoneType' object has no attribute 'spoon'")

    bring(monkeypatch, print)
    monkeypatch.setitem(sys.modules, "verbs_of_a_test", Broken("verbs_of_a_test"))
    with pytest.raises(AttributeError, match="spoon"):
        command_line.main(["stir"])


def test_only_the_verb_that_is_asked_for_is_imported(monkeypatch, capsys):
    bring(monkeypatch, print)
    monkeypatch.setitem(sys.modules, "verbs_of_a_test", None)
    assert run("show", "--help") == 0
    assert run("--version") == 0
    capsys.readouterr()
    assert run("stirr") == 2
    assert "No such command 'stirr'. Did you mean 'stir'?" in capsys.readouterr().err


def test_readers_that_are_missing_or_several(folder, capsys, monkeypatch):
    reader = EntryPoint("flow", "meshes.readers.any_file:read_flow", "vcnn.readers")
    rival = EntryPoint("flow", "other.readers:read", "vcnn.readers")
    predict = ("predict", "model.safetensors", "flows/b.vtu", "-o", "out")
    monkeypatch.setattr(plugins, "entry_points", lambda group, name: [])
    line = refused(capsys, folder, *predict)
    assert line == "flows: nothing installed reads them; install vcnn anew"
    monkeypatch.setattr(plugins, "entry_points", lambda group, name: [reader, rival])
    assert refused(capsys, folder, *predict) == (
        "entry point 'flow' of vcnn.readers: expected one, got "
        "meshes.readers.any_file:read_flow, other.readers:read"
    )
    monkeypatch.setattr(plugins, "entry_points", lambda group, name: [reader, reader])
    assert run(*predict) == 0  # the same one, installed twice


def test_the_configuration_in_the_help_can_be_read(folder):
    """By whoever copies it from there."""
    from vcnn.cli.configuration import read_configuration
    from vcnn.cli.train import train

    _, _, example = train.__doc__.partition("hills.toml:\n")
    for name in ("hill_1.00", "hill_2.00", "hill_1.50"):
        (folder / f"flows/{name}.vtu").write_bytes((folder / "flows/b.vtu").read_bytes())
    (folder / "hills.toml").write_text(textwrap.dedent(example))
    run = read_configuration(folder / "hills.toml")
    assert run.targets == {"concentration": "scalar"}
    assert run.region == TransportRegion(0.1, 3.0) and run.training.epochs == 100
    assert [path.name for path in run.flows] == ["hill_1.00.vtu", "hill_2.00.vtu"]


def test_an_entry_point_may_be_a_group_of_verbs(monkeypatch, capsys):
    """Each guarded and helped as others are."""
    app = typer.Typer(help="Stir and pour.")

    @app.command()
    def slowly(spoons: Annotated[int, typer.Argument(metavar="SPOONS")], hot: bool = False):
        """Stir slowly."""
        if spoons > 2:
            raise InputError(f"spoons: expected two at most, got {spoons}")
        print(f"stirred with {spoons}{' hot' * hot}")

    @app.command(name="pour-out")
    def pour():
        """Pour it out."""
        raise DivergenceError("it boils over")

    bring(monkeypatch, app)
    assert run("stir", "slowly", "2", "--hot") == 0
    assert capsys.readouterr().out == "stirred with 2 hot\n"
    assert run("stir", "slowly", "3") == 2
    assert capsys.readouterr().err == "error: spoons: expected two at most, got 3\n"
    assert run("stir", "pour-out") == 1
    assert capsys.readouterr().err == "error: it boils over\n"
    assert run("stir", "slowli", "3") == 2
    assert "No such command 'slowli'. Did you mean 'slowly'?" in capsys.readouterr().err
    assert run("stir", "slowly", "--help") == 0
    assert "Usage: vcnn stir slowly [OPTIONS]" in capsys.readouterr().out
    run("stir")
    said = capsys.readouterr()
    assert (
        "Stir and pour." in said.out + said.err and "pour-out  Pour it out." in said.out + said.err
    )
    assert run("--help") == 0
    assert "\n  stir      Stir and pour." in capsys.readouterr().out
