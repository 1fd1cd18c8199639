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
# # Learning through the solver
#
# A closure is trained *a priori* on closure values, an eddy viscosity say, and is then used for
# something else: for the velocity that the equations return once it is part of them
# ([a closure in the loop](coupled_closure.py)). Two things speak for training on that velocity
# instead.
#
# - **It is what counts.** The same error of the eddy viscosity moves the velocity much in one place
#   and not at all in another.
# - **It is what is known.** No experiment measures an eddy viscosity. Profiles of the velocity are
#   measured, at a few stations.
#
# The way back from velocities to closure values leads through the solver. Here it is walked twice:
# for the *field* that explains one flow (field inversion), then for the *weights* of a network that
# has to explain several flows and one that it has not seen.

# %%
# %matplotlib inline
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure

import meshes
import solvers
from vcnn import RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation import relative_l2
from vcnn.evaluation.report import field_comparison

# %% [markdown]
# ## What is known
#
# Flow over periodic hills at a Reynolds number of 500, with the hill's height and the bulk velocity
# over its crest as units. The Spalart-Allmaras model plays the experiment: its velocities are seen
# along four vertical lines, its eddy viscosity by nobody. (A known model has the truth everywhere,
# so that the result can be judged. Profiles from an experiment or an LES are used in the same way.)

# %%
VISCOSITY, BULK = 1 / 500, 0.72
STATIONS = [1.0, 3.0, 5.0, 7.0]


def problem(slope, closure=None):
    mesh = meshes.periodic_hill(slope, cells=(30, 20), grading=15.0)
    return solvers.RANS(mesh, VISCOSITY, BULK, closure=closure, location="vertex")


def experiment(slope):
    return replace(problem(slope), closure=solvers.SpalartAllmaras).solve()


def observe(result):
    lines = solvers.station_profiles(result, STATIONS)
    points = np.concatenate([line.points for line in lines])
    return [solvers.Observation(points, np.concatenate([line.velocity for line in lines]))]


hill = problem(1.0)
truth = experiment(1.0)
true = truth.flow("vertex")
seen = observe(truth)
print(f"{len(seen[0].points)} velocities known, {len(true)} values of ν_t wanted")


def velocity_error(flow, true=true):
    return relative_l2(flow.velocity, true.velocity, true.weights)


def draw_profiles(results):
    """Velocities along the lines where they are known."""
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.add_subplot(xlabel="x + $u_x$ / U", ylabel="y")
    looks = {"known": ("#000000", "o"), "before": ("#D55E00", "--"), "after": ("#0072B2", "-")}
    for name, result in results.items():
        colour, line = looks[name]
        for k, profile in enumerate(solvers.station_profiles(result, STATIONS)):
            some = slice(None, None, 5 if line == "o" else 1)
            u, y = profile.velocity[some, 0] / BULK, profile.points[some, 1]
            label = name if k == 0 else None
            axes.plot(STATIONS[k] + u, y, line, color=colour, mfc="none", ms=4, label=label)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


# %% [markdown]
# ## The gradient through the solver
#
# Let $\nu_t$ be the numbers at the vertices, $\mathcal R(u, \nu_t) = 0$ the discrete equations, and
# $J(u)$ the square of the distance from what is known. The slope of $J$ by *all* numbers at once
# costs one linear system with the transposed Jacobian, the adjoint equation
#
# $$\left(\frac{\partial \mathcal R}{\partial u}\right)^{\!T}\lambda
#   = \left(\frac{\partial J}{\partial u}\right)^{\!T}, \qquad
#   \frac{dJ}{d\nu_t} = -\lambda^T\,\frac{\partial \mathcal R}{\partial \nu_t} ,$$
#
# which is no dearer than one step of Newton's method, however many numbers there are.
# `DifferentiableFlow` does this behind the back of PyTorch: $\nu_t$ goes in as a tensor, the
# coefficients of the velocity come out, and `backward` goes through the equations.

# %%
flow_of = solvers.DifferentiableFlow(hill)
velocity_at = flow_of.at(seen[0].points)


def misfit(nu_t):
    coefficients, _force = flow_of(nu_t)
    return (velocity_at(coefficients) - torch.from_numpy(seen[0].values)).square().sum()


guess = np.full(len(hill.mesh.points), 0.01)  # a constant, five times the viscosity
nu_t = torch.tensor(guess, requires_grad=True)
misfit(nu_t).backward()

# %% [markdown]
# A derivative that nobody has checked is wrong. So move all numbers a little in a random direction,
# solve twice more and compare with the slope. Central differences err by $h^2$ until round-off and
# what the solver leaves of the residual, divided by $h$, take over:

# %%
direction = torch.from_numpy(0.01 * np.random.default_rng(0).standard_normal(len(guess)))
slope = float(nu_t.grad @ direction)
differences = {}
print("step   relative difference of the slopes")
for h in (1e-1, 1e-2, 1e-3, 1e-4):
    with torch.no_grad():
        up, down = misfit(nu_t + h * direction), misfit(nu_t - h * direction)
    differences[h] = abs(float(up - down) / (2 * h) / slope - 1)
    print(f"{h:.0e}  {differences[h]:.1e}")
assert differences[1e-4] < 1e-6
assert 50 < differences[1e-2] / differences[1e-3] < 200  # second order

# %% [markdown]
# The gradient is a field: where it is blue, more eddy viscosity would bring the velocity nearer to
# what is known, where it is red, less.


# %% mystnb={"image": {"alt": "Slope of the misfit by the eddy viscosity: largest at the walls"}}
def draw_vertices(values, label, cmap, low, high):
    figure = Figure(figsize=(5.2, 2.9), layout="constrained")
    axes = figure.add_subplot(aspect="equal", xlabel="x", ylabel="y")
    quads = hill.mesh.cells_dict["quad"]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    drawn = axes.tripcolor(
        *hill.mesh.points.T, triangles, values, shading="gouraud", cmap=cmap, vmin=low, vmax=high
    )
    for x in STATIONS:
        axes.axvline(x, color="0.2", lw=0.8, ls=":")
    figure.colorbar(drawn, label=label, location="bottom", shrink=0.7, ticks=[low, 0, high])
    return figure


density = nu_t.grad.numpy() / true.weights  # by area: it does not depend on the mesh
limit = float(f"{np.quantile(np.abs(density), 0.98):.1g}")
draw_vertices(density, "slope of the misfit by $\\nu_t$", "RdBu_r", -limit, limit)

# %% [markdown]
# ## Field inversion
#
# Follow the gradient downhill, with L-BFGS. There are more unknowns than data, so that two things
# have to be said: corrections are smooth over a `length`, and small corrections are better than
# large ones (`strength`; in Bayesian words, the ratio of the variances of data and prior):
#
# $$\min_\xi\; \frac{\sum |u - u^*|^2}{\sum |u^*|^2} + s\,\langle\xi^2\rangle, \qquad
#   \nu_t = \nu_t^0\, e^{K\xi}, \qquad K = (1 - \ell^2\nabla^2)^{-1}.$$
#
# The exponential keeps $\nu_t$ positive.

# %%
inverse = solvers.invert_stress(hill, seen, guess, length=0.3, steps=20)
print(inverse)
first, last = inverse.misfits[0] ** 0.5, inverse.misfits[-1] ** 0.5
print(f"error of known velocities: {first:.1%} -> {last:.1%}")
before = replace(hill, closure=guess).solve()
inverted = inverse.flow.flow("vertex")
errors = velocity_error(before.flow("vertex")), velocity_error(inverted)
print(f"error of the velocity:     {errors[0]:.1%} -> {errors[1]:.1%}")
assert last < 0.1 * first
assert errors[1] < 0.2 * errors[0]

# %% mystnb={"image": {"alt": "Velocity profiles: known, before and after the inversion"}}
draw_profiles({"known": truth, "before": before, "after": inverse.flow})

# %% [markdown]
# The velocity is right between the lines as well: the equations connect what was seen with what was
# not. Is the eddy viscosity right, too?

# %% mystnb={"image": {"alt": "Eddy viscosity: truth, the field found, and the difference"}}
nu_true = true.scalars["eddy_viscosity"]
for name, values in {"before": guess, "after": inverse.eddy_viscosity}.items():
    print(f"error of ν_t {name}: {relative_l2(values, nu_true, true.weights):.0%}")
field_comparison(inverted, nu_true, inverse.eddy_viscosity, "eddy viscosity")

# %% [markdown]
# By no means. Where there is no shear an eddy viscosity does nothing, and no velocity says what it
# is. An inverted field is *one* explanation of the data. This is why networks should not be trained
# on such fields as if they were truth, but through the solver.
#
# ## A closure
#
# Now a network is to explain flows that it has not seen. It begins as what is cheap: a copy of the
# mixing length model, learned a priori on two hills. That model's own velocities are 8 % off.

# %%
SLOPES = {"training": (0.8, 1.6), "not seen": (1.0, 1.2)}
crude = {
    slope: replace(problem(slope), closure=solvers.MixingLength).solve().flow("vertex")
    for slope in SLOPES["training"]
}
prior = fit(
    VectorCloudNetwork(["wall_distance"], output="positive_scalar"),
    list(crude.values()),
    "eddy_viscosity",
    RegionOfInfluence.ball(0.8),
    TrainingConfig(epochs=8, batch_size=64, max_points=30, learning_rate=3e-3),
    progress=False,
)

# %% [markdown]
# `fit_through_solver` gets, for each flow, a problem and what is known of it. In each step the flow
# is solved with the closure in the loop, and the gradient of the misfit goes through the fixed
# point of flow and closure: with $x$ the closure's values, $x = G_\theta(u(x))$,
#
# $$\frac{dJ}{d\theta} = \left(\frac{\partial G}{\partial\theta}\right)^{\!T}\mu, \qquad
#   \mu = \frac{dJ}{dx} + \left(\frac{\partial u}{\partial x}\right)^{\!T}
#         \left(\frac{\partial G}{\partial u}\right)^{\!T}\mu .$$
#
# The closure must not see what would have to be differentiated elsewhere: velocities and wall
# distances, no strain rate. `prior` in the configuration holds it near where it began.

# %%
results = {slope: experiment(slope) for slopes in SLOPES.values() for slope in slopes}
flows = [
    solvers.FlowToLearn(f"hill {slope}", problem(slope), observe(results[slope]))
    for slope in SLOPES["training"]
]
config = solvers.LearningConfig(epochs=8, flows_per_step=1, learning_rate=1e-3, prior=1e-4)
learned = solvers.fit_through_solver(prior, flows, config, progress=False)

# %%
print("error of the velocity in the loop")
print("hill of slope      before    after")
solved = {}
for kind, slopes in SLOPES.items():
    for slope in slopes:
        true_flow = results[slope].flow("vertex")
        solved[slope] = [
            problem(slope, closure).solve(tolerance=1e-6) for closure in (prior, learned)
        ]
        pair = [velocity_error(one.flow("vertex"), true_flow) for one in solved[slope]]
        print(f"{slope}, {kind:9} {pair[0]:10.1%} {pair[1]:8.1%}")
        assert pair[1] < 0.6 * pair[0]

# %% [markdown]
# Eight passes over two flows halve the error, on hills that gave no data as on those that did. Hill
# 1.0 was not among them:

# %% mystnb={"image": {"alt": "Velocity profiles on the unseen hill: known, before and after"}}
draw_profiles({"known": truth, "before": solved[1.0][0], "after": solved[1.0][1]})

# %% [markdown]
# ## Where to go from here
#
# - `Observation(..., kind="velocity_gradient")` takes skin friction, `share` weighs one kind of
#   data against another, NaN stands for components that are not known.
# - `validation=[...]` keeps the weights that are best on flows that are not learned from;
#   `run_directory=...` makes a run that goes on after a kill; `processes=4` shares flows out.
# - `invert_stress(..., stress=1.0)` lets the anisotropy change too: an eddy viscosity alone cannot
#   explain every flow.
# - `DifferentiableFlow`, `DifferentiableTransport` and `DifferentiableCoupling` are functions for
#   losses of your own, such as drag, or a concentration.
# - The model `hill-stress` that comes with the package learned so from LES.
