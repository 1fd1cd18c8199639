"""Turbulence models for steady mean flows that are driven through a period."""

from solvers.turbulence.mixing_length import MixingLength
from solvers.turbulence.spalart_allmaras import SpalartAllmaras

__all__ = ["MixingLength", "SpalartAllmaras"]
