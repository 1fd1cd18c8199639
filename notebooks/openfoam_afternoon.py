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
# # An afternoon with OpenFOAM
#
# Own cases, a closure trained on them, and that closure in the solver that they came from: nothing
# of the flow leaves OpenFOAM, `simpleFoam` solves it, and a turbulence model asks the closure for
# $\nu_t$ as it goes.
#
# This page needs OpenFOAM (on Debian `apt-get install openfoam g++`). The cases are hills of three
# slopes, solved with k-ω SST, coarse so that all of it takes minutes. To work on your own, delete
# the cell that makes them.

# %%
# %matplotlib inline
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, display

import meshes
from benchmarks.openfoam.cases import Driven
from benchmarks.openfoam.flows import uniform_flow
from openfoam import build_library
from vcnn.evaluation import relative_l2
from vcnn.evaluation.report.fields import draw_field

plt.rcParams.update({"figure.dpi": 100, "font.size": 12, "figure.constrained_layout.use": True})
folder = Path(tempfile.mkdtemp())  # or a folder of yours
# Debian's programs find their files only so; others are sourced
os.environ.setdefault("WM_PROJECT_DIR", "/usr/share/openfoam")


def run(*words, inside=folder):
    """A command in a folder, and what it says."""
    done = subprocess.run(words, cwd=inside, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


def vcnn(*words):
    """``vcnn WORDS`` in the folder."""
    print(run(sys.executable, "-m", "vcnn", *words))


# %% [markdown]
# ## Cases to begin with
#
# `Driven` writes all that `simpleFoam` needs: mesh, fields, schemes, a mean velocity that drives
# the flow. What follows asks no more of a case than that it runs.

# %%
SLOPES, UNSEEN = ("0.8", "1.0", "1.2"), "1.0"
VISCOSITY, BULK = 1 / 5600, 0.72


def hill(slope):
    mesh = meshes.periodic_hill(float(slope), cells=(48, 36), grading=20.0)
    period = [float(np.ptp(mesh.points[:, 0])), 0.0]
    return uniform_flow(mesh, [BULK, 0.0], period, VISCOSITY, ["bottom", "top"])


library = build_library(print)
for slope in SLOPES:
    place = "cases" if slope != UNSEEN else "unseen"
    case = folder / place / f"hill_{slope}"
    driven = Driven(hill(slope), library, controlled=("U", "p", "k", "omega"))
    driven.write(case, "kOmegaSST", {})
    log = run("simpleFoam", inside=case)
    print(case.name, re.findall(r"SIMPLE solution converged in \d+ iterations", log))

# %% [markdown]
# ## Training
#
# A folder of cases is a training set; `nut` is the field to learn, by OpenFOAM's name.

# %%
(folder / "train.toml").write_text("""
target = "nut"
flows = ["cases/*"]
validation = ["unseen/*"]

[network]
scalars = ["strain_rate", "wall_distance"]
output = "positive_scalar"
fits = 0                    # moments alone: such closures settle in fewer iterations

[region]
kind = "ball"
radius = 1.0
spacing = 0.2

[training]
epochs = 30
""")
vcnn("train", "train.toml", "-o", "runs/nut")

# %% [markdown]
# ## Into the solver
#
# `apply` changes the case's dictionaries and shows how; `--undo` would put them back. The fields
# are those that k-ω SST left, from which the run goes on.

# %%
case = folder / "unseen" / f"hill_{UNSEEN}"
sst = meshes.read_openfoam(case)
vcnn("openfoam", "apply", str(case), "--closure", "runs/nut/model.safetensors")

# %%
log = run("simpleFoam", inside=case)
(case / "log.simpleFoam").write_text(log)
calls = [line for line in log.splitlines() if line.startswith("vcnn: ")]
print(*calls[:3], "...", *calls[-2:], sep="\n")

# %% [markdown]
# The flow is now the closure's. It stands for SST here, so SST's flow is what it should meet:

# %%
flow = meshes.read_openfoam(case)
error = relative_l2(flow.velocity, sst.velocity, flow.weights)
difference = relative_l2(flow.scalars["nut"], sst.scalars["nut"], flow.weights)
print(f"velocity {error:.2%} from k-ω SST, ν_t {difference:.1%}")
assert error < 0.05
assert difference < 0.3

# %% mystnb={"image": {"alt": "Eddy viscosity of SST and of the closure over the hill"}}
figure, panels = plt.subplots(2, figsize=(8, 5.6), sharex=True, sharey=True)
norm = plt.Normalize(0, sst.scalars["nut"].max())
for axes, field, title in zip(panels, (sst, flow), ("k-ω SST", "the closure"), strict=True):
    drawn = draw_field(axes, field, field.scalars["nut"], norm)
    axes.set(title=rf"$\nu_t$: {title}", xlabel="x / H", ylabel="y / H")
    axes.label_outer()
figure.colorbar(drawn, ax=panels, shrink=0.6)

# %% [markdown]
# ## The report
#
# One page on what solver and closure did: maps, walls, how both came to agree, and a *Beware* where
# something should not be trusted.

# %% mystnb={"image": {"alt": "Streamlines and speed over the hill"}}
vcnn("openfoam", "report", str(case), "-o", "report")
display(Image(folder / "report" / "figure_1a.png"))

# %% [markdown]
# Solver and closure as they came to agree: residuals, and how much each answer changed.

# %% mystnb={"image": {"alt": "Residuals of the solver and changes of the closure's answers"}}
display(Image(folder / "report" / "figure_7a.png"))

# %% [markdown]
# ## What else there is
#
# - [Closures in OpenFOAM](../docs/how-to/openfoam-closure.md): every entry of the dictionary,
#   several processes, corrections of k-ω SST, closures written in Python.
# - The shipped closures run in cases of periodic hills as they are:
#   `vcnn openfoam apply CASE --closure hill-stress`.
# - Targets that are not SST's: a ν_t and an anisotropy from LES, split before training
#   ([forms](../docs/how-to/forms.md)). Fields of other times and names come into a flow by
#   `vcnn import CASE -o FILE.vtu --field NAME=TIME/FIELD`.
