"""Results say in one line what they are, how large, and how well solved."""

import re

import numpy as np

import meshes
from solvers import RANS, LaminarFlow, Observation, coupled_rotation_study, invert_stress
from tests.support.closures import Predicting, mixing_length


def test_flows_and_scalars(hill):
    flow, transport = hill
    assert re.fullmatch(r"FlowResult\(LaminarFlow, 2,400 cells in 2-D, residual \S+\)", repr(flow))
    assert re.fullmatch(r"TransportResult\(2,400 cells in 2-D, residual \S+\)", repr(transport))
    residual = float(repr(flow).split()[-1].rstrip(")"))
    np.testing.assert_allclose(residual, flow.residuals[-1], rtol=0.1)


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
