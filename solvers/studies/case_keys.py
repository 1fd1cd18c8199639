"""Keys of the file of a case: what it may say, checked, printed and documented from here."""

from __future__ import annotations

from dataclasses import replace

import meshes
from meshes.generate import bump, structured
from solvers.fem.arguments import LOCATIONS
from solvers.flow.conditions import Developed, Outlet, Periodic, Wall
from vcnn.keys import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    NUMBERS,
    TABLE,
    TEXT,
    Key,
    KeyTable,
    keys_of,
    list_of,
    parameter_meanings,
    table_of,
)

MODELS = {
    "laminar": "LaminarFlow",
    "spalart-allmaras": "SpalartAllmaras",
    "k-omega-sst": "KOmegaSST",
    "one-equation-k-l": "OneEquationKL",
    "mixing-length": "MixingLength",
}
GENERATORS = ("periodic_hill", "periodic_hill_gmsh", "channel", "duct", "bump_channel")

CASE_KEYS = (
    Key("viscosity", NUMBER, "kinematic viscosity ν", needed=True, unit="length²/time"),
    Key("mesh", TABLE, "the mesh, of a file or generated, see below", needed=True),
    Key(
        "conditions",
        TABLE,
        "one for each boundary of the mesh, by its name, see below",
        needed=True,
    ),
    Key(
        "model",
        TEXT,
        "what the turbulent stress comes from",
        otherwise="needed without `--closure`",
        choices=tuple(MODELS),
    ),
    Key(
        "stations",
        NUMBERS,
        "the x of lines across a plane flow, for velocity profiles",
        otherwise="five of them",
        unit="length",
    ),
    Key("reference", TABLE, "a flow to compare the velocity with, see below"),
    Key(
        "tolerance",
        NUMBER,
        "of a closure: relative change of its values below which flow and closure agree",
        default=1e-9,
    ),
    Key("max_rounds", INTEGER, "of a closure: how often it is asked at most", default=100),
    Key(
        "location",
        TEXT,
        "of a closure: where it is asked, at the centres of cells or at vertices",
        default="cell",
        choices=LOCATIONS,
    ),
    Key(
        "units",
        TABLE,
        "of a closure: its units in those of the case, see below",
        otherwise="the same",
    ),
    Key(
        "start",
        TEXT,
        "to begin from: a run's folder or its `checkpoint.npz` (the same mesh), or a flow "
        "(`flow.vtu`, any mesh), relative to the case",
        otherwise="at rest",
    ),
)
UNIT_KEYS = (
    Key(
        "length",
        NUMBER,
        "what is 1 in the flows of the closure's training, in the unit of the case",
        needed=True,
        unit="length",
    ),
    Key("velocity", NUMBER, "likewise", needed=True, unit="velocity"),
)
REFERENCE_KEYS = (
    Key("file", TEXT, "any flow that `vcnn show` reads, relative to the case", needed=True),
    Key("velocity", TEXT, "name of its velocity", otherwise="velocity or U"),
)
MESH_FILE_KEYS = (
    Key("file", TEXT, "any file with a mesh that `vcnn show` reads", needed=True),
    Key(
        "split",
        BOOLEAN,
        "cut mixed cells into triangles or tetrahedra, make curved ones straight",
        default=False,
    ),
)
GENERATOR_KEY = Key(
    "generator", TEXT, "function of `meshes` that makes the mesh", needed=True, choices=GENERATORS
)

_WALLS = {"kind": structured.KINDS}
_LENGTHS = dict.fromkeys(("length", "height", "width", "size"), "length")
# Generator -> units and choices of its parameters.
_GENERATOR_FACTS = {
    "periodic_hill": (_LENGTHS, _WALLS),
    "periodic_hill_gmsh": (_LENGTHS, {}),
    "channel": (_LENGTHS, _WALLS),
    "duct": (_LENGTHS, _WALLS),
    "bump_channel": ({**_LENGTHS, "yaw": "degrees"}, {"kind": bump.KINDS}),
}

_DRIVE = {"bulk_velocity": "velocity", "pressure_gradient": "length/time²"}
_CONDITION_TEXTS = {
    "wall": "No slip",
    "symmetry": "Nothing passes and nothing rubs: a plane of any direction, or a smooth curve",
    "inlet": "A given velocity; one of the two keys is needed",
    "outlet": "A given pressure outside; meant for places where the flow leaves",
    "periodic": "One with another boundary, which needs no condition; a drive along the period",
    "developed": "Under any name that is no boundary: the flow goes across a plane section of "
    "space, driven by one of the two",
}
# Kind of a condition -> its keys besides ``kind``.
CONDITION_KEYS = {
    "wall": (
        Key(
            "velocity",
            NUMBERS,
            parameter_meanings(Wall.__doc__)["velocity"],
            otherwise="at rest",
            unit="velocity",
        ),
    ),
    "symmetry": (),
    "inlet": (
        Key(
            "velocity",
            list_of(NUMBER | TEXT, "a list of numbers or formulas"),
            'one for each component; formulas of x, y, z, such as `"6*y*(1-y)"`',
            unit="velocity",
        ),
        Key(
            "profile",
            TEXT,
            "a .csv file with columns of x, y, z and u, v, w, relative to the case",
        ),
        Key(
            "turbulence",
            table_of(NUMBER | TEXT, "a table of numbers or formulas"),
            "what enters of the quantities of the turbulence model, such as "
            '`{ turbulent_kinetic_energy = 1e-3, turbulent_time_scale = "0.1*y" }`',
            otherwise="values of the model",
        ),
    ),
    "outlet": (
        Key(
            "pressure",
            NUMBER,
            "p₀ outside, kinematic",
            default=Outlet.pressure,
            unit="velocity²",
        ),
    ),
    "periodic": keys_of(Periodic, _DRIVE),
    "developed": tuple(
        replace(
            key,
            needed=False,
            otherwise="towards growing x (else y, else z)" * (key.name == "direction"),
        )
        for key in keys_of(Developed, _DRIVE)
    ),
}
CONDITION_KIND = Key("kind", TEXT, "what holds there", needed=True, choices=tuple(CONDITION_KEYS))


def generator_keys(name: str) -> tuple[Key, ...]:
    """Keys of a generated mesh besides ``generator``: what the function of this name takes."""
    return keys_of(getattr(meshes, name), *_GENERATOR_FACTS[name])


def solve_tables() -> list[KeyTable]:
    """All tables of a case, in the order in which one writes them."""
    generated = [
        KeyTable(f'[mesh] generator = "{name}"', generator_keys(name), _summary(name))
        for name in GENERATORS
    ]
    conditions = [
        KeyTable(f'[conditions] kind = "{kind}"', keys, _CONDITION_TEXTS[kind])
        for kind, keys in CONDITION_KEYS.items()
    ]
    return [
        KeyTable("", CASE_KEYS, "The flow"),
        KeyTable("[mesh] file = ...", MESH_FILE_KEYS, "A mesh from a file"),
        KeyTable("[mesh] generator = ...", (GENERATOR_KEY,), "A mesh that a generator makes"),
        *generated,
        KeyTable("[conditions]", (CONDITION_KIND,), "Of each boundary, `NAME = { kind = ... }`"),
        *conditions,
        KeyTable("[reference]", REFERENCE_KEYS, "A flow to compare the velocity with"),
        KeyTable("[units]", UNIT_KEYS, "The closure's units in those of the case"),
    ]


def _summary(generator) -> str:
    return getattr(meshes, generator).__doc__.partition("\n")[0].rstrip(".").replace("``", "`")
