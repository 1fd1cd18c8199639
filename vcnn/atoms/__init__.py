"""Atoms: energies, forces and virials from clouds of neighbours."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.atoms.clouds import AtomClouds as AtomClouds
    from vcnn.atoms.clouds import join_clouds as join_clouds
    from vcnn.atoms.frame import Frame as Frame
    from vcnn.atoms.neighbours import Neighbours as Neighbours
    from vcnn.atoms.neighbours import find_neighbours as find_neighbours
    from vcnn.atoms.potential import Energies as Energies
    from vcnn.atoms.potential import Potential as Potential
    from vcnn.atoms.readers import from_ase as from_ase
    from vcnn.atoms.readers import read_frames as read_frames
    from vcnn.atoms.training import EnergyLoss as EnergyLoss
    from vcnn.atoms.training import fit_potential as fit_potential

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
