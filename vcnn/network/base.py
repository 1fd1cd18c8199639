"""What every network is: the base class that a user's own network derives from too."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.latents import latents_of, without_latents
from vcnn.network.arguments import check_names, plain_config
from vcnn.network.heads import OUTPUTS
from vcnn.network.layers import as_tensor
from vcnn.network.listing import ListsItsOwn
from vcnn.network.symmetry import Symmetry

# Rows of pair data that a network is given at once: its activations stay in the cache then, in
# double precision too.
ROWS = 2**14

# where flows keep fields, and networks say which they take
FIELDS = ("scalars", "vectors", "tensors")


type Given = Mapping[str, Mapping[str, torch.Tensor]]  # kind -> name -> values at points


@dataclass(frozen=True, eq=False)
class PointFields:
    """The fields of a flow that a network takes, as tensors of its own dtype and device.

    Parameters
    ----------
    velocity : (n, d)
        length/time, or scaled.
    scalars, vectors, tensors : mapping name -> (n,), (n, d), (n, d, d)
        Those that the network takes.
    """

    velocity: torch.Tensor
    scalars: Mapping[str, torch.Tensor]
    vectors: Mapping[str, torch.Tensor]
    tensors: Mapping[str, torch.Tensor]


class Network(nn.Module, metaclass=ListsItsOwn):
    """A network that gives closure values to clouds; derive from it to write one of your own.

    A network of one's own needs :meth:`forward` and what differs from the defaults below. Whoever
    wants to save and load it also gives it a ``name`` and decorates it with
    :func:`vcnn.register_network`.

    Its constructor passes every argument on to ``super().__init__`` by keyword; each has a default.
    They are kept as ``config``, from which files build the network again.

    Parameters
    ----------
    **config : any
        The keyword arguments that build the network again; anything that JSON can hold. Tuples
        become lists.

    Attributes
    ----------
    name : str
        How files and configurations call it.
    scalars, vectors, tensors : tuple of str
        Names of the fields of the flow that it takes beside the velocity.
    categories : mapping name -> int
        Which of the scalars number categories, from 0 on, and how many there are: they have no
        scale, and no mean.
    outputs : tuple of str
        Kinds of its values (:data:`vcnn.network.OUTPUTS`), one for each target.
    symmetry : Symmetry
        What changes of the frame it does not see.
    galilean : bool
        Whether a uniform velocity added to the flow changes nothing.
    weighted : bool
        Whether its sums over clouds are weighted by quadrature weights, so that values belong to
        the flow and not to the mesh.
    normalization : {"mean", "sum"}
        Whether its moments are means over clouds, or sums: twice as many points, twice the moments.
    scaling : bool
        Whether it wants inputs of order one (`Scales` sees to it), not those of the data.
    dimension : int or None
        Of the flows it takes, None for any.
    differentiable_in_velocity : bool
        Whether its values follow the tensors given to :meth:`points` and those of the clouds, so
        that a solver can be differentiated through it.

    Raises
    ------
    InputError
        If an argument is nothing that JSON can hold, or a field is not named once in a list.
    """

    name: ClassVar[str] = ""
    scalars: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    categories: Mapping[str, int] = {}
    outputs: tuple[str, ...] = ("scalar",)
    symmetry: Symmetry = Symmetry.TRANSLATIONS
    galilean: bool = False
    weighted: bool = True
    normalization: str = "mean"
    scaling: bool = True
    dimension: int | None = None
    differentiable_in_velocity: bool = True
    config: dict[str, Any]
    _drift: ClassVar[float] = 1.0  # times all else, up to which a uniform motion may stay

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the fields of a flow that it takes beside the velocity, of all kinds.

        But for latent variables, which no flow need have.
        """
        return (*without_latents(self.scalars), *self.vectors, *self.tensors)

    @property
    def latents(self) -> tuple[str, ...]:
        """Those of its scalars that are latent variables: ``latent_1`` and so on."""
        return latents_of(self.scalars)

    def __init__(self, **config: Any):
        super().__init__()
        check_names(config)
        self.config = plain_config(config, self.name or type(self).__name__)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(nn.Module)})

    @abstractmethod
    def forward(self, clouds: VectorClouds, points: Any) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Closure values of m clouds: (m,), (m, d) or (m, d, d) by the kind of output.

        Parameters
        ----------
        clouds : VectorClouds
        points : object
            What :meth:`points` made of their flow.

        Returns
        -------
        tensor or tuple of tensors
            (m,), (m, d) or (m, d, d); a tuple if there are several outputs.
        """

    def __call__(self, clouds: VectorClouds, points: Any = None):
        """What :meth:`forward` gives; :meth:`points` are made of the clouds' flow if not given."""
        if points is None:
            clouds = clouds.compact()
            points = self.points(clouds.flow)
        return super().__call__(clouds, points)

    def values(self, clouds: VectorClouds, points: Any = None) -> tuple[torch.Tensor, ...]:
        """Values of m ``clouds``, one tensor (m, ...) for each of ``outputs``.

        ``points`` are what :meth:`points` makes of their flow, which is done if they are not given.

        Raises
        ------
        InputError
            If :meth:`forward` gave another number of values, or values of another shape.
        """
        values = self(clouds, points)
        values = (values,) if isinstance(values, torch.Tensor) else tuple(values)
        if len(values) != len(self.outputs):
            raise InputError(
                f"network {self.name!r}: forward gave {len(values)} values, "
                f"expected one for each of its outputs: {', '.join(self.outputs)}"
            )
        for kind, value in zip(self.outputs, values, strict=True):
            rank = {"scalars": 0, "vectors": 1, "tensors": 2}[OUTPUTS[kind]]
            expected = (len(clouds), *[clouds.flow.dimension] * rank)
            if tuple(value.shape) != expected:
                raise InputError(
                    f"network {self.name!r}: forward gave values of shape {tuple(value.shape)} "
                    f"for the output {kind!r}, expected {expected}"
                )
        return values

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> Any:
        """What is computed once a point, however many clouds share it: by default `PointFields`.

        Parameters
        ----------
        flow : FlowField
        velocity : (n, d) tensor, optional
            length/time. Takes the place of the flow's; values can be differentiated by it.
        fields : mapping kind -> mapping name -> tensor, optional
            ``{"scalars": {"wall_distance": d}}``, likewise; vectors (n, d) and tensors (n, d, d).
        """

        def taken(kind):
            named = {**getattr(flow, kind), **(fields or {}).get(kind, {})}
            return {name: self.as_tensor(named[name]) for name in getattr(self, kind)}

        velocity = self.as_tensor(at_rest(self, flow.velocity if velocity is None else velocity))
        return PointFields(velocity, *(taken(kind) for kind in FIELDS))

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of data (m,) that clouds of ``counts`` (m,) points need; by default one a point."""
        return counts

    def calibrate(self, clouds: VectorClouds) -> None:
        """Adapt to training clouds before the first step; by default nothing."""

    def as_tensor(self, array: np.ndarray | torch.Tensor) -> torch.Tensor:
        """An ``array`` or tensor (...) with the dtype and on the device of the weights."""
        return as_tensor(array, next(self.parameters()))

    def mean(self, clouds: VectorClouds, values: torch.Tensor) -> torch.Tensor:
        """Means (m, k) over ``clouds`` of ``values`` (N, k) of pairs, as ``weighted`` says."""
        shares = self.as_tensor(clouds.shares_of(self.weighted))
        owners = torch.as_tensor(clouds.owners, device=values.device)
        sums = values.new_zeros(len(clouds), values.shape[1])
        return sums.index_add(0, owners, shares[:, None] * values)


def at_rest[A: (np.ndarray, torch.Tensor)](network: Network, velocity: A) -> A:
    """A velocity (n, d) in double precision less its mean, for networks that are Galilean.

    Before it is rounded to their precision: a large uniform motion would take the digits of all
    else. The mean is a reference, by which nothing is differentiated.
    """
    if not network.galilean:
        return velocity
    fixed = velocity.detach() if isinstance(velocity, torch.Tensor) else velocity
    mean = fixed.mean(0)
    rest = ((fixed - mean) ** 2).sum(1).mean()
    return velocity - mean if (mean**2).sum() > network._drift**2 * rest else velocity


def check_network(network: object) -> None:
    """Raise `InputError` unless this is a `Network` whose attributes say what they should."""
    if not isinstance(network, Network):
        raise InputError(
            f"network: expected a vcnn.Network, got {type(network).__name__}; "
            "a network of your own derives from vcnn.Network"
        )
    who = f"network {network.name or type(network).__name__!r}"
    if next(network.parameters(), None) is None:
        raise InputError(
            f"{who}: expected weights, got none; what has none is a function of a flow"
        )
    for kind in network.outputs or ("none",):
        if kind not in OUTPUTS:
            raise InputError(f"{who}: outputs: expected {', '.join(OUTPUTS)}, got {kind!r}")
    if not isinstance(network.symmetry, Symmetry):
        raise InputError(
            f"{who}: symmetry: expected a vcnn.network.Symmetry, got {network.symmetry!r}"
        )


def check_fields(network: Network, flow: FlowField, who: str) -> None:
    """Raise `InputError` if the flow lacks a field that the network takes."""
    for kind in FIELDS:
        needed = without_latents(getattr(network, kind))
        missing = [name for name in needed if name not in getattr(flow, kind)]
        if missing:
            present = ", ".join(getattr(flow, kind)) or "none"
            raise InputError(f"{who} needs {kind} {', '.join(missing)}; the flow has: {present}")


def name_outputs(network: Network, target: str | Sequence[str]) -> dict[str, str]:
    """Names of the fields that the network is to predict -> their kinds, in its order of outputs.

    Parameters
    ----------
    target : a name, or one for each output

    Raises
    ------
    InputError
        If there are more or fewer names than outputs, one stands twice, or they are no names.
    """
    names = (target,) if isinstance(target, str) else target
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"target: expected the name of a field, or one for each output, got {target!r}"
        )
    if len(names) != len(network.outputs) or len(set(names)) < len(names):
        raise InputError(
            f"target: the network has outputs {', '.join(network.outputs)}, got {', '.join(names)}"
        )
    return dict(zip(names, network.outputs, strict=True))
