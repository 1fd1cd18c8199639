"""Stochastic motion of bodies: systems, learned laws of one step, rollouts."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.particles.bodies import Bodies as Bodies
    from vcnn.particles.systems import GravitatingBodies as GravitatingBodies
    from vcnn.particles.systems import SpringBodies as SpringBodies
    from vcnn.particles.training import fit_transition as fit_transition
    from vcnn.particles.transition import StepScales as StepScales
    from vcnn.particles.transition import Transition as Transition

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
