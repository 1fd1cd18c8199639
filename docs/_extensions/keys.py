"""The directive ``vcnn-keys``: tables of the keys of a file, from what checks the file.

``train``, ``energy``, ``solve`` or ``closure`` is its argument. Each key can be linked as
``#train-training-epochs``, each table as ``#train-training``.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from solvers.studies.case_keys import solve_tables
from vcnn.cli.energy_configuration import energy_tables
from vcnn.cli.train_keys import train_tables
from vcnn.closure.header import closure_tables
from vcnn.keys import KeyTable

TABLES = {
    "train": train_tables,
    "energy": energy_tables,
    "solve": solve_tables,
    "closure": closure_tables,
}
_PLACE = re.compile(r"\[?(\w*)\]?(?: (\w+) = (.*))?")


def setup(app):
    """Sphinx calls this."""
    app.add_directive("vcnn-keys", KeysDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def anchor(file: str, place: str, key: str | None = None) -> str:
    """What links to a table: ``train-region-ball`` for ``[region] kind = "ball"``.

    With a key, what links to it: ``train-region-ball-radius``. Of ``[mesh] file = ...``, where the
    key decides and not its value, ``solve-mesh-file`` and ``solve-mesh-split``.
    """
    table, chosen_by, value = _PLACE.fullmatch(place).groups(default="")
    is_open = value == "..."
    parts = [file, table, value.strip('"') if not is_open else chosen_by * (key is None), key or ""]
    return "-".join(filter(None, parts))


class KeysDirective(SphinxDirective):
    """A section for each table of a file."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections."""
        file = self.arguments[0]
        tables = TABLES[file]()
        self.sections = {anchor(file, table.place) for table in tables}
        return [self._section(file, table) for table in tables]

    def _section(self, file: str, table: KeyTable) -> nodes.section:
        section = nodes.section()
        self._name(section, anchor(file, table.place))
        section += nodes.title("", "", *self._title(table.place))
        section += self._paragraph(f"{table.meaning}.")
        if table.keys:
            section += self._list(file, table)
        else:
            section += self._paragraph("No further keys.")
        return section

    def _title(self, place: str) -> list[nodes.Node]:
        return [nodes.literal(text=place) if place else nodes.Text("Top level")]

    def _list(self, file: str, table: KeyTable) -> nodes.definition_list:
        items = []
        for key in table.keys:
            term = nodes.term("", "", nodes.literal(text=key.name))
            name = anchor(file, table.place, key.name)
            if name not in self.sections:  # of a table with its own section
                self._name(term, name)
            facts = nodes.classifier("", "", *self._paragraph(key.facts).children)
            meaning = nodes.definition("", self._paragraph(key.meaning))
            item = nodes.definition_list_item("", term, facts, meaning)
            self.set_source_info(item)
            items.append(item)
        return nodes.definition_list("", *items, classes=["simple", "vcnn-keys"])

    def _paragraph(self, markdown: str) -> nodes.paragraph:
        text, messages = self.parse_inline(markdown)
        return nodes.paragraph("", "", *text, *messages)

    def _name(self, node: nodes.Element, name: str) -> None:
        node["names"].append(name)
        self.state.document.note_explicit_target(node, node)
