"""Potentials of atoms on published data."""
