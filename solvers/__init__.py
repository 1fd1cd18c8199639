"""Finite-element solvers (FEniCSx) for flow and transport on the meshes of `meshes`.

    from solvers import LaminarFlow

problems      FlowProblem, LaminarFlow, ScalarTransport, MixingLengthProduction
conditions    Wall, Inlet, Outlet, Symmetry, Periodic, Developed
drive         BulkVelocity, Force
turbulence    MixingLength, OneEquationKL, SpalartAllmaras, KOmegaSST
results       FlowResult, CouplingHistory, TransportResult, save_checkpoint, load_checkpoint
diagnostics   along_wall, WallQuantities, wall_force, station_profiles,
              boundary_fluxes, reynolds_number, ReynoldsNumber
points        Domain, evaluate, locate, LocatedPoints, PointOperator
closures      RANS, over_baseline, solve_members, FlowEnsemble, ActiveScalar, ScalarEquation,
              coupled_rotation_study, CoupledRotationStudy
derivatives   DifferentiableFlow, DifferentiableTransport, DifferentiableCoupling
learning      fit_through_solver, LearningConfig, EnsembleConfig, FlowToLearn, Observation,
              invert_stress, Inversion, Smoothing
data          hill_concentration, bump_concentration

Pictures of solved flows are in solvers.studies. Names are imported on first use, so that importing
this package does not import FEniCSx.
"""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from meshes.report.quantities import ReynoldsNumber as ReynoldsNumber
    from meshes.report.quantities import WallQuantities as WallQuantities
    from solvers.adjoint.coupling import DifferentiableCoupling as DifferentiableCoupling
    from solvers.adjoint.flow import DifferentiableFlow as DifferentiableFlow
    from solvers.adjoint.transport import DifferentiableTransport as DifferentiableTransport
    from solvers.coupling.active_scalar import ActiveScalar as ActiveScalar
    from solvers.coupling.members import FlowEnsemble as FlowEnsemble
    from solvers.coupling.members import solve_members as solve_members
    from solvers.coupling.over_baseline import over_baseline as over_baseline
    from solvers.coupling.rans import RANS as RANS
    from solvers.coupling.scalar_equation import ScalarEquation as ScalarEquation
    from solvers.datasets.bumps import bump_concentration as bump_concentration
    from solvers.datasets.hills import hill_concentration as hill_concentration
    from solvers.diagnostics.boundaries import boundary_fluxes as boundary_fluxes
    from solvers.diagnostics.boundaries import reynolds_number as reynolds_number
    from solvers.diagnostics.profiles import station_profiles as station_profiles
    from solvers.diagnostics.walls import along_wall as along_wall
    from solvers.diagnostics.walls import wall_force as wall_force
    from solvers.fem.checkpoint import load_checkpoint as load_checkpoint
    from solvers.fem.checkpoint import save_checkpoint as save_checkpoint
    from solvers.fem.domain import Domain as Domain
    from solvers.fem.points import LocatedPoints as LocatedPoints
    from solvers.fem.points import PointOperator as PointOperator
    from solvers.fem.points import evaluate as evaluate
    from solvers.fem.points import locate as locate
    from solvers.flow.conditions import Developed as Developed
    from solvers.flow.conditions import Inlet as Inlet
    from solvers.flow.conditions import Outlet as Outlet
    from solvers.flow.conditions import Periodic as Periodic
    from solvers.flow.conditions import Symmetry as Symmetry
    from solvers.flow.conditions import Wall as Wall
    from solvers.flow.drive import BulkVelocity as BulkVelocity
    from solvers.flow.drive import Force as Force
    from solvers.flow.history import CouplingHistory as CouplingHistory
    from solvers.flow.laminar import LaminarFlow as LaminarFlow
    from solvers.flow.problem import FlowProblem as FlowProblem
    from solvers.flow.result import FlowResult as FlowResult
    from solvers.learning.ensemble import EnsembleConfig as EnsembleConfig
    from solvers.learning.flows import FlowToLearn as FlowToLearn
    from solvers.learning.gradient import LearningConfig as LearningConfig
    from solvers.learning.inversion import Inversion as Inversion
    from solvers.learning.inversion import invert_stress as invert_stress
    from solvers.learning.observations import Observation as Observation
    from solvers.learning.smoothing import Smoothing as Smoothing
    from solvers.learning.through_solver import fit_through_solver as fit_through_solver
    from solvers.scalar.production import MixingLengthProduction as MixingLengthProduction
    from solvers.scalar.result import TransportResult as TransportResult
    from solvers.scalar.transport import ScalarTransport as ScalarTransport
    from solvers.studies.coupled_rotation import CoupledRotationStudy as CoupledRotationStudy
    from solvers.studies.coupled_rotation import coupled_rotation_study as coupled_rotation_study
    from solvers.turbulence.k_omega_sst import KOmegaSST as KOmegaSST
    from solvers.turbulence.mixing_length import MixingLength as MixingLength
    from solvers.turbulence.one_equation_kl import OneEquationKL as OneEquationKL
    from solvers.turbulence.spalart_allmaras import SpalartAllmaras as SpalartAllmaras

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
