"""One solved hill, with the geometry of the reference data, for all tests that look at it."""

from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

import meshes

if find_spec("dolfinx") is None:  # one that is there but cannot be imported is an error
    collect_ignore_glob = ["test_*.py"]

    def pytest_report_header():
        return "tests/solvers are left out: FEniCSx is not installed"


@pytest.fixture(scope="session")
def hill():
    """Laminar flow and transport on the hill α = 1 with 60 x 40 cells."""
    from solvers import LaminarFlow, ScalarTransport

    mesh = meshes.periodic_hill(1.0, cells=(60, 40), length=9.0000036, height=3.0357155)
    flow = LaminarFlow(mesh, viscosity=0.01, bulk_velocity=0.721039).solve()
    return flow, ScalarTransport(mesh, flow).solve()


@pytest.fixture(scope="session")
def reference(shared_data):
    """A second-order OpenFOAM solution of the same problem on 200 x 200 cells."""
    with np.load(shared_data / "openfoam" / "foam_alpha1.00_linearUpwind.npz") as data:
        return dict(data)


@pytest.fixture(scope="session")
def channels():
    """A small solved channel, one on another mesh, and one from an inlet to an outlet."""
    from tests.support.wrong_setups import THROUGH, WALLS, bounded, laminar

    return laminar(), laminar(meshes.channel(cells=(5, 4))), bounded({**WALLS, **THROUGH})


@pytest.fixture
def small_channel(channels, tmp_path):
    """A small solved channel with all that `Wrong` set-ups are built from."""
    from solvers import save_checkpoint

    flow, other, through = channels
    fields = {"velocity": flow.velocity, "pressure": flow.pressure}
    return SimpleNamespace(
        flow=flow,
        other=other,
        through=through,
        at_vertices=flow.flow("vertex"),
        at_cells=flow.flow("cell"),
        checkpoint=save_checkpoint(tmp_path / "u.npz", flow.domain, {"u": flow.velocity}),
        restart=flow.checkpoint(tmp_path / "flow.npz"),
        nameless=save_checkpoint(tmp_path / "nameless.npz", flow.domain, fields),
    )


@pytest.fixture(scope="session")
def starts():
    """A laminar and a turbulent flow over the hill of `tests.support.hills`."""
    from solvers import LaminarFlow, SpalartAllmaras
    from tests.support.hills import HILL, REYNOLDS

    return LaminarFlow(HILL, 0.02, 0.6).solve(), SpalartAllmaras(HILL, **REYNOLDS).solve()
