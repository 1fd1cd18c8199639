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
# # Parts of your own
#
# The package brings networks, inputs, losses and turbulence models. Each of them can be yours:
#
# | of your own | is | and is given to |
# | --- | --- | --- |
# | a turbulence model | a function of a flow | `solvers.RANS(closure=...)` |
# | an input | a field added to flows, and an object with `predict` that adds it | the same |
# | a loss | a function of values, goals and weights | `fit(loss=...)` |
# | a network | a class that derives from `vcnn.Network` | `fit`, files, every command |
#
# The flow of the first three is the simplest there is, a channel between two walls, so that results
# can be held against what is known exactly.

# %%
# %matplotlib inline
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from IPython import get_ipython
from matplotlib.figure import Figure

import meshes
import solvers
from vcnn import (
    Closure,
    InputError,
    Network,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
    register_network,
)
from vcnn.evaluation import relative_l2, rotate_study
from vcnn.evaluation.report import field_comparison
from vcnn.network import Symmetry, perceptron, seeded
from vcnn.testing import equivariance_errors


def draw(curves, xlabel, ylabel, xscale="log"):
    """Lines by name; those of what is known are dashed and black."""
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.add_subplot(xlabel=xlabel, ylabel=ylabel, xscale=xscale)
    for name, (x, y, look) in curves.items():
        axes.plot(x, y, look, label=name, ms=7, lw=2.5)
    axes.grid(alpha=0.6)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


# %% [markdown]
# ## A turbulence model
#
# Prandtl's: $\nu_t = l^2 |\mathsf S|$ with the mixing length $l = 0.41\,d$, $d$ the distance to the
# wall. Three lines. A closure is asked for a `FlowField`, which has the wall distance and the
# strain rate $|\mathsf S| = \sqrt2\,|\mathrm{sym}\nabla\mathbf u|$ among its scalars, and answers
# with one number a point; bare numbers are taken for an eddy viscosity.


# %%
def mixing_length(flow):
    length = 0.41 * flow.scalars["wall_distance"]
    return length**2 * flow.scalars["strain_rate"]


def channel(viscosity, closure, cells=40):
    mesh = meshes.channel(length=0.3, height=2.0, cells=(3, cells), grading=60.0)
    return solvers.RANS(mesh, viscosity, bulk_velocity=1.0, closure=closure, location="vertex")


result = channel(1e-4, mixing_length).solve()
print(f"flow and closure agree after {len(result.history)} rounds")

# %% [markdown]
# In a channel the equations can be solved by hand. The shear stress falls linearly from the wall to
# the middle, $(\nu + l^2 u')\,u' = u_\tau^2 (1 - d)$, with $u_\tau^2$ the pressure gradient that
# drives the flow (half the height is 1), a quadratic equation for $u'$ at each point:


# %%
def exact(distance, viscosity, friction_velocity):
    d = np.linspace(0, 1, 100_001) ** 3  # dense at the wall
    stress = friction_velocity**2 * (1 - d)
    slope = 2 * stress / (viscosity + np.sqrt(viscosity**2 + 4 * (0.41 * d) ** 2 * stress))
    u = np.concatenate([[0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(d))])
    return np.interp(distance, d, u)


def error(result, viscosity=1e-4):
    flow = result.flow("vertex")
    known = exact(flow.scalars["wall_distance"], viscosity, result.pressure_gradient**0.5)
    return relative_l2(flow.velocity[:, 0], known, flow.weights)


errors = {cells: error(channel(1e-4, mixing_length, cells).solve()) for cells in (20, 40, 80)}
for cells, value in errors.items():
    print(f"{cells} cells across: velocity off by {value:.2%}")
assert errors[80] < 0.005
assert errors[20] > errors[40] > errors[80]

# %% mystnb={"image": {"alt": "Velocity against wall distance in wall units: solver and exact"}}
flow = result.flow("vertex")
half = np.flatnonzero((flow.points[:, 0] == 0) & (flow.points[:, 1] > 0) & (flow.points[:, 1] <= 1))
half = half[np.argsort(flow.scalars["wall_distance"][half])]
friction_velocity = result.pressure_gradient**0.5
d = flow.scalars["wall_distance"][half]
wall_units = d * friction_velocity / 1e-4
draw(
    {
        "in the solver": (wall_units, flow.velocity[half, 0] / friction_velocity, "o"),
        "exact": (wall_units, exact(d, 1e-4, friction_velocity) / friction_velocity, "k--"),
    },
    "$d^+$",
    "$u^+$",
)

# %% [markdown]
# A function may also return `{"eddy_viscosity": ..., "anisotropy": ...}` or a Reynolds stress (n,
# d, d): [closures in a solver](../docs/how-to/closures.md) has the table of what is taken.
#
# ## An input
#
# Whether a boundary layer is turbulent depends on $\mathrm{Re}_d = d\,|\mathbf u|/\nu$, and no
# velocity says what $\nu$ is. A network that is to serve at several Reynolds numbers should be
# told. An input is a field, and a good one has no dimension and does not change with the frame:


# %%
def with_wall_reynolds(flow):
    speed = np.linalg.norm(flow.velocity, axis=1)
    reynolds = flow.scalars["wall_distance"] * speed / flow.parameters["viscosity"]
    return flow.with_fields(scalars={"wall_reynolds": np.log1p(reynolds)})


teachers = {
    reynolds: channel(1 / reynolds, solvers.SpalartAllmaras, cells=32).solve()
    for reynolds in (1000, 4000, 8000, 16000)
}
flows = {reynolds: teacher.flow("vertex") for reynolds, teacher in teachers.items()}

# the same flow in millimetres and kilometres an hour: no dimension, so nothing changes
mm, kmh, one = 1e3, 3.6, flows[4000]
other = replace(one, points=mm * one.points, velocity=kmh * one.velocity, mesh=None)
other = other.with_fields(
    scalars={"wall_distance": mm * one.scalars["wall_distance"]},
    parameters={"viscosity": mm * kmh * one.parameters["viscosity"]},
)
ours, theirs = (with_wall_reynolds(f).scalars["wall_reynolds"] for f in (one, other))
assert np.allclose(ours, theirs, rtol=1e-12)

# %% [markdown]
# A network is trained on flows that have the field. In the loop a flow that is being solved does
# not have it. So the closure that the solver is given adds it and then asks the network: any object
# with `predict(flow)` will do.
#
# Derivatives at a point feed back in the loop: with `fits=0` the network sees none, only moments of
# its clouds. That the piece of channel is shorter than the clouds has a reason: a longer one has
# room for waves along the stream. Training has seen none, the network answers them in any way, and
# with some answers they grow from round to round.


# %%
class TellsReynolds:
    def __init__(self, closure):
        self.closure = closure

    def predict(self, flow):
        return self.closure.predict(with_wall_reynolds(flow))


def train(scalars, loss=None, flows=flows):
    network = VectorCloudNetwork(scalars, output="positive_scalar", fits=0)
    config = TrainingConfig(epochs=80, batch_size=32, learning_rate=3e-3)
    training = [with_wall_reynolds(flows[reynolds]) for reynolds in (1000, 4000, 16000)]
    chosen = {} if loss is None else {"loss": loss}
    ball = RegionOfInfluence.ball(0.5)
    return fit(network, training, "eddy_viscosity", ball, config, progress=False, **chosen)


unseen, truth = flows[8000], flows[8000].scalars["eddy_viscosity"]
solved = {}
for name, scalars in {"told": ["wall_reynolds"], "not told": []}.items():
    closure = train(scalars)
    result = channel(1 / 8000, TellsReynolds(closure), cells=32).solve(tolerance=1e-7)
    solved[name] = result.flow("vertex")
    a_priori = relative_l2(closure.predict(with_wall_reynolds(unseen)), truth, unseen.weights)
    in_the_loop = relative_l2(solved[name].velocity, unseen.velocity, unseen.weights)
    friction = result.pressure_gradient / teachers[8000].pressure_gradient - 1
    print(f"{name}: error of ν_t a priori {a_priori:.1%}")
    print(f"    in the loop: velocity {in_the_loop:.2%}, friction {friction:+.1%}")
    assert a_priori < 0.1
    assert in_the_loop < 0.015

# %% mystnb={"image": {"alt": "Eddy viscosity across the channel: teacher, told, not told"}}
line = np.flatnonzero((unseen.points[:, 0] == 0) & (unseen.points[:, 1] <= 1))
line = line[np.argsort(unseen.points[line, 1])]
draw(
    {
        "Spalart-Allmaras": (unseen.points[line, 1], truth[line], "k--"),
        "told, in the loop": (line_y := unseen.points[line, 1],
                              solved["told"].scalars["eddy_viscosity"][line], "o"),
        "not told, in the loop": (line_y, solved["not told"].scalars["eddy_viscosity"][line], "s"),
    },
    "y",
    "$\\nu_t$",
    "linear",
)  # fmt: skip

# %% [markdown]
# A Reynolds number in between was in no training, and is solved well. So it is by the network that
# is not told: in a channel the shape of the profile tells the Reynolds number. An input has to earn
# its place; compare with and without before you keep one.
#
# ## A loss
#
# `fit` minimises the mean square error. A loss of your own gets the network's values, the goals,
# both scaled to order one, one tensor for each output, and a weight for each cloud. Suppose that
# every tenth value of the eddy viscosity is spoilt, five times too large, as where an inversion or
# a noisy measurement fails. Squares follow the outliers; absolute values do not:


# %%
def absolute_error(values, goals, weights):
    return sum((weights * (v - g).abs()).mean() for v, g in zip(values, goals, strict=True))


rng = np.random.default_rng(0)


def spoil(flow):
    factor = np.where(rng.random(len(flow)) < 0.1, 5.0, 1.0)
    return flow.with_fields(scalars={"eddy_viscosity": factor * flow.scalars["eddy_viscosity"]})


spoilt = {reynolds: spoil(flow) for reynolds, flow in flows.items()}
clean = flows[4000]
by_loss = {}
print("error of ν_t, compared with the clean values")
for name, loss in {"mean square": None, "absolute": absolute_error}.items():
    closure = train(["wall_distance"], loss, spoilt)
    values = closure.predict(clean)
    by_loss[name] = relative_l2(values, clean.scalars["eddy_viscosity"], clean.weights)
    print(f"{name}: {by_loss[name]:.1%}")
assert by_loss["absolute"] < 0.5 * by_loss["mean square"]

# %% [markdown]
# ## A network
#
# A network derives from `vcnn.Network`. It says its name, the fields that it takes, what it puts
# out and which symmetry it claims, and its `forward` maps clouds to values. This one takes means,
# over the cloud, of quantities that no frame changes, and passes them to a perceptron
# ([all it may say of itself](../docs/how-to/own-network.md)):


# %%
@register_network
class CloudMeans(Network):
    """A positive scalar from means over the cloud of what does not depend on the frame."""

    name, scalars, outputs = "cloud-means", ("wall_distance",), ("positive_scalar",)
    symmetry = Symmetry.O

    def __init__(self, width=32, seed=0):
        super().__init__(width=width, seed=seed)
        with seeded(seed):
            self.layers = perceptron(5, width, width, 1)

    def forward(self, clouds, points):
        u, u0 = points.velocity[clouds.neighbours], points.velocity[clouds.centres]
        own = torch.stack([points.velocity.norm(dim=1), points.scalars["wall_distance"]], dim=1)
        pairs = [own[clouds.neighbours], (u * u0[clouds.owners]).sum(dim=1, keepdim=True)]
        means = self.mean(clouds, torch.cat(pairs, dim=1))
        values = self.layers(torch.cat([own[clouds.centres], means], dim=1))
        return torch.nn.functional.softplus(values.squeeze(1))


# %% [markdown]
# Its claim is tested before it is trained, and holds:

# %%
cell = get_ipython().user_ns["In"][-2]  # the cell above, as Jupyter remembers it
hills = {slope: solvers.hill_concentration(slope, cells=(30, 20)) for slope in (1.0, 1.5, 2.0)}
region = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
claims = equivariance_errors(CloudMeans(), hills[1.5], region)
print(claims)
assert claims.worst < 1e-12

# %% [markdown]
# It is trained, saved, loaded and asked as any other:

# %% mystnb={"image": {"alt": "Concentration on the unseen hill: truth, prediction, error"}}
folder = Path(tempfile.mkdtemp())
config = TrainingConfig(epochs=60, batch_size=64, learning_rate=5e-3)
closure = fit(
    CloudMeans(), [hills[1.0], hills[2.0]], "concentration", region, config, progress=False
)
closure.save(folder / "means.safetensors")
again = Closure.load(folder / "means.safetensors")
values, wanted = again.predict(hills[1.5]), hills[1.5].scalars["concentration"]
assert np.array_equal(values, closure.predict(hills[1.5]))
print(f"error on a hill not seen: {relative_l2(values, wanted, hills[1.5].weights):.1%}")
assert relative_l2(values, wanted, hills[1.5].weights) < 0.2
study = rotate_study({"means": again}, hills[1.5], curve_centres=50, progress=False)
assert study.variation["means"] < 1e-12
field_comparison(hills[1.5], wanted, values, "concentration")

# %% [markdown]
# A class that has not been registered can be trained, but is refused where it would be lost, in a
# file that nobody could load:


# %%
class Unknown(CloudMeans):
    name = "unknown"


try:
    replace(closure, network=Unknown()).save(folder / "unknown.safetensors")
except InputError as refusal:
    print(refusal)
else:
    raise AssertionError("a network was saved that no file can give back")

# %% [markdown]
# ### On the command line
#
# The commands know the network once they import the file that it is in: `vcnn --import FILE`, then
# any command. The cell with the class makes such a file, with its imports before it.

# %%
imports = """\
import torch
from vcnn import Network, register_network
from vcnn.network import PairEmbeddingNetwork, Symmetry, perceptron, seeded

"""
(folder / "cloud_means.py").write_text(imports + cell)
for slope, hill in hills.items():
    hill.save(folder / f"hill_{slope}.vtu")
(folder / "means.toml").write_text("""\
target = "concentration"
flows = ["hill_1.0.vtu", "hill_2.0.vtu"]

[network]
architecture = "cloud-means"
width = 16

[region]
kind = "transport"
diffusivity = 0.1
decay = 3.0

[training]
epochs = 5
""")


def vcnn(command):
    run = subprocess.run(
        [sys.executable, "-m", "vcnn", *command.split()],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stderr


vcnn("--import cloud_means.py train means.toml -o run")
vcnn("--import cloud_means.py predict run/model.safetensors hill_1.5.vtu -o predictions")
written = Closure.load(folder / "run" / "model.safetensors")
assert written.network.name == "cloud-means"
assert written.network.config["width"] == 16

# %% [markdown]
# `rotate` and `solve --closure` take it in the same way. A package of yours that brings networks
# along declares them as an entry point of `vcnn.networks`, and nothing has to be imported by hand.
