"""One solved hill, with the geometry of the reference data, for all tests that look at it."""

import numpy as np
import pytest

import meshes
from vcnn import InputError

try:
    import solvers.fenics  # noqa: F401
except InputError as error:
    collect_ignore_glob = ["test_*.py"]
    missing = str(error)

    def pytest_report_header():
        return f"tests/solvers are left out: {missing}"


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
