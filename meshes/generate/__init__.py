"""Meshes of generated geometries."""
