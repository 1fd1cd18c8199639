"""Raw cases of the Closure Challenge agree with arrays that were made of them independently."""

import numpy as np
import pytest

from meshes import read_flow
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets


def assert_single(values, reference):
    """The reference is in single precision."""
    np.testing.assert_array_equal(values.astype(np.float32), reference.astype(np.float32))


def arrays(shared_data, name):
    return np.load(shared_data / "closure_challenge" / "train" / f"{name}.npz", allow_pickle=False)


def find(raw, name):
    return next(path for path in raw.rglob(name) if path.is_dir())


def test_raw_hill(raw, shared_data):
    truth = arrays(shared_data, "alpha_10_9000_3036")
    flow = read_flow(find(raw, "alpha_10_9000_3036"), fields={"pressure": "p"})
    np.testing.assert_allclose(flow.points, truth["cell_centres"], atol=1e-12)
    np.testing.assert_allclose(flow.weights, truth["cell_areas"], rtol=1e-6)
    assert_single(flow.velocity, truth["sst_velocity"][:, :2])
    for name in ("k", "omega", "nut", "pressure"):
        assert_single(flow.scalars[name], truth[f"sst_{name}"])
    np.testing.assert_allclose(flow.scalars["wall_distance"], truth["wall_distance"], atol=1e-7)
    np.testing.assert_allclose(flow.periods, [[9, 0]], atol=1e-12)
    assert flow.parameters["viscosity"] == float(truth["nu"])
    facets = boundary_facets(flow.mesh)
    assert {name: sum(len(v) for _, v in blocks) for name, blocks in facets.items()} == {
        "bottomWall": 120,
        "topWall": 120,
        "inlet": 130,
        "outlet": 130,
    }
    assert flow.provenance["times"] == ["0", "20000"]


def test_raw_hill_stress_at_time_zero(raw, shared_data):
    truth = arrays(shared_data, "alpha_10_9000_3036")
    flow = read_flow(
        find(raw, "alpha_10_9000_3036"), 0, {"velocity": "U_LES", "reynolds_stress": "tauij_LES"}
    )
    assert_single(flow.velocity, truth["les_velocity"][:, :2])
    i, j = np.array([0, 0, 1]), np.array([0, 1, 1])  # xx xy yy of xx xy xz yy yz zz
    assert_single(
        flow.tensors["reynolds_stress"][:, i, j], truth["les_reynolds_stress"][:, [0, 1, 3]]
    )
    assert_single(flow.scalars["reynolds_stress_33"], truth["les_reynolds_stress"][:, 5])


def test_raw_duct_stays_three_dimensional(raw, shared_data):
    truth = arrays(shared_data, "AR_1_Ret_180")
    flow = read_flow(find(raw, "AR_1_Ret_180"))
    assert (len(flow), flow.dimension, flow.parameters) == (2209, 3, {})
    np.testing.assert_allclose(flow.points[:, 1:], truth["cell_centres"], atol=1e-15)
    np.testing.assert_allclose(flow.weights / flow.periods[0][0], truth["cell_areas"], rtol=1e-6)
    assert_single(flow.velocity, truth["sst_velocity"])
    np.testing.assert_allclose(flow.scalars["wall_distance"], truth["wall_distance"], rtol=1e-6)
    np.testing.assert_allclose(flow.periods, [[1e-3, 0, 0]], atol=1e-15)
    with pytest.raises(InputError, match=r"'U' cannot be read; .*0/U: .*#calc is not evaluated"):
        read_flow(find(raw, "AR_1_Ret_180"), 0)


def test_raw_duct_with_its_truth_of_time_zero_without_headers(raw, shared_data):
    truth = arrays(shared_data, "AR_1_Ret_180")
    names = {"les_velocity": "0/U_LES", "les_stress": "0/tauij_LES", "les_k": "0/k_LES"}
    with pytest.warns(UserWarning, match=r"without a FoamFile header.*: 0/U_LES"):
        flow = read_flow(find(raw, "AR_1_Ret_180"), fields=names)
    assert_single(flow.velocity, truth["sst_velocity"])
    assert_single(flow.vectors["les_velocity"], truth["les_velocity"])
    i, j = np.triu_indices(3)
    assert_single(flow.tensors["les_stress"][:, i, j], truth["les_reynolds_stress"])
    assert flow.provenance["time"] == "334"


def test_raw_case_of_an_older_version(raw, shared_data):
    truth = arrays(shared_data, "pehill_case_1p0")
    with pytest.warns(UserWarning, match=r"U is the same everywhere.*: UDNS"):
        assert np.ptp(read_flow(find(raw, "pehill_case_1p0")).velocity, axis=0).max() == 0
    flow = read_flow(find(raw, "pehill_case_1p0"), fields={"velocity": "UDNS"})
    assert_single(flow.velocity, truth["les_velocity"][:, :2])
    assert_single(flow.scalars["TauDNS_33"], truth["les_reynolds_stress"][:, 5])
    np.testing.assert_allclose(flow.periods, [[9, 0]], atol=1e-12)
    assert flow.parameters == {"viscosity": 5e-6}
