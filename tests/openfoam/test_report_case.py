"""What a page takes from the files of a case: boundaries, fluxes, decompositions, sections."""

import numpy as np
import pytest

import meshes
from meshes.readers.openfoam.case import read_case
from openfoam.report.page import write_report
from openfoam.report.patches import patch_fluxes, wall_functions, wall_velocities
from openfoam.report.solved_case import read_solved
from openfoam.report.summarise import summarise
from tests.support.foam_cases import BoxCase
from tests.support.solved_foam_cases import HEIGHT, LENGTH, NU, channel_flow, write_solved
from vcnn import FlowField

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
PHI = """FoamFile {{ version 2.0; format ascii; class surfaceScalarField; object phi; }}
dimensions [0 3 -1 0 0 0 0];
internalField nonuniform List<scalar> 1(0);
boundaryField
{{
{patches}
}}
"""


def write_phi(folder, **values):
    """A field phi that is told on patches only, as a number for all faces or as a list."""
    patches = []
    for name, value in values.items():
        told = f"uniform {value!r}"
        if not np.isscalar(value):
            told = f"nonuniform List<scalar> {len(value)}({' '.join(map(repr, value))})"
        patches.append(f"{name} {{ type calculated; value {told}; }}")
    (folder / "phi").write_text(PHI.format(patches="\n".join(patches)))


@pytest.fixture
def open_channel(tmp_path):
    """What enters uniformly at 0.5 leaves with 1, 0.5, 0.5, 0 through four facets."""
    mesh = meshes.channel(length=LENGTH, height=HEIGHT, cells=(3, 4))
    points = meshes.cell_centres(mesh)
    flow = FlowField(
        points,
        np.tile([0.5, 0.0], (len(points), 1)),
        weights=meshes.cell_volumes(mesh),
        parameters={"viscosity": NU},
        mesh=mesh,
        location="cell",
        provenance={"walls": ["bottom"]},
    )
    return write_solved(flow, tmp_path / "open")


def test_fluxes_and_kinds_are_those_of_phi(open_channel):
    depth = np.ptp(read_case(open_channel).points[:, 2])
    area = depth * HEIGHT / 4
    out = [float(area * u) for u in (1.0, 0.5, 0.5, 0.0)]
    write_phi(open_channel / "40", bottom=0, top=0, inlet=float(-0.5 * area), outlet=out)
    case = read_solved(open_channel)
    assert case.kinds == {"bottom": "wall", "top": "patch", "inlet": "inlet", "outlet": "outlet"}
    assert case.fluxes == pytest.approx({"bottom": 0, "top": 0, "inlet": -1.0, "outlet": 1.0})
    assert case.notes == ()
    run = summarise(case)
    assert run.speed == pytest.approx(0.5) and "bulk_velocity" not in run.flow.parameters
    assert run.reynolds.number == pytest.approx(0.5 * HEIGHT / NU)
    assert run.closed == ["bottom"] and run.failures == {}


def test_without_phi_fluxes_are_those_of_the_cells(open_channel):
    case = read_solved(open_channel)
    assert case.fluxes == pytest.approx({"bottom": 0, "top": 0, "inlet": -1.0, "outlet": 1.0})
    assert case.kinds["inlet"] == "inlet" and "no field phi" in case.notes[0]


def test_fluxes_of_processors_are_added(tmp_path):
    """A cyclic patch may be cut: its faces then are in patches of their own."""
    for number, values in enumerate(
        (
            {"inlet": [-1.0, -2.0], "procBoundary0to1": [7.0]},
            {"procBoundary1to0": [-7.0], "procBoundary1to0throughinlet": [-4.0], "outlet": [7.0]},
        )
    ):
        folder = tmp_path / f"processor{number}" / "40"
        folder.mkdir(parents=True)
        boundary = folder.parent / "constant" / "polyMesh" / "boundary"
        boundary.parent.mkdir(parents=True)
        boundary.write_text("1\n(\ninlet { type cyclic; nFaces 2; startFace 9; }\n)\n")
        write_phi(folder, **values)
    folders = [tmp_path / f"processor{number}" / "40" for number in (0, 1)]
    assert patch_fluxes(folders, tmp_path) == {"inlet": -7.0, "outlet": 7.0}


@pytest.mark.parametrize("cut", [0, 1])
def test_a_decomposed_case_has_the_same_page(tmp_path, cut):
    case = BoxCase()
    part = (case.centres[:, cut] > case.centres[:, cut].mean() + 0.1).astype(int)
    properties = "nu [0 2 -1 0 0 0 0] 0.01;"
    folders = case.write(tmp_path / "whole"), case.write_decomposed(tmp_path / "parts", part)
    for folder in folders:
        (folder / "constant" / "transportProperties").write_text(properties)
    whole, parts = (summarise(read_solved(folder)) for folder in folders)
    assert whole.failures == parts.failures == {}
    for wall, force in whole.forces.items():
        np.testing.assert_allclose(parts.forces[wall], force, rtol=1e-12)
        np.testing.assert_allclose(
            parts.walls[wall].skin_friction, whole.walls[wall].skin_friction, rtol=1e-12
        )
    assert parts.fluxes == pytest.approx(whole.fluxes)


@pytest.mark.parametrize("sides", ["empty", "cyclic"])
def test_a_flow_across_its_section(tmp_path, sides):
    """A slab that the flow passes, one cell long: a duct, by its hydraulic diameter."""
    case = BoxCase(sides=sides)
    case.U = np.stack([0 * case.p, 0 * case.p, 2 + 0 * case.p], axis=-1)
    case.entries["inlet"] = case.entries["outlet"] = {"type": "wall"}
    folder = case.write(tmp_path / "duct")
    run = summarise(read_solved(folder))
    assert run.failures == {} and run.flow.dimension == 3 and run.profiles == ()
    assert run.flow.parameters["bulk_velocity"] == pytest.approx(2.0)
    assert run.reynolds.length == pytest.approx(4 * 2.0 * 1.5 / (2 * (2.0 + 1.5)))
    shear = 5e-6 * 2.0 / 0.25  # cells of height 0.5 on the floor, over the width 2
    np.testing.assert_allclose(run.forces["floor"][2], shear * 2.0, rtol=1e-12)
    assert write_report(folder, tmp_path / "page").exists()


def test_what_files_say_of_walls(tmp_path):
    (tmp_path / "U").write_text(
        "boundaryField { a { type fixedValue; value uniform (1 0 -2); } b { type noSlip; }\n"
        "c { type fixedValue; value $internalField; } }"
    )
    velocities = wall_velocities(tmp_path, tmp_path, ["a", "b", "c", "d"])
    np.testing.assert_array_equal(velocities["a"], [1, 0, -2])
    assert not any(velocities[name].any() for name in "bcd")
    (tmp_path / "nut").write_text(
        "boundaryField { a { type nutUSpaldingWallFunction; value uniform 0; }\n"
        "b { type nutLowReWallFunction; } c { type calculated; } }"
    )
    functions = wall_functions(tmp_path, tmp_path, ["a", "b", "c", "d"])
    assert functions == {"a": "nutUSpaldingWallFunction"}


def test_the_force_that_drives_a_flow_is_told(tmp_path):
    case = write_solved(channel_flow(), tmp_path / "channel")
    assert "pressure_gradient" not in read_solved(case).flow.parameters
    (case / "40" / "uniform").mkdir()
    (case / "40" / "uniform" / "momentumSourceProperties").write_text("gradient 0.06;")
    assert read_solved(case).flow.parameters["pressure_gradient"] == 0.06


def test_a_case_of_others_beside_its_large_eddy_simulation(raw):
    """Velocities 12 % apart, and walls that feel the force that drives the flow, but for 0.1 %."""
    folder = next(path for path in raw.rglob("alpha_10_9000_3036") if path.is_dir())
    case = read_solved(folder, ("les_velocity", "0/U_LES"))
    run = summarise(case)
    u, les = case.flow.velocity, run.reference.flow.velocity
    areas = meshes.cell_volumes(case.flow.mesh)
    error = np.sqrt(areas @ np.sum((u - les) ** 2, axis=1) / (areas @ np.sum(les**2, axis=1)))
    assert run.error == pytest.approx(error, rel=1e-9) and 0.12 < error < 0.13
    drive = run.flow.parameters["pressure_gradient"] * areas.sum()
    total = sum(force[0] for force in run.forces.values())
    assert total == pytest.approx(drive, rel=1e-3)
    assert case.fluxes["outlet"] == pytest.approx(0.72 * areas.sum() / 9.0, rel=1e-5)
    assert case.fluxes["inlet"] == -case.fluxes["outlet"]
    assert run.failures == {} and run.closure == "kOmegaSST"
