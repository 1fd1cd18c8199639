"""Closures and fields learned through the solver."""
