"""Atoms: energies, forces and virials from clouds of neighbours."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.atoms.accuracy import Accuracy as Accuracy
    from vcnn.atoms.calculator import PotentialCalculator as PotentialCalculator
    from vcnn.atoms.clouds import AtomClouds as AtomClouds
    from vcnn.atoms.clouds import join_clouds as join_clouds
    from vcnn.atoms.energy_loss import EnergyLoss as EnergyLoss
    from vcnn.atoms.frame import Frame as Frame
    from vcnn.atoms.linear_fit import fit_linear_potential as fit_linear_potential
    from vcnn.atoms.model import AtomicModel as AtomicModel
    from vcnn.atoms.motion import ForceField as ForceField
    from vcnn.atoms.motion import Motion as Motion
    from vcnn.atoms.motion import Thermostat as Thermostat
    from vcnn.atoms.motion import begin_motion as begin_motion
    from vcnn.atoms.motion import move as move
    from vcnn.atoms.neighbours import Neighbours as Neighbours
    from vcnn.atoms.neighbours import find_neighbours as find_neighbours
    from vcnn.atoms.potential import Energies as Energies
    from vcnn.atoms.potential import Potential as Potential
    from vcnn.atoms.readers import from_ase as from_ase
    from vcnn.atoms.readers import read_frames as read_frames
    from vcnn.atoms.tensor_training import fit_tensors as fit_tensors
    from vcnn.atoms.tensors import AtomicTensors as AtomicTensors
    from vcnn.atoms.training import fit_potential as fit_potential
    from vcnn.atoms.writers import to_ase as to_ase
    from vcnn.atoms.writers import write_frames as write_frames

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
