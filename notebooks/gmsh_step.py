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
# # A step from Gmsh
#
# A mesh of one's own, made with [Gmsh](https://gmsh.info): read, solved, looked at, saved. The flow
# is laminar and passes a backward-facing step of height $h$, which doubles the height of a channel:
#
# $$\mathbf u\cdot\nabla\mathbf u = -\nabla p + \nu\nabla^2\mathbf u,\quad \nabla\cdot\mathbf u=0.$$
#
# It separates at the edge and comes back to the wall some step heights downstream. Where, has been
# measured and computed often; the end of this page compares.
#
# Nothing is learned here: this is how a geometry gets in and how a flow is read off. Lengths are in
# units of $h$, velocities in units of the mean velocity at the inlet.

# %%
# %matplotlib inline
import subprocess
import sys
import tempfile
from pathlib import Path

import gmsh
import matplotlib.pyplot as plt
import numpy as np

import meshes
from solvers import (
    Inlet,
    LaminarFlow,
    Outlet,
    Wall,
    along_wall,
    boundary_fluxes,
    evaluate,
    reynolds_number,
    station_profiles,
    wall_force,
)

plt.rcParams.update({"figure.dpi": 100, "font.size": 12, "figure.constrained_layout.use": True})
folder = Path(tempfile.mkdtemp())  # or a folder of yours

# %% [markdown]
# ## The mesh
#
# The outline is seven lines. What matters for later are the *physical groups*: each group of lines
# becomes a boundary, and its name is what conditions are given to. The surface is a group, too, or
# Gmsh would not save its cells. Cells are fine where the flow separates, three times as fine
# as behind the bubble.


# %%
def write_step(path, fine=0.1, coarse=0.3, upstream=2.0, downstream=20.0):
    """The step's edge is at (0, 1), the inlet above it, the wider channel downstream."""
    corners = [  # x, y, size of cells
        (-upstream, 1, fine),
        (0, 1, fine / 2),
        (0, 0, fine),
        (downstream, 0, 2 * coarse),
        (downstream, 2, 2 * coarse),
        (6, 2, coarse),
        (0, 2, fine),
        (-upstream, 2, fine),
    ]
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        geometry = gmsh.model.geo
        points = [geometry.addPoint(x, y, 0, size) for x, y, size in corners]
        lines = [
            geometry.addLine(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True)
        ]
        surface = geometry.addPlaneSurface([geometry.addCurveLoop(lines)])
        geometry.synchronize()
        groups = {
            "lower_wall": lines[:3],
            "outlet": lines[3:4],
            "upper_wall": lines[4:7],
            "inlet": lines[7:],
        }
        for name, members in groups.items():
            gmsh.model.addPhysicalGroup(1, members, name=name)
        gmsh.model.addPhysicalGroup(2, [surface], name="fluid")
        gmsh.model.mesh.generate(2)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()


write_step(folder / "step.msh")

# %% [markdown]
# In a terminal `vcnn show step.msh` says what is in the file; `python -m vcnn` is the same. Here a
# function calls it and prints the answer.


# %%
def vcnn(*words):
    """``vcnn WORDS`` in the folder."""
    call = [sys.executable, "-m", "vcnn", *map(str, words)]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True)
    print(done.stdout)


vcnn("show", "step.msh")

# %% [markdown]
# In Python, `meshes.read_mesh` gives a `meshio.Mesh` whose `cell_sets` are the boundaries.

# %% mystnb={"image": {"alt": "Triangles around the step, smallest at its edge"}}
mesh = meshes.read_mesh(folder / "step.msh")
assert set(mesh.cell_sets) == {"lower_wall", "outlet", "upper_wall", "inlet"}
assert abs(meshes.cell_volumes(mesh).sum() - (2 * 1 + 20 * 2)) < 1e-12

figure, axes = plt.subplots(figsize=(7, 2.6))
axes.triplot(*mesh.points.T, mesh.cells_dict["triangle"], lw=0.4, color="0.3")
axes.set(xlim=(-2, 6), aspect="equal", xlabel="x", ylabel="y", title="Around the step")
plt.show()

# %% [markdown]
# ## The flow
#
# Every boundary gets a condition by its name. At the inlet the flow is developed: the parabola
# $6\,(y-1)(2-y)$ has a mean of 1. An `Inlet` takes a function of positions (2, n) and expects
# velocities (2, n). The outlet is six bubbles away, where the flow is developed again.
#
# The literature counts with $Re = U D/\nu$, where $D = 2h$ is the hydraulic diameter of the inlet
# channel (Armaly et al., J. Fluid Mech. 127, 1983), so $\nu = 2/Re$.

# %%
REYNOLDS = 100
conditions = {
    "inlet": Inlet(lambda x: np.stack([6 * (x[1] - 1) * (2 - x[1]), 0 * x[0]])),
    "outlet": Outlet(),
    "lower_wall": Wall(),
    "upper_wall": Wall(),
}
result = LaminarFlow(mesh, viscosity=2 / REYNOLDS, conditions=conditions).solve()
print(result)
print("residual before each step:")
print(*(f"{r:.0e}" for r in result.residuals))
assert result.residuals[-1] < 1e-9

# %% [markdown]
# Newton's method, with quadratic velocities and linear pressures, divergence-free in the mean over
# the test functions. So what enters leaves, to the last digits, and that is worth a look in each
# new case. `reynolds_number` says which velocity and which length it takes: the height of the
# inlet, half of $D$.

# %%
fluxes = boundary_fluxes(result)
for name, flux in fluxes.items():
    print(f"{name:11} {flux:+.15f}")
assert abs(fluxes["inlet"] + 1) < 1e-12  # the parabola carries 1
assert abs(sum(fluxes.values())) < 1e-12

reynolds = reynolds_number(result)
print(f"Re = {reynolds.number:.1f} with")
print(reynolds.meaning)
assert abs(reynolds.number - REYNOLDS / 2) < 1e-9

# %% [markdown]
# ## At points and along lines
#
# `solvers.evaluate` takes the velocity, or the pressure, to any points: sensors, another code's
# cell centres, the grid of a picture.

# %% mystnb={"image": {"alt": "Streamlines and velocity: the flow is back at the floor near x = 3"}}
probes = np.array([[-1.0, 1.5], [1.0, 0.2], [5.0, 1.0]])
for point, velocity in zip(probes, evaluate(result.velocity, probes), strict=True):
    print(f"u at {point} = ({velocity[0]:+.4f}, {velocity[1]:+.4f})")

x, y = np.linspace(-2, 8, 201), np.linspace(0, 2, 81)
grid = np.stack(np.meshgrid(x, y), axis=-1)
inside = (grid[..., 0] >= 0) | (grid[..., 1] >= 1)
u = np.full(grid.shape, np.nan)
u[inside] = evaluate(result.velocity, grid[inside])

figure, axes = plt.subplots(figsize=(7, 3))
filled = axes.contourf(x, y, u[..., 0], 21, cmap="viridis")
axes.contour(x, y, u[..., 0], levels=[0], colors="w", linewidths=1)
axes.streamplot(x, y, u[..., 0], u[..., 1], color="k", linewidth=0.5, density=1.2, arrowsize=0.6)
figure.colorbar(filled, label="$u_x$", ticks=[0, 0.5, 1, 1.5], location="bottom", aspect=40)
axes.set(aspect="equal", xlabel="x", ylabel="y", title="Velocity; white: $u_x = 0$")
plt.show()

# %% [markdown]
# `station_profiles` samples lines $x$ = const. from wall to wall and gives a `FlowField` for each,
# with points, velocity and pressure. The profile that left the inlet is still there above the
# step; far downstream it is a parabola again, of half the mean velocity.

# %% mystnb={"image": {"alt": "Velocity profiles at five stations, before and behind the step"}}
stations = [-1.0, 1.0, 3.0, 6.0, 15.0]
profiles = station_profiles(result, stations)

figure, axes = plt.subplots(figsize=(7, 3.4))
for profile in profiles:
    label = f"x = {profile.parameters['station']:g}"
    axes.plot(profile.velocity[:, 0], profile.points[:, 1], label=label)
axes.axvline(0, color="0.7", lw=0.8)
axes.set(xlabel="$u_x$", ylabel="y", title="Profiles")
axes.legend(fontsize=10)
plt.show()

last = profiles[-1]
y = last.points[:, 1]
distance = np.abs(last.velocity[:, 0] - 0.75 * y * (2 - y)).max()
print(f"distance from the parabola at x = 15: {distance:.4f}")
assert distance < 0.01

# %% [markdown]
# ## Along the wall
#
# `along_wall` gives the skin friction $c_f = \nu\,\partial_n u_t / (U^2/2)$ and the pressure at
# every facet of a wall, in order. Where nothing drives the flow along a period, it needs the
# velocity $U$ of the coefficients. The friction is negative in the bubble, and `reattachment`
# lists the points where it turns positive: one in the corner of the step, where a second, tiny
# vortex ends, and the one that is meant.

# %% mystnb={"image": {"alt": "Skin friction of the floor: negative up to the reattachment"}}
wall = along_wall(result, "lower_wall", reference_velocity=1.0)
floor = wall.points[:, 1] < 1e-9
reattachment = wall.reattachment[-1, 0]
print(f"reattachment at x = {reattachment:.3f} step heights")

figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(wall.points[floor, 0], wall.skin_friction[floor])
axes.axhline(0, color="0.7", lw=0.8)
axes.axvline(reattachment, color="C3", ls="--", label=f"reattachment, x = {reattachment:.2f}")
axes.set(xlabel="x", ylabel="$c_f$", title="Skin friction of the floor")
axes.legend()
plt.show()

# %% [markdown]
# Erturk (Computers & Fluids 37, 2008) computed the same geometry with a fine finite-difference
# grid: 2.922 at $Re$ = 100 and 4.982 at $Re$ = 200. The measurements of Armaly et al., in a channel
# that widens 1.94 times, agree with such computations up to $Re$ = 400, where the flow becomes
# three-dimensional. The second Reynolds number is solved from the first solution, `start=`, which
# saves steps.

# %%
faster = LaminarFlow(mesh, viscosity=2 / 200, conditions=conditions).solve(start=result)
longer = along_wall(faster, "lower_wall", reference_velocity=1.0).reattachment[-1, 0]
print("   Re  here   Erturk (2008)")
for number, length, published in ((100, reattachment, 2.922), (200, longer, 4.982)):
    print(f"{number:5d}  {length:.3f}  {published}")
    assert abs(length / published - 1) < 0.01
assert abs(sum(boundary_fluxes(faster).values())) < 1e-12

# %% [markdown]
# Is the mesh fine enough? The answer that costs least: once more with cells of three quarters of
# the size.

# %%
write_step(folder / "finer.msh", fine=0.075, coarse=0.225)
finer = LaminarFlow(
    meshes.read_mesh(folder / "finer.msh"), viscosity=2 / REYNOLDS, conditions=conditions
).solve()
change = along_wall(finer, "lower_wall", reference_velocity=1.0).reattachment[-1, 0] - reattachment
print(f"finer cells move the reattachment by {change:+.4f}")
assert abs(change) < 0.01

# %% [markdown]
# Forces come from the reaction in the discrete equations, which is far more accurate than the
# integral of the friction: pressure and friction together, over the density.

# %%
force = wall_force(result, "lower_wall", "upper_wall")
print(f"force on the walls: ({force[0]:.4f}, {force[1]:.4f})")

# %% [markdown]
# ## Files
#
# `result.flow()` is the solution at cells, `result.flow("vertex")` at vertices, as a `FlowField`
# that trains networks and is saved as `.vtu`. `result.save` writes the full quadratic solution for
# ParaView (`.bp`, which needs ADIOS2 there); `checkpoint` is for `solve(start=...)`.

# %%
result.flow("vertex").save(folder / "step.vtu")
result.save(folder / "step.bp")
result.checkpoint(folder / "step.npz")
vcnn("show", "step.vtu")
again = LaminarFlow(mesh, viscosity=2 / REYNOLDS, conditions=conditions).solve(
    start=folder / "step.npz"
)
print("residual before each step:")
print(*(f"{r:.0e}" for r in again.residuals))
assert again.residuals[0] < 1e-6

# %% [markdown]
# ## With your own mesh
#
# - **Names.** Every boundary that the flow touches needs a physical group; `vcnn show` lists what
#   it found. A mesh without groups has one boundary, "outer", unless it is a box along the axes.
# - **Cells** are triangles or quadrilaterals, tetrahedra or hexahedra, all of one type and
#   straight. `meshes.split(mesh)` makes such cells of mixed ones, as boundary layers have them.
# - **Larger Reynolds numbers** are found by way of larger viscosities without being asked; the
#   result's `notes` say so. If this fails, begin with a `start=` of your own.
# - **Turbulent.** The same with `SpalartAllmaras` in place of `LaminarFlow`, on a mesh whose first
#   cells lie within two wall units; [the solver's page](../docs/how-to/solving.md) says more.
# - **Without Python**: a file with `[mesh] file = "step.msh"` and the same conditions, then
#   `vcnn solve case.toml -o run`.
