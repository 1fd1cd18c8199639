"""A file for ``vcnn solve`` to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

from solvers.studies.case_keys import (
    CASE_KEYS,
    CONDITION_KEYS,
    CONDITION_KIND,
    GENERATOR_KEY,
    MESH_FILE_KEYS,
    REFERENCE_KEYS,
    UNIT_KEYS,
    generator_keys,
)
from vcnn.cli.template import Section, write_template
from vcnn.keys import TABLE, Key

_INTRODUCTION = (
    "A file for 'vcnn solve':",
    "  vcnn solve {} -o runs/hill",
    "solves the laminar flow over a periodic hill in seconds. What is commented out says its",
    "default, or an example of a key that has none. 'vcnn solve --keys' lists the keys of all",
    "generators and conditions.",
)
# Boundary -> its condition in the file, and examples of all other kinds.
_CONDITIONS = {
    "bottom": {"kind": "wall"},
    "top": {"kind": "wall"},
    "inlet": {"kind": "periodic", "to": "outlet", "bulk_velocity": 0.72},
}
_OTHER_CONDITIONS = {
    "lid": {"kind": "wall", "velocity": [1.0, 0.0]},
    "middle": {"kind": "symmetry"},
    "entry": {"kind": "inlet", "velocity": ["6*y*(1-y)", "0"]},
    "measured_entry": {"kind": "inlet", "profile": "inlet.csv"},
    "exit": {"kind": "outlet", "pressure": 0.0},
    "left": {"kind": "periodic", "to": "right", "pressure_gradient": 0.1},
    "section": {"kind": "developed", "direction": [1.0, 0.0, 0.0], "bulk_velocity": 1.0},
}


def case_template(path: Path) -> str:
    """The text of the file of this path: laminar flow over a generated hill."""
    top = Section(
        "",
        [key for key in CASE_KEYS if key.kind is not TABLE],
        {"viscosity": 0.01, "model": "laminar"},
        {"stations": [2.0, 4.0, 6.0], "start": "runs/hill"},
    )
    mesh = Section(
        "[mesh]",
        (GENERATOR_KEY, *generator_keys("periodic_hill")),
        {"generator": "periodic_hill", "slope": 1.0, "cells": [40, 30]},
        {"length": 9.0},
        notes=("A generated mesh, whose boundaries are bottom, top, inlet and outlet.",),
    )
    own_mesh = Section(
        "",
        MESH_FILE_KEYS,
        examples={"file": "mesh.msh"},
        notes=("Or one of a file, in place of generator and its options:",),
    )
    boundaries = {**_CONDITIONS, **_OTHER_CONDITIONS}
    conditions = Section(
        "[conditions]",
        [Key(name, TABLE, "", default=value) for name, value in boundaries.items()],
        _CONDITIONS,
        notes=(
            "One for each boundary of the mesh; 'outlet' belongs to 'inlet' already.",
            *(_kind(kind, keys) for kind, keys in CONDITION_KEYS.items()),
        ),
    )
    reference = Section(
        "#[reference]", REFERENCE_KEYS, examples={"file": "les.vtu", "velocity": "U"}
    )
    units = Section("#[units]", UNIT_KEYS, examples={"length": 1.0, "velocity": 1.0})
    introduction = [line.format(shlex.quote(str(path))) for line in _INTRODUCTION]
    return write_template(introduction, (top, mesh, own_mesh, conditions, reference, units))


def _kind(kind: str, keys: tuple[Key, ...]) -> str:
    """One line on a kind of condition."""
    parts = [f'{CONDITION_KIND.name} = "{kind}"', ", ".join(key.name for key in keys)]
    return ": ".join(filter(None, parts))
