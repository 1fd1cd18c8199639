"""Cases in TOML: what they say becomes the problem, and a mistake is one line that names file and
key.
"""

import meshio
import numpy as np
import pytest

import meshes
from solvers import Inlet, LaminarFlow, Outlet, Periodic, SpalartAllmaras, Symmetry, Wall
from solvers.studies.case import read_case
from vcnn import FlowField, InputError
from vcnn.flow.mesh import boundary_facets

CHANNEL = """
viscosity = 0.1
model = "laminar"
[mesh]
generator = "channel"
length = 2.0
cells = [4, 3]
[conditions]
bottom = { kind = "wall" }
top = { kind = "wall", velocity = [1.0, 0.0] }
inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.5 }
"""


@pytest.fixture
def case(tmp_path):
    """Reads a text as a case."""

    def read(text):
        path = tmp_path / "case.toml"
        path.write_text(text)
        return read_case(path)

    return read


def test_every_word_of_a_case(case):
    channel = case(CHANNEL)
    problem = channel.problem()
    assert isinstance(problem, LaminarFlow)
    assert problem.viscosity == 0.1
    np.testing.assert_array_equal(problem.mesh.points, meshes.channel(2.0, cells=(4, 3)).points)
    assert problem.conditions == {
        "bottom": Wall(),
        "top": Wall((1.0, 0.0)),
        "inlet": Periodic("outlet", 0.5),
    }
    assert len(channel.stations) == 5 and channel.reference is None
    sides = """bottom = { kind = "symmetry" }
inlet = { kind = "inlet", velocity = [2, 0] }
outlet = { kind = "outlet", pressure = 2 }
top = { kind = "wall" }"""
    text = CHANNEL[: CHANNEL.index("bottom")] + sides
    problem = case(text.replace("laminar", "spalart-allmaras")).problem()
    assert isinstance(problem, SpalartAllmaras)
    assert problem.conditions["bottom"] == Symmetry() and problem.conditions["outlet"] == Outlet(2)
    assert isinstance(problem.conditions["inlet"], Inlet) and problem.conditions["inlet"].value == (
        2,
        0,
    )


def test_meshes_from_files(case, tmp_path):
    """A mesh file and a flow file, found beside the case, have the boundaries of the mesh they were
    written from.
    """
    mesh = meshes.channel(2.0, cells=(4, 3), kind="triangle")
    FlowField(mesh.points, np.ones_like(mesh.points), mesh=mesh).save(tmp_path / "flow.vtu")
    named = boundary_facets(mesh)
    lines = [np.concatenate([facets for _, facets in blocks]) for blocks in named.values()]
    tags = [np.zeros(24, int), *(np.full(len(f), k) for k, f in enumerate(lines, start=1))]
    meshio.write(
        tmp_path / "mesh.msh",
        meshio.Mesh(
            np.pad(mesh.points, ((0, 0), (0, 1))),
            [("triangle", mesh.cells[0].data), *(("line", facets) for facets in lines)],
            cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
            field_data={name: np.array([k, 1]) for k, name in enumerate(named, start=1)},
        ),
        file_format="gmsh22",
    )
    generated = CHANNEL[CHANNEL.index("generator") : CHANNEL.index("[cond")]
    for name in ("mesh.msh", "flow.vtu"):
        read = case(CHANNEL.replace(generated, f'file = "{name}"\n')).mesh
        np.testing.assert_allclose(read.points, mesh.points)
        assert set(boundary_facets(read)) == set(named)
        for side, blocks in boundary_facets(read).items():
            assert {frozenset(f) for f in blocks[0][1].tolist()} == {
                frozenset(f) for f in named[side][0][1].tolist()
            }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "viscosity = 0.1",
            "viskosity = 0.1",
            "unknown key 'viskosity'; did you mean 'viscosity'? known are: viscosity, mesh",
        ),
        ("viscosity = 0.1", "", "key 'viscosity' is missing"),
        ("0.1", '"thin"', "viscosity: expected a number, got 'thin'"),
        ("0.1", "-0.1", "viscosity: expected a positive number, got -0.1"),
        ("0.1", "nan", "viscosity: expected a positive number, got nan"),
        (
            "laminar",
            "k-omega",
            "model: expected one of laminar, spalart-allmaras, k-omega-sst, one-equation-k-l, "
            "mixing-length",
        ),
        ('model = "laminar"', "", "key 'model' is missing"),
        (
            'model = "laminar"',
            'model = "laminar"\nstations = [3.0]',
            "stations: x = 3 is outside the mesh, 0 to 2",
        ),
        (
            'model = "laminar"',
            'model = "laminar"\nmax_rounds = 0',
            "tolerance and max_rounds: expected positive",
        ),
        ("[mesh]", "[mesh", "not a TOML file"),
        (
            '"channel"',
            '"chanel"',
            '[mesh]: expected file = "...", or generator = one of periodic_hill',
        ),
        (
            'generator = "channel"',
            'file = "none.msh"',
            "[mesh]: unknown key 'length'; known are: file",
        ),
        (
            "length",
            "slope",
            "[mesh]: unknown key 'slope'; known are: length, height, cells, kind, grading",
        ),
        ("2.0", '"long"', "[mesh]: length: expected a number, got 'long'"),
        ("2.0", "-2.0", "[mesh]: length: expected a positive number, got -2.0"),
        ("[4, 3]", "[4]", "[mesh]: cells: expected two numbers"),
        (
            "bottom",
            "floor",
            "[conditions]: floor: not in the mesh (its boundaries: bottom, top, inlet, outlet)",
        ),
        (
            'bottom = { kind = "wall" }',
            "",
            "[conditions]: bottom: this boundary of the mesh has no condition",
        ),
        (
            'bottom = { kind = "wall" }',
            'bottom = "wall"',
            "[conditions]: bottom: expected { kind = ",
        ),
        (
            'kind = "wall" }',
            'kind = "wal" }',
            '[conditions]: bottom: expected { kind = "..." } with one of wall',
        ),
        ('kind = "wall" }', 'kind = "inlet" }', "[conditions]: bottom: key 'velocity' is missing"),
        ("[1.0, 0.0]", "1.0", "[conditions]: top: velocity: expected a list of numbers, got 1.0"),
        (
            "bulk_velocity = 0.5",
            "bulk = 0.5",
            "[conditions]: inlet: unknown key 'bulk'; known are: kind, to, bulk_",
        ),
        (
            "bulk_velocity = 0.5",
            "bulk_velocity = 0",
            "[conditions]: inlet: bulk_velocity: expected a number other",
        ),
        ("[conditions]", '[reference]\nfile = "none.vtu"\n[conditions]', "[reference]: "),
    ],
)
def test_mistakes(case, tmp_path, old, new, message):
    with pytest.raises(InputError) as error:
        given = case(CHANNEL.replace(old, new, 1))
        given.problem()
    line = str(error.value).removeprefix(f"{tmp_path / 'case.toml'}: ")
    assert line.startswith(message) and "\n" not in line


def test_reference_of_another_domain(case, tmp_path):
    points = np.random.default_rng(0).uniform(size=(50, 2))
    FlowField(5 * points, points).save(tmp_path / "wide.vtu")
    with pytest.raises(
        InputError, match=r"\[reference\]: file: has y = 0\.\d+ to 4\.\d+, the mesh 0 to 1$"
    ):
        case(CHANNEL + '[reference]\nfile = "wide.vtu"\n')


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: no such file"):
        read_case(tmp_path / "none.toml")


def test_the_reference_is_any_vector_of_a_flow(tmp_path):
    """Of a flow file of this package too; what it is called says which."""
    mesh = meshes.channel(2.0, 1.0, cells=(4, 4))
    centres = meshes.cell_centres(mesh)
    vectors = {"les_velocity": 2 * centres}
    flow = FlowField(centres, centres, vectors=vectors, mesh=mesh, location="cell")
    flow.save(tmp_path / "les.vtu")
    text = (
        'viscosity = 1.0\nmodel = "laminar"\n'
        '[mesh]\ngenerator = "channel"\nlength = 2.0\nheight = 1.0\ncells = [4, 4]\n'
        "[conditions]\nbottom = { kind = 'wall' }\ntop = { kind = 'wall' }\n"
        "inlet = { kind = 'periodic', to = 'outlet', bulk_velocity = 1.0 }\n"
        "[reference]\nfile = 'les.vtu'\nvelocity = 'NAME'\n"
    )
    path = tmp_path / "case.toml"
    path.write_text(text.replace("NAME", "les_velocity"), encoding="utf-8")
    case = read_case(path)
    np.testing.assert_array_equal(case.reference.flow.velocity, 2 * centres)
    assert case.reference.name == "les_velocity of les.vtu"
    path.write_text(text.replace("NAME", "velocity_les"), encoding="utf-8")
    with pytest.raises(InputError, match=r"velocity: les.vtu has no vectors 'velocity_les' \(it"):
        read_case(path)
