"""Cases from files, coupled flows in turned frames, and the pictures of solved flows."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from solvers.studies.coupled_rotation import CoupledRotationStudy as CoupledRotationStudy
    from solvers.studies.coupled_rotation import FrameRun as FrameRun
    from solvers.studies.coupled_rotation import coupled_rotation_study as coupled_rotation_study
    from solvers.studies.run_maps import clipping_map as clipping_map
    from solvers.studies.run_maps import difference_map as difference_map
    from solvers.studies.run_maps import extrapolation_map as extrapolation_map
    from solvers.studies.run_maps import scalar_map as scalar_map
    from solvers.studies.run_pictures import convergence as convergence
    from solvers.studies.run_pictures import draw_streamlines as draw_streamlines
    from solvers.studies.run_pictures import streamlines as streamlines
    from solvers.studies.run_pictures import velocity_profiles as velocity_profiles
    from solvers.studies.run_pictures import wall_curves as wall_curves

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
