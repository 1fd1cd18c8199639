"""Closures in OpenFOAM's solvers: what they give and what they cost."""
