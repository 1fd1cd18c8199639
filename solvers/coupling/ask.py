"""What a closure says of a flow, as the part of the stress that goes into the viscosity and the
part that does not.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from solvers.coupling.requirements import TURBULENT_STRESS
from solvers.fem.arguments import float_array
from solvers.fem.sampling import averaged, sample
from solvers.fenics import ufl
from vcnn.errors import DivergenceError, InputError, naming
from vcnn.flow.norms import magnitudes


@dataclass(frozen=True)
class TurbulentStress:
    """A stress 2 ν_t S − a at n points; the isotropic part of a Reynolds stress is left to the
    pressure.

    Parameters
    ----------
    eddy_viscosity : (n,)
        ν_t >= 0, length²/time.
    anisotropy : (n, d, d)
        a, velocity².
    clipped : (n,) int, optional
        1 at points where less acts than was predicted, −1 where a negative ν_t was taken for none,
        else 0.
    """

    eddy_viscosity: np.ndarray
    anisotropy: np.ndarray
    clipped: np.ndarray | None = None


def predict(closure, flow, comm, checked, name) -> dict[str, np.ndarray]:
    """What a closure predicts at the points of a flow, by name and whole on every rank.


    Each rank asks for its share of the points if ``closure.predict`` takes ``centres``, else the
    first asks for all; in float64 if it takes ``dtype``.

    Parameters
    ----------
    closure : object with ``predict(flow)``
    flow : FlowField
    comm : MPI communicator
    checked : callable (values, count, d) -> name -> (count, ...)
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
    share, error = {}, None
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
        error = InputError(
            f"closure: predict fails with {type(failure).__name__}: {' '.join(str(failure).split())}"
        )
        error.__cause__ = failure
    every = comm.allgather((mine, share, error))  # an error on one rank is one on all
    for _, _, failure in every:
        if failure is not None:
            raise error or failure
    values = {key: np.empty((len(flow), *part.shape[1:])) for key, part in every[0][1].items()}
    for where, parts, _ in every:
        for key, part in parts.items():
            values[key][where] = part
    return values


def stress(predicted, result, location, limit, largest, rate) -> TurbulentStress:
    """The stress of a prediction for a flow.

    An eddy viscosity acts as it is, and so does an anisotropy a that is predicted beside it: the
    closure has split the stress itself (Wu, Xiao & Paterson, Phys. Rev. Fluids 3, 2018, 074602,
    Sec. II D).

    A Reynolds stress τ = <u'u'> is split into the eddy viscosity that is nearest to it where the
    strain S is not small, ν_t = −τ:S / (2 S:S + s²) >= 0, and the rest, a = τ − tr τ/d + 2 ν_t S.
    At the points the whole stress acts however it is split; with the former in the operator small
    changes of τ change the velocity little (Wu, Xiao, Sun & Wang, J. Fluid Mech. 869, 2019, Sec.
    4). The rate s keeps ν_t from jumping where S changes its sign.

    Parameters
    ----------
    predicted : mapping
        As from :func:`predict`.
    result : FlowResult
        The flow that it was predicted from.
    location : {"cell", "vertex"}
    limit : float
        Largest ν_t; what a predicted eddy viscosity is beyond is lost, of a Reynolds stress it
        stays in a.
    largest : float
        Of |τ − tr τ/d|, velocity²; a larger one is scaled down to it.
    rate : float
        s > 0, 1/time.
    """
    if "eddy_viscosity" in predicted:
        given, d = predicted["eddy_viscosity"], result.domain.dimension
        nu_t = np.clip(given, 0, limit)
        a, beyond = _bounded(predicted.get("anisotropy", np.zeros((len(nu_t), d, d))), largest)
        return TurbulentStress(nu_t, a, np.where(beyond, 1, np.sign(given - nu_t)).astype(int))
    tau, beyond = _bounded(_traceless(predicted["reynolds_stress"]), largest)
    S = _traceless(_strain(result, location))
    nearest = -(tau * S).sum(axis=(1, 2)) / (2 * (S**2).sum(axis=(1, 2)) + rate**2)
    nu_t = np.clip(nearest, 0, limit)
    return TurbulentStress(nu_t, tau + 2 * nu_t[:, None, None] * S, beyond.astype(int))


def checked_stress(values, count, d) -> dict[str, np.ndarray]:
    """By quantity; numbers (count,) are an eddy viscosity, tensors (count, d, d) a
    Reynolds stress.

    Raises
    ------
    InputError, DivergenceError
        As :func:`predict`.
    """
    expected = f"it to predict {count} eddy viscosities or {d} by {d} stresses"
    if not isinstance(values, Mapping):
        values = float_array(values, "closure", expected)
        values = {"eddy_viscosity" if values.ndim == 1 else "reynolds_stress": values}
    with naming("closure"):
        names = TURBULENT_STRESS.quantities(dict.fromkeys(values, ""))
    values = {names[name]: v for name, v in values.items()}
    shapes = {"eddy_viscosity": (count,)}
    found = {
        name: one_field(v, expected, shapes.get(name, (count, d, d))) for name, v in values.items()
    }
    for T in found.values():
        if T.ndim == 3 and np.ptp([T, T.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(T).max():
            raise InputError("closure: expected symmetric stresses")
    return found


def one_field(values, expected, shape) -> np.ndarray:
    """A predicted field as a finite array of this shape.

    Raises
    ------
    InputError, DivergenceError
        As :func:`predict`.
    """
    if isinstance(values, Mapping):
        raise InputError(
            f"closure: expected one field to be predicted, got {', '.join(values) or 'none'}"
        )
    values = float_array(values, "closure", expected)
    if values.shape != shape:
        raise InputError(f"closure: expected {expected}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise DivergenceError("NaN or infinite values")
    return values


def _bounded(T, largest) -> tuple[np.ndarray, np.ndarray]:
    """Tensors shortened to the largest size, and which of them were."""
    size = magnitudes(T)
    beyond = size > largest
    return np.where(
        beyond[:, None, None], T * (largest / np.maximum(size, largest))[:, None, None], T
    ), beyond


def _traceless(T) -> np.ndarray:
    """(n, d, d); of S too, whose trace is that of a discrete velocity only."""
    return T - np.trace(T, axis1=1, axis2=2)[:, None, None] / T.shape[1] * np.eye(T.shape[1])


def _strain(result, location) -> np.ndarray:
    """(n, d, d), S = sym ∇u at the points; at vertices the lumped projection."""
    S, d = ufl.sym(ufl.grad(result.velocity)), result.domain.dimension
    parts = {f"{i}{j}": S[i, j] for i in range(d) for j in range(d)}
    found = (
        sample(result.domain, location, {}, parts)
        if location == "cell"
        else averaged(result.domain, parts)
    )
    return np.stack([found[name] for name in parts], axis=-1).reshape(-1, d, d)
