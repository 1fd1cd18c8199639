"""Which fields of a dataset a flow takes, and by which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meshes.readers.components import join_components
from meshes.readers.dataset import Dataset
from meshes.readers.domain import Domain, along
from vcnn.errors import InputError
from vcnn.flow.quantities import QUANTITIES

_OTHER = {"vertex": "cell", "cell": "vertex"}
_WORDS = {"vertex": "points", "cell": "cells"}
_VELOCITY = QUANTITIES["velocity"].names
_ROUND_OFF = 1e-6  # of the largest vector: what single precision leaves across a plane
_NOISE = 0.02  # of the largest velocity: what means of a simulation in space have across a slab


@dataclass(frozen=True, eq=False)
class Choice:
    """Fields at one place.

    Parameters
    ----------
    location : {"vertex", "cell", None}
        None for loose points.
    values : mapping new name -> (n, ...)
        The velocity among them.
    velocity : str
        What it is called in the dataset.
    skipped : list of str
        Names of the fields left out.
    notes : list of str
        Why they were.
    """

    location: str | None
    values: dict[str, np.ndarray]
    velocity: str
    skipped: list[str]
    notes: list[str]


def choose_fields(
    dataset: Dataset, names: Mapping[str, str], location: str | None = None
) -> Choice:
    """The fields at the points or at the cells of a dataset, wherever a velocity is, points first.

    Loose points need none: it is 0 then, with a note.

    Parameters
    ----------
    dataset : Dataset
    names : mapping new name -> name in the dataset
        "velocity" is "velocity" or "U" where this does not say otherwise, or made of components.
    location : {"vertex", "cell"}, optional
        Where to look.

    Raises
    ------
    InputError
        If a mesh has no velocity, or there is none of the names.
    """
    if location not in (None, "vertex", "cell"):
        raise InputError(f"location: expected 'vertex' or 'cell', got {location!r}")
    named, least = "velocity" in names, min(dataset.points.shape[1], 2)
    places = {
        "vertex": join_components(dataset.point_fields, named, least),
        "cell": join_components(dataset.cell_fields, named, least),
    }
    wanted, notes = [names["velocity"]] if named else _VELOCITY, []
    if not (named or dataset.cells or set(wanted) & set(places["vertex"])):
        places["vertex"]["velocity"] = np.zeros(dataset.points.shape)
        notes.append(
            "there is no velocity, it is 0 (or name it: vcnn import --field velocity=NAME)"
        )
    candidates = [
        (place, name)
        for place in places
        for name in wanted
        if location in (None, place) and name in places[place]
    ]
    if not candidates:
        raise InputError(_no_velocity(dataset, places, wanted, location, named))
    place, velocity = candidates[0]
    fields, names = places[place], {**names, "velocity": velocity}
    _check_names(dataset, places, place, names)
    chosen = {new: fields[old] for new, old in names.items()}
    others = {name: a for name, a in fields.items() if name not in names.values()}
    replaced = [name for name in others if name in chosen]
    if replaced:
        notes.append(f"left out, their names were given to others: {', '.join(replaced)}")
    other = _OTHER[place]
    if places[other]:
        hint = f" (--location {other} takes these)" if set(wanted) & set(places[other]) else ""
        notes.append(
            f"fields at {_WORDS[other]} left out, the velocity is taken at {_WORDS[place]}{hint}: "
            f"{', '.join(places[other])}"
        )
    return Choice(
        place if dataset.cells else None,
        {**others, **chosen},
        velocity,
        [*replaced, *places[other]],
        notes,
    )


def _no_velocity(dataset, places, wanted, location, named) -> str:
    listing = [*places["vertex"], *places["cell"]]
    if dataset.provenance.get("format") == "OpenFOAM":
        hint = "" if named else "; choose with vcnn import --time TIME --field velocity=NAME"
        return f"no field {wanted[-1]!r} (there are: {', '.join(sorted(listing)) or 'none'}){hint}"
    hint = "" if named else "; name it: vcnn import --field velocity=NAME"
    at = "" if location is None else f" at {_WORDS[location]}"
    return (
        f"no velocity field {' or '.join(map(repr, wanted))}{at} "
        f"(fields: {', '.join(listing) or 'none'}){hint}"
    )


def _check_names(dataset, places, place, names) -> None:
    other = _OTHER[place]
    for name in names.values():
        if name in places[place]:
            continue
        listing = ", ".join(sorted(places[place]))
        if dataset.provenance.get("format") == "OpenFOAM":
            raise InputError(f"no field {name!r} (there are: {listing})")
        hint = f"; there is a {other} field: --location {other}" * (name in places[other])
        raise InputError(f"no {place} field {name!r} (there are: {listing}){hint}")


@dataclass(frozen=True, eq=False)
class Kinds:
    """The fields of a flow by kind, as `FlowField` takes them."""

    scalars: dict[str, np.ndarray]
    vectors: dict[str, np.ndarray]
    tensors: dict[str, np.ndarray]


def sort_fields(values: Mapping[str, np.ndarray], line: bool = False) -> tuple[Kinds, list[str]]:
    """Fields by their shapes, vectors and tensors with three components; names of the others.

    Two components are those along x and y. On a ``line`` one column, and one number for the
    velocity, is a vector, and there are none of more.
    """
    kinds, skipped = Kinds({}, {}, {}), []
    for name, array in values.items():
        shape, n = array.shape[1:], len(array)
        if array.dtype.kind not in "fiu" or (line and shape not in ((), (1,), (1, 1))):
            skipped.append(name)
        elif line and (shape == (1,) or (shape, name) == ((), "velocity")):
            kinds.vectors[name] = np.pad(array.reshape(n, 1), ((0, 0), (0, 2)))
        elif shape == (1, 1):
            kinds.tensors[name] = np.pad(array, ((0, 0), (0, 2), (0, 2)))
        elif shape in ((), (1,)):
            kinds.scalars[name] = array.reshape(n)
        elif shape in ((2,), (3,)):
            kinds.vectors[name] = np.pad(array, ((0, 0), (0, 3 - shape[0])))
        elif shape in ((9,), (3, 3), (4,), (2, 2)):
            side = 3 if shape in ((9,), (3, 3)) else 2
            pad = (0, 3 - side)
            kinds.tensors[name] = np.pad(array.reshape(n, side, side), ((0, 0), pad, pad))
        else:
            skipped.append(name)
    return kinds, skipped


def crosses_plane(velocity: np.ndarray, domain: Domain) -> bool:
    """Whether a velocity (n, 3) has a component across the plane of a domain.

    A slab is plane because its case says so: there it must be more than the mean of a turbulent
    velocity may keep, which a plane flow holds as a scalar.
    """
    if domain.normal is None:
        return False
    least = _ROUND_OFF if domain.order is None else _NOISE
    return _matters(velocity @ domain.normal, velocity, least)


def into_plane(kinds: Kinds, domain: Domain, keep_all: bool) -> tuple[Kinds, list[str]]:
    """Vectors and tensors in the axes of a domain; in a plane what is across is kept by itself.

    In a plane whose normal is axis 3, the component across of a vector X becomes the scalar "X_3",
    that of a tensor "X_33", its X_13 and X_23 the vector "X_3" and, where these differ from X_31
    and X_32, the latter "X_3_transposed": wherever they are not zero. All of them keep their
    meaning when the plane is turned.

    Parameters
    ----------
    kinds : Kinds
        With three components.
    domain : Domain
    keep_all : bool
        Whether tensors get their "X_33" even if it is zero.

    Returns
    -------
    kinds : Kinds
    replaced : list of str
        Names that fields of the file have already: these stay, the components are left out.
    """
    axes, normal = domain.axes, domain.normal
    vectors = {name: along(v, axes) for name, v in kinds.vectors.items()}
    tensors = {name: _tensor_along(t, axes) for name, t in kinds.tensors.items()}
    if normal is None:
        return Kinds(kinds.scalars, vectors, tensors), []
    new_scalars, new_vectors = {}, {}
    for name, v in kinds.vectors.items():
        if _matters(v @ normal, v):
            new_scalars[f"{name}_3"] = v @ normal
    for name, t in kinds.tensors.items():
        across = np.einsum("i,nij,j->n", normal, t, normal)
        if keep_all or _matters(across, t):
            new_scalars[f"{name}_33"] = across
        column, row = axes @ (t @ normal).T, axes @ (normal @ t).T
        if _matters(column, t):
            new_vectors[f"{name}_3"] = column.T
        if _matters(row - column, t):
            new_vectors[f"{name}_3_transposed"] = row.T
    own = {*kinds.scalars, *vectors, *tensors}
    replaced = [name for name in (*new_scalars, *new_vectors) if name in own]
    return Kinds(
        kinds.scalars | {name: a for name, a in new_scalars.items() if name not in own},
        vectors | {name: a for name, a in new_vectors.items() if name not in own},
        tensors,
    ), replaced


def _matters(part, whole, least=_ROUND_OFF) -> bool:
    return np.abs(part).max() > least * np.abs(whole).max()


def _tensor_along(tensors, axes):
    unit = np.abs(axes).argmax(axis=1)
    if np.array_equal(axes, np.eye(3)[unit]):
        return tensors[:, unit][:, :, unit]
    return axes @ tensors @ axes.T
