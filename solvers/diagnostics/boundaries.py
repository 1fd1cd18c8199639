"""What passes the boundaries of a flow, and the Reynolds number that this makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class ReynoldsNumber:
    """Re = U L/ν, with the velocity and the length that it is made with.

    Parameters
    ----------
    number : float
        Re.
    velocity : float
        U, length/time.
    length : float
        L, length.
    meaning : str
        Which velocity and which length, in words.
    """

    number: float
    velocity: float
    length: float
    meaning: str


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
    plane, inlets = domain.dimension == 2, conditions.of_kind(Inlet)
    extent = np.ptp(domain.source.points, axis=0).max()
    if conditions.drive is not None:
        along = ufl.as_vector(main_direction(domain, conditions.drive))
        velocity = domain.integral(ufl.dot(result.velocity, along)) / domain.volume
        if plane:
            length = domain.volume / np.linalg.norm(domain.period)
            meaning = "bulk velocity and mean height of the section"
        else:
            walls = sum(domain.boundary_integral(1.0, name) for name in domain.walls)
            length = 4 * domain.volume / walls if walls else extent
            meaning = f"bulk velocity and {'hydraulic diameter' if walls else 'largest extent'}"
    elif inlets:
        fluxes = boundary_fluxes(result)
        area = sum(domain.boundary_integral(1.0, name) for name in inlets)
        velocity = sum(fluxes[name] for name in inlets) / area
        length = area if plane else area**0.5
        meaning = f"mean velocity and {'height' if plane else 'root of the area'} of the inlet"
    else:
        walls = conditions.of_kind(Wall).values()
        velocity = max((np.linalg.norm(wall.velocity or 0) for wall in walls), default=0.0)
        length = extent
        meaning = "largest velocity of a wall and largest extent"
    velocity, length = abs(float(velocity)), float(length)
    return ReynoldsNumber(velocity * length / result.problem.viscosity, velocity, length, meaning)
