"""Meshes and flows from files."""
