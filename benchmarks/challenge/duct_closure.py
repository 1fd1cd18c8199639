"""A closure for developed flow in ducts, learned from DNS at four ratios and coupled at a fifth.

    python -m benchmarks.challenge.duct_closure FOLDER

Keeps flows and closure in FOLDER, so that an interrupted run goes on. Units are those of
`benchmarks.data.ducts.read_duct`.

The network predicts β and â: ν_t = β ν₀ with ν₀ the ν_t of OpenFOAM's k-ω SST, and a = (1 −
e^{−d⁺/26}) â. All that it is told is in outer units, velocities relative to those around (the
defect law); what depends on the Reynolds number, of which it has seen one, is in ν₀ and in van
Driest's damping. A developed flow does not feel the part φ (3 n nᵀ − 1) of a, n along the flow,
whose divergence is a gradient in the section: it is taken off, else it would be most of a.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import require
from benchmarks.data.ducts import (
    RATIOS,
    VALIDATION,
    at_vertices,
    conditions,
    dns_flow,
    duct_file,
    read_duct,
    split_stress,
    sst_flow,
)
from solvers import RANS
from vcnn import (
    Closure,
    DivergenceError,
    FlowField,
    RegionOfInfluence,
    TrainingConfig,
    fit,
)
from vcnn.closure import BaselineCorrection, MirroredSection, NearWall, mirror_images
from vcnn.closure.sections import van_driest, wall_layer
from vcnn.network import PairEmbeddingNetwork

REGION = RegionOfInfluence.ball(0.8, spacing=0.1, smooth=1)  # as recorded
LAYER = 0.145  # of the half height: where d⁺ is 26 in training
BLENDS = (0.0, 0.5, 1.0)  # of DNS in SST: in the loop the closure meets flows not yet right
DAMPING = 26.0  # A⁺ of van Driest
MIRRORS = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))  # normals
USAGE = {"baseline": "eddy viscosity of k-omega SST", "layer": LAYER, "damping": DAMPING}


def baseline(mesh: meshio.Mesh, data: dict) -> np.ndarray:
    """ν₀, (M,) at the vertices."""
    return np.maximum(at_vertices(mesh, data, "sst_nut")[0], 0)


def whole_duct(flow: FlowField) -> FlowField:
    """A quarter of a flow and its mirror images, which are no centres, as loose points."""
    flow = flow.with_fields(scalars={"layer": wall_layer(flow, LAYER)})
    whole = mirror_images(flow, MIRRORS)
    if "importance" not in flow.scalars:
        return whole
    importance = np.zeros(len(whole))
    importance[: len(flow)] = flow.scalars["importance"]
    return whole.with_fields(scalars={"importance": importance})


def duct_closure(closure: Closure, nu_0: np.ndarray) -> BaselineCorrection:
    """What a solver is given: ν_t and a in a quarter of a duct, ν₀ (M,) at its vertices."""
    return BaselineCorrection(MirroredSection(NearWall(closure), MIRRORS), nu_0)


def flow_at_vertices(make: Callable, ratio: int, folder: Path) -> FlowField:
    """The flow of one of the functions of `benchmarks.data.ducts`, solved once."""
    path = Path(folder) / f"{make.__name__}_{ratio}.vtu"
    if not path.is_file():
        make(duct_file(ratio)).flow("vertex").save(path)
    return FlowField.load(path)


def training_flows(ratio: int, folder: Path) -> list[FlowField]:
    """Whole ducts between SST's flow and that of the DNS, all with the stress of the latter."""
    dns, sst = (flow_at_vertices(make, ratio, folder) for make in (dns_flow, sst_flow))
    mesh, data = read_duct(duct_file(ratio))
    nu_t, a = split_stress(mesh, data)
    a = a - a[:, :1, :1] / 2 * np.diag([2.0, -1.0, -1.0])
    a = a / np.maximum(van_driest(dns, DAMPING), 1e-3)[:, None, None]
    nu_0 = baseline(mesh, data)
    shear = nu_0 * dns.scalars["strain_rate"]
    # All but the ends of a wide duct is a channel.
    beside_the_end = dns.points[:, 2] > dns.points[:, 2].max() - 2.5
    scalars = {
        "beta": np.clip(np.divide(nu_t, nu_0, out=np.zeros_like(nu_t), where=nu_0 > 1e-9), 0, 4),
        "importance": (0.3 + np.minimum(shear**2, 1)) * np.where(beside_the_end, 4, 1),
    }
    mixed = (
        replace(sst, velocity=part * dns.velocity + (1 - part) * sst.velocity) for part in BLENDS
    )
    return [whole_duct(flow.with_fields(scalars, tensors={"anisotropy": a})) for flow in mixed]


def train_closure(folder: Path) -> Closure:
    """The closure of all ducts but the one for validation."""
    flows = [
        flow for ratio in RATIOS if ratio != VALIDATION for flow in training_flows(ratio, folder)
    ]
    network = PairEmbeddingNetwork(  # as recorded
        ["wall_distance", "layer"],
        output=["positive_scalar", "traceless_symmetric_tensor"],
        order=2,
        galilean=True,
        embedding=32,
        retained=5,
        hidden=48,
        fitting=(96, 96),
    )
    closure = fit(
        network,
        flows,
        ["beta", "anisotropy"],
        REGION,
        TrainingConfig(epochs=50, centres=2500),
        importance="importance",
        run_directory=Path(folder) / "closure",
        units={"length": "half height", "velocity": "friction velocity of k-omega SST"},
    )
    return replace(closure, usage=USAGE)


def main():
    command = parser(__doc__)
    command.add_argument("folder", metavar="FOLDER", type=Path)
    folder = command.parse_args().folder
    require("benchmarks.challenge.duct_closure")
    path = duct_file(VALIDATION)
    mesh, data = read_duct(path)
    closure = duct_closure(train_closure(folder), baseline(mesh, data))
    truth, start = data["les_velocity"], sst_flow(path)
    problem = RANS(
        mesh, data["viscosity"], closure=closure, location="vertex", conditions=conditions(data)
    )
    values = closure.predict(start.flow("vertex"))
    once = replace(
        problem, closure=values["eddy_viscosity"], anisotropy=values["anisotropy"]
    ).solve(start)
    results = {"SST": data["sst_velocity"], "asked once, of SST's flow": once.flow().velocity}
    best, begin = folder / "coupled.npz", time.perf_counter()
    try:
        result = problem.solve(start, tolerance=1e-5, max_rounds=60, checkpoint=best)
    except DivergenceError as error:
        print(error)
        # From the flow that agrees best with the closure.
        result = problem.solve(best, tolerance=1e-2, max_rounds=5)
    seconds, change = time.perf_counter() - begin, result.history.change[-1]
    results[f"in the loop, {seconds:.0f} s, the stress still changes by {change:.1e}"] = (
        result.flow().velocity
    )
    for name, u in results.items():
        both = score(u, truth), score(u[:, 1:], truth[:, 1:])
        numbers = f"{100 * both[0]:.2f} %, secondary flow {100 * both[1]:.1f} %"
        print(f"ratio {VALIDATION}, {name}: {numbers}", flush=True)


if __name__ == "__main__":
    run(main)
