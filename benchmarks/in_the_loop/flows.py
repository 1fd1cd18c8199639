"""Flows of teachers over the Closure Challenge's periodic hills, and closures that learn from them.

Flows are kept as files in a folder and networks are trained in folders of their own, so that an
interrupted study goes on where it stopped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.data.hills import at_vertices, hill_file, hill_names, read_hill
from solvers import RANS, SpalartAllmaras
from solvers.fem.build import build_domain
from solvers.fem.fields import function_from
from solvers.fem.sampling import flow_field
from vcnn import Closure, FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.baselines import DeepSets
from vcnn.closure.stress import SMALL_STRAIN, deviator, split_stress
from vcnn.network import PairEmbeddingNetwork

UNITS = {"length": "hill height", "velocity": "volume-mean velocity / 0.72"}
SCALARS = ("strain_rate", "wall_distance")
# An edge that begins at the centre: what is summed over nodes 0.4 apart has to vary slowly, or
# ν_t shows where they are.
REGION = RegionOfInfluence.ball(2.0, spacing=0.4, smooth=0.0)


def sst_flow(name: str) -> FlowField:
    """The flow with the ν_t of OpenFOAM's k-ω SST in our equations, at that run's bulk velocity.

    What a closure is trained on must be what it meets in the loop: this flow is where ν_t and the
    discrete equations agree; OpenFOAM's own velocity is 0.3 to 2.2 % away from it.
    """
    mesh, data = read_hill(hill_file(name))
    nu_t = at_vertices(mesh, data, "sst_nut")
    result = RANS(
        mesh, float(data["nu"]), float(data["ubar"][0]), closure=nu_t, location="vertex"
    ).solve()
    return result.flow("vertex")


def sa_flow(name: str) -> FlowField:
    """The flow of our own Spalart-Allmaras model, at the same bulk velocity."""
    mesh, data = read_hill(hill_file(name))
    return SpalartAllmaras(mesh, float(data["nu"]), float(data["ubar"][0])).solve().flow("vertex")


def les_flow(name: str) -> FlowField:
    """The mean flow of the LES, with its stress split as -2 ν_t S + a where S is not small."""
    mesh, data = read_hill(hill_file(name))
    domain = build_domain(mesh, ("bottom", "top"), ("inlet", "outlet"))
    velocity = at_vertices(mesh, data, "les_velocity")[:, :2]
    u = function_from(domain, velocity, "vertex", "velocity")
    flow = flow_field(
        domain,
        "vertex",
        u,
        parameters={"viscosity": data["nu"]},
        provenance={"split": str(data["split"])},
    )
    uu, uv, _, vv, _, _ = at_vertices(mesh, data, "les_reynolds_stress").T
    tau = np.stack([uu, uv, uv, vv], axis=1).reshape(-1, 2, 2)
    gradient = flow.tensors["velocity_gradient"]
    S = deviator(0.5 * (gradient + gradient.transpose(0, 2, 1)))
    small = SMALL_STRAIN * float(data["ubar_dns"][0]) / flow.scalars["wall_distance"].max()
    nu_t, a = split_stress(deviator(tau), S, small)
    strain = np.sqrt(2 * (S**2).sum(axis=(1, 2)))
    return flow.with_fields(
        scalars={"strain_rate": strain, "eddy_viscosity": nu_t},
        tensors={"anisotropy": a},
    )


TEACHERS = {"sst": sst_flow, "sa": sa_flow, "les": les_flow}


def teacher_flow(teacher: str, name: str, folder: Path) -> FlowField:
    """The flow of a teacher over a hill, solved once."""
    path = Path(folder) / "flows" / f"{teacher}_{name}.vtu"
    if not path.is_file():
        TEACHERS[teacher](name).save(path)
        print(f"{teacher}: {name}", flush=True)
    return with_importance(FlowField.load(path))


def with_importance(flow: FlowField) -> FlowField:
    """A flow with what an error of ν_t counts for, |S|² + 1 with |S| up to 10.

    Errors of the stress 2 ν_t S move the velocity, those of ν_t alone do not.
    """
    return flow.with_fields(
        scalars={"importance": np.minimum(flow.scalars["strain_rate"], 10) ** 2 + 1}
    )


def train_closure(name: str, folder: Path) -> Closure:
    """The closure of a teacher; ``sets`` is one without symmetry that learns from SST as well.

    Raises
    ------
    KeyError
        If there is no such closure.
    """
    network, target, region, config = {
        # Moments alone: a closure that follows fitted derivatives takes about twice as many rounds.
        "sst": (
            VectorCloudNetwork(SCALARS, output="positive_scalar", fits=0),
            "eddy_viscosity",
            REGION,
            {"epochs": 40},
        ),
        "sa": (
            VectorCloudNetwork(SCALARS, output="positive_scalar", fits=0),
            "eddy_viscosity",
            REGION,
            {"epochs": 40},
        ),
        # An anisotropy that follows the gradient point by point does not settle in the loop: this
        # one sees none.
        "les": (
            PairEmbeddingNetwork(  # as recorded
                ["wall_distance"], output=["positive_scalar", "traceless_symmetric_tensor"], order=2
            ),
            ["eddy_viscosity", "anisotropy"],
            RegionOfInfluence.ball(1.0, spacing=0.2, smooth=1),
            {"epochs": 12, "centres": 2500},
        ),
        "sets": (
            DeepSets(SCALARS, output="positive_scalar"),
            "eddy_viscosity",
            REGION,
            {"epochs": 10, "centres": 1000},
        ),
    }[name]
    teacher = "sst" if name == "sets" else name
    flows = [teacher_flow(teacher, hill, folder) for hill in hill_names("train")]
    return fit(
        network,
        flows,
        target,
        region,
        TrainingConfig(**{"centres": 3000, **config}),
        importance="importance",
        run_directory=Path(folder) / name,
        units=UNITS,
        provenance={
            "teacher": teacher,
            "flows": hill_names("train"),
            "where": "vertices of the meshes",
        },
    )
