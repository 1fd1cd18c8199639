"""Results say in one line what they are, how large, and how well solved."""

import re

import numpy as np

import meshes
from solvers import (
    RANS,
    Inlet,
    LaminarFlow,
    Observation,
    along_wall,
    coupled_rotation_study,
    invert_stress,
    locate,
)
from solvers.studies.case import read_case
from tests.support.closures import Predicting, mixing_length
from tests.support.solve_cases import CHANNEL


def test_flows_and_scalars(hill):
    flow, transport = hill
    assert re.fullmatch(r"FlowResult\(LaminarFlow, 2,400 cells in 2-D, residual \S+\)", repr(flow))
    assert re.fullmatch(r"TransportResult\(2,400 cells in 2-D, residual \S+\)", repr(transport))
    residual = float(repr(flow).split()[-1].rstrip(")"))
    np.testing.assert_allclose(residual, flow.residuals[-1], rtol=0.1)


def test_whatever_a_user_meets_is_one_line(hill, tmp_path):
    """Of two meshes, one with four times the cells, the lines are as long."""
    lengths = []
    for cells in ((4, 6), (16, 24)):
        mesh = meshes.channel(cells=cells)
        result = RANS(mesh, 0.1, 1.0, closure=Predicting(mixing_length)).solve()
        domain = result.domain
        located = locate(domain.mesh, np.full((len(mesh.points), 2), 0.5))
        path = tmp_path / "case.toml"
        path.write_text(CHANNEL.replace("[4, 4]", str(list(cells))), encoding="utf-8")
        things = (
            result,
            result.problem,
            result.history,
            along_wall(result, "bottom"),
            domain,
            domain.facts,
            domain.seams,
            domain.seams.periods,
            located,
            located.values(result.velocity.function_space),
            result.problem.boundary_conditions,
            Inlet(np.ones((len(mesh.points), 2))),
            read_case(path),
            result.flow(),
        )
        for thing in things:
            assert "\n" not in repr(thing) and len(repr(thing)) < 250, repr(thing)
        lengths.append([len(repr(thing)) for thing in things])
    assert np.ptp(lengths, axis=0).max() < 12


def test_studies_and_inversions():
    mesh = meshes.channel(cells=(4, 6))
    problem = RANS(mesh, 0.1, 1.0, closure=Predicting(mixing_length))
    study = coupled_rotation_study({"mixing": problem.closure}, problem, (90,), progress=False)
    assert repr(study).startswith("CoupledRotationStudy(mixing at 0, 90 degrees; RANS(24 cells")
    assert re.search(r"24 cells in 2-D, residual \S+, \d+ rounds\)", repr(problem.solve()))
    seen = [Observation([[0.5, 0.5]], LaminarFlow(mesh, 0.1, 1.0).solve().flow().velocity[:1])]
    at_vertices = RANS(mesh, 0.1, 1.0, location="vertex")
    inversion = invert_stress(at_vertices, seen, np.full(35, 0.1), length=0.5, steps=1)
    assert re.fullmatch(
        r"Inversion\(35 vertices in 2-D, \d steps, misfit \S+ -> \S+\)", repr(inversion)
    )
