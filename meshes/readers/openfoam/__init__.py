"""OpenFOAM cases."""
