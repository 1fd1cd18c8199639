"""Meshes and flows from files: generated geometries, OpenFOAM cases, anything meshio reads.

A mesh is a `meshio.Mesh` with named boundaries, as `vcnn.mesh` describes. Nothing here knows of finite
elements.
"""

from meshes.channel import channel
from meshes.geometry import cell_centres, cell_volumes
from meshes.periodic_hill import hill_profile, periodic_hill

__all__ = ["cell_centres", "cell_volumes", "channel", "hill_profile", "periodic_hill"]
