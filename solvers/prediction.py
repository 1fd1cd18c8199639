"""What a closure says of a flow, as the part of the stress that goes into the viscosity and the part that does not."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np

from solvers.checks import float_array
from solvers.fenics import ufl
from solvers.sampling import averaged, sample
from vcnn.errors import DivergenceError, InputError


@dataclass(frozen=True)
class TurbulentStress:
    """A stress 2 ν_t S − a at n points; the isotropic part of a Reynolds stress is left to the pressure.

    Parameters
    ----------
    eddy_viscosity : (n,)
        ν_t >= 0, length²/time.
    anisotropy : (n, d, d)
        a, velocity².
    clipped : float
        Share of the points where less of a predicted ν_t acts, or more.
    """

    eddy_viscosity: np.ndarray
    anisotropy: np.ndarray
    clipped: float = 0.0


def predict(closure, flow, comm, checked, name) -> np.ndarray:
    """What a closure predicts at the points of a flow, (n, ...) on every rank.

    Each rank asks for its share of the points if ``closure.predict`` takes ``centres``, else the first asks for all;
    in float64 if it takes ``dtype``.

    Parameters
    ----------
    closure : object with ``predict(flow)``
    flow : FlowField
    comm : MPI communicator
    checked : callable (values, count, d) -> (count, ...)
        Raises what is wrong with the values, such as :func:`checked_stress`.
    name : str
        Of the problem, for messages.

    Raises
    ------
    InputError
        If the closure refuses the flow or fails, or predicts something else.
    DivergenceError
        If it predicts NaN or infinity.
    """
    share, error = np.empty(0), None
    takes = inspect.signature(closure.predict).parameters
    options, mine = {}, slice(None) if comm.rank == 0 else slice(0)
    if "centres" in takes and comm.size > 1:
        mine = slice(comm.rank, None, comm.size)
        options["centres"] = np.arange(len(flow))[mine]
    if "dtype" in takes:
        import torch

        options["dtype"] = torch.float64
    count = len(range(len(flow))[mine])
    try:
        if count:
            share = checked(closure.predict(flow, **options), count, flow.dimension)
    except InputError as failure:
        error = failure
    except DivergenceError as failure:
        error = DivergenceError(f"{name}: the closure predicts {failure}")
    except Exception as failure:
        error = InputError(f"closure: predict fails with {type(failure).__name__}: {' '.join(str(failure).split())}")
        error.__cause__ = failure
    every = comm.allgather((mine, share, error))   # an error on one rank is one on all
    for _, _, failure in every:
        if failure is not None:
            raise error or failure
    values = np.empty((len(flow), *every[0][1].shape[1:]))
    for where, part, _ in every:
        if len(part):
            values[where] = part
    return values


def stress(predicted, result, location, limit, rate) -> TurbulentStress:
    """The stress of a prediction for a flow.

    A Reynolds stress τ = <u'u'> is split into the eddy viscosity that is nearest to it where the strain S is not
    small, ν_t = −τ:S / (2 S:S + s²) >= 0, and the rest, a = τ − tr τ/d + 2 ν_t S. At the points the whole stress acts
    however it is split; with the former in the operator small changes of τ change the velocity little (Wu, Xiao, Sun
    & Wang, J. Fluid Mech. 869, 2019, Sec. 4). The rate s keeps ν_t from jumping where S changes its sign.

    Parameters
    ----------
    predicted : (n,) or (n, d, d)
        As from :func:`predict`.
    result : FlowResult
        The flow that it was predicted from.
    location : {"cell", "vertex"}
    limit : float
        Largest ν_t; what a predicted eddy viscosity is beyond is lost, of a Reynolds stress it stays in a.
    rate : float
        s > 0, 1/time.
    """
    if predicted.ndim == 1:
        nu_t = np.clip(predicted, 0, limit)
        d = result.domain.dimension
        return TurbulentStress(nu_t, np.zeros((len(nu_t), d, d)), float(np.mean(nu_t != predicted)))
    S, tau = _traceless(_strain(result, location)), _traceless(predicted)
    nearest = -(tau * S).sum(axis=(1, 2)) / (2 * (S**2).sum(axis=(1, 2)) + rate**2)
    nu_t = np.clip(nearest, 0, limit)
    return TurbulentStress(nu_t, tau + 2 * nu_t[:, None, None] * S)


def checked_stress(values, count, d) -> np.ndarray:
    """ν_t (count,) or Reynolds stresses (count, d, d).

    Raises
    ------
    InputError, DivergenceError
        As :func:`predict`.
    """
    expected = f"it to predict {count} eddy viscosities or {d} by {d} stresses"
    values = one_field(values, expected, ((count,), (count, d, d)))
    if values.ndim == 3 and np.ptp([values, values.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(values).max():
        raise InputError("closure: expected symmetric stresses")
    return values


def one_field(values, expected, shapes) -> np.ndarray:
    """A predicted field as a finite array of one of these shapes.

    Raises
    ------
    InputError, DivergenceError
        As :func:`predict`.
    """
    if isinstance(values, dict):
        raise InputError(f"closure: expected one field to be predicted, got {', '.join(values) or 'none'}")
    values = float_array(values, "closure", expected)
    if values.shape not in shapes:
        raise InputError(f"closure: expected {expected}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise DivergenceError("NaN or infinite values")
    return values


def _traceless(T) -> np.ndarray:
    """(n, d, d); of S too, whose trace is that of a discrete velocity only."""
    return T - np.trace(T, axis1=1, axis2=2)[:, None, None] / T.shape[1] * np.eye(T.shape[1])


def _strain(result, location) -> np.ndarray:
    """(n, d, d), S = sym ∇u at the points; at vertices the lumped projection."""
    S, d = ufl.sym(ufl.grad(result.velocity)), result.domain.dimension
    parts = {f"{i}{j}": S[i, j] for i in range(d) for j in range(d)}
    found = sample(result.domain, location, {}, parts) if location == "cell" else averaged(result.domain, parts)
    return np.stack([found[name] for name in parts], axis=-1).reshape(-1, d, d)
