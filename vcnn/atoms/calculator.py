"""A potential for ase: relaxations, equations of state, phonons, dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vcnn.atoms.potential import Potential
from vcnn.atoms.readers import from_ase
from vcnn.atoms.writers import voigt_stress
from vcnn.errors import InputError

try:
    from ase.calculators.calculator import Calculator, all_changes
except ImportError:
    raise InputError("needs ase: pip install 'vcnn[atoms]'") from None

if TYPE_CHECKING:
    from ase import Atoms


class PotentialCalculator(Calculator):
    """ase's calculator of a potential: ``atoms.calc = PotentialCalculator(potential)``.

    Parameters
    ----------
    potential : Potential

    Raises
    ------
    InputError
        When it computes, of species that the potential does not know, and of what is periodic in
        some directions only.
    """

    implemented_properties = ("energy", "free_energy", "forces", "stress")

    def __init__(self, potential: Potential):
        super().__init__()
        self.potential = potential

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Energy in eV, forces in eV/Å and, of what is periodic, stress in eV/Å³.

        Parameters
        ----------
        atoms : ase.Atoms
            What it is of; default: what it was of before.
        properties, system_changes : sequence of str
            As ase gives them; all is computed at once.
        """
        super().calculate(atoms, properties, system_changes)
        self.results = {}  # a frame takes what they hold
        frame = self.potential.predict([from_ase(self.atoms)])[0]
        self.results = {
            "energy": frame.energy,
            "free_energy": frame.energy,
            "forces": frame.forces,
        }
        if (stress := voigt_stress(frame)) is not None:
            self.results["stress"] = stress
