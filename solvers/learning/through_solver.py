"""Learning through the solver: weights fitted to the velocities of coupled flows."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from solvers.learning.ensemble import EnsembleConfig, fit_ensemble
from solvers.learning.flows import FlowToLearn
from solvers.learning.gradient import LearningConfig, fit_by_gradient
from solvers.learning.workers import Workers
from vcnn.closure.closure import Closure
from vcnn.closure.requirements import check_differentiable
from vcnn.errors import InputError
from vcnn.files import fingerprint
from vcnn.threads import few_threads
from vcnn.training.run_state import weights_of


@few_threads()
def fit_through_solver(
    closure: Closure,
    flows: Sequence[FlowToLearn],
    config: LearningConfig | EnsembleConfig | None = None,
    *,
    validation: Sequence[FlowToLearn] = (),
    run_directory: str | Path | None = None,
    processes: int = 1,
    provenance: Mapping | None = None,
    progress: bool = True,
) -> Closure:
    """Fit a closure to what is known of flows, through the equations that it is coupled to.

    The loss of a flow is its misfit (``solvers.learning.observations.Misfit``) of the coupled
    solution, plus what the values of the closure there have moved from those of the closure given,
    the prior. Its gradient is that of the coupled fixed point
    (:class:`solvers.DifferentiableCoupling`). Each flow begins where it was left last. One that
    does not settle is left out of a step, and begins anew the next time. With ``validation`` flows
    the weights with the smallest mean misfit there are kept, else the last ones; the prior itself
    is the first candidate.

    With an `EnsembleConfig` no derivatives are taken: an ensemble of closures, drawn around the
    prior, is moved toward the observations (``solvers.learning.ensemble.kalman_update``) and
    its mean is what is learned; ``validation`` does not choose.

    Parameters
    ----------
    closure : Closure
        The prior; it stays as it is.
    flows : sequence of FlowToLearn
        To learn from, at least one.
    config : LearningConfig or EnsembleConfig
    validation : sequence of FlowToLearn
        That choose among the weights of the epochs.
    run_directory : path, optional
        Receives a checkpoint and ``history.json`` after every epoch, the flows as solved last, and
        ``model.safetensors`` at the end. If it holds a checkpoint of the same run, that goes on.
    processes : int
        Among which the flows are shared out.
    provenance : mapping, optional
        Kept in the closure.
    progress : bool
        Show a line with epochs and misfits.

    Returns
    -------
    Closure
        Its provenance has ``learning``: seconds, and the misfits of validation before and after.

    Raises
    ------
    InputError
        If there are no flows, two have one name, one of those to be always solved is none of them,
        or the directory holds another run.
    DivergenceError
        If none of the flows of an epoch can be solved.
    """
    config = config or LearningConfig()
    both = [*flows, *validation]
    names = [flow.name for flow in both]
    if not flows:
        raise InputError("flows: expected at least one")
    if len(set(names)) < len(names):
        raise InputError(f"flows: expected names that differ, got {', '.join(names)}")
    if type(processes) is not int or processes < 1:
        raise InputError(f"processes: expected a positive integer, got {processes!r}")
    for flow in both:
        problem = flow.with_closure(closure)  # refuses a closure that cannot be asked
        if isinstance(config, LearningConfig):
            check_differentiable(problem.closure)
    if isinstance(config, LearningConfig) and (strange := {*config.always_solved} - {*names}):
        raise InputError(
            f"always_solved: expected names of flows, {', '.join(names)}, "
            f"got {', '.join(sorted(strange))}"
        )
    closure = replace(closure, network=copy.deepcopy(closure.network).eval())
    directory = None if run_directory is None else Path(run_directory)
    fit = fit_ensemble if isinstance(config, EnsembleConfig) else fit_by_gradient
    with Workers(closure, both, directory, processes, **config.flow_settings()) as workers:
        learning = fit(
            closure.network,
            workers,
            len(flows),
            config,
            run=_fingerprint(closure, both, config),
            directory=directory,
            progress=progress,
        )
    story = {**closure.provenance, **(provenance or {}), "learning": learning}
    closure = replace(closure, provenance=story)
    if directory is not None:
        closure.save(directory / "model.safetensors")
    return closure


def _fingerprint(closure, flows, config) -> str:
    settings = [asdict(config), closure.region.to_dict(), [flow.name for flow in flows]]
    parts = weights_of(closure.network)
    for flow in flows:
        parts += [flow.problem.mesh.points, *(seen.values for seen in flow.observations)]
    return fingerprint(settings, parts)
