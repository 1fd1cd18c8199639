"""Meshes and flows from files: generated geometries, OpenFOAM cases, anything meshio reads.

A mesh is a `meshio.Mesh` with named boundaries, as `vcnn.mesh` describes. Nothing here knows of finite
elements.
"""

from meshes.arrays import read_arrays
from meshes.boundaries import wall_flag
from meshes.bump import bump_channel, bump_profile
from meshes.channel import channel
from meshes.geometry import cell_centres, cell_volumes
from meshes.gradients import cell_gradient, strain_rate
from meshes.openfoam import read_openfoam
from meshes.periodic_hill import hill_profile, periodic_hill
from meshes.periodic_hill_gmsh import periodic_hill_gmsh
from meshes.reading import read_flow, read_mesh
from meshes.section import section
from meshes.wall_distance import wall_distance

__all__ = [
    "bump_channel",
    "bump_profile",
    "cell_centres",
    "cell_gradient",
    "cell_volumes",
    "channel",
    "hill_profile",
    "periodic_hill",
    "periodic_hill_gmsh",
    "read_arrays",
    "read_flow",
    "read_mesh",
    "read_openfoam",
    "section",
    "strain_rate",
    "wall_distance",
    "wall_flag",
]
