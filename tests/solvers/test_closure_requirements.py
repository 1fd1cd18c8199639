"""What may be put in the loop: closures of something else are refused before anything is solved."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import meshes
from solvers import (
    RANS,
    ActiveScalar,
    DifferentiableCoupling,
    FlowToLearn,
    Inlet,
    LaminarFlow,
    LearningConfig,
    MixingLength,
    Observation,
    OneEquationKL,
    Outlet,
    ScalarTransport,
    SpalartAllmaras,
    Symmetry,
    fit_through_solver,
)
from tests.support.closures import BALL, LATTICE, Predicting, cloud_closure, mixing_length
from vcnn import Closure, InputError, RegionOfInfluence
from vcnn.flow.quantities import fields_while_solving, find_quantity

MESH = meshes.periodic_hill(cells=(12, 10))
CASE = {"mesh": MESH, "viscosity": 0.02, "bulk_velocity": 0.7}
NEEDED = "RANS needs eddy_viscosity, or reynolds_stress, or eddy_viscosity and anisotropy"


class Stating:
    """A closure of one's own that says what it predicts."""

    def __init__(self, **targets):
        self.targets = targets

    def predict(self, flow, centres=None, dtype=None):
        raise AssertionError("asked although it was to be refused")


def refused(make):
    with pytest.raises(InputError) as error:
        make()
    return str(error.value)


@pytest.mark.parametrize(
    ("closure", "predicts"),
    [
        (Stating(k="positive_scalar"), "k (positive scalar)"),
        (Stating(eddy_viscosity="vector"), "eddy_viscosity (vector)"),
        (Stating(anisotropy="symmetric_tensor"), "anisotropy (symmetric tensor)"),
        (Stating(tau="symmetric_tensor"), "tau (symmetric tensor)"),
        (
            Stating(nut="scalar", eddy_viscosity="scalar"),
            "nut (scalar) and eddy_viscosity (scalar)",
        ),
        (
            Stating(eddy_viscosity="scalar", anisotropy="reynolds_stress"),
            "eddy_viscosity (scalar) and anisotropy (reynolds stress)",
        ),
        (cloud_closure(target="turbulent_kinetic_energy"), "turbulent_kinetic_energy (positive"),
        (cloud_closure(target="c"), "c (positive scalar)"),
    ],
)
def test_rans_refuses_what_is_no_turbulent_stress(closure, predicts):
    message = refused(lambda: RANS(**CASE, closure=closure))
    assert message.startswith(f"closure: predicts {predicts}") and message.endswith(NEEDED)


def test_rans_refuses_shipped_models_of_something_else():
    message = refused(lambda: RANS(**CASE, closure=Closure.pretrained("hill-concentration")))
    assert message == f"closure: predicts concentration (scalar); {NEEDED}"
    for name, factor in (("hill-correction", "correction"), ("duct-stress", "beta")):
        message = refused(lambda name=name: RANS(**CASE, closure=Closure.pretrained(name)))
        assert message.startswith(f"closure: predicts {factor} (positive scalar)")
        assert NEEDED in message and "BaselineCorrection" in message
        assert "\n" not in message


@pytest.mark.parametrize(
    "closure",
    [
        Stating(nut="positive_scalar"),
        Stating(sst_nu_t="scalar"),
        Stating(les_reynolds_stress="symmetric_tensor"),
        Stating(tau="reynolds_stress"),
        Stating(eddy_viscosity="scalar", anisotropy="traceless_symmetric_tensor"),
        Predicting(mixing_length),
        SpalartAllmaras,
        np.ones(120),
    ],
)
def test_rans_takes_every_name_of_a_turbulent_stress(closure):
    RANS(**CASE, closure=closure)


def test_a_plain_closure_is_refused_by_the_names_that_it_predicts():
    """It says what they are when it is asked for the first time."""
    for field in ("k", "correction", "concentration"):
        closure = Predicting(lambda flow, field=field: {field: np.ones(len(flow))})
        message = refused(RANS(**CASE, closure=closure).solve)
        assert field in message and "eddy_viscosity" in message


def test_the_other_names_of_a_field_are_the_field():
    named = Predicting(lambda flow: {"sst_nut": mixing_length(flow)})
    flows = [
        RANS(**CASE, closure=closure).solve().velocity.x.array
        for closure in (named, Predicting(mixing_length))
    ]
    np.testing.assert_array_equal(*flows)


def test_a_scalar_is_a_concentration_or_has_a_name_of_its_own():
    scalar = partial(ActiveScalar, **CASE, buoyancy=(0.0, 0.1))
    message = refused(lambda: scalar(scalar=Closure.pretrained("hill-eddy-viscosity")))
    assert message == (
        "scalar: predicts eddy_viscosity (positive scalar); ActiveScalar needs concentration"
    )
    assert "predicts temperature (vector)" in refused(
        lambda: scalar(scalar=Stating(temperature="vector"))
    )
    for target in ("temperature", "concentration", "my_concentration"):
        scalar(scalar=Stating(**{target: "scalar"}))


def test_what_a_flow_has_while_it_is_solved_is_what_a_closure_may_see():
    message = refused(lambda: RANS(**CASE, closure=small(scalars=("wall_distance", "k"))))
    assert message == (
        "closure: needs k; a flow that is being solved has: "
        "pressure, strain_rate, boundary, velocity_gradient, wall_distance"
    )
    sides = {"bottom": Symmetry(), "top": Symmetry(), "inlet": Inlet((1.0, 0.0))}
    open_ended = {"mesh": meshes.channel(cells=(4, 3)), "viscosity": 0.1}
    conditions = {**sides, "outlet": Outlet()}
    message = refused(
        lambda: RANS(**open_ended, conditions=conditions, closure=small(scalars=("wall_distance",)))
    )
    assert message.startswith("closure: needs wall_distance; a flow that is being solved has: ")
    RANS(**open_ended, conditions=conditions, closure=small(scalars=("strain_rate",)))


def small(scalars):
    network = type(cloud_closure().network)(scalars, output="positive_scalar")
    return Closure(network, BALL, "eddy_viscosity", 2)


def test_dimension_and_size_of_clouds():
    solid = replace(cloud_closure(), dimension=3)
    assert refused(lambda: RANS(**CASE, closure=solid)) == (
        "closure: was trained on 3-D flows, the mesh is 2-D"
    )
    wide = replace(cloud_closure(), region=RegionOfInfluence.ball(400.0))
    message = refused(lambda: RANS(**CASE, closure=wide))
    assert message.startswith("closure: has clouds of radius 400, the mesh is 9.5")
    RANS(**CASE, closure=wide.in_units(length=1e-3, velocity=1.0))


def test_learning_through_the_solver_needs_a_viscous_stress():
    seen = [Observation(np.array([[1.0, 2.0]]), np.array([[0.5, 0.0]]))]
    task = FlowToLearn("hill", RANS(**CASE, location="vertex"), seen)
    stress = cloud_closure("reynolds_stress", region=LATTICE)
    needed = "DifferentiableCoupling needs eddy_viscosity, or eddy_viscosity and anisotropy"
    for fit in (
        lambda: DifferentiableCoupling(replace(task.problem, closure=stress)),
        lambda: fit_through_solver(stress, [task], LearningConfig(epochs=1), progress=False),
    ):
        assert refused(fit) == f"closure: predicts reynolds_stress (reynolds stress); {needed}"
    scalar = Closure.pretrained("hill-concentration")
    assert NEEDED in refused(lambda: fit_through_solver(scalar, [task], progress=False))


def fields(flow):
    """Name -> kind of every field of a flow."""
    kinds = {"scalar": flow.scalars, "vector": flow.vectors, "tensor": flow.tensors}
    return {name: kind for kind, named in kinds.items() for name in named}


def test_solved_flows_hold_what_is_in_the_table():
    """Laminar flow, turbulence models, a closure in the loop and scalars; what each of them has is
    what closures may see while it is solved.
    """
    laminar = LaminarFlow(**CASE).solve()
    results = [
        laminar,
        ScalarTransport(MESH, velocity=laminar).solve(),
        ActiveScalar(MESH, lambda c: 0.02 * (1 + c), 0.7, scalar=ScalarTransport).solve(),
        RANS(**CASE, closure=Closure.pretrained("hill-stress")).solve(tolerance=1e-3),
        *(model(**CASE).solve() for model in (SpalartAllmaras, MixingLength, OneEquationKL)),
    ]
    for result in results:
        flow = result.flow()
        assert set(fields_while_solving()) <= set(fields(flow))
        for name, kind in fields(flow).items():
            row = find_quantity(name)
            assert row is not None, name
            assert row.kind == kind and {"mesh", "solver", "model"} & set(row.sources)
        for name in flow.parameters:
            assert "case" in find_quantity(name).sources
        for function in getattr(result, "scalars", {}):
            assert "model" in find_quantity(function).sources
