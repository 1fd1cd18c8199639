"""The directive ``vcnn-commands``: every verb with its arguments, options and examples.

They are what ``--help`` prints, of all verbs that pyproject.toml names.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import typer
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from vcnn.cli import vcnn as root

_GROUP = "vcnn.commands"
_BLOCK = "\b\n"  # before lines that stay as they are, in a docstring of a verb


def setup(app):
    """Sphinx calls this."""
    app.add_directive("vcnn-commands", CommandsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class CommandsDirective(SphinxDirective):
    """A section for vcnn itself, and one for each verb."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """The sections."""
        project = tomllib.loads(
            (Path(self.env.srcdir).parent / "pyproject.toml").read_text(encoding="utf-8")
        )
        verbs = project["project"]["entry-points"][_GROUP]
        return [
            self._section("vcnn", root),
            *(
                self._section(f"vcnn {name}", function)
                for verb, value in verbs.items()
                for name, function in functions(verb, EntryPoint(verb, value, _GROUP).load())
            ),
        ]

    def _section(self, name: str, function) -> nodes.section:
        section = nodes.section(names=[name.replace(" ", "-")])
        self.state.document.note_explicit_target(section, section)
        section += nodes.title("", "", nodes.literal(text=name))
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name)(function)
        command = typer.main.get_command(app)
        context = command.make_context(name, [], resilient_parsing=True)
        usage = command.get_usage(context).removeprefix("Usage: ")
        if function is root:
            usage += " VERB ..."
        section += nodes.literal_block(text=" ".join(usage.split()), language="text")
        section += self._text(function.__doc__)
        rows = []
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if record is not None:
                names, meaning = record
                is_argument = parameter.param_type_name == "argument"
                rows.append((names.partition(" <")[0] if is_argument else names, meaning))
        section += self._table(rows)
        return section

    def _text(self, docstring: str) -> list[nodes.Node]:
        """Paragraphs, and blocks of lines that stay as they are."""
        parts = []
        for part in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
            for k, block in enumerate(f"{part}\n".split(_BLOCK)):
                if not block.strip():
                    continue
                if k == 0:
                    parts.append(nodes.paragraph("", "", *_inline(block)))
                    continue
                first, *lines = block.rstrip().splitlines()
                if lines and all(line.startswith("  ") for line in lines):
                    parts.append(nodes.paragraph(text=first))
                    language = "toml" if first.endswith(".toml:") else "text"
                    text = inspect.cleandoc("\n" + "\n".join(lines))
                    parts.append(nodes.literal_block(text=text, language=language))
                else:
                    parts.append(nodes.literal_block(text=block.rstrip(), language="text"))
        return parts

    def _table(self, rows: list[tuple[str, str]]) -> nodes.table:
        body = nodes.tbody()
        for names, meaning in rows:
            cells = [nodes.literal(text=names)], _inline(meaning)
            body += nodes.row(
                "", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells)
            )
        group = nodes.tgroup("", cols=2)
        group += [nodes.colspec(colwidth=30), nodes.colspec(colwidth=70), body]
        return nodes.table("", group)


def functions(verb: str, loaded: object) -> list[tuple[str, Callable]]:
    """A verb's name and function, or those of all verbs in a group."""
    if not isinstance(loaded, typer.Typer):
        return [(verb, loaded)]
    commands = loaded.registered_commands
    return [(f"{verb} {c.name or c.callback.__name__}", c.callback) for c in commands]


def _inline(text: str) -> list[nodes.Node]:
    """One line of text, commands and options in it as code."""
    parts = re.split(r"('vcnn[^']*'|--\w[\w-]*|\"[\w ]+\")", " ".join(text.split()))
    return [
        nodes.literal(text=part.strip("'\"")) if k % 2 else nodes.Text(part)
        for k, part in enumerate(parts)
        if part
    ]
