"""Meshes, functions and points in FEniCSx; no physics."""
