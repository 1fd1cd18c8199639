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
# # From your own arrays
#
# Points, a velocity at each, and something to be predicted: NumPy arrays without any mesh, from a
# measurement, a particle method, or a file format that nothing here reads. This page goes from
# arrays to a closure that is trained, saved, loaded, tried on another flow, in another frame and in
# other units, and does the same on the command line.
#
# Two decisions take thought: which *region* a closure looks at, and whether the answer changes when
# all moves along.

# %%
# %matplotlib inline
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from vcnn import Closure, FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation import relative_l2

plt.rcParams.update({"figure.dpi": 100, "font.size": 12, "figure.constrained_layout.use": True})
folder = Path(tempfile.mkdtemp())  # or a folder of yours

# %% [markdown]
# ## The arrays
#
# In place of your data: eddies, sums of three random waves, known at 1000 scattered points. What is
# to be predicted is the kinetic energy of a mixing-length model with a constant length $\ell$,
#
# $$k = \ell^2|\mathsf S|^2/0.3,\qquad |\mathsf S|^2 = 2\,\mathsf S:\mathsf S,\qquad
# \mathsf S = \tfrac12(\nabla\mathbf u+\nabla\mathbf u^T).$$
#
# It depends on the velocity gradient, which the network is *not* given: at scattered points nobody
# has it. It has to be read off the neighbours' velocities.

# %%
LENGTH = 0.1  # the mixing length


def make_arrays(seed, count=1000, waves=(0.5, 1.2)):
    """Points (n, 2), velocity (n, 2) and k (n,); ``waves``: waves over the unit square, from-to."""
    random = np.random.default_rng(seed)
    points = random.random((count, 2))
    velocity, gradient = np.zeros((count, 2)), np.zeros((count, 2, 2))
    for _ in range(3):
        wave = random.normal(size=2)
        wave *= 2 * np.pi * random.uniform(*waves) / np.linalg.norm(wave)
        along = np.array([-wave[1], wave[0]]) / np.linalg.norm(wave)  # free of divergence
        phase = points @ wave + random.uniform(0, 2 * np.pi)
        size = random.uniform(0.5, 1)
        velocity += size * np.sin(phase)[:, None] * along
        gradient += size * np.cos(phase)[:, None, None] * wave[:, None] * along
    strain = (gradient + gradient.transpose(0, 2, 1)) / 2
    return points, velocity, LENGTH**2 * 2 * (strain**2).sum(axis=(1, 2)) / 0.3


# %% [markdown]
# A `FlowField` holds what is known of one flow: points and velocity, and named scalars, vectors and
# tensors. It checks shapes and refuses NaN. The name is free, but "turbulent_kinetic_energy" is one
# that the package knows the dimension of, which pays when units change below.


# %% mystnb={"image": {"alt": "Scattered points, coloured by k, with arrows of the velocity"}}
def flow_of(points, velocity, k):
    return FlowField(points, velocity, scalars={"turbulent_kinetic_energy": k})


training = [flow_of(*make_arrays(seed)) for seed in range(10)]
unseen = flow_of(*make_arrays(10))
print(unseen)

k = unseen.scalars["turbulent_kinetic_energy"]
figure, axes = plt.subplots(figsize=(7, 4.6))
dots = axes.scatter(*unseen.points.T, c=k, s=14, cmap="viridis")
axes.quiver(*unseen.points[::3].T, *unseen.velocity[::3].T, width=0.003)
figure.colorbar(dots, label="k")
axes.set(aspect="equal", xlabel="x", ylabel="y", title="The unseen flow")
plt.show()

# %% [markdown]
# Ten flows, not ten thousand points of one: neighbouring points say much the same, another flow
# says something new. Keep one flow aside, as here, that training never sees.
#
# ## The region
#
# A closure sees a *cloud*: the points within a region around the point where it predicts. Here this
# is a ball. It should hold some 20 to 100 points on average and be no larger than the distance over
# which the answer is decided. For a gradient, a tenth of a wave length.

# %%
region = RegionOfInfluence.ball(0.12)
counts = region.clouds(unseen).counts
print(f"{counts.min()} to {counts.max()} points in a cloud, {counts.mean():.0f} on average")
assert counts.min() >= 5

# %% [markdown]
# ## The network
#
# The network takes weighted means over the cloud: of the positions relative to the centre,
# $\langle g\,\mathbf r\rangle$, of the velocities, $\langle g\,\mathbf u\rangle$, and of their
# products, $\langle g\,\mathbf r\otimes\mathbf u\rangle$; $g$ are functions of what does not depend
# on the frame, such as distances and speeds. Near the centre
# $\mathbf u \approx \mathbf u_0 + \mathsf A\mathbf r$. In a cloud that is its own mirror image each
# point at $\mathbf r$ has a partner at $-\mathbf r$, and $\mathsf A\mathbf r$ cancels in the mean;
# the products keep $\mathsf A$. Where points lie anywhere they keep it times a matrix of the
# cloud's own, so the network also fits first and second derivatives to the velocities of the cloud
# ([what a network sees](../docs/how-to/order.md)).
#
# `galilean=True` takes velocities relative to the centre's, so that a uniform motion changes
# nothing. That is true of $k$; it is not of, say, what a flow carries along. A network that is not
# told knows the speeds of the flows that it was trained on, and no others: below it is asked about
# the same flow from a train at velocity 3.


# %%
def train(galilean):
    network = VectorCloudNetwork(galilean=galilean)
    config = TrainingConfig(epochs=12, batch_size=64, centres=400, learning_rate=3e-3)
    return fit(network, training, "turbulent_kinetic_energy", region, config, progress=False)


def error(closure, flow):
    """Relative L2 error."""
    return relative_l2(closure.predict(flow), flow.scalars["turbulent_kinetic_energy"])


closures = {galilean: train(galilean) for galilean in (False, True)}
moving, errors = unseen.boosted([3.0, 0.0]), {}
print("error on a flow of training, on the unseen flow, on the same from a train")
for galilean, closure in closures.items():
    seen, new, errors[galilean] = (error(closure, flow) for flow in (training[0], unseen, moving))
    print(f"galilean={galilean}: {seen:.1%}, {new:.1%}, {errors[galilean]:.1%}")
    assert new < 0.05
assert errors[True] < 0.05 < 0.1 < errors[False]

# %% mystnb={"image": {"alt": "Predicted from a train against true k: close if galilean=True"}}
figure, panels = plt.subplots(1, 2, figsize=(7, 3.6), sharex=True, sharey=True)
for axes, (galilean, closure) in zip(panels, closures.items(), strict=True):
    axes.scatter(k, closure.predict(moving), s=6, alpha=0.5)
    axes.axline((0, 0), slope=1, color="0.4", lw=0.8)
    axes.set(xlabel="k", title=f"galilean={galilean}: {errors[galilean]:.0%}")
panels[0].set_ylabel("predicted, from a train")
plt.show()

# %% [markdown]
# Twelve passes over 400 centres of each flow, a few seconds. More epochs and more flows make both
# better; [training](../docs/how-to/training.md) says what else can be set.
#
# ## Saved and loaded
#
# The file is a `.safetensors` file without code in it: network, region, scales, and how far the
# clouds of training reached. What is loaded predicts the same to the last bit.

# %%
closure = closures[True]
closure.save(folder / "energy.safetensors")
loaded = Closure.load(folder / "energy.safetensors")
print(loaded)
prediction = closure.predict(unseen)
assert np.array_equal(loaded.predict(unseen), prediction)

# %% [markdown]
# ## Where not to believe it
#
# `extrapolation` is the distance of each cloud from the clouds of training, in units in which
# about 1 % of those of training themselves are beyond 1. A flow with waves of half the length is
# another matter, and it says so, without knowing the truth.

# %% mystnb={"image": {"alt": "Extrapolation at points of the unseen flow and of shorter waves"}}
short = flow_of(*make_arrays(11, waves=(1.5, 2.4)))
beyond = {}
for name, flow in {"unseen, alike": unseen, "shorter waves": short}.items():
    beyond[name] = np.mean(closure.extrapolation(flow) > 1)
    print(f"{name}: {beyond[name]:.1%} beyond 1, error {error(closure, flow):.1%}")
assert beyond["unseen, alike"] < 0.2 < 0.5 < beyond["shorter waves"]

figure, panels = plt.subplots(1, 2, figsize=(7, 3.8), sharex=True, sharey=True)
for axes, name, flow in zip(panels, beyond, (unseen, short), strict=True):
    distance = closure.extrapolation(flow)
    dots = axes.scatter(*flow.points.T, c=distance, s=8, cmap="inferno", vmin=0, vmax=2)
    axes.set(aspect="equal", xlabel="x", title=name)
panels[0].set_ylabel("y")
figure.colorbar(dots, ax=panels, label="extrapolation", location="bottom", aspect=40)
plt.show()

# %% [markdown]
# ## Another frame
#
# The same flow, described in axes that are turned by 50 degrees: points and velocities change,
# $k$ must not. It holds by construction, not by training, and what is left is round-off of single
# precision.

# %%
angle = np.deg2rad(50)
turned = unseen.rotated([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
change = relative_l2(closure.predict(turned), prediction)
boosted = relative_l2(closure.predict(unseen.boosted([10.0, 0.0])), prediction)
print(f"change when turned {change:.1e}")
print(f"change from a train at velocity 10 {boosted:.1e}")
assert change < 1e-5 and boosted < 1e-4

# %% [markdown]
# ## Other units
#
# The closure is asked for a flow in metres and metres per second, where what was 1 in training is
# 0.05 m and 3 m/s. `in_units` turns the closure; the dimension of its target is known by its name.

# %%
LENGTH_UNIT, VELOCITY_UNIT = 0.05, 3.0
metric = FlowField(unseen.points * LENGTH_UNIT, unseen.velocity * VELOCITY_UNIT)
in_metres = closure.in_units(length=LENGTH_UNIT, velocity=VELOCITY_UNIT).predict(metric)
difference = relative_l2(in_metres, prediction * VELOCITY_UNIT**2)
print(f"k up to {in_metres.max():.1f} m²/s²")
print(f"relative difference {difference:.1e}")
assert difference < 1e-5

# %% [markdown]
# ## The same on the command line
#
# Arrays go into `.npz` files: `points`, `velocity`, and whatever else under its name
# ([all layouts](../docs/how-to/files.md), `.csv` too). `vcnn show` says what was understood. In
# the notebook a function calls `vcnn`; you type the words.


# %%
def vcnn(*words):
    """``vcnn WORDS`` in the folder."""
    call = [sys.executable, "-m", "vcnn", *map(str, words)]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True)
    print(done.stdout)


for seed in (0, 1, 2, 3, 10):
    points, velocity, k = make_arrays(seed)
    file = folder / f"flow_{seed}.npz"
    np.savez(file, points=points, velocity=velocity, turbulent_kinetic_energy=k)

vcnn("show", "flow_10.npz")

# %% [markdown]
# The file for `vcnn train` says what the arguments of `fit` said; with four flows and six epochs
# here, to be quick.

# %%
(folder / "energy.toml").write_text("""
target = "turbulent_kinetic_energy"
flows = ["flow_0.npz", "flow_1.npz", "flow_2.npz", "flow_3.npz"]
validation = ["flow_10.npz"]

[network]
architecture = "vector-cloud"
galilean = true

[region]
kind = "ball"
radius = 0.12

[training]
epochs = 6
batch_size = 64
centres = 400
learning_rate = 3e-3
""")
vcnn("train", "energy.toml", "-o", "run")
vcnn("predict", "run/model.safetensors", "flow_10.npz", "-o", "predictions")
vcnn("predict", "energy.safetensors", "flow_10.npz", "-o", "predictions_python")

# %% [markdown]
# The model that was trained in Python and the one of the command line are the same kind of file.
# `predictions/flow_10.vtu` holds the points with prediction, error and extrapolation, for ParaView
# and for `FlowField.load`.

# %%
written = FlowField.load(folder / "predictions_python" / "flow_10.vtu")
assert np.array_equal(written.scalars["turbulent_kinetic_energy_predicted"], prediction)

# %% [markdown]
# ## With your own arrays
#
# - Replace `make_arrays` by `np.load`. Further scalars that decide the answer, such as a distance
#   to the wall or a temperature, go into `scalars=` of the flow and, by name, of the network:
#   `VectorCloudNetwork(["wall_distance"])`.
# - Points that stand for more than others, such as cells of different volume, get `weights=`.
# - A periodic domain gets `periods=[[9.0, 0.0]]`; clouds then reach across.
# - What depends on the *position* as such cannot be learned: clouds know where they are relative to
#   each other, not on a map.
# - Vectors and tensors are predicted with `output="vector"`, `"symmetric_tensor"`, ...; they turn
#   with the frame.
