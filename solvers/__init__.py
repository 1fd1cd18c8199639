"""Finite-element solvers (FEniCSx) for flow and transport on the meshes of `meshes`.

Names are resolved on first use, so that importing this package does not import FEniCSx.
"""

from importlib import import_module

_HOME = {
    "ActiveScalar": "active_scalar",
    "CouplingHistory": "coupling_history",
    "DifferentiableCoupling": "differentiable_coupling",
    "DifferentiableFlow": "differentiable_flow",
    "DifferentiableTransport": "differentiable_transport",
    "Developed": "conditions",
    "Domain": "domain",
    "EnsembleConfig": "ensemble",
    "FlowResult": "incompressible",
    "FlowToLearn": "learning_workers",
    "Inlet": "conditions",
    "LaminarFlow": "laminar",
    "LearningConfig": "learning",
    "MixingLength": "turbulence",
    "MixingLengthProduction": "production",
    "Observation": "observations",
    "OneEquationKL": "turbulence",
    "Outlet": "conditions",
    "Periodic": "conditions",
    "RANS": "rans",
    "ScalarTransport": "transport",
    "Symmetry": "conditions",
    "SpalartAllmaras": "turbulence",
    "TransportResult": "transport",
    "Wall": "conditions",
    "CoupledRotationStudy": "coupled_rotation",
    "along_wall": "wall_quantities",
    "bump_concentration": "bumps",
    "coupled_rotation_study": "coupled_rotation",
    "evaluate": "points",
    "fit_through_solver": "learning",
    "hill_concentration": "hills",
    "invert_stress": "inversion",
    "load_checkpoint": "checkpoint",
    "save_checkpoint": "checkpoint",
    "locate": "points",
    "station_profiles": "wall_quantities",
    "wall_force": "wall_quantities",
}

__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'solvers' has no attribute {name!r}")
    return getattr(import_module(f"solvers.{_HOME[name]}"), name)


def __dir__():
    return [*globals(), *__all__]
