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
# # A first closure
#
# A scalar is carried by laminar flow over a periodic hill, diffuses, decays and is produced where
# the strain is large:
#
# $$\mathbf u\cdot\nabla c - D\nabla^2 c + \zeta |c|c = P .$$
#
# A closure gives $c$ at a point from the velocities around it, without solving this equation. Here
# one is trained on two hills, small and quick: `vcnn demo` does it in earnest.
#
# In Jupyter this file opens as a notebook: `pip install 'vcnn[notebooks]'`, which `make venv` has
# done in a clone, then `jupyter lab`, and on the file's name *Open With*, *Notebook*. Without a
# browser, `jupytext --to ipynb --execute NAME.py` writes the notebook with all results.

# %%
# %matplotlib inline
import numpy as np

from solvers import hill_concentration
from vcnn import RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation import relative_l2, rotate_study
from vcnn.evaluation.report import field_comparison, field_figure, prediction_panel

# %% [markdown]
# ## Flows
#
# The flow comes from a finite-element solution; a `FlowField` holds what is known of it at the
# centres of cells.

# %%
flows = {slope: hill_concentration(slope, cells=(48, 32)) for slope in (1.0, 1.5, 2.0)}
flow = flows[1.5]
print(flow)

# %% mystnb={"image": {"alt": "Speed of the flow over the hill of slope 1.5"}}
field_figure(flow, np.linalg.norm(flow.velocity, axis=1), "speed", "Slope 1.5")

# %% [markdown]
# ## Clouds
#
# What happens at a point depends on a neighbourhood that reaches upstream as far as diffusion and
# decay let a source be felt: an ellipse along the velocity, larger where the flow is faster. It
# crosses the period of the domain.

# %%
region = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
clouds = region.clouds(flow)
print(f"{len(clouds)} clouds of {clouds.counts.min()} to {clouds.counts.max()} points")

# %% [markdown]
# ## Training
#
# Slopes 1 and 2 are for training, the hill of slope 1.5 is never seen.

# %%
network = VectorCloudNetwork(scalars=["strain_rate", "wall_distance"])
config = TrainingConfig(epochs=30, batch_size=128, max_points=40)
closure = fit(network, [flows[1.0], flows[2.0]], "concentration", region, config, progress=False)

# %% mystnb={"image": {"alt": "Concentration on the unseen hill: truth, prediction, error"}}
prediction = closure.predict(flow)
truth = flow.scalars["concentration"]
error = relative_l2(prediction, truth, flow.weights)
print(f"error on the unseen hill: {error:.1%}")
assert error < 0.05
field_comparison(flow, truth, prediction, "concentration")

# %% [markdown]
# ## Another frame
#
# The same flow, described in a frame that is turned by 70 degrees: clouds are built anew, the
# prediction stays.

# %%
angle = np.deg2rad(70)
rotated = flow.rotated([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
change = relative_l2(closure.predict(rotated), prediction)
print(f"change in single precision: {change:.1e}")
assert change < 1e-5

# %% [markdown]
# In double precision nothing but round-off is left. Closures that see components of vectors behave
# otherwise: [which closure to trust in a turned frame](turned_frames.py).

# %% mystnb={"image": {"alt": "Truth and prediction in frames turned by 0, 70 and 180 degrees"}}
study = rotate_study(
    {"vector cloud": closure}, flow, angles=(0, 70, 180), curve_centres=50, progress=False
)
print(f"largest change in any frame: {study.variation['vector cloud']:.1e}")
assert study.variation["vector cloud"] < 1e-12
figure = prediction_panel(study)
figure.set_size_inches(6, 5.5)
figure
