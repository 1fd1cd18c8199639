"""Cases one cell long: developed flow in a duct, whole or a quarter."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.support.foam_cases import _HEX_FACES, box, box_sides, write_case
from tests.support.foam_worker import Worker, tensors
from vcnn import Closure, FlowField
from vcnn.closure import BaselineCorrection, MirroredSection, NearWall

NU = 1 / 180
STRAIGHT = np.eye(3)
R = Rotation.from_euler("xyz", [40, -25, 110], degrees=True).as_matrix()


def velocity(y, z):
    """Along a duct |y|, |z| < 1 and around in it, symmetrical, 0 at the walls."""
    along = 18 * (1 - y**6) * (1 - z**6)
    v = 0.3 * y * (1 - y**2) * (1 - 3 * z**2)
    w = -0.3 * z * (1 - z**2) * (1 - 3 * y**2)
    return np.stack([along, v, w], axis=-1)


def write_duct(folder, quarter, frame=STRAIGHT, shift=(0, 0, 0), n=8):
    """A case, and the y and z of its cells in a duct around the x axis."""
    cells = (1, n, n) if quarter else (1, 2 * n, 2 * n)
    side = 1.0 if quarter else 2.0
    points, hexes = box(cells, (0.1, side, side))
    points = points - [0, side - 1, side - 1]  # a quarter has its walls at y, z = 1
    sides = box_sides(points, hexes)
    low = "symmetryPlane" if quarter else "wall"
    entries = {
        "inlet": {"type": "cyclic", "neighbourPatch": "outlet"},
        "outlet": {"type": "cyclic", "neighbourPatch": "inlet"},
        "floor": {"type": low},
        "lid": {"type": "wall"},
        "back": {"type": low},
        "front": {"type": "wall"},
    }
    placed = points @ frame.T + shift
    write_case(folder, placed, hexes[:, _HEX_FACES], sides, entries, {}, time="0")
    (folder / "0").rmdir()
    text = f"FoamFile {{ class dictionary; }}\nnu {NU!r};\n"
    (folder / "constant" / "transportProperties").write_text(text)
    return points[hexes].mean(axis=1)[:, 1:].T


def answer(folder, u, **options):
    with Worker(folder, "duct-stress", **options) as solver:
        assert solver.ready() == [["U"], ["beta", "anisotropy"]]
        values, clipped, _ = solver.ask(u)
    assert clipped == 0
    return values[:, 0], tensors(values[:, 1:])


@pytest.fixture(scope="module")
def quarter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quarter") / "case"
    y, z = write_duct(folder, quarter=True)
    return folder, y, z, answer(folder, velocity(y, z))


def test_a_quarter_is_asked_as_the_card_says(quarter):
    _, y, z, (beta, a) = quarter
    d = 1 - np.maximum(y, z)
    u = velocity(y, z)
    n = len(y)
    points = np.stack([np.zeros(n), y, z], axis=-1)
    flow = FlowField(
        points, u, np.full(n, 1 / n), {"wall_distance": d}, parameters={"viscosity": NU}
    )
    section = MirroredSection(NearWall(Closure.pretrained("duct-stress")))
    predicted = BaselineCorrection(section, np.ones(n)).predict(flow)
    np.testing.assert_allclose(beta, predicted["eddy_viscosity"], atol=1e-5)
    np.testing.assert_allclose(a, predicted["anisotropy"], atol=1e-5)
    assert np.abs(a[:, 1, 2]).max() > 0.01 and np.ptp(beta) > 0.1


def test_the_whole_duct_says_the_same(quarter, tmp_path):
    _, y, z, (beta, a) = quarter
    all_y, all_z = write_duct(tmp_path / "whole", quarter=False)
    whole_beta, whole_a = answer(tmp_path / "whole", velocity(all_y, all_z))
    part = np.flatnonzero((all_y > 0) & (all_z > 0))
    pairs = part[np.lexsort((all_z[part], all_y[part]))], np.lexsort((z, y))
    np.testing.assert_allclose(whole_beta[pairs[0]], beta[pairs[1]], atol=1e-4)
    np.testing.assert_allclose(whole_a[pairs[0]], a[pairs[1]], atol=1e-4)


def test_a_turned_and_shifted_duct(quarter, tmp_path):
    _, y, z, (beta, a) = quarter
    write_duct(tmp_path / "turned", quarter=True, frame=R, shift=(3.0, -2.0, 0.5))
    turned_beta, turned_a = answer(tmp_path / "turned", velocity(y, z) @ R.T)
    np.testing.assert_allclose(turned_beta, beta, atol=1e-4)
    np.testing.assert_allclose(turned_a, R @ a @ R.T, atol=1e-4)


def test_another_friction_velocity_is_noted(quarter, capsys):
    """That of the flow is what its unit of velocity should be."""
    folder, y, z, _ = quarter
    answer(folder, velocity(y, z), velocity=3.0)
    note = capsys.readouterr().err
    u, cells = velocity(y, z)[:, 0], np.isclose(y, y.max())  # both walls are alike
    friction = np.sqrt(NU * np.mean(u[cells] / (1 - y[cells])))
    assert f"the friction velocity of this flow is {friction:.3g}"[:-1] in note
