"""Meshes and flows from files: generated geometries, OpenFOAM cases, anything meshio reads.

    from meshes import read_flow

generate   channel, duct, periodic_hill, periodic_hill_gmsh, hill_profile, bump_channel,
           bump_profile, section
read       read_flow, read_openfoam, read_arrays, read_mesh
write      write_openfoam
geometry   cell_centres, cell_volumes, cell_gradient, strain_rate, wall_distance, wall_flag, split

A mesh is a `meshio.Mesh` with named boundaries, as `vcnn.flow.mesh` describes. Nothing here knows
of finite elements.
"""

from typing import TYPE_CHECKING

from vcnn.lazy import lazy_exports

if TYPE_CHECKING:
    from meshes.generate.bump import bump_channel as bump_channel
    from meshes.generate.bump import bump_profile as bump_profile
    from meshes.generate.channel import channel as channel
    from meshes.generate.duct import duct as duct
    from meshes.generate.periodic_hill import hill_profile as hill_profile
    from meshes.generate.periodic_hill import periodic_hill as periodic_hill
    from meshes.generate.periodic_hill_gmsh import periodic_hill_gmsh as periodic_hill_gmsh
    from meshes.generate.section import section as section
    from meshes.geometry.boundaries import wall_flag as wall_flag
    from meshes.geometry.cells import cell_centres as cell_centres
    from meshes.geometry.cells import cell_volumes as cell_volumes
    from meshes.geometry.gradients import cell_gradient as cell_gradient
    from meshes.geometry.gradients import strain_rate as strain_rate
    from meshes.geometry.split import split as split
    from meshes.geometry.wall_distance import wall_distance as wall_distance
    from meshes.readers.any_file import read_flow as read_flow
    from meshes.readers.any_file import read_mesh as read_mesh
    from meshes.readers.npz import read_arrays as read_arrays
    from meshes.readers.openfoam.case import read_openfoam as read_openfoam
    from meshes.writers.openfoam import write_openfoam as write_openfoam

__getattr__, __dir__, __all__ = lazy_exports(__name__, __file__)
