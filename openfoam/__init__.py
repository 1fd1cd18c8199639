"""Closures in OpenFOAM: a turbulence model in C++, and the Python process that it asks."""
