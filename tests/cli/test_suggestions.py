"""What is nearly a known key or value is answered with the nearest one."""

import pytest
import pyvista

from tests.support.command_line import CONFIGURATION, refused
from tests.support.solve_cases import CHANNEL

WALL = 'bottom = { kind = "wall" }'
PERIOD = 'inlet = { kind = "periodic", to = "outlet", bulk_velocity = 0.5 }'


@pytest.mark.parametrize(
    ("old", "new", "nearest"),
    [
        ("[training]", "[trainig]", "training"),
        ("channels", "chanels", "channels"),
        ("radius", "radios", "radius"),
        ("epochs", "epoch", "epochs"),
        ('"vector-cloud"', '"vector_cloud"', "vector-cloud"),
        ('"vector-cloud"\nscalars = ["k"]', '"cannonical"', "canonical"),
        ("channels = 4", 'output = "skalar"', "scalar"),
        ('"ball"', '"bal"', "ball"),
        ("epochs = 3", 'dtype = "float23"', "float32"),
        ("epochs = 3", 'augmentation = "rotation"', "rotations"),
        ('target = "c"', 'target = "kc"', None),
        ('target = "c"', 'target = "c"\nstart = "hill-stres"', "hill-stress"),
        ('target = "c"', 'target = "c"\nimportance = "K"', "k"),
    ],
)
def test_training(folder, capsys, old, new, nearest):
    assert old in CONFIGURATION
    (folder / "run.toml").write_text(CONFIGURATION.replace(old, new, 1))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert (f"did you mean {nearest!r}?" if nearest else "its scalars: k, c") in line
    assert nearest or "did you mean" not in line


@pytest.mark.parametrize(
    ("old", "new", "nearest"),
    [
        ("viscosity", "viscosty", "viscosity"),
        ("[mesh]", "[mehs]", "mesh"),
        ('"laminar"', '"Laminar"', "laminar"),
        ('"laminar"', '"spalart-almaras"', "spalart-allmaras"),
        ('model = "laminar"', 'location = "vertices"', "vertex"),
        ("generator", "genrator", "generator"),
        ('"channel"', '"chanel"', "channel"),
        ("height", "hight", "height"),
        ("height = 2.0", 'kind = "triangles"', "triangle"),
        ('generator = "channel"', 'file = "a.msh"\nsplitt = true', "split"),
        (WALL, 'bottom = { kind = "wal" }', "wall"),
        (WALL, 'bottom = { kind = "wall", velocty = [1.0, 0.0] }', "velocity"),
        (WALL, 'botom = { kind = "wall" }', "bottom"),
        (PERIOD, PERIOD.replace("bulk_velocity", "bulk_velocty"), "bulk_velocity"),
        (PERIOD, PERIOD.replace("outlet", "outlt"), "outlet"),
        (PERIOD, f"{PERIOD}\n[reference]\nfil = 1", "file"),
        (PERIOD, f"{PERIOD}\n[units]\nlenght = 1", "length"),
    ],
)
def test_solving(folder, capsys, old, new, nearest):
    assert old in CHANNEL
    (folder / "case.toml").write_text(CHANNEL.replace(old, new, 1))
    line = refused(capsys, folder, "solve", "case.toml", "-o", "out")
    assert f"did you mean {nearest!r}?" in line


def test_names_of_models_and_walls(folder, capsys):
    line = refused(capsys, folder, "show", "hill-strss")
    assert line.endswith("did you mean 'hill-stress'?")
    grid = pyvista.read("flows/b.vtu")
    grid.clear_field_data()
    grid.save("foreign.vtu")
    line = refused(capsys, folder, "import", "foreign.vtu", "-o", "walls.vtu", "--walls", "outre")
    assert line.endswith("did you mean 'outer'?")
