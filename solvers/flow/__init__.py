"""Incompressible flow: conditions, momentum balance, laminar flow and the results of all."""
