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
# # From a fluid to a molecule
#
# A closure maps the cloud of points around a point of a flow to a value there. Nothing in that says
# what the points are. Take atoms, with their species in place of the velocity, *sum* over the cloud
# where a flow wants the mean, and the value is the energy of an atom: the same network is a
# potential, and its derivatives are forces.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import torch

from vcnn import Closure, TrainingConfig, atoms
from vcnn.network import AtomCloudNetwork

of_a_flow = Closure.pretrained("hill-concentration").network
of_atoms = AtomCloudNetwork(2, output=["scalar", "scalar"], mixed=(8, 6, 4), fitting=(32,))
for network in (of_a_flow, of_atoms):
    print(type(network).__name__, network.normalization, network.outputs, sep=", ")
assert isinstance(of_atoms, type(of_a_flow))

# %% [markdown]
# ## A molecule whose law is known
#
# Water of three springs, with charges that fall where a bond is stretched. The network is shown
# energies, forces and dipoles, never springs or charges.

# %%
STIFF, REST = torch.tensor([40.0, 40.0, 10.0]), torch.tensor([0.96, 0.96, 1.51])  # O-H, O-H, H-H


def water(positions):
    x = torch.tensor(positions, requires_grad=True)
    lengths = (x[[0, 0, 1]] - x[[1, 2, 2]]).norm(dim=1)
    energy = 0.5 * (STIFF * (lengths - REST) ** 2).sum()
    (slopes,) = torch.autograd.grad(energy, x)
    moved = 0.33 * torch.exp(0.96 - lengths[:2].detach()).numpy()
    dipole = np.array([-moved.sum(), *moved]) @ positions
    known = {"energy": energy.item(), "forces": -slopes, "properties": {"dipole": dipole}}
    return atoms.Frame(positions, "OHH", **known)


rng = np.random.default_rng(0)
shape = np.array([[0, 0, 0], [0.757, 0.587, 0], [-0.757, 0.587, 0]])


def some(count):
    turns = np.linalg.qr(rng.standard_normal((count, 3, 3)))[0]
    return [water((shape + 0.06 * rng.standard_normal((3, 3))) @ turn) for turn in turns]


# %% [markdown]
# ## One network, four quantities

# %%
potential = atoms.fit_potential(
    of_atoms,
    some(300),
    cutoff=3.0,
    config=TrainingConfig(epochs=60, batch_size=10, learning_rate=1e-2),
    weights=atoms.EnergyLoss(dipole=(100.0, 100.0)),
    progress=False,
)
unseen = some(100)
predicted = potential.predict(unseen)
accuracy = atoms.Accuracy.of(predicted, unseen)
print(accuracy)
dipoles, truth = (np.stack([f.properties["dipole"] for f in part]) for part in (predicted, unseen))
dipole_error = np.linalg.norm(dipoles - truth) / np.linalg.norm(truth)
print(
    f"dipole {dipole_error:.1%}, charges add up to {predicted[0].properties['charges'].sum():.0e}"
)
assert dipole_error < 0.05 and accuracy.force_rmse < 0.1 * np.std([f.forces for f in unseen])

# %% mystnb={"image": {"alt": "Forces and dipoles of the potential against those of the law"}}
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
forces = [np.concatenate([f.forces for f in part]).ravel() for part in (unseen, predicted)]
axes[0].scatter(*forces, s=14)
axes[0].set(xlabel="force of the law [eV/Å]", ylabel="of the potential")
axes[1].scatter(truth, dipoles, s=14)
axes[1].set(xlabel="dipole of the law [e Å]", ylabel="of the potential")
for ax in axes:
    ax.axline((0, 0), slope=1, color="0.3", zorder=0)
    ax.grid(alpha=0.4)

# %% [markdown]
# One bond is stretched: energy and charges between and beyond the lengths that it was shown.

# %% mystnb={"image": {"alt": "Energy and charge of a hydrogen along a bond, law and potential"}}
lengths = np.linspace(0.8, 1.15, 36)
along = [water(np.array([shape[0], shape[1] * r / 0.958, shape[2]])) for r in lengths]
answers = potential.predict(along)
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
axes[0].plot(lengths, [f.energy for f in along], "o", ms=7, color="0.6", label="law")
axes[0].plot(lengths, [f.energy for f in answers], lw=2.5, label="potential")
axes[1].plot(lengths, 0.33 * np.exp(0.96 - lengths), "o", ms=7, color="0.6")
axes[1].plot(lengths, [f.properties["charges"][1] for f in answers], lw=2.5)
axes[0].set(xlabel="length of the bond [Å]", ylabel="energy [eV]")
axes[1].set(xlabel="length of the bond [Å]", ylabel="charge of the hydrogen [e]")
axes[0].legend()
for ax in axes:
    ax.grid(alpha=0.4)

# %% [markdown]
# ## It vibrates
#
# Velocity Verlet with the learned forces: energy goes back and forth between motion and bonds, and
# their sum stays, for the forces are derivatives of one energy.

# %% mystnb={"image": {"alt": "Kinetic, potential and total energy of the molecule in time"}}
start = atoms.begin_motion(
    water(shape), potential, temperature=400.0, masses={"O": 15.999, "H": 1.008}
)
states = [start, *atoms.move(start, potential, step=0.25, count=400)]
energies = np.array([[s.kinetic_energy, s.frame.energy, s.energy] for s in states])
energies -= [0, states[0].frame.energy, states[0].frame.energy]
figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
axes.plot([s.time for s in states], energies, lw=2, label=["kinetic", "potential", "total"])
axes.set(xlabel="time [fs]", ylabel="energy [eV]")
axes.grid(alpha=0.4)
axes.legend()
assert np.ptp(energies[:, 2]) < 0.02 * np.ptp(energies[:, 0])

# %% [markdown]
# ## What turns, turns
#
# In other axes the energy is the same and the dipole is the dipole turned, to round-off, and a
# moved molecule has the same dipole, for its charges add up to nothing.

# %%
turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
one, other = potential.predict([unseen[0], water(unseen[0].positions @ turn.T + 5)])
change = np.abs(other.properties["dipole"] - turn @ one.properties["dipole"]).max()
print(f"energy changes by {abs(other.energy - one.energy):.0e} eV, dipole by {change:.0e} e Å")
assert abs(other.energy - one.energy) < 1e-12 and change < 1e-12

# %% [markdown]
# With frames of your own: [Atoms](../docs/how-to/atoms.md).
