"""An unstructured triangulation of the periodic hill, through gmsh."""

from __future__ import annotations

import contextlib

import meshio
import numpy as np

from meshes.generate.periodic_hill import floor_vertices, hill_length, hill_profile
from vcnn.errors import InputError
from vcnn.flow.mesh import named_mesh


def periodic_hill_gmsh(
    slope: float = 1.0,
    size: float = 0.1,
    grading: float = 3.0,
    length: float | None = None,
    height: float = 3.036,
) -> meshio.Mesh:
    """Triangles that grow from both walls of a periodic hill to the middle.

    Boundaries are those of :func:`meshes.periodic_hill`. Inlet and outlet vertices are exact
    translates by (L_x, 0).

    Parameters
    ----------
    slope : float
        α, the stretching of the flanks.
    size : float
        Length of edges at mid-height, in units of the hill's height.
    grading : float
        Ratio of the lengths of edges at mid-height and at the walls.
    length : float, optional
        L_x, length in units of the hill's height; 3.858 α + 5.142 unless given.
    height : float
        Of the ceiling above the lowest floor, length in units of the hill's height.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If an argument is unusable, or gmsh cannot be loaded; the message then names the missing
        library.
    """
    length = hill_length(slope, length)
    if not 1 < height < np.inf:
        raise InputError(f"height: the ceiling must be above the hill (height > 1), got {height!r}")
    if not 0 < size <= height:
        raise InputError(
            f"size: expected an edge length between 0 and the height {height:g}, got {size!r}"
        )
    if not grading >= 1:
        raise InputError(f"grading: expected a ratio >= 1, got {grading!r}")
    with _model() as gmsh:
        curves = _outline(gmsh, slope, length, height)
        shift = [1, 0, 0, length, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
        gmsh.model.mesh.setPeriodic(1, [curves["outlet"]], [curves["inlet"]], shift)
        _set_sizes(gmsh, [curves["bottom"], curves["top"]], size / grading, size, height / 2)
        gmsh.model.mesh.generate(2)
        points, triangles, lines = _contents(gmsh, curves)
    # The points of the outline that no triangle has are left out.
    used, triangles = np.unique(triangles, return_inverse=True)
    lines = {name: np.searchsorted(used, vertices) for name, vertices in lines.items()}
    points = points[used]
    on = {name: np.unique(vertices) for name, vertices in lines.items()}
    # gmsh's spline is only near the floor, and its periodic vertices are translates to round-off.
    points[on["bottom"], 1] = hill_profile(points[on["bottom"], 0], slope, length)
    left, right = (on[name][np.argsort(points[on[name], 1])] for name in ("inlet", "outlet"))
    points[left, 0] = 0.0
    points[right] = points[left] + [length, 0.0]
    boundaries = {name: [("line", vertices)] for name, vertices in lines.items()}
    return named_mesh(points, [("triangle", triangles.reshape(-1, 3))], boundaries)


@contextlib.contextmanager
def _model():
    """gmsh with an empty model; loaded only here, as it needs graphics libraries of the system."""
    try:
        import gmsh
    except (ImportError, OSError) as error:
        raise InputError(
            f"gmsh cannot be loaded: {error}; install the system library it names"
        ) from None
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.add("periodic_hill")
        yield gmsh
    finally:
        gmsh.finalize()


def _outline(gmsh, slope, length, height) -> dict[str, int]:
    """Name -> tag of the curves around the domain, whose surface is made."""
    geo = gmsh.model.geo
    floor = [geo.addPoint(x, y, 0) for x, y in floor_vertices(200, slope, length)]
    corners = [geo.addPoint(x, height, 0) for x in (length, 0)]
    curves = {
        "bottom": geo.addSpline(floor),
        "outlet": geo.addLine(floor[-1], corners[0]),
        "top": geo.addLine(*corners),
        "inlet": geo.addLine(corners[1], floor[0]),
    }
    geo.addPlaneSurface([geo.addCurveLoop(list(curves.values()))])
    geo.synchronize()
    return curves


def _contents(gmsh, curves):
    """Points (M, 2), triangles as a flat array of vertices, and lines (k, 2) on each curve."""
    tags, xyz, _ = gmsh.model.mesh.getNodes()
    number = np.zeros(int(tags.max()) + 1, int)
    number[tags.astype(int)] = np.arange(len(tags))

    def vertices(dimension, tag):
        return number[gmsh.model.mesh.getElements(dimension, tag)[2][0].astype(int)]

    names = ("bottom", "top", "inlet", "outlet")
    lines = {name: vertices(1, curves[name]).reshape(-1, 2) for name in names}
    return xyz.reshape(-1, 3)[:, :2], vertices(2, -1), lines


def _set_sizes(gmsh, walls, smallest, largest, distance):
    """Edge lengths rise linearly with the distance to the walls."""
    field = gmsh.model.mesh.field
    near = field.add("Distance")
    field.setNumbers(near, "CurvesList", walls)
    field.setNumber(near, "Sampling", 400)
    ramp = field.add("Threshold")
    values = {
        "InField": near,
        "SizeMin": smallest,
        "SizeMax": largest,
        "DistMin": 0,
        "DistMax": distance,
    }
    for name, value in values.items():
        field.setNumber(ramp, name, value)
    field.setAsBackgroundMesh(ramp)
    for option in ("MeshSizeFromPoints", "MeshSizeFromCurvature", "MeshSizeExtendFromBoundary"):
        gmsh.option.setNumber(f"Mesh.{option}", 0)
