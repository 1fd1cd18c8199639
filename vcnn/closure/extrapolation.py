"""How far clouds lie from those that a closure was trained on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.norms import magnitudes

_REFERENCES = 2000  # clouds that stand for all
_USUAL = 0.99  # share of training clouds that are not called extrapolation
_UNSEEN = 2.0  # distance, at least, of clouds with a category that training lacked
_CATEGORIES = "categories/"  # names of arrays begin with it
_FACTOR = 1.25  # between viscosities of training and others: beyond it is extrapolation
_LEAST = 1e-3  # what varies by less among training clouds counts as this


@dataclass(frozen=True, eq=False)
class TrainingRange:
    """Invariants of clouds that a closure was trained on, and how far apart these clouds are.

    A priori measures of confidence in a data-driven closure compare its inputs with those of
    training (Wu, Wang, Xiao & Ling, Flow Turbul. Combust. 99, 2017, 25-46). Here the distance to
    the nearest training cloud is taken, in units that all but 1 % of training clouds lie within of
    each other: 1 is where extrapolation begins.

    Numbers of categories are no magnitudes and are no invariants here. A cloud that holds a
    category which no training cloud held is extrapolation, at 2 or farther; one that they held,
    however rarely, adds nothing. Of closures of turbulence a flow with another ν than those of
    training is extrapolation everywhere, 1 or farther from a factor of 1.25 on.

    Parameters
    ----------
    references : (k, q)
        Invariants of training clouds, each divided by its scale.
    scales : (q,)
        Standard deviations of the invariants.
    usual : ()
        Distance that 99 % of the other training clouds lie within.
    categories : mapping name -> (c,)
        Of each scalar that numbers categories, those in training clouds.
    viscosity : (2,), optional
        The least and largest ν of training flows, length²/time in the units of the network: what a
        closure of turbulence is not told, but depends on.
    """

    references: np.ndarray
    scales: np.ndarray
    usual: np.ndarray
    categories: Mapping[str, np.ndarray] = field(default_factory=dict)
    viscosity: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        clouds: VectorClouds,
        galilean: bool,
        rng: np.random.Generator,
        categories: Collection[str] = (),
    ) -> TrainingRange:
        """That of training ``clouds`` in the units of the network, of which ``rng`` chooses some.

        With ``galilean`` invariants do not depend on a uniform velocity; ``categories`` names the
        scalars that number some.
        """
        held = np.union1d(clouds.neighbours, clouds.centres)
        seen = {name: np.unique(clouds.flow.scalars[name][held]) for name in categories}
        order = rng.permutation(len(clouds))
        count = min(_REFERENCES, (len(clouds) + 1) // 2)
        references = invariants(clouds.select(order[:count]), galilean, seen)
        second = order[count : 2 * count] if len(clouds) > 1 else order
        probes = invariants(clouds.select(second), galilean, seen)
        scales = references.std(axis=0) + _LEAST
        distance, _ = cKDTree(references / scales).query(probes / scales)
        usual = np.quantile(distance, _USUAL)
        return cls(references / scales, scales, np.array(usual if usual > 0 else 1.0), seen)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], categories: Collection[str] = ()
    ) -> TrainingRange:
        """The range of ``arrays`` (...) by name, the inverse of :meth:`arrays`.

        ``categories`` are those of the network.

        Raises
        ------
        InputError
            If they are others, or do not fit together.
        """
        names = [name for name in arrays if name.startswith(_CATEGORIES)]
        seen = {name.removeprefix(_CATEGORIES): arrays[name] for name in names}
        try:
            new = cls(**{k: a for k, a in arrays.items() if k not in names}, categories=seen)
        except TypeError:
            raise InputError("damaged, its training range is incomplete") from None
        fit = new.scales.ndim == 1 and new.references.shape[1:] == new.scales.shape
        fit &= set(seen) <= set(categories) and all(array.ndim == 1 for array in seen.values())
        if new.viscosity is not None:
            fit &= new.viscosity.shape == (2,) and bool((new.viscosity > 0).all())
        finite = all(np.isfinite(array).all() for array in arrays.values())
        if not (fit and finite and new.usual.shape == () and len(new.references) and new.usual > 0):
            raise InputError("damaged, its training range does not fit together")
        return new

    def arrays(self) -> dict[str, np.ndarray]:
        """Its arrays, (k, q), (q,), (), (c,) and (2,), by name, for files."""
        seen = {_CATEGORIES + name: numbers for name, numbers in self.categories.items()}
        if self.viscosity is not None:
            seen["viscosity"] = self.viscosity
        return {"references": self.references, "scales": self.scales, "usual": self.usual, **seen}

    def distance_in_viscosity(self, viscosity: float) -> float:
        """Distance of a viscosity from those of training; above 1 is extrapolation.

        0 between them and if there are none, 1 for each factor of 1.25 beyond.

        Parameters
        ----------
        viscosity : float
            ν, length²/time in the units of the network.

        Returns
        -------
        float
        """
        if self.viscosity is None:
            return 0.0
        below, above = np.log(self.viscosity / viscosity) * (1, -1)
        return float(max(below, above, 0.0) / np.log(_FACTOR))

    def distance(self, clouds: VectorClouds, galilean: bool) -> np.ndarray:
        """Distances (m,) of ``clouds`` in the units of the network; above 1 is extrapolation.

        ``galilean`` is what it was made with.

        Raises
        ------
        InputError
            If clouds have another number of invariants than those of training.
        """
        values = invariants(clouds, galilean, self.categories)
        if values.shape[1:] != self.scales.shape:
            raise InputError(
                f"training range: holds {len(self.scales)} invariants of clouds, these have "
                f"{values.shape[1]}"
            )
        nearest, _ = cKDTree(self.references).query(values / self.scales)
        distance = nearest / self.usual
        for name, seen in self.categories.items():
            unseen = ~np.isin(clouds.flow.scalars[name], seen)
            holds = np.logical_or.reduceat(unseen[clouds.neighbours], clouds.offsets[:-1])
            holds |= unseen[clouds.centres]
            distance = np.where(holds, np.maximum(distance, _UNSEEN), distance)
        return distance


def invariants(
    clouds: VectorClouds, galilean: bool, categories: Collection[str] = ()
) -> np.ndarray:
    """(m, q) what clouds look like from any frame, whatever network will see them.

    Of the centre: scalars, speed, lengths of vectors and tensors. Means over the cloud: scalars,
    |r|, |u|, r·u and u·u₀, of u - u₀ with ``galilean``, and lengths of the mean r and u. Large
    values count by their logarithm. Scalars that number ``categories`` are left out."""
    flow, j, i, mean = clouds.flow, clouds.neighbours, clouds.centres, clouds.mean
    r, u, u_0 = clouds.positions, flow.velocity[j], flow.velocity[i][clouds.owners]
    if galilean:
        u = u - u_0
    columns = []
    for name in sorted(set(flow.scalars) - set(categories)):
        scalar = flow.scalars[name]
        columns += [scalar[i], mean(scalar[j])]
    columns += [magnitudes(flow.vectors[name][i]) for name in sorted(flow.vectors)]
    columns += [magnitudes(flow.tensors[name][i]) for name in sorted(flow.tensors)]
    columns += [mean(np.linalg.norm(v, axis=1)) for v in (r, u)]
    columns += [np.linalg.norm(mean(v), axis=1) for v in (r, u)]
    columns += [mean((r * u).sum(axis=1))]
    if not galilean:
        columns += [np.linalg.norm(flow.velocity[i], axis=1), mean((u * u_0).sum(axis=1))]
    return np.arcsinh(np.stack(columns, axis=1))
