"""FlowField: what it refuses, how it turns, and that a file keeps every bit of it."""

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from vcnn import FlowField, InputError
from vcnn.flow.contents import flow_contents
from vcnn.flow.mesh import boundary_facets, named_mesh


def sample_mesh(d):
    if d == 1:
        return named_mesh(
            [[0], [0.5], [1.5], [2]],
            [("line", [[0, 1], [1, 2], [2, 3]])],
            {"left": [("vertex", [[0]])], "both": [("vertex", [[0], [3]])]},
        )
    if d == 2:
        points = [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1.5]]
        cells = [("quad", [[0, 1, 4, 3]]), ("triangle", [[1, 2, 5], [1, 5, 4]])]
        return named_mesh(
            points, cells, {"bottom": [("line", [[0, 1], [1, 2]])], "left": [("line", [[0, 3]])]}
        )
    points = np.vstack([np.zeros(3), np.eye(3), np.ones(3)])
    return named_mesh(
        points, [("tetra", [[0, 1, 2, 3], [1, 2, 3, 4]])], {"base": [("triangle", [[0, 1, 2]])]}
    )


def sample_flow(d, location, seed=0):
    rng = np.random.default_rng(seed)
    mesh = sample_mesh(d)
    n = {"vertex": len(mesh.points), "cell": 2 if d == 3 else 3, None: 7}[location]
    return FlowField(
        points=mesh.points if location == "vertex" else rng.normal(size=(n, d)),
        velocity=rng.normal(size=(n, d)),
        weights=rng.uniform(0.1, 1, n),
        scalars={"strain_rate": rng.normal(size=n), "k": rng.normal(size=n)},
        vectors={"pressure_gradient": rng.normal(size=(n, d))},
        tensors={"stress": rng.normal(size=(n, d, d))},
        periods=[np.eye(d)[0] * np.pi],
        parameters={"viscosity": 0.1 + 1e-17, "slope": 1 / 3},
        mesh=None if location is None else mesh,
        location=location,
        provenance={"code": "α ≥ 1 é", "steps": 12},
    )


def same(a, b):
    for name in ("points", "velocity", "weights"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for kind in ("scalars", "vectors", "tensors"):
        assert list(getattr(a, kind)) == list(getattr(b, kind))
        for name, values in getattr(a, kind).items():
            np.testing.assert_array_equal(values, getattr(b, kind)[name])
    np.testing.assert_array_equal(a.periods, b.periods)
    assert (a.parameters, a.provenance, a.location) == (b.parameters, b.provenance, b.location)
    assert (a.mesh is None) == (b.mesh is None)
    if a.mesh is not None:
        np.testing.assert_array_equal(a.mesh.points, b.mesh.points)
        p, q = boundary_facets(a.mesh), boundary_facets(b.mesh)
        assert list(p) == list(q)
        for name in p:
            for (kind, facets), (kind2, facets2) in zip(p[name], q[name], strict=True):
                assert kind == kind2
                np.testing.assert_array_equal(facets, facets2)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("location", ["vertex", "cell", None])
def test_file_keeps_every_item(tmp_path, d, location):
    flow = sample_flow(d, location)
    path = flow.save(tmp_path / "new" / "flow.vtu")
    same(flow, FlowField.load(path))
    assert [p.name for p in path.parent.iterdir()] == ["flow.vtu"]


@pytest.mark.parametrize("d", [1, 2, 3])
def test_rotation_turns_vectors_and_tensors_and_keeps_invariants(d):
    flow = sample_flow(d, "cell")
    R = -np.eye(1) if d == 1 else special_ortho_group.rvs(d, random_state=1)
    turned = flow.rotated(R)
    np.testing.assert_allclose(turned.velocity, flow.velocity @ R.T)
    np.testing.assert_allclose(turned.tensors["stress"][0], R @ flow.tensors["stress"][0] @ R.T)
    u, t = "pressure_gradient", "stress"

    def contracted(f):
        return np.einsum("ni,nij,nj->n", f.vectors[u], f.tensors[t], f.velocity)

    np.testing.assert_allclose(contracted(turned), contracted(flow), atol=1e-14)
    back = turned.rotated(R.T)
    np.testing.assert_allclose(back.points, flow.points, atol=1e-14)
    np.testing.assert_allclose(back.mesh.points, flow.mesh.points, atol=1e-14)
    np.testing.assert_allclose(back.periods, flow.periods, atol=1e-14)


def test_reflection_is_an_involution_and_flips_the_normal_component():
    flow = sample_flow(3, "cell")
    mirrored = flow.reflected([0, 0, 2.0])
    np.testing.assert_allclose(mirrored.velocity, flow.velocity * [1, 1, -1])
    np.testing.assert_allclose(mirrored.reflected([0, 0, 1]).points, flow.points, atol=1e-15)


def test_reflection_of_a_line_flips_vectors_and_keeps_tensors():
    flow = sample_flow(1, "cell")
    mirrored = flow.reflected([3.0])
    assert np.array_equal(mirrored.points, -flow.points)
    assert np.array_equal(mirrored.mesh.points, -flow.mesh.points)
    assert np.array_equal(mirrored.velocity, -flow.velocity)
    assert np.array_equal(mirrored.tensors["stress"], flow.tensors["stress"])
    assert np.array_equal(mirrored.periods, np.negative(flow.periods))
    same(mirrored.rotated([[-1.0]]), flow)
    np.testing.assert_allclose(flow.translated([2.0]).points, flow.points + 2)
    np.testing.assert_allclose(flow.boosted([2.0]).velocity, flow.velocity + 2)
    assert np.array_equal(flow.permuted([2, 0, 1]).velocity, flow.velocity[[2, 0, 1]])


def test_a_line_is_found_in_the_file(tmp_path):
    """ParaView sees points on the x axis, and vectors and tensors of three components."""
    import pyvista

    flow = sample_flow(1, "vertex")
    grid = pyvista.read(flow.save(tmp_path / "line.vtu"))
    np.testing.assert_array_equal(grid.points, np.pad(flow.points, ((0, 0), (0, 2))))
    np.testing.assert_array_equal(grid["velocity"][:, 0], flow.velocity[:, 0])
    assert grid["velocity"].shape == (4, 3) and not grid["velocity"][:, 1:].any()
    assert grid["stress"].shape == (4, 9) and not grid["stress"][:, 1:].any()
    assert set(grid.celltypes) == {pyvista.CellType.LINE}
    rows = {row.name: row.kind for row in flow_contents(flow).rows}
    assert rows["velocity"] == rows["pressure_gradient"] == "vector"
    assert rows["stress"] == "tensor" and rows["k"] == rows["weight"] == "scalar"


def test_translation_boost_permutation():
    flow = sample_flow(2, "vertex")
    moved = flow.translated([1, 2])
    np.testing.assert_allclose(moved.points - flow.points, np.tile([1, 2], (len(flow), 1)))
    np.testing.assert_allclose(moved.mesh.points, moved.points)
    np.testing.assert_allclose(
        flow.boosted([3, 0]).velocity - flow.velocity, np.tile([3, 0], (len(flow), 1))
    )
    order = np.random.default_rng(3).permutation(len(flow))
    np.testing.assert_array_equal(flow.permuted(order).scalars["k"], flow.scalars["k"][order])
    assert flow.permuted(order).mesh is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(velocity=np.full((6, 2), np.nan)), "velocity: 6 values are NaN"),
        (dict(velocity=np.zeros((6, 3))), r"velocity: expected shape \(6, 2\), got \(6, 3\)"),
        (dict(weights=np.zeros(6)), "weights: must be positive"),
        (
            dict(scalars={"k": [1, 2, np.inf, 0, 0, 0]}),
            r"scalars\['k'\]: 1 values are NaN .* index 2",
        ),
        (dict(periods=[[1, 0], [2, 0]]), "linearly independent"),
        (dict(location="edge"), "location"),
        (dict(location="cell"), "mesh: 3 points at location 'cell', the flow has 6"),
        (
            dict(mesh=named_mesh(np.zeros((6, 2)), [("line", [[0, 1]])], {})),
            "no cells of dimension 2",
        ),
        (
            dict(points=np.zeros((6, 1)), velocity=np.zeros((6, 2))),
            r"velocity: expected shape \(6, 1\), got \(6, 2\)",
        ),
        (
            dict(points=np.zeros((6, 1)), velocity=np.zeros((6, 1))),
            "mesh: its points are not on the x axis, the flow has 1 dimensions",
        ),
        (dict(points=np.zeros((0, 2)), velocity=np.zeros((0, 2))), "at least one point"),
        (dict(points=np.zeros((6, 4))), r"points: expected shape \(n, 1\), \(n, 2\) or \(n, 3\)"),
    ],
)
def test_bad_input_names_the_culprit(change, message):
    mesh = sample_mesh(2)
    with pytest.raises(InputError, match=message):
        FlowField(**{"points": mesh.points, "velocity": np.zeros((6, 2)), "mesh": mesh, **change})


def test_bad_files(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.vtu: no such file"):
        FlowField.load(tmp_path / "nowhere.vtu")
    path = sample_flow(2, "cell").save(tmp_path / "flow.vtu")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"flow\.vtu: damaged"):
        FlowField.load(path)
    with pytest.raises(InputError, match=r"saved as \.vtu"):
        sample_flow(2, "cell").save(tmp_path / "flow.xdmf")
    with pytest.raises(InputError, match="two fields would be called 'k'"):
        flow = sample_flow(2, "cell")
        flow.with_fields(vectors={"k": flow.velocity}).save(tmp_path / "twice.vtu")
