"""Cases as an OpenFOAM solver leaves them, written without one: flows, logs, closures' tables."""

import numpy as np

import meshes
from vcnn import FlowField

NU, HEIGHT, LENGTH, FORCE = 0.02, 2.0, 3.0, 0.06


def channel_velocity(heights, distances, force=FORCE, nu=NU):
    """(n,) what finite volumes make of a channel that a force drives.

    ``heights`` of the cells, ``distances`` between their middles and to both walls: each cell's
    friction above less that below is the force on it, solved as linear equations.
    """
    conductance = nu / distances
    n = len(heights)
    A = np.diag(conductance[:-1] + conductance[1:])
    A[np.arange(n - 1), np.arange(1, n)] = A[np.arange(1, n), np.arange(n - 1)] = -conductance[1:-1]
    return np.linalg.solve(A, force * heights)


def channel_flow(cells=(4, 12), **fields):
    """The flow of a plane channel with cells of equal heights, at the cells."""
    mesh = meshes.channel(length=LENGTH, height=HEIGHT, cells=cells)
    points = meshes.cell_centres(mesh)
    h = HEIGHT / cells[1]
    distances = np.full(cells[1] + 1, h)
    distances[[0, -1]] = h / 2
    across = channel_velocity(np.full(cells[1], h), distances)
    row = np.rint(points[:, 1] / h - 0.5).astype(int)
    velocity = np.stack([across[row], 0 * across[row]], axis=-1)
    scalars = {"pressure": 1.0 + 0 * across[row], "eddy_viscosity": 0.01 * points[:, 1]}
    return FlowField(
        points,
        velocity,
        weights=meshes.cell_volumes(mesh),
        scalars=scalars,
        periods=[[LENGTH, 0.0]],
        parameters={"viscosity": NU},
        mesh=mesh,
        location="cell",
        provenance={"walls": ["bottom", "top"]},
        **fields,
    )


def write_solved(flow, folder, time=40):
    """A case that holds a flow at a time, by OpenFOAM's names, as :func:`meshes.write_openfoam`."""
    names = {"pressure": "p", "eddy_viscosity": "nut"}
    names = {own: foam for own, foam in names.items() if own in flow.scalars}
    return meshes.write_openfoam(flow, folder, names, time=time)


def write_turbulence(case, model, **settings):
    """``constant/turbulenceProperties`` of a case that asks a closure."""
    entries = " ".join(f"{key} {value};" for key, value in settings.items())
    text = (
        "FoamFile { version 2.0; format ascii; class dictionary; object turbulenceProperties; }\n"
        f"simulationType RAS;\nRAS {{ RASModel vcnn; turbulence on; printCoeffs on;\n"
        f'  vcnnCoeffs {{ model "{model}"; python "python3"; every 20; {entries} }}\n}}\n'
    )
    (case / "constant" / "turbulenceProperties").write_text(text)


def log_text(times, settled=True, fatal=""):
    """What simpleFoam prints: a residual halves with each time."""
    lines = ["Create time", ""]
    for time in times:
        lines += [
            f"Time = {time}",
            "",
            f"smoothSolver:  Solving for Ux, Initial residual = {0.5**time:.6g}, "
            "Final residual = 1e-9, No Iterations 2",
            f"GAMG:  Solving for p, Initial residual = {0.7**time:.6g}, Final residual = 1e-9, "
            "No Iterations 5",
            "GAMG:  Solving for p, Initial residual = 0.9, Final residual = 1e-9, No Iterations 1",
            "ExecutionTime = 0.1 s  ClockTime = 1 s",
            "",
        ]
    if settled:
        lines += ["", f"SIMPLE solution converged in {times[-1]} iterations", ""]
    if fatal:
        lines += ["", "", f"--> FOAM FATAL ERROR: {fatal}", "", "FOAM exiting"]
    return "\n".join([*lines, "End", ""])


def write_history(case, start, rows):
    """A table of a closure: rows of time, change, clipped, extrapolating."""
    folder = case / "postProcessing" / "vcnn" / start
    folder.mkdir(parents=True)
    lines = ["# Time call change clipped extrapolating seconds"]
    for call, (time, change, clipped, extrapolating) in enumerate(rows, start=1):
        lines.append(f"{time} {call} {change:g} {clipped:g} {extrapolating:g} 0.25")
    (folder / "closure.dat").write_text("\n".join([*lines, ""]))
