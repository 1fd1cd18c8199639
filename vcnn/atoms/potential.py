"""A potential: the energy of atoms as a sum over the clouds around them, and its derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds, join_clouds
from vcnn.atoms.frame import Frame
from vcnn.closure.evaluator import in_precision
from vcnn.errors import DivergenceError, InputError
from vcnn.network.base import Network, check_network
from vcnn.network.model_file import read_model, write_model
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
    """

    energy: torch.Tensor
    forces: torch.Tensor
    virial: torch.Tensor


@dataclass(frozen=True, eq=False)
class Potential:
    """E = Σ_i (E₀ of the species of i + ε F(cloud of i)), Zhang et al. (PRL 120, 143001, 2018).

    Clouds hold the atoms within a cut-off, whose weights fall to 0 at it with two continuous
    derivatives. Translation, rotation, reflection and the order of atoms change nothing, and
    energies of atoms that are farther apart than twice the cut-off add up, by construction.

    Parameters
    ----------
    network : Network
        With the output "scalar" and the normalization "sum"; takes the category ``species``.
    species : sequence of str
        Chemical symbols, in the order of their numbers.
    cutoff : float
        Å.
    offsets : sequence of float
        E₀ of each species, eV.
    scale : float
        ε, eV.
    smooth : float
        Share of the cut-off from which weights fall.
    provenance : mapping
        How it was trained.

    Raises
    ------
    InputError
        If the network is another one, or a number makes no sense.
    """

    network: Network
    species: Sequence[str]
    cutoff: float
    offsets: Sequence[float]
    scale: float
    smooth: float = 0.1
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        check_network(self.network)
        if tuple(self.network.outputs) != ("scalar",) or self.network.normalization != "sum":
            raise InputError('network: expected output="scalar" and normalization="sum"')
        if set(self.network.needs) != {"species"} or self.network.categories.get("species") != len(
            self.species
        ):
            raise InputError(
                f"network: expected nothing but categories={{'species': {len(self.species)}}}"
            )
        if len(self.offsets) != len(self.species):
            raise InputError(f"offsets: expected {len(self.species)}, one for each species")
        for name, value in (("cutoff", self.cutoff), ("scale", self.scale)):
            if not isinstance(value, Real) or not 0 < value < np.inf:
                raise InputError(f"{name}: expected a positive number, got {value!r}")

    def __repr__(self) -> str:
        weights = sum(p.numel() for p in self.network.parameters())
        return f"Potential({', '.join(self.species)}; {self.cutoff:g} Å, {weights:,} weights)"

    def clouds(self, frame: Frame) -> AtomClouds:
        """Pairs of a frame within the cut-off, with the numbers of their species.

        Parameters
        ----------
        frame : Frame

        Raises
        ------
        InputError
            If it has a species that the potential does not know, or atoms on each other.
        """
        return AtomClouds.of(frame, self.species, self.cutoff)

    def energies(
        self, clouds: AtomClouds, positions: torch.Tensor, *, differentiable: bool = False
    ) -> Energies:
        """Of m frames, whose derivatives can be differentiated by weights if wanted.

        Parameters
        ----------
        clouds : AtomClouds
            Of the frames, from :meth:`clouds` and :func:`vcnn.atoms.join_clouds`.
        positions : (n, 3) tensor
            Å, in the precision to compute in.
        differentiable : bool
            Keep what is needed for that.
        """
        r = clouds.relative(positions).requires_grad_()
        own = self.network.values(clouds.as_vector_clouds(r / self.cutoff, self.smooth))[0]
        sums = own.new_zeros(clouds.count).index_add(0, clouds.frame_of_atoms, own)
        offsets = torch.as_tensor(np.asarray(self.offsets), dtype=torch.float64)
        constant = torch.zeros(clouds.count, dtype=torch.float64).index_add(
            0, clouds.frame_of_atoms, offsets[clouds.species]
        )
        energy = constant + self.scale * sums.double()
        (slopes,) = torch.autograd.grad(
            self.scale * own.sum(), r, create_graph=differentiable, materialize_grads=True
        )
        forces = torch.zeros_like(positions)
        forces = forces.index_add(0, clouds.centres, slopes).index_add(
            0, clouds.neighbours, -slopes
        )
        outer = -slopes[:, :, None] * r[:, None]
        virial = outer.new_zeros(clouds.count, 3, 3)
        virial = virial.index_add(0, clouds.frame_of_atoms[clouds.centres], outer)
        return Energies(energy, forces, virial)

    @few_threads()
    def predict(self, frames: Sequence[Frame]) -> list[Frame]:
        """The frames with the energy, forces and virial of the potential, in double precision.

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
            As :meth:`clouds`.
        DivergenceError
            If a value is NaN or infinite.
        """
        potential = replace(self, network=in_precision(self.network, torch.float64))
        predicted = []
        for number, frame in enumerate(frames):
            clouds = join_clouds([potential.clouds(frame)])
            values = potential.energies(clouds, torch.from_numpy(frame.positions.copy()))
            energy = float(values.energy.detach()[0])
            forces, virial = (part.detach().numpy() for part in (values.forces, values.virial[0]))
            if not (np.isfinite(energy) and np.isfinite(forces).all()):
                raise DivergenceError(f"frame {number}: its energy or forces are NaN or infinite")
            predicted.append(replace(frame, energy=energy, forces=forces, virial=virial))
        return predicted

    def save(self, path: str | Path) -> Path:
        """Write weights and all else to one ``.safetensors`` file ``path``.

        Raises
        ------
        InputError
            If the network could not be read again, or the path has another suffix.
        """
        numbers = {
            "species": list(self.species),
            "cutoff": self.cutoff,
            "offsets": [float(offset) for offset in self.offsets],
            "scale": self.scale,
            "smooth": self.smooth,
            "provenance": dict(self.provenance),
        }
        return write_model(path, self.network, "potential", "potential", numbers)

    @staticmethod
    def load(path: str | Path) -> Potential:
        """Read what :meth:`save` wrote to ``path``.

        Raises
        ------
        InputError
            If the file is missing, damaged, or holds something else.
        """
        names = ("species", "cutoff", "offsets", "scale", "smooth", "provenance")
        return read_model(
            path,
            "potential",
            "potential",
            lambda network, header: Potential(network, *(header[name] for name in names)),
        )
