"""Motion: how positions and velocities go on in time."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.dynamics.integrators import Bath as Bath
    from vcnn.dynamics.integrators import Phase as Phase
    from vcnn.dynamics.integrators import langevin_step as langevin_step
    from vcnn.dynamics.integrators import verlet_step as verlet_step

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
