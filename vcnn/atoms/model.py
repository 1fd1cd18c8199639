"""What every model of atoms is: a network on the clouds around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds
from vcnn.atoms.frame import Frame
from vcnn.closure.evaluator import in_precision
from vcnn.errors import InputError
from vcnn.network.base import Network, check_network
from vcnn.network.model_file import read_model, write_model


@dataclass(frozen=True, eq=False)
class AtomicModel:
    """A network on clouds of the atoms within a cut-off, whose weights fall to 0 at it.

    Parameters
    ----------
    network : Network
        With the normalization "sum"; takes the category ``species`` and nothing else.
    species : sequence of str
        Chemical symbols, in the order of their numbers.
    cutoff : float
        Å.
    smooth : float
        Share of the cut-off from which weights fall, with two continuous derivatives.
    provenance : mapping
        How it was trained.

    Raises
    ------
    InputError
        If the network is another one, or a number makes no sense.
    """

    _kind: ClassVar[str]  # by which files know it
    _called: ClassVar[str]  # what messages call it
    network: Network
    species: Sequence[str]
    cutoff: float
    smooth: float = field(default=0.1, kw_only=True)
    provenance: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    def __post_init__(self):
        check_network(self.network)
        if self.network.normalization != "sum":
            raise InputError('network: expected normalization="sum"')
        count = len(self.species)
        needs, categories = set(self.network.needs), dict(self.network.categories)
        if needs != {"species"} or categories.get("species") != count:
            raise InputError(f"network: expected nothing but categories={{'species': {count}}}")
        check_positive("cutoff", self.cutoff)

    def __repr__(self) -> str:
        weights = sum(p.numel() for p in self.network.parameters())
        name, species = type(self).__name__, ", ".join(self.species)
        return f"{name}({species}; {self.cutoff:g} Å, {weights:,} weights)"

    def clouds(self, frame: Frame) -> AtomClouds:
        """Pairs of a frame within the cut-off, with the numbers of their species.

        Parameters
        ----------
        frame : Frame

        Raises
        ------
        InputError
            If it has a species that the model does not know, or atoms on each other.
        """
        return AtomClouds.of(frame, self.species, self.cutoff)

    def heads(self, clouds: AtomClouds, relative: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What the network puts out for each cloud, of order one.

        Parameters
        ----------
        clouds : AtomClouds
        relative : (N, 3) tensor
            x_j − x_i of the pairs, Å.
        """
        near = clouds.as_vector_clouds(relative / self.cutoff, self.smooth)
        return self.network.values(near)

    def in_double(self) -> Self:
        """The same with weights in double precision."""
        return replace(self, network=in_precision(self.network, torch.float64))

    def header(self) -> dict[str, Any]:
        """What a file keeps beside the network: all else."""
        names = [item.name for item in fields(self) if item.name != "network"]
        return {name: _plain(getattr(self, name)) for name in names}

    def save(self, path: str | Path) -> Path:
        """Write weights and all else to one ``.safetensors`` file ``path``.

        Raises
        ------
        InputError
            If the network could not be read again, or the path has another suffix.
        """
        return write_model(path, self.network, self._kind, self._called, self.header())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote to ``path``.

        Raises
        ------
        InputError
            If the file is missing, damaged, or holds something else.
        """
        names = [item.name for item in fields(cls) if item.name != "network"]
        return read_model(
            path,
            cls._kind,
            cls._called,
            lambda network, header: cls(network, **{name: header[name] for name in names}),
        )


def _plain(value: Any) -> Any:
    """What JSON can hold, of a number, a text, a sequence of these or a mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value if isinstance(value, str) else float(value)


def check_positive(name: str, value: object) -> None:
    """Raise `InputError` unless this is a positive number."""
    if not isinstance(value, Real) or not 0 < value < np.inf:
        raise InputError(f"{name}: expected a positive number, got {value!r}")
