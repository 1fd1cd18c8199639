"""Corrections that learn through the solver, over what each flow has of its own."""

from dataclasses import dataclass, replace

import numpy as np

from solvers import RANS, FlowToLearn, LearningConfig, Observation, evaluate, fit_through_solver
from tests.solvers.test_learning import POINTS, misfit, moved
from tests.support.closures import small_closure
from vcnn.closure import BaselineCorrection

CONFIG = LearningConfig(epochs=5, flows_per_step=2, learning_rate=3e-3, prior=0.0, tolerance=1e-6)


@dataclass(frozen=True)
class OverGiven:
    """A correction of an eddy viscosity that is the same everywhere."""

    viscosity: float

    def __call__(self, closure):
        mesh, _ = small_closure()
        return BaselineCorrection(closure, np.full(len(mesh.points), self.viscosity))


def test_a_correction_is_learned_over_what_each_flow_has():
    """β of two flows with eddy viscosities of their own, in a process each."""
    mesh, prior = small_closure(fits=0, stress=False)
    prior = replace(prior, target="correction", usage={"bounds": [0.01, 100.0]})
    truth, flows = moved(prior, 0.2), []
    for viscosity in (0.01, 0.02):
        problem, adapt = RANS(mesh, viscosity, 0.7, location="vertex"), OverGiven(viscosity)
        velocity = evaluate(replace(problem, closure=adapt(truth)).solve().velocity, POINTS)
        seen = [Observation(POINTS, velocity)]
        flows.append(FlowToLearn(f"viscosity {viscosity}", problem, seen, adapt=adapt))
    learned = fit_through_solver(prior, flows, CONFIG, processes=2, progress=False)
    assert learned.target == "correction"
    for flow in flows:
        before, after = (misfit(flow.adapt(closure), flow) for closure in (prior, learned))
        assert after < 0.5 * before
