"""Turbulence models for steady mean flows near walls."""

from solvers.turbulence.k_omega_sst import KOmegaSST
from solvers.turbulence.mixing_length import MixingLength
from solvers.turbulence.one_equation_kl import OneEquationKL
from solvers.turbulence.spalart_allmaras import SpalartAllmaras

__all__ = ["KOmegaSST", "MixingLength", "OneEquationKL", "SpalartAllmaras"]
