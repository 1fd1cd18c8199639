"""What every solver finds on small meshes, to be compared between numbers of ranks."""

from dataclasses import replace

import numpy as np
import torch

import meshes
from solvers import (
    RANS,
    ActiveScalar,
    DifferentiableCoupling,
    DifferentiableFlow,
    LaminarFlow,
    ScalarTransport,
    SpalartAllmaras,
    along_wall,
    evaluate,
    locate,
    station_profiles,
    wall_force,
)
from solvers.adjoint.tangent import TangentCoupling
from solvers.studies.rotated_problem import rotate_problem
from tests.support.boxes import box
from tests.support.closures import LATTICE, cloud_closure, small_closure
from tests.support.derivatives import (
    flow_problem,
    flow_values,
    observing,
    orders,
    transport_problem,
)
from tests.support.sections import FRAME, Quadratic, vortices


def fields(name, flow):
    """All arrays of a flow under its name."""
    arrays = {
        "points": flow.points,
        "velocity": flow.velocity,
        "weights": flow.weights,
        **flow.scalars,
    }
    return {f"{name}: {key}": values for key, values in arrays.items()}


def solved() -> dict[str, np.ndarray]:
    """What every solver finds on small meshes, and what is read off it."""
    mesh = meshes.periodic_hill(1.0, cells=(12, 8))
    hill = LaminarFlow(mesh, 0.02, 0.7).solve()
    scalar = ScalarTransport(mesh, hill).solve()
    rans = RANS(mesh, 0.002, 0.7, closure=0.02 + 0.01 * np.sin(np.arange(96))).solve()
    fine = meshes.periodic_hill(1.0, cells=(12, 16), grading=15.0, kind="triangle")
    turbulent = SpalartAllmaras(fine, 1 / 1000, 0.72).solve()
    coupled = RANS(mesh, 0.01, 0.7, closure=cloud_closure()).solve()
    lattice = cloud_closure("reynolds_stress", region=LATTICE)
    stressed = RANS(mesh, 0.01, 0.7, closure=lattice, location="vertex").solve()
    buoyant = ActiveScalar(
        mesh, lambda c: 0.05 + 0.02 * c, 0.7, scalar=ScalarTransport, buoyancy=(0.0, 0.1)
    ).solve()
    closed = ActiveScalar(
        mesh,
        0.02,
        0.7,
        scalar=cloud_closure(target="concentration"),
        buoyancy=(0.0, 1.0),
        location="vertex",
    ).solve()
    duct = LaminarFlow(box(3, "tetra"), 0.1, 0.5, walls=("wall",)).solve()
    section = rotate_problem(vortices(), FRAME).solve()
    quadratic = replace(
        section.problem, viscosity=0.01, closure=Quadratic(), location="cell", anisotropy=None
    ).solve()

    points = np.stack([np.linspace(0, 9, 30), np.linspace(1, 3, 30)], axis=-1)
    located = locate(hill.domain.mesh, points)
    floor = along_wall(hill, "bottom")
    profiles = station_profiles(hill, [0.5, 4.0, 8.5], count=11)
    results = {
        "laminar": hill,
        "scalar": scalar,
        "rans": rans,
        "turbulent": turbulent,
        "coupled": coupled,
        "stressed": stressed,
        "buoyant": buoyant,
        "closed": closed,
        "duct": duct,
        "section": section,
        "quadratic": quadratic,
    }
    arrays = {}
    for name, result in results.items():
        for location in ("cell", "vertex"):
            arrays |= fields(f"{name}, {location}", result.flow(location))
    for profile in profiles:
        arrays |= fields(f"station {profile.parameters['station']}", profile)
    return (
        arrays
        | derivatives()
        | {
            "forces": np.array(
                [result.pressure_gradient for name, result in results.items() if name != "scalar"]
            ),
            "force on walls": np.stack(
                [wall_force(result, "bottom", "top") for result in (hill, rans, buoyant)]
            ),
            "skin friction": floor.skin_friction,
            "pressure coefficient": floor.pressure_coefficient,
            "separation": floor.separation,
            "reattachment": floor.reattachment,
            "values on a section": evaluate(section.velocity, section.flow("cell").points),
            "concentration at points": evaluate(scalar.concentration, points),
            "velocity gradient at points": located.gradients(hill.velocity.function_space)(
                hill.velocity
            ),
        }
    )


def derivatives() -> dict[str, np.ndarray]:
    """By closure values, whose Taylor remainders must be of second order on any number of ranks,
    and by weights.
    """
    found = {}
    for case in ("force, vertices", "bulk velocity, cells", "3-D"):
        problem, points = flow_problem(case)
        flow = DifferentiableFlow(problem)
        values = [v.requires_grad_() for v in flow_values(flow)]
        loss = observing(flow, points)
        slopes = torch.autograd.grad(loss(*values), values)
        found |= {f"{case}: slope {number}": slope.numpy() for number, slope in enumerate(slopes)}
        for number in range(3):
            np.testing.assert_allclose(orders(loss, values, number), 2, atol=0.05)
    _, loss, values = transport_problem(2)
    for number in range(2):
        np.testing.assert_allclose(orders(loss, values, number), 2, atol=0.05)
    mesh, closure = small_closure()
    coupled = DifferentiableCoupling(
        RANS(mesh, 0.01, 0.7, closure=closure, location="vertex"), tolerance=1e-11
    )
    weights, probe = list(closure.network.parameters()), coupled.solver.at([[4.5, 2.0]])

    def by_weights(solve):
        slopes = torch.autograd.grad(probe(solve()[0]).square().sum(), weights)
        return torch.cat([slope.ravel() for slope in slopes]).numpy()

    found["coupled: slopes"] = by_weights(coupled)
    return found | {"tangent: slopes": by_weights(TangentCoupling(coupled))}
