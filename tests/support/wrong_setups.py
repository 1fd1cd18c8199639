"""Set-ups that cannot be solved: a name, how to build one, and what it must be refused with."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

import meshes
from solvers import Inlet, LaminarFlow, Outlet, Periodic, Symmetry, Wall
from vcnn import InputError

MESH = meshes.channel(cells=(4, 4))
WALLS = {"bottom": Wall(), "top": Wall()}
DRIVEN = {"inlet": Periodic("outlet", bulk_velocity=1.0)}
ENDS = {"inlet": Periodic("outlet")}
NO_WALLS = {"bottom": Symmetry(), "top": Symmetry()}
THROUGH = {"inlet": Inlet((1.0, 0.0)), "outlet": Outlet()}


@dataclass(frozen=True)
class Wrong:
    """A set-up by name, and words of the message it must give.

    ``build`` is given a small solved channel: its result ``flow``, its fields ``at_vertices`` and
    ``at_cells``, the results ``other`` on another mesh and ``through`` from an inlet to an outlet,
    and the paths of checkpoints: of the velocity alone, ``restart`` of the result, and ``nameless``
    of its fields without its numbers."""

    name: str
    build: Callable
    message: str
    error: type = InputError


def laminar(mesh=MESH, viscosity=0.1, bulk_velocity=1.0, **options):
    return LaminarFlow(mesh, viscosity, bulk_velocity, **options).solve()


def bounded(conditions, mesh=MESH, **options):
    return LaminarFlow(mesh, 0.1, conditions=conditions, **options).solve()


def assert_refused(wrong, solved, folder, caplog):
    """In one line, before any solve, and with nothing written into the folder."""
    files = set(folder.iterdir())
    caplog.set_level("INFO", logger="vcnn.solvers")  # every step of every solver says so there
    with pytest.raises(wrong.error, match=wrong.message) as caught:
        wrong.build(solved)
    assert "\n" not in str(caught.value)
    assert not caplog.records
    assert set(folder.iterdir()) == files
