"""What passes the boundaries of a flow, and the Reynolds number that this makes."""

from __future__ import annotations

import numpy as np

from meshes.report.quantities import ReynoldsNumber
from solvers.fem.build import named_facets
from solvers.fenics import dolfinx, fem, ufl
from solvers.flow.conditions import Inlet, Wall
from solvers.flow.drive import main_direction
from solvers.flow.result import FlowResult


def boundary_fluxes(result: FlowResult) -> dict[str, float]:
    """What leaves a flow through each of its boundaries: ∫ u·n ds, negative where it enters.

    Periodic boundaries are among them. Integrals of the discrete velocity are exact; their sum is
    what the iteration leaves of the continuity equation.

    Parameters
    ----------
    result : FlowResult

    Returns
    -------
    dict name of a boundary -> float
        Volume per time; per depth of a plane flow.
    """
    domain = result.domain
    facets = named_facets(domain.parent, domain.facts, domain.facts.boundaries)
    numbers = np.repeat(np.arange(1, len(facets) + 1), [len(part) for part in facets.values()])
    every = np.concatenate([np.empty(0, dtype=np.int32), *facets.values()])
    order = np.argsort(every)
    marked = dolfinx.mesh.meshtags(
        domain.parent,
        domain.parent.topology.dim - 1,
        every[order],
        numbers[order].astype(np.int32),
    )
    ds = ufl.Measure("ds", domain.parent, subdomain_data=marked, metadata={"quadrature_degree": 5})
    shape = ("Lagrange", 2, (domain.dimension,))
    velocity = fem.Function(fem.functionspace(domain.parent, shape))
    velocity.interpolate(result.velocity, domain.cells, domain.cells)
    through = ufl.dot(velocity, ufl.FacetNormal(domain.parent))
    return {name: domain.total(through * ds(number)) for number, name in enumerate(facets, start=1)}


def reynolds_number(result: FlowResult) -> ReynoldsNumber:
    """The Reynolds number of a flow whose viscosity is a number.

    Of a driven flow U is the bulk velocity, and L the mean height of a plane one across its period,
    of one in space the hydraulic diameter, four volumes over the area of the walls. Else U is the
    flux of the inlets over their area, and L their height, in space the root of their area. Without
    either U is the largest velocity of a wall and L the largest extent of the mesh.

    Parameters
    ----------
    result : FlowResult

    Returns
    -------
    ReynoldsNumber
        With ``number``, ``velocity``, ``length``, and in words their ``meaning``.
    """
    domain, conditions = result.domain, result.problem.boundary_conditions
    nu, plane, inlets = result.problem.viscosity, domain.dimension == 2, conditions.of_kind(Inlet)
    extent = np.ptp(domain.source.points, axis=0).max()
    if conditions.drive is not None:
        along = ufl.as_vector(main_direction(domain, conditions.drive))
        velocity = domain.integral(ufl.dot(result.velocity, along)) / domain.volume
        if plane:
            return ReynoldsNumber.of_section(nu, velocity, domain.volume, domain.period)
        area = sum(domain.boundary_integral(1.0, name) for name in domain.walls)
        return ReynoldsNumber.of_duct(nu, velocity, domain.volume, area, extent)
    if inlets:
        fluxes = boundary_fluxes(result)
        area = sum(domain.boundary_integral(1.0, name) for name in inlets)
        flux = sum(fluxes[name] for name in inlets)
        return ReynoldsNumber.of_inlets(nu, flux, area, plane)
    walls = conditions.of_kind(Wall).values()
    velocity = max((np.linalg.norm(wall.velocity or 0) for wall in walls), default=0.0)
    return ReynoldsNumber.of(nu, velocity, extent, "largest velocity of a wall and largest extent")
