"""
The same flow in turned frames
==============================

Two closures learn one concentration from the same hills. The distance from the centre is the error
on a hill they never saw, when the frame is turned by the angle: only one of them stays a circle.
"""

import matplotlib.pyplot as plt
import numpy as np

import solvers
from vcnn import RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.baselines import DeepSets
from vcnn.evaluation import rotate_study

hills = [solvers.hill_concentration(slope, cells=(30, 20)) for slope in (1.0, 2.0)]
unseen = solvers.hill_concentration(1.5, cells=(30, 20))
region = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
config = TrainingConfig(epochs=10, max_points=30, batch_size=64)
scalars, closures = ["strain_rate", "wall_distance"], {}
for name, network in {"vector cloud": VectorCloudNetwork, "deep sets": DeepSets}.items():
    closures[name] = fit(network(scalars), hills, "concentration", region, config, progress=False)
study = rotate_study(closures, unseen, angles=[0], curve_step=15, curve_centres=100, progress=False)
assert np.ptp(study.curve_errors["vector cloud"]) < 1e-10

fig, axes = plt.subplots(figsize=(6.4, 5.6), subplot_kw={"projection": "polar"})
angles = np.radians(np.append(study.curve_angles, 360))
for (name, errors), mark in zip(study.curve_errors.items(), "os", strict=True):
    axes.plot(angles, 100 * np.append(errors, errors[0]), marker=mark, ms=4, label=name)
axes.set_title("relative error [%] by the angle of the frame")
axes.set(rmin=0, rlabel_position=300)
axes.legend(loc="upper right", bbox_to_anchor=(0.06, 1.0))
