"""What a worker answers is what the closure predicts of the flow in the case."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import meshes
from tests.support.flows_at_cells import flow_on
from tests.support.foam_cases import BoxCase
from tests.support.foam_worker import Worker, hill_flow, in_space, tensors, write_closures
from tests.support.turbulence_closure import turbulence_closure
from vcnn import Closure
from vcnn.closure import BaselineCorrection, over_model, trust
from vcnn.closure.stress import StressBounds, deviator

SOME = {"length": 0.028, "velocity": 3.0}


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A mesh and dictionaries: no fields, no times."""
    folder = tmp_path_factory.mktemp("hill") / "case"
    meshes.write_openfoam(hill_flow(), folder, walls=["bottom", "top"])
    shutil.rmtree(folder / "0")
    write_closures(folder)
    return folder


@pytest.fixture(scope="module")
def flow(case, tmp_path_factory):
    """What is read of the same case with the velocity in it."""
    folder = tmp_path_factory.mktemp("read") / "case"
    meshes.write_openfoam(hill_flow(), folder, walls=["bottom", "top"])
    return meshes.read_flow(folder)


def ask(case, model, u, **options):
    with Worker(case, model, **options) as solver:
        solver.ready()
        return solver.ask(in_space(u))


def embedded(a):
    return np.pad(a, ((0, 0), (0, 1), (0, 1)))


def test_an_eddy_viscosity(case, flow):
    with Worker(case, "hill-eddy-viscosity") as solver:
        assert solver.ready() == [["U"], ["nut"]]
        values, clipped, far = solver.ask(in_space(flow.velocity))
    closure = Closure.pretrained("hill-eddy-viscosity")
    np.testing.assert_allclose(values[:, 0], closure.predict(flow), rtol=1e-12)
    distance = closure.extrapolation(flow)
    assert clipped == 0
    assert far == pytest.approx(flow.weights @ (distance > 1) / flow.weights.sum())


def test_an_anisotropy_beside_it(case, flow):
    """Nothing of it lies across the plane."""
    with Worker(case, "hill-stress") as solver:
        assert solver.ready() == [["U"], ["nut", "anisotropy"]]
        values, *_ = solver.ask(in_space(flow.velocity))
    predicted = Closure.pretrained("hill-stress").predict(flow)
    np.testing.assert_allclose(values[:, 0], predicted["eddy_viscosity"], rtol=1e-12)
    np.testing.assert_allclose(tensors(values[:, 1:]), embedded(predicted["anisotropy"]), atol=1e-8)


def test_a_reynolds_stress_is_split(case, flow):
    """ν_t and a together are the deviator of the stress, in an independent gradient."""
    u = flow.velocity
    values, clipped, far = ask(case, "own.py:stress", u)
    gradient = meshes.cell_gradient(flow.mesh, u, flow.periods, {"bottom": 0.0, "top": 0.0})
    S = deviator((gradient + gradient.swapaxes(1, 2)) / 2)
    tau = deviator(0.01 * (u[:, :, None] * u[:, None, :] + np.eye(2)))
    acting = tensors(values[:, 1:])[:, :2, :2] - 2 * values[:, :1, None] * S
    np.testing.assert_allclose(acting, tau, atol=1e-12)
    assert values[:, 0].max() > 1e-3 and values[:, 0].min() >= 0
    assert clipped == 0 and far < 0  # nobody knows what it was trained on


def test_bounds(case, flow):
    values, clipped, _ = ask(case, "own.py:huge", flow.velocity)
    U, d = np.linalg.norm(flow.velocity, axis=1).max(), flow.scalars["wall_distance"].max()
    left = flow.points[:, 0] < flow.points[:, 0].mean()
    np.testing.assert_allclose(values[:, 0], np.where(left, StressBounds(U, d).eddy_viscosity, 0))
    assert clipped == pytest.approx(1)


def test_a_flow_at_rest_has_no_turbulence(case, flow):
    values, *_ = ask(case, "own.py:stress", 0 * flow.velocity)
    assert np.abs(values).max() < 1e-20


@pytest.mark.parametrize("model", ["hill-stress", "hill-eddy-viscosity"])
def test_units(tmp_path, flow, model):
    """A case in metres, and the closure's own way to other units."""
    dimensional = hill_flow(size=SOME["length"], speed=SOME["velocity"])
    folder = meshes.write_openfoam(dimensional, tmp_path / "case", walls=["bottom", "top"])
    values, *_ = ask(folder, model, dimensional.velocity, **SOME)
    closure = Closure.pretrained(model).in_units(**SOME).by_name()
    predicted = closure.predict(meshes.read_flow(folder))
    nu_t = predicted["eddy_viscosity"]
    np.testing.assert_allclose(values[:, 0], nu_t, atol=1e-5 * nu_t.max())
    if "anisotropy" in predicted:
        a = predicted["anisotropy"]
        tensor = tensors(values[:, 1:])[:, :2, :2]
        np.testing.assert_allclose(tensor, a, atol=1e-5 * np.abs(a).max())


def decompose(case, folder):
    """A copy with folders of two processors that have every third cell, backwards, and the rest."""
    shutil.copytree(case, folder)
    cells = np.arange(96)
    parts = [cells[::3][::-1], np.setdiff1d(cells, cells[::3])]
    for rank, own in enumerate(parts):
        place = folder / f"processor{rank}" / "constant" / "polyMesh"
        place.mkdir(parents=True)
        shutil.copy(folder / "constant/polyMesh/faces", place)
        lines = "\n".join(map(str, own))
        head = "FoamFile { version 2.0; format ascii; class labelList; object cells; }\n"
        (place / "cellProcAddressing").write_text(f"{head}{len(own)}\n(\n{lines}\n)\n")
    return parts


def test_ranks(case, flow, tmp_path):
    """Cells come rank by rank; a worker of one rank answers for its cells alone."""
    parts = decompose(case, tmp_path / "case")
    whole, *_ = ask(case, "hill-stress", flow.velocity)
    u = flow.velocity[np.concatenate(parts)]
    values, *_ = ask(tmp_path / "case", "hill-stress", u, ranks=2)
    np.testing.assert_allclose(values, whole[np.concatenate(parts)], atol=1e-7)
    for rank, own in enumerate(parts):
        values, *_ = ask(tmp_path / "case", "hill-stress", u, ranks=2, rank=rank)
        np.testing.assert_allclose(values, whole[own], atol=1e-7)


def test_other_ranks_are_refused(case, tmp_path):
    decompose(case, tmp_path / "case")
    with Worker(tmp_path / "case", "hill-stress", ranks=3) as solver:
        kind, text = solver.message()
    assert kind == 1 and "has 2 folders processorN, the solver runs on 3 ranks" in text


def test_a_turned_case_gives_turned_tensors(case, flow, tmp_path):
    """Out of the plane x-y, too."""
    R = Rotation.from_euler("xyz", [40, -25, 110], degrees=True).as_matrix()
    shutil.copytree(case, tmp_path / "case")
    path = tmp_path / "case/constant/polyMesh/points"
    head, count, body = re.fullmatch(r"(.*\n)(\d+)\n\((.*)\)\s*", path.read_text(), re.S).groups()
    points = np.array([row.strip("()").split() for row in body.split("\n") if row], float) @ R.T
    rows = "\n".join(f"({' '.join(map(repr, row))})" for row in points.tolist())
    path.write_text(f"{head}{count}\n(\n{rows}\n)\n")
    whole, *_ = ask(case, "own.py:stress", flow.velocity)
    turned, *_ = ask(tmp_path / "case", "own.py:stress", in_space(flow.velocity) @ R.T)
    np.testing.assert_allclose(turned[:, 0], whole[:, 0], atol=1e-13)
    expected = R @ tensors(whole[:, 1:]) @ R.T
    np.testing.assert_allclose(tensors(turned[:, 1:]), expected, atol=1e-13)


def test_a_correction_is_trusted_where_the_first_flow_is_alike(case, flow, capsys):
    with Worker(case, "hill-correction") as solver:
        assert solver.ready() == [["U"], ["beta"]]
        first, clipped, _ = solver.ask(in_space(flow.velocity))
        second, *_ = solver.ask(in_space(1.1 * flow.velocity))
    factor = Closure.pretrained("hill-correction")
    corrected = BaselineCorrection(factor, np.ones(len(flow)), trust=trust(factor, flow))
    expected = corrected.predict(flow)["eddy_viscosity"]
    np.testing.assert_allclose(first[:, 0], expected, rtol=1e-12)
    assert clipped < 0 and np.ptp(first) > 0.1
    trusted = trust(factor, flow)
    share = flow.weights @ trusted / flow.weights.sum()
    assert f"the correction is trusted in {share:.0%} of the volume" in capsys.readouterr().err
    at_one = trusted == 0
    assert at_one.any() and (second[at_one] == 1).all()


def test_a_correction_in_units_of_turbulence(case, flow):
    """It is told the model's flow, whatever flow it is asked about; a is in units of k."""
    d = flow.scalars["wall_distance"]
    k, omega, nut = 0.02 * d / (0.3 + d), 1 / (0.1 + d), 0.01 * d
    own = 0.8 * flow.velocity
    turbulence_closure().save(case / "factor.safetensors")
    with Worker(case, "factor.safetensors") as solver:
        assert solver.ready() == [["U", "k", "omega", "nutSST", "USST"], ["beta", "anisotropy"]]
        turbulence = np.column_stack([k, omega, nut, in_space(own)])
        solver.ask(np.column_stack([in_space(1.1 * flow.velocity), turbulence]))
        values, *_ = solver.ask(np.column_stack([in_space(flow.velocity), turbulence]))
    scalars = {
        "turbulent_kinetic_energy": k,
        "turbulent_time_scale": 1 / omega,
        "eddy_viscosity": nut,
        "strain_rate": 0.8 * flow.scalars["strain_rate"],
    }
    model = replace(flow, velocity=own).with_fields(scalars=scalars)
    expected = over_model(turbulence_closure(), model).predict(flow)
    np.testing.assert_allclose(values[:, 0] * nut, expected["eddy_viscosity"], rtol=1e-10)
    a = np.abs(expected["anisotropy"]).max()
    np.testing.assert_allclose(
        tensors(values[:, 1:]), embedded(expected["anisotropy"]), atol=1e-10 * a
    )
    assert np.ptp(values[:, 0]) > 0.05 and a > 1e-5


def test_fields_of_the_solver(case, flow):
    """They come in the order that was asked for, in units of the closure."""
    n = len(flow)
    k, omega = np.linspace(20, 30, n), np.linspace(0, 1, n)
    with Worker(case, "own.py:Beta", length=2.0, velocity=4.0) as solver:
        assert solver.ready() == [["U", "k", "omega"], ["beta"]]
        values, *_ = solver.ask(np.column_stack([in_space(flow.velocity), k, omega]))
    np.testing.assert_allclose(values[:, 0], k / 4**2 - omega / (4 / 2), rtol=1e-12)


def test_extrapolation_is_looked_at_every_tenth_time(case, flow):
    with Worker(case, "hill-eddy-viscosity") as solver:
        solver.ready()
        shares = [solver.ask(in_space(flow.velocity))[2] for _ in range(11)]
    assert [share >= 0 for share in shares] == [True] + 9 * [False] + [True]


def test_a_case_in_space(tmp_path):
    """A mixing length where the velocity is linear, in the solver's order of cells."""
    mesh = meshes.bump_channel(0.6, 1.5, 30.0, cells=(5, 4, 3))
    points = meshes.cell_centres(mesh)
    length, _, width = np.ptp(mesh.points, axis=0)
    written = flow_on(mesh, [[length, 0, 0], [0, 0, width]])
    folder = meshes.write_openfoam(written, tmp_path / "case", walls=["bottom", "top"])
    write_closures(folder)
    values, *_ = ask(folder, "own.py:mixing_length", written.velocity)
    d = meshes.wall_distance(mesh, points, periods=written.periods)
    G = meshes.cell_gradient(mesh, written.velocity, written.periods, {"bottom": 0, "top": 0})
    rate = np.sqrt(((G + G.swapaxes(1, 2)) ** 2).sum(axis=(1, 2)) / 2)
    expected = np.minimum(0.41 * d, 0.09) ** 2 * rate
    np.testing.assert_allclose(values[:, 0], expected, rtol=1e-10)
    assert values.shape[1] == 7 and not values[:, 1:].any()


def test_a_channel_one_cell_long(tmp_path):
    """Its period joins each cell with itself; ``empty`` sides make it plane, no section."""
    channel = BoxCase(cells=(1, 6, 1))
    channel.write(tmp_path)
    write_closures(tmp_path)
    y = channel.centres[:, 1]
    values, *_ = ask(tmp_path, "own.py:mixing_length", np.stack([y, 0 * y], axis=-1))
    length = np.minimum(0.41 * np.minimum(y, 1.5 - y), 0.09)
    inside = slice(1, -1)  # at the upper wall the velocity is not 0
    np.testing.assert_allclose(values[inside, 0], length[inside] ** 2, rtol=1e-12)
