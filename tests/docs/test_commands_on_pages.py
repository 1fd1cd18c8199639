"""Every command line of the documentation is one: its verb and its options exist."""

import re
import shlex

import pytest
import typer

from tests.support.pages import ROOT, commands, written_pages
from vcnn import cli

PAGES = [ROOT / "README.md", *written_pages()]
APP = typer.Typer(cls=cli._Verbs, no_args_is_help=True)
APP.callback()(cli.vcnn)
GROUP = typer.main.get_command(APP)
UsageError = typer.BadParameter.__base__  # of what typer is made of, whose place changes


def complaint(line: str) -> str | None:
    """What the command line says of these arguments before anything is done; None if nothing."""
    arguments = shlex.split(re.sub(r"\[[^\]]*\]", "", line).replace("...", ""))
    while arguments and arguments[0] == "--import":
        arguments = arguments[2:]
    if not arguments or arguments[0] in ("--help", "--version"):
        return None
    command, verb, rest = command_of(arguments)
    if command is None:
        return f"no verb {verb}"
    if rest == ["--help"]:
        return None
    try:
        command.make_context(verb, rest)
    except typer.Exit:  # an option that ends at once
        return None
    except UsageError as error:
        return f"{line}: {error.format_message()}"
    return None


def command_of(words):
    """The verb that words begin with, perhaps one of a group, what it is called, and the rest."""
    verb, *rest = words
    command = GROUP.get_command(GROUP.context_class(GROUP), verb)
    of_group = getattr(command, "commands", {})  # which only a group has
    if of_group and rest and not rest[0].startswith("-"):
        verb, command, rest = f"{verb} {rest[0]}", of_group.get(rest[0]), rest[1:]
    return command, verb, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_parse(page):
    complaints = [complaint(line) for line in commands(page.read_text(encoding="utf-8"))]
    assert [line for line in complaints if line] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_named_in_a_sentence_exists(page):
    """``vcnn VERB --option`` within a line: arguments may be left out there."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for words in re.findall(r"`vcnn ([^`]+)`", " ".join(text.split())):
        if words.startswith("-"):
            continue
        command, verb, rest = command_of(words.split())
        assert command is not None or verb.isupper(), words
        options = {name for p in command.params for name in p.opts} if command else set()
        named = {word.split("=")[0] for word in rest if word.startswith("-")} - {"--help"}
        assert named <= options, words


def test_lines_are_found_and_mistakes_seen():
    text = (
        "    vcnn show a.vtu  # a flow\n    .venv/bin/mpirun -n 2 .venv/bin/vcnn solve c -o d\nvcnn"
    )
    assert commands(text) == ["show a.vtu", "solve c -o d"]
    assert complaint("show a.vtu") is None
    assert complaint("openfoam apply CASE --closure m.safetensors") is None
    for line in ("openfoam aply CASE", "openfoam apply CASE --model m", "openfoam report CASE"):
        assert complaint(line)
    for line in ("shew a.vtu", "train a.toml", "predict m f -o out --depth 3"):
        assert complaint(line)
