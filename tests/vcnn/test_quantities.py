"""The table of fields: whatever flows hold, files bring and models predict or need is in it."""

import numpy as np
import pytest

import meshes
from vcnn import Closure, InputError
from vcnn.flow.mesh import boundary_facets
from vcnn.flow.quantities import (
    HEADS,
    QUANTITIES,
    SOURCES,
    factors,
    fields_while_solving,
    find_quantity,
    follows_flow,
    parameter_name,
)

MODELS = (
    "duct-correction",
    "duct-stress",
    "hill-concentration",
    "hill-correction",
    "hill-eddy-viscosity",
    "hill-stress",
    "sst-correction",
)


def test_names_are_said_once_and_rows_are_whole():
    every = [name for row in QUANTITIES.values() for name in row.names]
    assert len(set(every)) == len(every)
    for name, row in QUANTITIES.items():
        assert row.name == name and row.meaning and row.sources
        assert set(row.sources) <= set(SOURCES)
        assert set(row.heads) <= set(HEADS[row.kind])


def test_a_name_may_have_anything_before_it():
    for name in ("eddy_viscosity", "nut", "nu_t", "sst_nut", "x_eddy_viscosity", "les_nu_t"):
        assert find_quantity(name).name == "eddy_viscosity"
    assert find_quantity("sst_pressure_gradient").name == "pressure_gradient"
    assert find_quantity("sst_nu").name == "viscosity"
    for name in ("donut", "eddy_viscosity_predicted", "viscositys", ""):
        assert find_quantity(name) is None


@pytest.mark.parametrize(
    ("name", "factor", "words"),
    [
        ("wall_distance", 10.0, "length"),
        ("sst_nut", 20.0, "length velocity"),
        ("strain_rate", 0.2, "velocity / length"),
        ("les_reynolds_stress", 4.0, "velocity²"),
        ("pressure_gradient", 0.4, "velocity² / length"),
        ("cell_areas", 100.0, "length²"),
        ("concentration", 1.0, "1"),
    ],
)
def test_dimensions(name, factor, words):
    assert factors([name], 10.0, 2.0) == {name: pytest.approx(factor)}
    assert find_quantity(name).dimension == words


def test_fields_without_a_dimension_have_no_units():
    with pytest.raises(InputError, match="units: the dimension of 'donut' is not known"):
        factors(["donut"], 1.0, 2.0)


def test_numbers_of_other_codes_are_renamed_fields_are_not():
    assert [parameter_name(name) for name in ("nu", "alpha", "thickness", "k", "nut")] == [
        "viscosity",
        "slope",
        "thickness",
        "k",
        "nut",
    ]


def test_what_stays_when_the_flow_changes():
    fixed = [name for name in QUANTITIES if not follows_flow(name)]
    assert fixed == ["points", "area", "boundary", "wall_distance", "layer"]
    assert follows_flow("strain_rate") and follows_flow("a field that is not known")


def test_readers_bring_what_is_in_the_table(tmp_path):
    """Names of OpenFOAM and of plain arrays; the numbers of another code by ours."""
    mesh = meshes.channel(2.0, cells=(4, 3))
    quads = mesh.cells_dict["quad"]
    velocity = np.ones((len(quads), 2))
    lines = {name: blocks[0][1] for name, blocks in boundary_facets(mesh).items()}
    np.savez(
        tmp_path / "flow.npz",
        points=mesh.points,
        cells=quads,
        velocity=velocity,
        nu=0.1,
        alpha=1.5,
        bottomWall=lines["bottom"],
        topWall=lines["top"],
    )
    flow = meshes.read_flow(tmp_path / "flow.npz")
    assert flow.parameters == {"viscosity": 0.1, "slope": 1.5}
    assert set(flow.scalars) == {"boundary", "wall_distance", "strain_rate"}
    for name in flow.scalars:
        assert find_quantity(name).kind == "scalar"


def test_shipped_models_predict_and_need_what_is_in_the_table():
    for name in MODELS:
        closure = Closure.pretrained(name)
        for target, head in closure.targets.items():
            assert head in find_quantity(target).heads
        for field in closure.needs:
            assert find_quantity(field) is not None


def test_a_flow_without_walls_has_no_distance_to_them():
    assert set(fields_while_solving()) - set(fields_while_solving(walls=False)) == {"wall_distance"}
