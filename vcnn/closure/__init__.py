"""Closures: network, region, scales and units in one, what a solver is given."""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure as Closure
    from vcnn.closure.correction import BaselineCorrection as BaselineCorrection
    from vcnn.closure.correction import over_model as over_model
    from vcnn.closure.correction import trust as trust
    from vcnn.closure.differentiable import DifferentiableClosure as DifferentiableClosure
    from vcnn.closure.ensemble import Ensemble as Ensemble
    from vcnn.closure.extrapolation import TrainingRange as TrainingRange
    from vcnn.closure.loading import load_closure as load_closure
    from vcnn.closure.plain import as_closure as as_closure
    from vcnn.closure.plane_flows import PlaneFlow as PlaneFlow
    from vcnn.closure.plane_flows import in_space as in_space
    from vcnn.closure.protocol import ChecksFlows as ChecksFlows
    from vcnn.closure.protocol import ClosureLike as ClosureLike
    from vcnn.closure.protocol import Differentiable as Differentiable
    from vcnn.closure.protocol import MeasuresExtrapolation as MeasuresExtrapolation
    from vcnn.closure.protocol import NeedsFields as NeedsFields
    from vcnn.closure.protocol import StatesUnits as StatesUnits
    from vcnn.closure.scales import Scales as Scales
    from vcnn.closure.sections import MirroredSection as MirroredSection
    from vcnn.closure.sections import NearWall as NearWall
    from vcnn.closure.sections import mirror_images as mirror_images
    from vcnn.closure.spread import ClosureDraw as ClosureDraw
    from vcnn.closure.turbulence_units import TURBULENCE_INPUTS as TURBULENCE_INPUTS
    from vcnn.closure.turbulence_units import TurbulenceUnits as TurbulenceUnits
    from vcnn.closure.turbulence_units import turbulence_inputs as turbulence_inputs
    from vcnn.closure.turbulence_units import turbulence_velocity as turbulence_velocity

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
