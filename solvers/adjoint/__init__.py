"""Flows, carried scalars and coupled flows as differentiable functions."""
