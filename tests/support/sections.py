"""Ducts of which only a section is solved, in any frame, with stresses that drive vortices."""

import numpy as np
from scipy.spatial.transform import Rotation

import meshes
from solvers import RANS, Developed, Symmetry, Wall

WALLS = dict.fromkeys(("bottom", "top", "inlet", "outlet"), Wall())
QUARTER = {"bottom": Symmetry(), "inlet": Symmetry(), "top": Wall(), "outlet": Wall()}
STRAIGHT = np.eye(3)
FRAME = Rotation.from_euler(
    "xyz", [40, -25, 110], degrees=True
).as_matrix()  # its columns: x, y, z of a duct


def duct(width, height, cells, frame=STRAIGHT, **options):
    """The rectangle [0, width] x [0, height] of the y-z plane, turned."""
    return meshes.section(meshes.channel(width, height, cells, **options), frame.T[1:])


def along(frame=STRAIGHT, **drive):
    return {"section": Developed(frame[:, 0], **(drive or {"bulk_velocity": 1.0}))}


def stress(y, z):
    """ν_t and a traceless a that drives vortices, for y and z in [0, 1]."""
    bump = y * (1 - y) * z * (1 - z)
    a = np.zeros((len(y), 3, 3))
    a[:, 1, 1], a[:, 2, 2] = 3 * bump * y, 3 * bump * (z - 1.5 * y)
    a[:, 0, 0] = -a[:, 1, 1] - a[:, 2, 2]
    a[:, 0, 1] = a[:, 1, 0] = 0.3 * bump * (y - z)
    a[:, 1, 2] = a[:, 2, 1] = 0.5 * bump
    return 0.01 * (1 + bump), a


def vortices(cells=(6, 5), **options):
    mesh = duct(1.0, 1.0, cells, **options)
    nu_t, a = stress(*mesh.points[:, 1:].T)
    return RANS(
        mesh,
        0.002,
        closure=nu_t,
        anisotropy=a,
        location="vertex",
        conditions={**QUARTER, **along()},
    )


class Quadratic:
    """ν_t of a mixing length and the anisotropy C ℓ² (S·S)' of a quadratic model, Speziale 1987."""

    def predict(self, flow):
        length = np.minimum(0.41 * flow.scalars["wall_distance"], 0.09)
        gradient = flow.tensors["velocity_gradient"]
        S = 0.5 * (gradient + gradient.swapaxes(1, 2))
        square = S @ S - np.trace(S @ S, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
        return {
            "eddy_viscosity": length**2 * flow.scalars["strain_rate"],
            "anisotropy": 0.5 * length[:, None, None] ** 2 * square,
        }
