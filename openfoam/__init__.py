"""Closures in OpenFOAM's solvers: the library that asks them, cases that use it, their reports."""
