"""A potential: the energy of atoms as a sum over the clouds around them, and its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds, join_clouds
from vcnn.atoms.frame import Frame
from vcnn.atoms.model import AtomicModel, check_positive
from vcnn.errors import DivergenceError, InputError
from vcnn.threads import few_threads


@dataclass(frozen=True, eq=False)
class Energies:
    """Energies of m frames with n atoms in all, and their derivatives.

    Parameters
    ----------
    energy : (m,)
        eV.
    forces : (n, 3)
        −∂E/∂x, eV/Å, frame by frame.
    virial : (m, 3, 3)
        −Σ ∂E/∂h · h of the cell h, eV; of free atoms −Σ x ⊗ ∂E/∂x.
    charges : (n,) or None
        q, in elementary charges; None without a head for them.
    """

    energy: torch.Tensor
    forces: torch.Tensor
    virial: torch.Tensor
    charges: torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class Potential(AtomicModel):
    """E = Σ_i (E₀ of the species of i + ε F(cloud of i)), Zhang et al. (PRL 120, 143001, 2018).

    Translation, rotation, reflection and the order of atoms change nothing, and energies of atoms
    that are farther apart than twice the cut-off add up, by construction.

    With a second scalar output G atoms have effective charges too, q_i = G_i − Σ_j G_j / n + Q/n,
    whose sum is the charge Q of the frame: the dipole Σ q_i x_i of a neutral molecule does not
    depend on its place, and that of another one changes by Q t with a translation t.

    Parameters
    ----------
    network : Network
        With the output "scalar", or two of them, and the normalization "sum"; takes the category
        ``species`` and nothing else.
    species : sequence of str
        Chemical symbols, in the order of their numbers.
    cutoff : float
        Å.
    offsets : sequence of float
        E₀ of each species, eV.
    scale : float
        ε, eV.
    smooth : float
        Share of the cut-off from which weights of neighbours fall.
    provenance : mapping
        How it was trained.

    Raises
    ------
    InputError
        If the network is another one, or a number makes no sense.
    """

    _kind: ClassVar[str] = "potential"
    _called: ClassVar[str] = "potential"
    offsets: Sequence[float]
    scale: float

    def __post_init__(self):
        super().__post_init__()
        if tuple(self.network.outputs) not in (("scalar",), ("scalar", "scalar")):
            raise InputError('network: expected output="scalar", or two of them with charges')
        if len(self.offsets) != len(self.species):
            raise InputError(f"offsets: expected {len(self.species)}, one for each species")
        check_positive("scale", self.scale)

    @property
    def has_charges(self) -> bool:
        """Whether the network has a second output, for effective charges."""
        return len(self.network.outputs) == 2

    def energies(
        self, clouds: AtomClouds, positions: torch.Tensor, *, differentiable: bool = False
    ) -> Energies:
        """Of m frames, whose derivatives can be differentiated by weights if wanted.

        Parameters
        ----------
        clouds : AtomClouds
            Of the frames, from ``clouds`` and :func:`vcnn.atoms.join_clouds`.
        positions : (n, 3) tensor
            Å, in the precision to compute in.
        differentiable : bool
            Keep what is needed for that.
        """
        r = clouds.relative(positions).requires_grad_()
        own, *others = self.heads(clouds, r)
        offsets = torch.as_tensor(np.asarray(self.offsets), dtype=torch.float64)
        energy = clouds.sums(offsets[clouds.species]) + self.scale * clouds.sums(own).double()
        (slopes,) = torch.autograd.grad(
            self.scale * own.sum(),
            r,
            create_graph=differentiable,
            retain_graph=bool(others) or None,
            materialize_grads=True,
        )
        forces = torch.zeros_like(positions)
        forces = forces.index_add(0, clouds.centres, slopes).index_add(
            0, clouds.neighbours, -slopes
        )
        outer = -slopes[:, :, None] * r[:, None]
        virial = outer.new_zeros(clouds.count, 3, 3)
        virial = virial.index_add(0, clouds.frame_of_atoms[clouds.centres], outer)
        charges = clouds.balanced(others[0]) if others else None
        return Energies(energy, forces, virial, charges)

    def charges(self, clouds: AtomClouds, positions: torch.Tensor) -> torch.Tensor:
        """Effective charges (n,) of m frames, in elementary charges, differentiable by all.

        Parameters
        ----------
        clouds : AtomClouds
            As for :meth:`energies`.
        positions : (n, 3) tensor
            Å.

        Raises
        ------
        InputError
            If the network has no output for them.
        """
        if not self.has_charges:
            raise InputError("charges: the network has one output only, expected two scalars")
        return clouds.balanced(self.heads(clouds, clouds.relative(positions))[1])

    @few_threads()
    def predict(self, frames: Sequence[Frame]) -> list[Frame]:
        """The frames with the energy, forces and virial of the potential, in double precision.

        With charges (n,), in elementary charges, and the dipole (3,) of free atoms, e Å, among
        their properties, where the potential has them.

        Parameters
        ----------
        frames : sequence of Frame
            Of species that it knows.

        Returns
        -------
        list of Frame

        Raises
        ------
        InputError
            As ``clouds``.
        DivergenceError
            If a value is NaN or infinite.
        """
        potential, predicted = self.in_double(), []
        for number, frame in enumerate(frames):
            clouds = join_clouds([potential.clouds(frame)])
            values = potential.energies(clouds, torch.from_numpy(frame.positions.copy()))
            energy = float(values.energy.detach()[0])
            forces, virial = (part.detach().numpy() for part in (values.forces, values.virial[0]))
            if not (np.isfinite(energy) and np.isfinite(forces).all()):
                raise DivergenceError(f"frame {number}: its energy or forces are NaN or infinite")
            properties = dict(frame.properties)
            if values.charges is not None:
                properties["charges"] = charges = values.charges.detach().numpy()
                if frame.cell is None:
                    properties["dipole"] = charges @ frame.positions
            predicted.append(
                replace(frame, energy=energy, forces=forces, virial=virial, properties=properties)
            )
        return predicted
