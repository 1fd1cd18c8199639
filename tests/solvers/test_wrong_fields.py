"""Closures, velocities and productions that cannot be used."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from solvers import RANS, Inlet, ScalarTransport, SpalartAllmaras
from tests.support.wrong_setups import ENDS, MESH, NO_WALLS, THROUGH, WALLS, Wrong, assert_refused
from vcnn import DivergenceError


def rans(closure, **options):
    return RANS(MESH, 0.1, 1.0, closure=closure, **options).solve()


def asked(s, predicted):
    """RANS with a closure that predicts the same for every flow."""
    closure = SimpleNamespace(predict=lambda flow: predicted)
    return RANS(MESH, 0.1, 1.0, closure=closure).solve(start=s.flow)


def transport(s, **options):
    return ScalarTransport(**{"mesh": MESH, "velocity": s.flow, **options}).solve()


def broken(velocity):
    velocity = velocity.copy()
    velocity.x.array[5] = np.nan
    return velocity


def with_nan(values):
    values = values.copy()
    values[5] = np.nan
    return values


FIELDS = [
    Wrong(
        "negative eddy viscosity",
        lambda s: rans(-np.ones(16)),
        "eddy_viscosity: must not be negative, got -1 at",
    ),
    Wrong(
        "eddy viscosity with NaN",
        lambda s: rans(with_nan(np.ones(16))),
        "eddy_viscosity: holds NaN",
    ),
    Wrong(
        "eddy viscosity of wrong size",
        lambda s: rans(np.ones(7)),
        "eddy_viscosity: expected 16 values, one for each cell, got 7",
    ),
    Wrong("no closure", lambda s: rans(None), "closure: missing; give an array, a FlowField"),
    Wrong(
        "flow without eddy viscosity as closure",
        lambda s: rans(s.at_cells),
        "closure: the flow has no scalar 'eddy_viscosity'",
    ),
    Wrong(
        "closure on another mesh",
        lambda s: rans(
            s.other.flow().with_fields(scalars={"eddy_viscosity": np.ones(len(s.other.flow()))})
        ),
        "closure: the flow does not live on the mesh given",
    ),
    Wrong(
        "anisotropy of wrong shape",
        lambda s: rans(np.ones(16), anisotropy=np.ones((16, 3))),
        r"anisotropy: expected an array of shape \(n, 2, 2\)",
    ),
    Wrong(
        "closure predicts NaN",
        lambda s: asked(s, np.full(16, np.nan)),
        "the closure predicts NaN",
        DivergenceError,
    ),
    Wrong(
        "closure predicts too little",
        lambda s: asked(s, np.ones(2)),
        r"eddy_viscosity of shape \(16,\) or .* of shape \(16, 2, 2\), got shape \(2,\)",
    ),
    Wrong(
        "closure by name",
        lambda s: rans("model"),
        "closure: expected a vcnn.Closure, an object with predict.*, got 'model'",
    ),
    Wrong(
        "closure predicts words",
        lambda s: asked(s, "turbulent"),
        "closure: expected numbers, got 'turbulent'",
    ),
    Wrong(
        "closure predicts vectors",
        lambda s: asked(s, np.ones((16, 2))),
        r"eddy_viscosity of shape \(16,\) or .* of shape \(16, 2, 2\), got shape \(16, 2\)",
    ),
    Wrong(
        "closure predicts several fields",
        lambda s: asked(s, {"k": np.ones(16), "nu_t": np.ones(16)}),
        "closure: predicts k and nu_t; RANS needs eddy_viscosity, or reynolds_stress, or eddy_",
    ),
    Wrong(
        "stress that is not symmetric",
        lambda s: asked(s, np.tile([[0.0, 1.0], [2.0, 0.0]], (16, 1, 1))),
        "closure: expected symmetric stresses",
    ),
    Wrong(
        "closure that raises",
        lambda s: RANS(
            MESH, 0.1, 1.0, closure=SimpleNamespace(predict=lambda flow: flow.scalars["k"])
        ).solve(s.flow),
        "closure: predict fails with KeyError: 'k'",
    ),
    Wrong(
        "checkpoint of the coupling with another suffix",
        lambda s: RANS(MESH, 0.1, 1.0, closure=np.ones(16)).solve(checkpoint="state.h5"),
        r"checkpoint: expected a path that ends in \.npz, got 'state\.h5'",
    ),
    Wrong(
        "turbulence model with an anisotropy",
        lambda s: rans(SpalartAllmaras, anisotropy=np.zeros((16, 2, 2))),
        "anisotropy: a turbulence model takes none",
    ),
    Wrong(
        "anisotropy that is not symmetric",
        lambda s: rans(np.ones(16), anisotropy=np.tile([[0, 1], [2, 0]], (16, 1, 1))),
        "anisotropy: must be symmetric",
    ),
    Wrong(
        "unknown location",
        lambda s: rans(np.ones(16), location="edge"),
        "location: expected 'cell' or 'vertex'",
    ),
    Wrong(
        "velocity with NaN",
        lambda s: transport(
            s, velocity=replace(s.at_vertices, velocity=with_nan(s.at_vertices.velocity))
        ),
        "velocity: .*NaN",
    ),
    Wrong(
        "result with NaN",
        lambda s: transport(s, velocity=replace(s.flow, velocity=broken(s.flow.velocity))),
        "velocity: 1 values are NaN or infinite",
    ),
    Wrong(
        "Function with NaN",
        lambda s: transport(s, mesh=s.flow.domain, velocity=broken(s.flow.velocity)),
        "velocity: 1 values are NaN or infinite",
    ),
    Wrong(
        "scalar with other walls than the flow",
        lambda s: transport(s, walls=("bottom", "top", "inlet", "outlet"), periodic=None),
        "velocity: was solved with walls",
    ),
    Wrong(
        "scalar without an outlet",
        lambda s: transport(s, velocity=s.through, conditions={**WALLS, "inlet": Inlet(0.0)}),
        "conditions: expected one for each of .*'outlet'",
    ),
    Wrong(
        "velocity for the scalar at an inlet",
        lambda s: transport(s, velocity=s.through, conditions={**WALLS, **THROUGH}),
        r"Inlet of boundary 'inlet': expected values of shape \(\), got \(2,\)",
    ),
    Wrong(
        "velocity on another mesh",
        lambda s: transport(s, velocity=s.other),
        "velocity: was solved on another mesh than the one given",
    ),
    Wrong(
        "velocity at another mesh's vertices",
        lambda s: transport(s, velocity=s.other.flow("vertex")),
        "velocity: the flow does not live on the mesh given",
    ),
    Wrong(
        "velocity on another domain",
        lambda s: transport(s, mesh=s.other.domain, velocity=s.flow.velocity),
        r"velocity: the Function must live on domain\.mesh",
    ),
    Wrong(
        "number as velocity",
        lambda s: transport(s, velocity=1.0),
        "velocity: expected a FlowResult, FlowField or",
    ),
    Wrong(
        "cells without strain rate",
        lambda s: transport(s, velocity=replace(s.at_cells, scalars={})),
        "velocity: a flow at cells needs 'strain_rate'",
    ),
    Wrong(
        "mixing length without walls",
        lambda s: transport(s, velocity=s.at_vertices, conditions={**NO_WALLS, **ENDS}),
        "production: a mixing length needs walls",
    ),
    Wrong(
        "production of wrong size",
        lambda s: transport(s, production=np.ones(7)),
        "production: expected 25 values, one for each vertex, got 7",
    ),
    Wrong(
        "production in words",
        lambda s: transport(s, production="published"),
        "production: expected 25 values, one for each vertex, got 'published'",
    ),
    Wrong(
        "production of infinity",
        lambda s: transport(s, production=np.inf),
        "production: holds NaN or infinite",
    ),
    Wrong(
        "production callable of wrong shape",
        lambda s: transport(s, production=lambda x: x),
        r"production: expected values of shape \(3,\), got \(2, 3\)",
    ),
    Wrong(
        "production of vectors",
        lambda s: transport(s, production=np.ones((25, 2))),
        r"production: expected one value for each vertex, got some of shape \(2,\)",
    ),
    Wrong(
        "production callable that raises",
        lambda s: transport(s, production=lambda x, t: x[0]),
        "production: the callable given fails .* with TypeError",
    ),
    Wrong(
        "negative decay",
        lambda s: transport(s, decay=-1.0),
        "decay: expected a number >= 0, got -1.0",
    ),
    Wrong(
        "exponent of NaN",
        lambda s: transport(s, exponent=np.nan),
        "exponent: expected a number >= 0, got nan",
    ),
    Wrong(
        "diffusivity as text",
        lambda s: transport(s, diffusivity="0.1"),
        "diffusivity: expected a positive number",
    ),
    Wrong(
        "no decay", lambda s: transport(s, decay=None), "decay: expected a number >= 0, got None"
    ),
    Wrong(
        "exponent as text",
        lambda s: transport(s, exponent="1"),
        "exponent: expected a number >= 0, got '1'",
    ),
    Wrong(
        "production with NaN",
        lambda s: transport(s, production=lambda x: np.nan * x[0]),
        "production: holds NaN",
    ),
    Wrong(
        "negative diffusivity",
        lambda s: transport(s, diffusivity=-1),
        "diffusivity: expected a positive number",
    ),
    Wrong(
        "unknown linear solver",
        lambda s: transport(s, linear_solver="magic"),
        "linear_solver: expected direct or iterative, got 'magic'",
    ),
]


@pytest.mark.parametrize("wrong", FIELDS, ids=lambda wrong: wrong.name)
def test_wrong_fields_are_refused_before_any_solve(wrong, small_channel, tmp_path, caplog):
    assert_refused(wrong, small_channel, tmp_path, caplog)
