"""Cases from files, coupled flows in turned frames, and the pictures of solved flows."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from meshes.report.maps import clipping_map as clipping_map
    from meshes.report.maps import difference_map as difference_map
    from meshes.report.maps import extrapolation_map as extrapolation_map
    from meshes.report.maps import scalar_map as scalar_map
    from meshes.report.pictures import convergence as convergence
    from meshes.report.pictures import draw_streamlines as draw_streamlines
    from meshes.report.pictures import streamlines as streamlines
    from meshes.report.pictures import velocity_profiles as velocity_profiles
    from meshes.report.pictures import wall_curves as wall_curves
    from solvers.studies.coupled_rotation import CoupledRotationStudy as CoupledRotationStudy
    from solvers.studies.coupled_rotation import FrameRun as FrameRun
    from solvers.studies.coupled_rotation import coupled_rotation_study as coupled_rotation_study

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
