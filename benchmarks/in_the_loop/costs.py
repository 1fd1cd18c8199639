"""What a round of a coupled flow costs: the closure beside the linear solve and another model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from benchmarks.data.hills import hill_file, read_hill
from solvers import RANS, SpalartAllmaras
from solvers.algebra.bordered import BorderedSystem
from solvers.fem.fields import wall_distance_function
from solvers.fenics import fem, ufl
from solvers.turbulence.spalart_allmaras import transport
from vcnn import ClosureLike, FlowField

HILL = "alpha_15_7929_4048"


class Timed:
    """A closure that adds up the time it is asked for."""

    def __init__(self, closure):
        self.closure, self.seconds, self.calls = closure, 0.0, 0

    def predict(
        self,
        flow: FlowField,
        centres: np.ndarray | None = None,
        dtype: torch.dtype | None = None,
    ):
        begin = time.perf_counter()
        values = self.closure.predict(flow, centres=centres, dtype=dtype)
        self.seconds += time.perf_counter() - begin
        self.calls += 1
        return values


@contextmanager
def timed_corrections() -> Iterator[list[float]]:
    """Seconds of every Newton step so far: assembly, factorisation, back-substitutions."""
    spent, step = [], BorderedSystem.step

    def timed(*arguments, **options):
        begin = time.perf_counter()
        taken = step(*arguments, **options)
        spent.append(time.perf_counter() - begin)
        return taken

    BorderedSystem.step = timed
    try:
        yield spent
    finally:
        BorderedSystem.step = step


def costs(closure: ClosureLike) -> dict:
    """Seconds of a round, of its parts, and of Spalart-Allmaras on the same mesh; one run."""
    mesh, data = read_hill(hill_file(HILL))
    nu, bulk = float(data["nu"]), float(data["ubar"][0])
    with timed_corrections() as spent:
        begin = time.perf_counter()
        model = SpalartAllmaras(mesh, nu, bulk).solve()
        seconds = time.perf_counter() - begin
    monolithic = {
        "seconds": seconds,
        "steps": len(model.residuals) - 1,
        "correction": sum(spent) / len(spent),
    }
    timed = Timed(closure)
    with timed_corrections() as spent:
        begin = time.perf_counter()
        result = RANS(mesh, nu, bulk, closure=timed, location="vertex").solve()
        seconds = time.perf_counter() - begin
    rounds, correction = len(result.history), sum(spent) / len(spent)
    asked, rest = timed.seconds / timed.calls, (seconds - sum(spent) - timed.seconds) / rounds
    return {
        "cells": len(data["cells"]),
        "seconds": seconds,
        "rounds": rounds,
        "corrections": len(spent),
        "closure": asked,
        "correction": correction,
        "rest": rest,
        "share of a round": asked / (asked + correction + rest),
        "share of the run": timed.seconds / seconds,
        "Spalart-Allmaras": {**monolithic, "own equation": _own_equation(model)},
    }


def _own_equation(model) -> float:
    """A Newton step of the equation of ν̃ alone, the flow being held."""
    domain, nu, bulk = model.domain, model.problem.viscosity, model.problem.bulk_velocity
    chi = model.scalars["modified_viscosity"].copy()
    chi.x.array[:] *= 0.9 / nu
    s, distance = ufl.TestFunction(chi.function_space), wall_distance_function(domain)
    numbers = (nu, bulk, distance.x.array.max())
    nu, speed, size = (fem.Constant(domain.mesh, float(number)) for number in numbers)
    residual = transport(
        model.velocity, chi, s, distance=distance, viscosity=nu, speed=speed, size=size
    )
    held = [fem.dirichletbc(0.0, domain.wall_dofs(chi.function_space), chi.function_space)]
    system = BorderedSystem(residual, [ufl.derivative(residual, chi)], chi, held)
    times = []
    for _ in range(4):  # the first one analyses the pattern
        begin = time.perf_counter()
        system.step()
        times.append(time.perf_counter() - begin)
    return min(times)
