"""Set-ups that cannot be solved: each is refused before anything is solved, by a line that names what is wrong."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from wrong_meshes import DRIVEN, MESH, MESHES, WALLS, Wrong, bounded, laminar

import meshes
from solvers import (
    RANS,
    Inlet,
    LaminarFlow,
    MixingLength,
    OneEquationKL,
    Outlet,
    Periodic,
    ScalarTransport,
    SpalartAllmaras,
    Symmetry,
    Wall,
    along_wall,
    evaluate,
    load_checkpoint,
    locate,
    save_checkpoint,
    station_profiles,
    wall_force,
)  # fmt: skip
from solvers.domain import build_domain
from solvers.fenics import fem
from vcnn import DivergenceError, InputError

ENDS = {"inlet": Periodic("outlet")}
NO_WALLS = {"bottom": Symmetry(), "top": Symmetry()}
THROUGH = {"inlet": Inlet((1.0, 0.0)), "outlet": Outlet()}

CONDITIONS = [
    Wrong(
        "boundary without a condition", lambda s: bounded({"bottom": Wall(), **DRIVEN}),
        "boundary 'top' must be given once, it has no conditions",
    ),
    Wrong(
        "unknown boundary", lambda s: laminar(walls=("bottom", "lid")),
        "boundary 'lid' is not in the mesh, which has: bottom, top, inlet, outlet",
    ),
    Wrong(
        "boundary given twice", lambda s: bounded({**WALLS, **DRIVEN, "outlet": Outlet()}),
        "boundary 'outlet' must be given once, it has 2 conditions",
    ),
    Wrong(
        "unknown periodic boundary", lambda s: bounded({**WALLS, "inlet": Periodic("exit", bulk_velocity=1.0)}),
        "boundary 'exit' is not in the mesh",
    ),
    Wrong(
        "wall that is periodic too", lambda s: laminar(periodic=("inlet", "top")),
        "boundary 'top' must be given once, it has 2 conditions",
    ),
    Wrong("no period", lambda s: laminar(periodic=None), "LaminarFlow: needs walls and two periodic boundaries, or c"),
    *(
        Wrong(
            f"{model.__name__} without walls",
            lambda s, model=model: model(MESH, 0.1, conditions={**NO_WALLS, **DRIVEN}).solve(),
            f"{model.__name__}: needs at least one wall",
        )
        for model in (SpalartAllmaras, OneEquationKL, MixingLength)
    ),
    Wrong(
        "inlet of one number", lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet(1.0)}),
        r"Inlet of boundary 'inlet': expected values of shape \(2,\), got \(\)",
    ),
    Wrong("one periodic boundary", lambda s: laminar(periodic=("inlet",)), "periodic: expected the names of two bound"),
    Wrong("no walls", lambda s: laminar(walls=()), "LaminarFlow: needs walls and two periodic boundaries, or cond"),
    Wrong("no condition at all", lambda s: bounded({**WALLS, "inlet": "periodic"}), "boundary 'inlet': expected Wall"),
    Wrong("list of conditions", lambda s: bounded(["bottom", "top"]), "conditions: expected a mapping from boundary"),
    Wrong(
        "inlet without outlet", lambda s: bounded({**WALLS, "inlet": Inlet((1.0, 0.0)), "outlet": Wall()}),
        "what enters by an Inlet must leave by an Outlet",
    ),
    Wrong(
        "inlet profile of one component", lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet(lambda x: x[1])}),
        r"Inlet of boundary 'inlet': expected values of shape \(2, 3\), got \(3,\)",
    ),
    Wrong(
        "inlet profile with NaN", lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet((np.nan, 0.0))}),
        "Inlet of boundary 'inlet': holds NaN",
    ),
    Wrong(
        "wall that the fluid passes", lambda s: bounded({"bottom": Wall(), "top": Wall((1.0, 1.0)), **ENDS}),
        "boundary 'top': the velocity of a Wall must be along it",
    ),
    Wrong(
        "curved symmetry plane",
        lambda s: bounded({**WALLS, "bottom": Symmetry(), **DRIVEN}, meshes.periodic_hill(cells=(8, 4))),
        "boundary 'bottom': a Symmetry must be a plane",
    ),
    Wrong("nothing drives the flow", lambda s: bounded({**WALLS, **ENDS}), "conditions: nothing moves the flow"),
    Wrong(
        "driven in two directions",
        lambda s: bounded({**DRIVEN, "bottom": Periodic("top", pressure_gradient=1.0)}),
        "conditions: the flow is driven in one direction at most, got two",
    ),
    Wrong(
        "bulk velocity and pressure gradient", lambda s: Periodic("outlet", bulk_velocity=1.0, pressure_gradient=1.0),
        "Periodic: expected bulk_velocity or pressure_gradient, got both",
    ),
    Wrong(
        "pressure gradient of 0", lambda s: Periodic("outlet", pressure_gradient=0),
        "pressure_gradient: expected a number other than 0, got 0",
    ),
    Wrong(
        "bulk velocity beside conditions", lambda s: laminar(conditions={**WALLS, **ENDS}),
        "bulk_velocity: with conditions, give it as Periodic",
    ),
    Wrong("bulk velocity missing", lambda s: laminar(bulk_velocity=None), "bulk_velocity: missing; give it, or cond"),
    Wrong("bulk velocity of 0", lambda s: SpalartAllmaras(MESH, 0.1, 0.0), "bulk_velocity: expected a number other"),
    Wrong("viscosity of 0", lambda s: laminar(viscosity=0.0), "viscosity: expected a positive number, got 0.0"),
    Wrong("negative viscosity", lambda s: laminar(viscosity=-0.1), "viscosity: expected a positive number, got -0.1"),
    Wrong("viscosity of NaN", lambda s: laminar(viscosity=np.nan), "viscosity: expected a positive number, got nan"),
    Wrong("viscosity as text", lambda s: laminar(viscosity="0.1"), "viscosity: expected a positive number, got '0.1'"),
    Wrong("no viscosity", lambda s: laminar(viscosity=None), "viscosity: expected a positive number, got None"),
    Wrong(
        "bulk velocity as text", lambda s: laminar(bulk_velocity="fast"),
        "bulk_velocity: expected a number other than 0, got 'fast'",
    ),
    Wrong(
        "pressure gradient as text", lambda s: Periodic("outlet", pressure_gradient="1"),
        "pressure_gradient: expected a number other than 0, got '1'",
    ),
    Wrong(
        "walls in one word", lambda s: laminar(walls="bottom"),
        "walls: expected a sequence of names of boundaries, got 'bottom'",
    ),
    Wrong("periodic in one word", lambda s: laminar(periodic="io"), "periodic: expected a sequence of names of bound"),
    Wrong(
        "domain with walls in one word", lambda s: build_domain(MESH, "bottom"),
        "walls: expected a sequence of names of boundaries, got 'bottom'",
    ),
    Wrong(
        "inlet in words", lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet("fast")}),
        r"Inlet of boundary 'inlet': expected a callable or values of shape \(2,\), got 'fast'",
    ),
    Wrong(
        "wall velocity in words", lambda s: bounded({**WALLS, **DRIVEN, "top": Wall("x")}),
        r"Wall velocity of boundary 'top': expected a callable or values of shape \(2,\), got 'x'",
    ),
    Wrong(
        "inlet profile that raises", lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet(lambda x: x[7])}),
        "Inlet of boundary 'inlet': the callable given fails .* with IndexError: index 7 is out of bounds",
    ),
    Wrong(
        "start on a smaller domain",
        lambda s: LaminarFlow(meshes.channel(9.0, cells=(4, 4)), 0.1, 1.0).solve(start=s.flow),
        "start: does not cover the mesh: points: .* outside the mesh",
    ),
    Wrong(
        "start that is no result", lambda s: LaminarFlow(MESH, 0.1, 1.0).solve(start=s.flow.flow()),
        "start: expected a FlowResult or the path of a checkpoint, got FlowField",
    ),
]  # fmt: skip


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


CLOSURES_AND_SCALARS = [
    Wrong("negative eddy viscosity", lambda s: rans(-np.ones(16)), "eddy_viscosity: must not be negative, got -1 at"),
    Wrong("eddy viscosity with NaN", lambda s: rans(with_nan(np.ones(16))), "eddy_viscosity: holds NaN"),
    Wrong(
        "eddy viscosity of wrong size", lambda s: rans(np.ones(7)),
        "eddy_viscosity: expected 16 values, one for each cell, got 7",
    ),
    Wrong("no closure", lambda s: rans(None), "eddy_viscosity: expected an array"),
    Wrong(
        "flow without eddy viscosity as closure", lambda s: rans(s.at_cells),
        "closure: the flow has no scalar 'eddy_viscosity'",
    ),
    Wrong(
        "closure on another mesh",
        lambda s: rans(s.other.flow().with_fields(scalars={"eddy_viscosity": np.ones(len(s.other.flow()))})),
        "closure: the flow does not live on the mesh given",
    ),
    Wrong(
        "anisotropy of wrong shape", lambda s: rans(np.ones(16), anisotropy=np.ones((16, 3))),
        r"anisotropy: expected an array of shape \(n, 2, 2\)",
    ),
    Wrong("closure predicts NaN", lambda s: asked(s, np.full(16, np.nan)), "the closure predicts NaN", DivergenceError),
    Wrong(
        "closure predicts too little", lambda s: asked(s, np.ones(2)),
        r"closure: expected it to predict 16 eddy viscosities, got shape \(2,\)",
    ),
    Wrong("closure by name", lambda s: rans("model"), "closure: expected an array, a FlowField or an object with pred"),
    Wrong(
        "closure predicts words", lambda s: asked(s, "turbulent"),
        "closure: expected it to predict 16 eddy viscosities, got 'turbulent'",
    ),
    Wrong(
        "anisotropy that is not symmetric",
        lambda s: rans(np.ones(16), anisotropy=np.tile([[0, 1], [2, 0]], (16, 1, 1))),
        "anisotropy: must be symmetric",
    ),
    Wrong("unknown location", lambda s: rans(np.ones(16), location="edge"), "location: expected 'cell' or 'vertex'"),
    Wrong(
        "velocity with NaN",
        lambda s: transport(s, velocity=replace(s.at_vertices, velocity=with_nan(s.at_vertices.velocity))),
        "velocity: .*NaN",
    ),
    Wrong(
        "result with NaN", lambda s: transport(s, velocity=replace(s.flow, velocity=broken(s.flow.velocity))),
        "velocity: 1 values are NaN or infinite",
    ),
    Wrong(
        "Function with NaN", lambda s: transport(s, mesh=s.flow.domain, velocity=broken(s.flow.velocity)),
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
        "velocity on another mesh", lambda s: transport(s, velocity=s.other),
        "velocity: was solved on another mesh than the one given",
    ),
    Wrong(
        "velocity at another mesh's vertices", lambda s: transport(s, velocity=s.other.flow("vertex")),
        "velocity: the flow does not live on the mesh given",
    ),
    Wrong(
        "velocity on another domain", lambda s: transport(s, mesh=s.other.domain, velocity=s.flow.velocity),
        r"velocity: the Function must live on domain\.mesh",
    ),
    Wrong("number as velocity", lambda s: transport(s, velocity=1.0), "velocity: expected a FlowResult, FlowField or"),
    Wrong(
        "cells without strain rate", lambda s: transport(s, velocity=replace(s.at_cells, scalars={})),
        "velocity: a flow at cells needs 'strain_rate'",
    ),
    Wrong(
        "mixing length without walls", lambda s: transport(
            s, velocity=s.at_vertices, conditions={**NO_WALLS, **ENDS}
        ), "production: a mixing length needs walls",
    ),
    Wrong(
        "production of wrong size", lambda s: transport(s, production=np.ones(7)),
        "production: expected 25 values, one for each vertex, got 7",
    ),
    Wrong(
        "production in words", lambda s: transport(s, production="published"),
        "production: expected 25 values, one for each vertex, got 'published'",
    ),
    Wrong("production of infinity", lambda s: transport(s, production=np.inf), "production: holds NaN or infinite"),
    Wrong(
        "production callable of wrong shape", lambda s: transport(s, production=lambda x: x),
        r"production: expected values of shape \(3,\), got \(2, 3\)",
    ),
    Wrong(
        "production of vectors", lambda s: transport(s, production=np.ones((25, 2))),
        r"production: expected one value for each vertex, got some of shape \(2,\)",
    ),
    Wrong(
        "production callable that raises", lambda s: transport(s, production=lambda x, t: x[0]),
        "production: the callable given fails .* with TypeError",
    ),
    Wrong("negative decay", lambda s: transport(s, decay=-1.0), "decay: expected a number >= 0, got -1.0"),
    Wrong("exponent of NaN", lambda s: transport(s, exponent=np.nan), "exponent: expected a number >= 0, got nan"),
    Wrong("diffusivity as text", lambda s: transport(s, diffusivity="0.1"), "diffusivity: expected a positive number"),
    Wrong("no decay", lambda s: transport(s, decay=None), "decay: expected a number >= 0, got None"),
    Wrong("exponent as text", lambda s: transport(s, exponent="1"), "exponent: expected a number >= 0, got '1'"),
    Wrong("production with NaN", lambda s: transport(s, production=lambda x: np.nan * x[0]), "production: holds NaN"),
    Wrong("negative diffusivity", lambda s: transport(s, diffusivity=-1), "diffusivity: expected a positive number"),
    Wrong(
        "unknown linear solver", lambda s: transport(s, linear_solver="magic"),
        "linear_solver: expected direct or iterative, got 'magic'",
    ),
]  # fmt: skip


def load(s, domain=None, name="u", path=None):
    return load_checkpoint(path or s.checkpoint, domain or s.flow.domain, {name: s.flow.velocity})


def damaged(path):
    path.write_bytes(path.read_bytes()[:-100])
    return path


def cubic(domain):
    return fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 3)))


def relabelled(path):
    np.savez(path, header=json.dumps("velocity"), function_u=np.ones(3))
    return path


POINTS_AND_FILES = [
    Wrong(
        "points outside", lambda s: evaluate(s.flow.velocity, [[0.5, 0.5], [0.5, 7], [-8, 0.5]]),
        r"points: 2 of 3 are outside .* first is number 1, \(0\.5, 7\)",
    ),
    Wrong("points in space", lambda s: locate(s.flow.domain.mesh, [[1, 2, 3]]), r"points: expected .* shape \(n, 2\)"),
    Wrong("point of NaN", lambda s: locate(s.flow.domain.mesh, [[1, np.nan]]), "points: expected finite numbers"),
    Wrong(
        "space on another mesh",
        lambda s: locate(s.flow.domain.mesh, [[0.5, 0.5]]).values(s.other.velocity.function_space),
        "space: lives on another mesh than the points",
    ),
    Wrong("points in words", lambda s: locate(s.flow.domain.mesh, "here"), r"points: expected .*\(n, 2\), got 'here'"),
    Wrong("ragged points", lambda s: locate(s.flow.domain.mesh, [[1, 2], [3]]), r"points: expected .*\(n, 2\), got a"),
    Wrong("stations in words", lambda s: station_profiles(s.flow, "x = 1"), "stations: expected a sequence of numbers"),
    Wrong("a bare station", lambda s: station_profiles(s.flow, 0.5), "stations: expected a sequence of num.*, got 0.5"),
    Wrong("no stations", lambda s: station_profiles(s.flow, []), "stations: expected a sequence of numbers, got"),
    Wrong("no points at stations", lambda s: station_profiles(s.flow, [0.5], 0), "count: expected a whole number >= 2"),
    Wrong("force on nothing", lambda s: wall_force(s.flow), "wall_force: expected the name of at least one wall"),
    Wrong(
        "reference velocity of NaN", lambda s: along_wall(s.flow, "bottom", reference_velocity=np.nan),
        "reference_velocity: expected a number other than 0, got nan",
    ),
    Wrong("station outside", lambda s: station_profiles(s.flow, [0.5, 11.0]), "station: x = 11 is outside the domain"),
    Wrong("friction on no wall", lambda s: along_wall(s.flow, "lid"), "wall 'lid': expected one of bottom, top"),
    Wrong("force on no wall", lambda s: wall_force(s.flow, "bottom", "lid"), "wall 'lid': expected one of bottom"),
    Wrong("checkpoint of another mesh", lambda s: load(s, s.other.domain), r"u\.npz: was written on another mesh"),
    Wrong("checkpoint without the function", lambda s: load(s, name="p"), r"u\.npz: holds no function 'p'"),
    Wrong(
        "checkpoint of another element",
        lambda s: load_checkpoint(s.checkpoint, s.flow.domain, {"u": s.flow.pressure}),
        r"u\.npz: 'u' has \(9, 2\) values a cell, the function \(4, 1\)",
    ),
    Wrong(
        "cubic elements in a checkpoint",
        lambda s: save_checkpoint(s.checkpoint.with_name("cubic.npz"), s.flow.domain, {"c": cubic(s.flow.domain)}),
        "c: only functions of degree 1 and 2",
    ),
    Wrong(
        "start from another mesh's checkpoint",
        lambda s: s.other.problem.solve(start=s.restart), r"flow\.npz: was written on another mesh",
    ),
    Wrong("start from no file", lambda s: s.flow.problem.solve(start="none.npz"), r"none\.npz: no such file"),
    Wrong(
        "start from a checkpoint without its force",
        lambda s: s.flow.problem.solve(start=s.nameless), r"nameless\.npz: was not written by FlowResult\.checkpoint",
    ),
    Wrong("damaged checkpoint", lambda s: load(s, path=damaged(s.checkpoint)), r"u\.npz: damaged or not a checkpoint"),
    Wrong("checkpoint of another kind", lambda s: load(s, path=relabelled(s.checkpoint)), r"u\.npz: damaged or not"),
    Wrong("no checkpoint", lambda s: load(s, path=s.checkpoint.with_name("none.npz")), r"none\.npz: no such file"),
    Wrong(
        "checkpoint with another suffix",
        lambda s: save_checkpoint(s.checkpoint.with_suffix(".h5"), s.flow.domain, {"u": s.flow.velocity}),
        r"u\.h5: a checkpoint is saved as \.npz",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def channels():
    return laminar(), laminar(meshes.channel(cells=(5, 4))), bounded({**WALLS, **THROUGH})


@pytest.fixture
def solved(channels, tmp_path):
    flow, other, through = channels
    fields = {"velocity": flow.velocity, "pressure": flow.pressure}
    return SimpleNamespace(
        flow=flow, other=other, through=through, at_vertices=flow.flow("vertex"), at_cells=flow.flow("cell"),
        checkpoint=save_checkpoint(tmp_path / "u.npz", flow.domain, {"u": flow.velocity}),
        restart=flow.checkpoint(tmp_path / "flow.npz"),
        nameless=save_checkpoint(tmp_path / "nameless.npz", flow.domain, fields),
    )  # fmt: skip


def test_what_a_callable_raised_is_the_cause():
    with pytest.raises(InputError, match="with ZeroDivisionError: division by zero") as caught:
        bounded({**WALLS, **THROUGH, "inlet": Inlet(lambda x: 1 / 0)})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    "wrong", [*MESHES, *CONDITIONS, *CLOSURES_AND_SCALARS, *POINTS_AND_FILES], ids=lambda wrong: wrong.name
)
def test_wrong_set_up_is_refused_before_any_solve(wrong, solved, tmp_path, caplog):
    files = set(tmp_path.iterdir())
    caplog.set_level("INFO", logger="vcnn.solvers")   # every step of every solver says so there
    with pytest.raises(wrong.error, match=wrong.message) as caught:
        wrong.build(solved)
    assert "\n" not in str(caught.value)
    assert not caplog.records
    assert set(tmp_path.iterdir()) == files
