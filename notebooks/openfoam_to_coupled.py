# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From OpenFOAM cases to a flow with a closure in the loop
#
# Somebody has RANS solutions in OpenFOAM case folders. Here an eddy viscosity $\nu_t$ is learned
# from two of them, and the closure then takes the turbulence model's place on the mesh of a third:
# the flow is solved anew, with $\nu_t$ predicted from the very flow that it causes.
#
# The cases here are made first, so that the page needs nothing but this package: periodic hills,
# solved with the Spalart-Allmaras model and written with `meshes.write_openfoam`. To work on your
# own, delete that cell and let `CASES` point at your folders; the end of the page says what else
# may change.

# %%
# %matplotlib inline
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PolyCollection
from scipy.interpolate import griddata

import meshes
from solvers import RANS, LaminarFlow, SpalartAllmaras, evaluate, station_profiles
from vcnn import Closure, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation import relative_l2

plt.rcParams.update({"figure.dpi": 100, "font.size": 12, "figure.constrained_layout.use": True})
folder = Path(tempfile.mkdtemp())  # or a folder of yours

CASES = {name: folder / name for name in ("hill_0.8", "hill_1.0", "hill_1.2")}
TRAINING, UNSEEN = ("hill_0.8", "hill_1.2"), "hill_1.0"

# %% [markdown]
# ## Cases to begin with
#
# Hills whose flanks are stretched by 0.8, 1 and 1.2; lengths in units of the hill's height,
# velocities in those over its crest. `write_openfoam` makes a case folder of a flow that is known
# at cells: the mesh one cell thick with `empty` sides, `cyclic` inlet and outlet, walls, a file for
# each field, $\nu$ in `transportProperties`. `fields` says what they are called there.

# %%
VISCOSITY, BULK_VELOCITY = 1e-3, 0.72

for case in CASES.values():
    slope = float(case.name.removeprefix("hill_"))
    hill = meshes.periodic_hill(slope, cells=(40, 30), grading=15.0)
    flow = SpalartAllmaras(hill, VISCOSITY, BULK_VELOCITY).solve().flow("cell")
    names = {"pressure": "p", "eddy_viscosity": "nut", "modified_viscosity": "nuTilda"}
    scalars = {name: flow.scalars[name] for name in names}  # what a RANS code leaves, no more
    meshes.write_openfoam(replace(flow, scalars=scalars, tensors={}), case, names, time=1000)
    assert np.array_equal(meshes.read_openfoam(case).velocity, flow.velocity)

for path in sorted(CASES[UNSEEN].rglob("*")):
    if path.is_file():
        print(path.relative_to(folder))

# %% [markdown]
# ## What is in a case
#
# `vcnn show CASE` in a terminal, before anything else: cells, patches with their types, periods,
# times, fields with their ranges. In the notebook a function calls it.


# %%
def vcnn(*words):
    """``vcnn WORDS`` in the folder."""
    call = [sys.executable, "-m", "vcnn", *map(str, words)]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
    print(done.stdout or done.stderr)
    assert done.returncode == 0


vcnn("show", UNSEEN)

# %% [markdown]
# `meshes.read_openfoam` gives the same to Python, as a `FlowField`: what is known of a flow at
# points, here the centres of cells. The distance to the walls and the strain rate are not in the
# files; they are computed from the mesh, its walls, and the velocities of neighbouring cells.

# %%
flows = {name: meshes.read_openfoam(case) for name, case in CASES.items()}
truth = flows[UNSEEN]
print(truth)
print("walls", truth.provenance["walls"])
print("periods", truth.periods)
print(truth.parameters)
assert {"nut", "wall_distance", "strain_rate"} <= set(truth.scalars)


# %% mystnb={"image": {"alt": "Speed and eddy viscosity at the cells of the case hill_1.0"}}
def draw(axes, flow, values, **style):
    """Values at cells of a plane flow."""
    cells = flow.mesh.points[flow.mesh.cells_dict["quad"]]
    drawn = axes.add_collection(PolyCollection(cells, array=values, edgecolors="face", **style))
    axes.autoscale_view()
    axes.set(aspect="equal", ylabel="y")
    return drawn


figure, panels = plt.subplots(2, 1, figsize=(7, 5.4), sharex=True)
speed = np.linalg.norm(truth.velocity, axis=1)
figure.colorbar(draw(panels[0], truth, speed), ax=panels[0], label="|u|")
figure.colorbar(draw(panels[1], truth, truth.scalars["nut"]), ax=panels[1], label=r"$\nu_t$")
panels[0].set_title(f"{UNSEEN}, as the case has it")
panels[1].set_xlabel("x")
plt.show()

# %% [markdown]
# ## Training
#
# At each cell the network sees a cloud: what is within half a hill's height, averaged onto a
# lattice of 0.08 so that clouds are equally large where cells crowd at walls. It is told two
# scalars, the strain rate $|\mathsf S|$ and the distance to the wall, and the velocities. The
# output is positive.
#
# An error of $\nu_t$ enters the momentum balance as $2\,\delta\nu_t\,\mathsf S$, so it counts in
# proportion to $|\mathsf S|$. The loss is a mean square; `importance` is the weight in it, the
# square of the strain rate, bounded at walls, plus 1.


# %%
def with_importance(flow):
    importance = np.minimum(flow.scalars["strain_rate"], 10.0) ** 2 + 1
    return flow.with_fields(scalars={"importance": importance})


network = VectorCloudNetwork(["strain_rate", "wall_distance"], output="positive_scalar")
closure = fit(
    network,
    {name: with_importance(flows[name]) for name in TRAINING},
    target="nut",
    region=RegionOfInfluence.ball(0.5, spacing=0.08),
    config=TrainingConfig(epochs=15, batch_size=128, learning_rate=3e-3),
    importance="importance",
    progress=False,
)
closure.save(folder / "nut.safetensors")
a_priori = closure.errors(truth)["nut"]
print(f"a priori error of ν_t on {UNSEEN}: {a_priori:.1%}")
assert a_priori < 0.15

# %% [markdown]
# *A priori*: predicted from the true flow. What counts is the velocity that comes out when nobody
# gives the true flow.
#
# ## In the loop
#
# The problem is stated on the case's own mesh, with its viscosity, walls and period. `RANS` takes
# the closure where it would take an eddy viscosity, and asks it until it and the flow agree. Strain
# rates are now those of the finite elements, and no longer differences between cells; how much that
# matters is in the error below. The period leads from `inlet` to `outlet`; other names are given as
# `periodic=("left", "right")`.

# %%
bulk_velocity = truth.weights @ truth.velocity[:, 0] / truth.weights.sum()
problem = RANS(
    truth.mesh,
    viscosity=truth.parameters["viscosity"],
    bulk_velocity=bulk_velocity,
    walls=truth.provenance["walls"],
    closure=closure,
    location="cell",
)
result = problem.solve()
print(f"U = {bulk_velocity:.4f}, {len(result.history)} rounds")
assert result.history.residual[-1] < 1e-9 and result.history.change[-1] < 1e-6

# %% [markdown]
# Two flows to compare with. With the case's own $\nu_t$, frozen, the velocity differs from the
# case's by what the two discretisations differ: no closure can be expected to do better. Without
# any $\nu_t$, at ten times the viscosity so that there is a steady flow, one sees what is at stake.

# %%
flow = result.flow("cell")
runs = {
    "laminar, 10 times the viscosity": LaminarFlow(
        truth.mesh, 10 * problem.viscosity, bulk_velocity
    ).solve(),
    "their eddy viscosity, frozen": replace(problem, closure=truth.scalars["nut"]).solve(),
    "closure in the loop": result,
}
errors = {
    name: relative_l2(run.flow("cell").velocity, truth.velocity, truth.weights)
    for name, run in runs.items()
}
print("error of the velocity")
for name, error in errors.items():
    print(f"{name + ':':32} {error:6.2%}")
assert errors["their eddy viscosity, frozen"] < 0.005
assert errors["closure in the loop"] < 0.015 < errors["laminar, 10 times the viscosity"]

# %% mystnb={"image": {"alt": "Velocity profiles: laminar, frozen, closure in the loop, the case"}}
stations = [1.0, 2.5, 4.0, 6.0, 8.0]
figure, axes = plt.subplots(figsize=(7, 3.6))
styles = dict(zip(runs, ("C7:", "C2-", "C3--"), strict=True))
for name, run in runs.items():
    for k, profile in enumerate(station_profiles(run, stations)):
        x = stations[k] + profile.velocity[:, 0]
        axes.plot(x, profile.points[:, 1], styles[name], label=None if k else name)
for station, profile in zip(stations, station_profiles(result, stations, count=25), strict=True):
    theirs = griddata(truth.points, truth.velocity[:, 0], profile.points)  # between their cells
    axes.plot(station + theirs, profile.points[:, 1], "k.", ms=4)
axes.plot([], [], "k.", label="the case")
axes.set(xlabel="$x + u_x$", ylabel="y", title="Profiles of the velocity")
figure.legend(loc="outside lower center", ncols=2, fontsize=10)
plt.show()

# %% [markdown]
# Numbers at the case's own cells are those that its user wants: `solvers.evaluate` takes the
# solution to any points, and `flow` above is the solution at the cells, in their order. So the
# answer goes back to OpenFOAM as it came.

# %% mystnb={"image": {"alt": "Distance of the velocities of closure and case at each cell"}}
at_cells = evaluate(result.velocity, truth.points)
assert relative_l2(at_cells, flow.velocity) < 1e-3  # centroids there, mean of the corners here
meshes.write_openfoam(flow, folder / "answer", {"pressure": "p", "eddy_viscosity": "nut"})
answer = meshes.read_openfoam(folder / "answer")
assert np.array_equal(answer.velocity, flow.velocity)

figure, axes = plt.subplots(figsize=(7, 2.9))
difference = np.linalg.norm(flow.velocity - truth.velocity, axis=1)
figure.colorbar(draw(axes, truth, difference, cmap="magma_r"), label="|difference of u|")
axes.set(xlabel="x", title=f"Where the closure's flow differs from {UNSEEN}")
plt.show()

# %% [markdown]
# Is the closure asked for what it knows? `extrapolation` beyond 1 means clouds unlike those of
# training; about 1 % of those of training themselves are there.

# %%
beyond = np.mean(closure.extrapolation(flow) > 1)
print(f"clouds unlike those of training: {beyond:.1%}")
assert beyond < 0.1

# %% [markdown]
# ## The same on the command line
#
# `vcnn import` writes a case as a flow file (`.vtu`, which ParaView opens); `vcnn train` and all
# other commands take case folders directly, too. `vcnn solve` takes its mesh from the case.

# %%
vcnn("import", UNSEEN, "-o", "unseen.vtu")
(folder / "unseen.toml").write_text(f"""
viscosity = {truth.parameters["viscosity"]}
stations = {stations}

[mesh]
file = "unseen.vtu"

[conditions]
bottom = {{ kind = "wall" }}
top = {{ kind = "wall" }}
inlet = {{ kind = "periodic", to = "outlet", bulk_velocity = {bulk_velocity} }}

[reference]
file = "unseen.vtu"
""")
vcnn("solve", "unseen.toml", "--closure", "nut.safetensors", "-o", "run")

# %% [markdown]
# `run/report.html` shows streamlines, profiles beside the reference, the friction of walls and how
# flow and closure came to agree; `run/result.json` has the numbers.

# %%
written = json.loads((folder / "run" / "result.json").read_text())
print({name: written[name] for name in ("flags", "notes") if name in written})
solved = meshes.read_flow(folder / "run" / "flow.vtu")
here = result.flow(solved.location)
same = relative_l2(solved.velocity, here.velocity, here.weights)
print(f"difference from the flow above: {same:.1e}")
assert same < 1e-6

# %% [markdown]
# ## With your own cases
#
# Delete the cell that makes cases, and let `CASES` name your folders. What may differ:
#
# - **Times.** The latest is read; `read_openfoam(case, time=500)`, `--time 500` another one. Fields
#   of other times come along by name: `fields={"les_velocity": "0/U_LES"}`,
#   `--field les_velocity=0/U_LES`.
# - **Names.** The velocity is `U` unless `fields={"velocity": "UMean"}` says otherwise. `nut` and
#   `eddy_viscosity` are both understood as $\nu_t$ by the solver.
# - **Files without a header**, as published data often have them, are read for what their values
#   look like, with a note. Binary, compressed and decomposed cases are read as they are.
# - **Walls** are patches of type `wall`. If yours are of type `patch`, name them: `walls=[...]`,
#   `--walls`. Without walls there is no `wall_distance`.
# - **Inlets and outlets** in place of a period: `conditions={"inlet": Inlet(...), ...}`, by the
#   names of your patches; [solving](../docs/how-to/solving.md) lists all.
# - **Units.** All flows of a training in the same, best lengths and velocities of the flow.
#   `closure.in_units(length=..., velocity=...)` takes a closure to others.
# - **Meshes.** Hexahedra one cell thick become quadrilaterals, prisms triangles; the solver wants
#   one type, `meshes.split(mesh)` makes triangles of a mixture. Polyhedra are read and learned
#   from, not solved on.
#
# [OpenFOAM cases](../docs/how-to/openfoam.md) says what is read and what is refused,
# [closures in a solver](../docs/how-to/closures.md) what else can stand in the loop.

# %%
loaded = Closure.load(folder / "nut.safetensors")
assert np.array_equal(loaded.predict(truth), closure.predict(truth))
