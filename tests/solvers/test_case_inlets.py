"""Inlets of cases: formulas that are computed and never run, columns of files."""

import numpy as np
import pytest

from solvers.studies.case import read_case
from solvers.studies.expressions import vector_expression
from solvers.studies.inlet_columns import velocity_columns
from solvers.studies.run_diagnostics import summarise
from tests.support.boxes import box
from vcnn import FlowField, InputError

CASE = """
viscosity = 0.1
model = "laminar"
[mesh]
generator = "channel"
length = 2.0
cells = [4, 3]
[conditions]
bottom = {{ kind = "wall" }}
top = {{ kind = "wall" }}
outlet = {{ kind = "outlet" }}
inlet = {{ kind = "inlet"{inlet} }}
"""
X = np.random.default_rng(0).uniform(0.1, 2.0, (3, 50))
x, y, z = X


@pytest.fixture
def case(tmp_path):
    """Reads the case with an inlet."""

    def read(inlet):
        path = tmp_path / "case.toml"
        path.write_text(CASE.format(inlet=f", {inlet}" if inlet else ""))
        return read_case(path)

    return read


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("6*(y-1)*(2-y)", 6 * (y - 1) * (2 - y)),
        ("-x**2/3 + +1e-3", -(x**2) / 3 + 1e-3),
        ("2**-x**2", 2.0 ** -(x**2)),
        ("sin(pi*x)*cos(y) - tan(z/9)", np.sin(np.pi * x) * np.cos(y) - np.tan(z / 9)),
        ("exp(log(x)) * sqrt(abs(-y)) + tanh(z)", x * np.sqrt(y) + np.tanh(z)),
        ("min(x, max(y, 0.5))", np.minimum(x, np.maximum(y, 0.5))),
        ("where(x < 1, y, -z) + where(y >= 1, 1, 0)", np.where(x < 1, y, -z) + (y >= 1)),
        (" 3 ", 3.0),
        (7, 7.0),
    ],
)
def test_formulas_are_what_they_say(formula, expected):
    found = vector_expression([formula, 0, "x*0"], 3)(X)
    assert found.shape == (3, 50) and found.dtype == float
    np.testing.assert_allclose(found[0], np.broadcast_to(expected, 50), rtol=1e-13)
    assert (found[1:] == 0).all()


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("__import__('os').system('true')", "found a Call"),
        ("open('x')", "'open' is no function, got 1 arguments"),
        ("x.real", "found a Attribute"),
        ("[x for x in y]", "found a ListComp"),
        ("(lambda: 1)()", "found a"),
        ("y if x else 1", "found a IfExp"),
        ("x and y", "found a BoolOp"),
        ("f'{x}'", "found a JoinedStr"),
        ("'text'", "found a Constant"),
        ("True", "found a Constant"),
        ("1j", "found a Constant"),
        ("x = 1", "is no formula"),
        ("x; y", "is no formula"),
        ("y @ y", "found a MatMult"),
        ("y // 2", "found a FloorDiv"),
        ("u + 1", "unknown name 'u'; known are: x, y, z, pi, sin"),
        ("z", "unknown name 'z'"),
        ("sin(x, y)", "'sin' takes 1, got 2 arguments"),
        ("sin(x=1)", "found a Call"),
        ("sin + 1", r"expected sin\(\.\.\.\) for a function"),
        ("x(2)", "'x' is no function"),
        ("x < y", "expected where"),
        ("where(x, 1, 2)", "expected where"),
        ("where(0 < x < 1, 1, 2)", "found a Compare"),
        ("", "is no formula"),
        ("(" * 400 + "x" + ")" * 99, "is no formula"),
        ("+".join("x" * 260), "at most 500 characters"),
        ("-" * 450 + "x", "at most 200 parts"),
        ("((x", "is no formula"),
        ("\x00", "is no formula"),
        ("y * 1" + "0" * 400, r"'y \* 1000.*'\.\.\.: a number is too large"),
    ],
)
def test_anything_else_is_refused_in_one_line(formula, message):
    with pytest.raises(InputError, match=message) as error:
        vector_expression([formula, "0"], 2)
    assert "\n" not in str(error.value)


def test_large_numbers_fill_no_memory():
    assert np.isinf(vector_expression(["9**9**9**9", "0"], 2)(X[:2])[0]).all()
    assert np.isnan(vector_expression(["log(-x) + 0*(1/0)", "0"], 2)(X[:2])[0]).all()


def test_a_parabola_in_a_case(case):
    flow = case('velocity = ["6*y*(1-y)", "0"]').problem().solve().flow("vertex")
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.velocity[:, 0], 6 * y * (1 - y), atol=1e-10)


def test_turbulence_enters_by_numbers_and_formulas(case):
    inlet = "velocity = [1, 0], turbulence = { turbulent_kinetic_energy = 1e-3, layer = '0.1*y' }"
    entering = case(inlet).problem().boundary_conditions.by_name["inlet"].turbulence
    np.testing.assert_array_equal(entering["turbulent_kinetic_energy"](X[:2]), np.full(50, 1e-3))
    np.testing.assert_allclose(entering["layer"](X[:2]), 0.1 * y, rtol=1e-15)


@pytest.mark.parametrize(
    ("inlet", "message"),
    [
        ('velocity = ["y"]', "velocity: expected 2 components, got 1"),
        ('velocity = ["y", "w"]', "velocity: 'w': unknown name 'w'"),
        ('velocity = ["log(y)", 0]', r"velocity: ['log(y)', 0] has no finite value at (0, 0)"),
        ('velocity = ["y", true]', "velocity: expected a list of numbers or formulas, got"),
        ('velocity = "y"', "velocity: expected a list of numbers or formulas, got 'y'"),
        ("velocity = [1, 0], turbulence = 1e-3", "turbulence: expected a table of numbers or"),
        ("velocity = [1, 0], turbulence = { k = [1] }", "turbulence: expected a table of numbers"),
        ("velocity = [1, 0], turbulence = { k = 'w' }", "turbulence: k: 'w': unknown name 'w'"),
        (
            "velocity = [1, 0], turbulence = { k = '1/y' }",
            r"turbulence: k: '1/y' has no finite value at (0, 0)",
        ),
        ('velocity = [1, 0], profile = "a.csv"', "expected velocity or profile, got both"),
        ("", "key 'velocity' is missing, or 'profile'"),
        ('profile = "none.csv"', "profile: none.csv: cannot be read"),
        ('profile = "words.csv"', "profile: words.csv: expected as many numbers in each line"),
        ('profile = "short.csv"', "profile: short.csv: expected a line of names and two of"),
        ('profile = "names.csv"', "profile: names.csv: expected columns among x, y and u, v, it"),
        ('profile = "half.csv"', "profile: half.csv: its points do not reach over the whole"),
        ('profile = "other.csv"', "profile: other.csv: its points do not reach over the whole"),
        ('profile = "below.csv"', "profile: below.csv: its points do not reach over the whole"),
        ('profile = "twice.csv"', "profile: twice.csv: has two lines at one place"),
        ('profile = "x.csv"', "profile: x.csv: has two lines at one place"),
        ('profile = "nan.csv"', "profile: nan.csv: expected as many finite numbers"),
    ],
)
def test_mistakes_name_the_key(case, tmp_path, inlet, message):
    texts = {
        "words": "y,u,v\n0,0,0\n1,zero,0\n",
        "short": "y,u,v\n0,0,0\n",
        "names": "y,velocity\n0,0\n1,1\n",
        "half": "y,u,v\n0,0,0\n0.1,1,0\n0.2,1,0\n",
        "other": "y,u,v\n10,1,0\n20,1,0\n",  # farther apart than from the inlet
        "below": "y,u,v\n-2,1,0\n0,1,0\n",
        "twice": "y,u,v\n0,0,0\n0.5,1,0\n0.5,2,0\n1,0,0\n",
        "x": "x,u,v\n0,0,0\n0,1,0\n",
        "nan": "y,u,v\n0,0,0\n0.5,nan,0\n1,0,0\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    with pytest.raises(InputError) as error:
        case(inlet)
    line = str(error.value).removeprefix(f"{tmp_path / 'case.toml'}: [conditions]: inlet: ")
    assert line.startswith(message) and "\n" not in line


def test_columns_are_linear_between_their_points(case, tmp_path):
    """In any order of lines and columns; beyond the last points they stay what they are."""
    (tmp_path / "inlet.csv").write_text("v, y , u\n0.1,0.75,3\n0,0.25,1\n\n0.2,0.5,2\n")
    velocity = case('profile = "inlet.csv"').conditions["inlet"].value
    found = velocity(np.array([[0.0] * 5, [0.0, 0.25, 0.375, 0.625, 1.0]]))
    np.testing.assert_allclose(found[0], [1, 1, 1.5, 2.5, 3], rtol=1e-12)
    np.testing.assert_allclose(found[1], [0, 0, 0.1, 0.15, 0.1], rtol=1e-12, atol=1e-14)


def test_columns_along_an_oblique_boundary(tmp_path):
    """Two coordinates of each point: what counts is the place along the boundary."""
    s = np.linspace(0, 1, 11)
    rows = [f"{2 * a},{a},{a**2},{-a}" for a in s]
    (tmp_path / "oblique.csv").write_text("x,y,u,v\n" + "\n".join(rows))
    velocity = velocity_columns(tmp_path / "oblique.csv", np.stack([2 * s[::5], s[::5]], axis=-1))
    found = velocity(np.array([[0.6, 0.7], [0.3, 0.35]]))
    np.testing.assert_allclose(found, [[0.09, 0.125], [-0.3, -0.35]], rtol=1e-12)


def test_columns_on_an_inlet_in_space(tmp_path):
    mesh = box(3, "tetra")
    FlowField(mesh.points, np.ones_like(mesh.points), mesh=mesh).save(tmp_path / "box.vtu")
    rng = np.random.default_rng(1)
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    places = np.vstack([corners, rng.random((40, 2))])
    lines = [f"{a},{b},{1 + a - 2 * b},0,{b}" for a, b in places]
    (tmp_path / "in.csv").write_text("y,z,u,v,w\n" + "\n".join(lines))
    (tmp_path / "case.toml").write_text(
        'viscosity = 0.1\nmodel = "laminar"\n[mesh]\nfile = "box.vtu"\n[conditions]\n'
        'wall = { kind = "wall" }\noutlet = { kind = "outlet" }\n'
        'inlet = { kind = "inlet", profile = "in.csv" }\n'
    )
    velocity = read_case(tmp_path / "case.toml").conditions["inlet"].value
    at = rng.random((3, 20)) * [[0.0], [1.0], [1.0]]
    found = velocity(at)
    np.testing.assert_allclose(found, [1 + at[1] - 2 * at[2], 0 * at[1], at[2]], atol=1e-12)


def test_the_reference_velocity_of_a_formula_is_its_largest(case):
    whole = case('velocity = ["4*y*(1-y)", "0"]')
    run = summarise(whole, whole.problem().solve(), None, "laminar", resumed=False)
    assert run.speed == pytest.approx(1.0) and run.failures == {}
    assert run.reynolds.number == pytest.approx(2 / 3 / 0.1, rel=1e-9)
