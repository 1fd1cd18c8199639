"""Files of gmsh in which only a part of the elements belongs to physical groups."""

from __future__ import annotations

from pathlib import Path

from vcnn.errors import InputError


def save_groups(path: Path, folder: Path) -> Path:
    """The same mesh and data without the lines, points and faces that belong to no group.

    Cells of the highest dimension are all kept.

    Returns
    -------
    path
        A file in the folder.

    Raises
    ------
    InputError
        If gmsh cannot be imported or cannot read the file.
    """
    try:
        import gmsh  # its wheel needs libraries that a minimal system lacks
    except OSError as error:
        raise InputError(
            f"{path}: only a part of its elements is in physical groups, which gmsh itself has to "
            f"read; it cannot be imported ({error}); save the file without Mesh.SaveAll"
        ) from None
    output = folder / path.name
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(path))
        d = gmsh.model.getDimension()
        lone = [
            tag
            for _, tag in gmsh.model.getEntities(d)
            if not len(gmsh.model.getPhysicalGroupsForEntity(d, tag))
        ]
        if lone:
            gmsh.model.addPhysicalGroup(d, lone)
        gmsh.option.setNumber("Mesh.SaveAll", 0)
        gmsh.write(str(output))
        for view in gmsh.view.getTags():
            gmsh.view.write(view, str(output), append=True)
    except Exception as error:  # gmsh raises nothing more special
        raise InputError(f"{path}: cannot be read ({error})") from None
    finally:
        gmsh.finalize()
    return output
