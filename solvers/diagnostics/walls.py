"""What is read off a flow at its walls: friction, pressure, separation and forces."""

from __future__ import annotations

import numpy as np

from meshes.geometry.cells import cell_centres
from meshes.geometry.facets import cells_at
from meshes.geometry.lines import walk
from meshes.report.quantities import WallQuantities
from solvers.fem.arguments import check_number, is_number
from solvers.fem.points import locate
from solvers.fenics import dolfinx, fem, ufl
from solvers.flow.drive import BulkVelocity, main_direction
from solvers.flow.momentum import coefficient, dx
from solvers.flow.result import FlowResult
from vcnn.errors import InputError, naming, suggest


def along_wall(
    result: FlowResult, wall: str, reference_velocity: float | None = None
) -> WallQuantities:
    """Skin friction and pressure along a wall of a plane flow.

    Velocity gradients are those of the cell behind each facet. Where a curved wall is a polygon,
    the friction peaks and dips at its corners; its facet means are second order in the cells' size
    with quadrilaterals and first order with triangles. For the force alone :func:`wall_force` is
    much more accurate.

    Parameters
    ----------
    result : FlowResult
    wall : str
        Name of the boundary.
    reference_velocity : float, optional
        U of the coefficients, length/time; default the bulk velocity that is held.

    Returns
    -------
    WallQuantities

    Raises
    ------
    InputError
        If the flow is not plane, the wall does not exist or is not one line with two ends, or the
        reference velocity is missing or no number other than 0.
    """
    domain, u, p = result.domain, result.velocity, result.pressure
    if domain.dimension != 2:
        raise InputError(
            "along_wall: the flow must be plane; forces on walls are given by wall_force"
        )
    U = _reference_velocity(result, reference_velocity)
    _check_wall(domain, wall)
    with naming(f"wall {wall!r}"):
        line = walk(domain.source.points, domain.facts.boundaries[wall], domain.period)
    ends = domain.source.points[line]
    step = np.diff(ends, axis=0)
    lengths = np.linalg.norm(step, axis=1)
    points, tangent = (ends[1:] + ends[:-1]) / 2, step / lengths[:, None]
    left = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
    behind = cell_centres(domain.source)[cells_at(domain.source, line[:2][None])[0]]
    normal = left * np.sign((behind - points[0]) @ left[0])
    # Two Gauss points: at a facet's middle alone the friction is off by the stress that peaks where
    # facets meet.
    gauss = points + np.array([[[-1]], [[1]]]) * step / np.sqrt(12)
    located = locate(domain.mesh, gauss.reshape(-1, 2))
    gradient = located.gradients(u.function_space)(u).reshape(2, -1, 2, 2).mean(axis=0)
    pressure = located.values(p.function_space)(p).reshape(2, -1).mean(axis=0)
    at_points = {name: located.values(f.function_space)(f) for name, f in result.scalars.items()}
    nu = result.problem.molecular_viscosity(at_points)
    if not is_number(nu):
        nu = nu.reshape(2, -1).mean(axis=0)
    friction = nu * np.einsum("ki,kij,kj->k", tangent, gradient, normal)
    closed = domain.period is not None and np.allclose(ends[-1] - ends[0], domain.period, rtol=1e-6)
    dynamic = U**2 / 2
    return WallQuantities(
        points=points,
        arc=np.cumsum(lengths) - lengths / 2,
        lengths=lengths,
        tangent=tangent,
        normal=normal,
        skin_friction=friction / dynamic,
        pressure_coefficient=pressure / dynamic,
        period=domain.period if closed else None,
    )


def wall_force(result: FlowResult, *walls: str) -> np.ndarray:
    """Force of the fluid on walls, over the density: pressure and friction together.

    It is the reaction in the discrete momentum equation, tested with functions that are 1 on the
    walls, and so exactly what holds the discrete flow. For all walls together, its component along
    the period is the driving force times the volume less ∫ (u·∇u)·e dx, which vanishes with the
    discrete divergence, and with that of the buoyancy if there is any.

    Parameters
    ----------
    result : FlowResult
    *walls : str
        Names of boundaries, at least one.

    Returns
    -------
    (d,)
        velocity² length², in a plane velocity² length.

    Raises
    ------
    InputError
        If a wall does not exist, or none is named.
    """
    domain, u, p = result.domain, result.velocity, result.pressure
    if not walls:
        raise InputError(
            f"wall_force: expected the name of at least one wall, of {', '.join(domain.facets)}"
        )
    for wall in walls:
        _check_wall(domain, wall)
    V, d = u.function_space, domain.dimension
    v = ufl.TestFunction(V)
    along = main_direction(domain, result.problem.boundary_conditions.drive)
    drive = np.zeros(d) if along is None else result.pressure_gradient * along
    f, body = fem.Constant(domain.mesh, drive), result.problem.body_force(result.scalars)
    if body is not None:
        f = f + body
    nu = coefficient(domain.mesh, result.problem.molecular_viscosity(result.scalars))
    if result.eddy_viscosity is not None:
        nu = nu + result.eddy_viscosity
    stress = 2 * nu * ufl.sym(ufl.grad(u)) - p * ufl.Identity(d)
    for anisotropy in (result.problem.given_anisotropy(domain), result.anisotropy):
        if anisotropy is not None:
            stress -= anisotropy
    momentum = (ufl.inner(ufl.grad(u) * u - f, v) + ufl.inner(stress, ufl.grad(v))) * dx
    reaction = fem.assemble_vector(fem.form(momentum))
    reaction.scatter_reverse(dolfinx.la.InsertMode.add)
    facets = np.unique(np.concatenate([domain.facets[wall] for wall in walls]))
    dofs = fem.locate_dofs_topological(V, domain.mesh.topology.dim - 1, facets)
    owned = dofs[dofs < V.dofmap.index_map.size_local]
    return -domain.comm.allreduce(reaction.array.reshape(-1, d)[owned].sum(axis=0))


def _reference_velocity(result, speed) -> float:
    """U of the coefficients: the speed, or else the bulk velocity that is held."""
    drive = result.problem.boundary_conditions.drive
    if speed is None and isinstance(drive, BulkVelocity):
        return drive.value
    if speed is None:
        raise InputError("reference_velocity: needed where no bulk velocity is given")
    check_number(speed, "reference_velocity", "a number other than 0")
    return speed


def _check_wall(domain, wall) -> None:
    if wall not in domain.facets:
        raise InputError(
            f"wall {wall!r}: expected one of {', '.join(domain.facets)}"
            f"{suggest(wall, domain.facets)}"
        )
