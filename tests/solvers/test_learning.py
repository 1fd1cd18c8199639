"""Closures that learn through the solver: what a known closure would have done is found again,
whatever interrupts.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

import meshes
from solvers import (
    RANS,
    EnsembleConfig,
    FlowToLearn,
    LearningConfig,
    Observation,
    evaluate,
    fit_through_solver,
)
from solvers.adjoint.coupling import DifferentiableCoupling
from solvers.learning.ensemble import kalman_update
from solvers.learning.observations import Misfit
from tests.support.closures import small_closure
from vcnn import Closure, DivergenceError, InputError, RegionOfInfluence

POINTS = np.random.default_rng(0).uniform([0.5, 1.2], [8.5, 2.8], (60, 2))
CONFIG = LearningConfig(epochs=6, flows_per_step=1, learning_rate=3e-3, prior=0.0, tolerance=1e-8)


def moved(closure, size):
    """The closure with other weights in its last layer."""
    copy = replace(
        closure, network=type(closure.network)(**closure.network.config).to(torch.float64)
    )
    copy.network.load_state_dict(closure.network.state_dict())
    with torch.no_grad():
        for parameter in copy.network.fitting[-1].parameters():
            noise = torch.randn(
                parameter.shape, generator=torch.Generator().manual_seed(1), dtype=parameter.dtype
            )
            parameter += size * noise
    return copy


def make_task(fits):
    """A prior, and two flows of a closure that differs from it."""
    mesh, prior = small_closure(fits=fits)
    truth = moved(prior, 0.2)
    flows = []
    for viscosity in (0.01, 0.02):
        problem = RANS(mesh, viscosity, 0.7, location="vertex")
        velocity = evaluate(replace(problem, closure=truth).solve().velocity, POINTS)
        flows.append(
            FlowToLearn(f"viscosity {viscosity}", problem, [Observation(POINTS, velocity)])
        )
    return prior, flows


@pytest.fixture(scope="module")
def task():
    return make_task(fits=2)


def misfit(closure, flow):
    coupled = DifferentiableCoupling(replace(flow.problem, closure=closure), tolerance=1e-9)
    with torch.no_grad():
        return float(
            Misfit(flow.observations, coupled.solver.domain.mesh, coupled.solver.space)(
                coupled()[0]
            )
        )


@pytest.mark.parametrize("tangent_passes", [0, 4])
def test_velocities_are_learned_of_a_flow_that_was_not_seen(tangent_passes):
    """By a network of moments alone: one that follows fitted derivatives learns the flow it sees as
    well, and the other one less.
    """
    prior, (first, second) = make_task(fits=0)
    passes = 1 + tangent_passes
    config = replace(CONFIG, epochs=30 // passes, tangent_passes=tangent_passes)
    learned = fit_through_solver(prior, [first], config, validation=[second], progress=False)
    assert misfit(learned, first) < 0.2 * misfit(prior, first)
    assert misfit(learned, second) < 0.2 * misfit(prior, second)
    before, after = learned.provenance["learning"]["validation"]
    assert after < before


def test_a_flow_that_is_always_solved_has_no_tangent_model(task):
    """Passes of both kinds are then the same; with a tangent model they are not."""
    prior, (flow, _) = task
    solved = fit_through_solver(prior, [flow], replace(CONFIG, epochs=6), progress=False)
    mixed = replace(CONFIG, epochs=2, tangent_passes=2, always_solved=[flow.name])
    same = fit_through_solver(prior, [flow], mixed, progress=False)
    torch.testing.assert_close(weights(same), weights(solved), rtol=0, atol=0)
    other = fit_through_solver(prior, [flow], replace(mixed, always_solved=[]), progress=False)
    assert (weights(other) - weights(solved)).abs().max() > 0


def test_a_step_with_clouds_that_move_goes_down_the_slope(task):
    """Of an ellipsoid along the velocity: by its rate in the direction that central differences of
    the coupled solution say, for it is the first of Adam.
    """
    _, prior = small_closure(stress=False, region=RegionOfInfluence.ellipsoid(1.2, 0.6))
    flow = task[1][0]
    config = replace(CONFIG, epochs=1, learning_rate=1e-3)
    learned = fit_through_solver(prior, [flow], config, progress=False)
    assert misfit(learned, flow) < misfit(prior, flow)
    before, after = (list(c.network.fitting[-1].parameters()) for c in (prior, learned))
    for old, new, index in ((before[0], after[0], (0, 3)), (before[1], after[1], (0,))):
        value, misfits = float(old[index].detach()), []
        for h in (1e-4, -1e-4):
            with torch.no_grad():
                old[index] = value + h
            misfits.append(misfit(prior, flow))
        with torch.no_grad():
            old[index] = value
        step = float((new[index] - old[index]).detach())
        assert step == pytest.approx(-1e-3 * np.sign(misfits[0] - misfits[1]), rel=1e-3)


@pytest.mark.parametrize("tangent_passes", [0, 2])
def test_a_strong_prior_holds_the_closure(task, tangent_passes):
    prior, flows = task
    config = replace(CONFIG, prior=1e3, learning_rate=1e-4, tangent_passes=tangent_passes)
    held = fit_through_solver(
        prior, flows, replace(config, epochs=3 // (1 + tangent_passes)), progress=False
    )
    assert misfit(held, flows[0]) == pytest.approx(misfit(prior, flows[0]), rel=0.1)


def weights(closure):
    return torch.cat([p.detach().ravel() for p in closure.network.parameters()])


def test_several_processes_and_interruptions_change_nothing(task, tmp_path):
    """But for what a start leaves of the tolerance to which flows are solved."""
    prior, flows = task
    config = replace(CONFIG, epochs=2, flows_per_step=2)
    alone = fit_through_solver(prior, flows, config, progress=False)
    shared = fit_through_solver(prior, flows, config, processes=2, progress=False)
    torch.testing.assert_close(weights(alone), weights(shared), rtol=0, atol=1e-12)

    class Killed(Exception):
        """In the second epoch."""

    class KilledNetwork(type(prior.network)):
        def forward(self, clouds, points=None):
            if (tmp_path / "history.json").exists():
                raise Killed
            return super().forward(clouds, points)

    victim = moved(prior, 0.0)
    victim.network.__class__ = KilledNetwork
    with pytest.raises(Killed):
        fit_through_solver(victim, flows, config, run_directory=tmp_path, progress=False)
    resumed = fit_through_solver(prior, flows, config, run_directory=tmp_path, progress=False)
    torch.testing.assert_close(weights(alone), weights(resumed), rtol=0, atol=1e-5)
    same = Closure.load(tmp_path / "model.safetensors")
    torch.testing.assert_close(weights(same), weights(resumed), rtol=0, atol=0)
    with pytest.raises(InputError, match="belongs to another run"):
        fit_through_solver(prior, flows[:1], config, run_directory=tmp_path, progress=False)


@pytest.mark.parametrize("tangent_passes", [0, 1])
def test_a_flow_that_fails_is_left_out(task, tmp_path, tangent_passes):
    """At Re = 1e13; of the others is learned, and the history says so. None at all is an error."""
    prior, (first, second) = task
    hopeless = FlowToLearn(
        "hopeless", RANS(second.problem.mesh, 1e-9, 1e4, location="vertex"), second.observations
    )
    config = replace(CONFIG, flows_per_step=2, epochs=4 // (1 + tangent_passes))
    learned = fit_through_solver(
        prior,
        [first, hopeless],
        replace(config, tangent_passes=tangent_passes),
        run_directory=tmp_path,
        progress=False,
    )
    assert misfit(learned, first) < misfit(prior, first)
    assert '"hopeless"' in (tmp_path / "history.json").read_text()
    with pytest.raises(DivergenceError, match="learning: no flow can be solved in epoch 1"):
        fit_through_solver(prior, [hopeless], CONFIG, progress=False)


def test_an_ensemble_finds_the_posterior_of_a_linear_problem():
    """One step from the prior N(0, C): mean and covariance of the Gaussian posterior, for many
    members.
    """
    rng = np.random.default_rng(0)
    A, data = rng.standard_normal((4, 3)), rng.standard_normal(4)
    members = rng.standard_normal((200_000, 3)) * [1.0, 0.5, 2.0]
    prior = np.diag([1.0, 0.25, 4.0])
    gain = prior @ A.T @ np.linalg.inv(A @ prior @ A.T + np.eye(4))
    some = slice(0, 2000)  # the update is made in the space of members
    found = kalman_update(members[some], members[some] @ A.T - data, rng)
    np.testing.assert_allclose(found.mean(axis=0), gain @ data, atol=0.15)
    np.testing.assert_allclose(np.cov(found.T), prior - gain @ A @ prior, atol=0.15)


def test_an_ensemble_learns_without_derivatives(task, tmp_path):
    """And goes on where it was interrupted; the closure may see what the adjoint method cannot
    differentiate.
    """
    prior, flows = task
    config = EnsembleConfig(iterations=3, members=8, spread=0.2, error=0.005)
    learned = fit_through_solver(prior, flows, config, run_directory=tmp_path, progress=False)
    assert sum(misfit(learned, flow) for flow in flows) < 0.8 * sum(
        misfit(prior, flow) for flow in flows
    )
    again = fit_through_solver(prior, flows, config, run_directory=tmp_path, progress=False)
    torch.testing.assert_close(weights(again), weights(learned), rtol=0, atol=0)
    with pytest.raises(InputError, match="belongs to another run"):
        fit_through_solver(prior, flows[:1], config, run_directory=tmp_path, progress=False)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda flow: {"flows": []}, "flows: expected at least one"),
        (lambda flow: {"flows": [flow, flow]}, "flows: expected names that differ"),
        (
            lambda flow: {"config": LearningConfig(epochs=0)},
            "epochs: expected a positive integer, got 0",
        ),
        (
            lambda flow: {"config": LearningConfig(tangent_passes=-1)},
            "tangent_passes: expected an integer >= 0, got -1",
        ),
        (
            lambda flow: {"config": LearningConfig(always_solved=["another"])},
            "always_solved: expected names of flows, .*, got another",
        ),
        (
            lambda flow: {"config": EnsembleConfig(members=2)},
            "members: expected an integer of at least 3, got 2",
        ),
        (
            lambda flow: {"flows": [replace(flow, observations=[Observation(POINTS, POINTS[1:])])]},
            "values: expected",
        ),
    ],
)
def test_wrong_input_is_refused(task, wrong, message):
    prior, (flow, _) = task
    with pytest.raises(InputError, match=message):
        fit_through_solver(**{"closure": prior, "flows": [flow], **wrong(flow)}, progress=False)


def test_gradients_at_walls_may_be_known_instead_of_velocities():
    """The misfit of the flow's own skin friction is 0, of another's it is not, and unknown
    components do not count.
    """
    mesh = meshes.channel(length=1.0, height=1.0, cells=(3, 6))
    walls = np.array([[0.2, 0.0], [0.7, 1.0]])
    coupled = DifferentiableCoupling(
        RANS(mesh, 0.1, 1.0, closure=constant(mesh), location="vertex")
    )
    coefficients, _ = coupled()
    slope = np.full((2, 2, 2), np.nan)
    slope[:, 0, 1] = 6, -6  # u = 6 y (1 - y)
    domain, space = coupled.solver.domain.mesh, coupled.solver.space

    def known(values):
        return [Observation(walls, values, kind="velocity_gradient")]

    assert float(Misfit(known(slope), domain, space)(coefficients)) == pytest.approx(0, abs=1e-9)
    assert float(Misfit(known(2 * slope), domain, space)(coefficients)) == pytest.approx(0.25)


def constant(mesh):
    """A closure whose eddy viscosity is 1 everywhere, whatever the flow."""

    class Constant:
        @property
        def targets(self):
            return {"eddy_viscosity": "scalar"}

        def predict(self, flow, centres=None, dtype=None):
            return {"eddy_viscosity": np.ones(len(flow) if centres is None else len(centres))}

        def differentiable(self, flow):
            return lambda velocity: {"eddy_viscosity": torch.ones(len(flow), dtype=torch.float64)}

    return Constant()


def test_mistakes_in_a_process_reach_the_user_as_in_none(task):
    """Points beyond the mesh are seen when the flow is set up, which processes do."""
    prior, (first, second) = task
    beyond = replace(second, observations=[Observation(POINTS + 100.0, POINTS)])
    messages = []
    for processes in (1, 2):
        with pytest.raises(InputError) as refusal:
            fit_through_solver(prior, [first, beyond], CONFIG, processes=processes, progress=False)
        messages.append(str(refusal.value))
    assert messages[0] == messages[1] and "points" in messages[0]
    with pytest.raises(InputError, match="processes: expected a positive integer, got 0"):
        fit_through_solver(prior, [first], CONFIG, processes=0, progress=False)
