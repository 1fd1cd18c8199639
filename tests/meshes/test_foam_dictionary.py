"""OpenFOAM's dictionaries: includes and variables resolved, nothing executed, nothing endless."""

import time

import numpy as np
import pytest

from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import Unresolved, numbers
from vcnn import InputError


@pytest.fixture
def read(tmp_path):
    (tmp_path / "case" / "0").mkdir(parents=True)
    (tmp_path / "case" / "constant").mkdir()

    def read(text, **others):
        for name, content in others.items():
            (tmp_path / "case" / name).write_text(content)
        path = tmp_path / "case" / "0" / "U"
        path.write_text(text)
        return read_dictionary(path, tmp_path / "case")

    return read


def test_entries_lists_comments_strings(read):
    entries = read(
        """/* a { comment */ FoamFile { format ascii; }
        a 1; // b 2;
        "(x|y).*" { type "fixed; value"; inner { deep (1 (2 3) word); } }
        nu [0 2 -1 0 0 0 0] 1e-5; code #{ }; system("rm"); { #}; last;
        a 3;"""
    )
    assert entries["a"] == ["3"]
    assert entries["(x|y).*"] == {
        "type": ["fixed; value"],
        "inner": {"deep": [["1", ["2", "3"], "word"]]},
    }
    assert numbers(entries["nu"], 1) == 1e-5
    assert entries["last"] == []


@pytest.mark.parametrize(
    "form, value",
    [
        ("$top", "1"),
        ("${top}", "1"),
        ("$:top", "1"),
        ("$inner", "2"),
        ("$..inner", "3"),
        ("$.inner", "2"),
        ("$:a.inner", "3"),
        ("$a.b.inner", "2"),
        ("${..inner}", "3"),
        ("$../inner", "3"),
        ("$!a/inner", "3"),
    ],
)
def test_variables_of_all_scopes(read, form, value):
    assert read(f"top 1; a {{ inner 3; b {{ inner 2; x {form}; }} }}")["a"]["b"]["x"] == [value]


def test_dictionaries_are_merged_and_copied(read):
    entries = read("a { x 1; y 2; } b { $a; y 3; } a { z 4; } c $b; #remove a")
    assert entries == {"b": {"x": ["1"], "y": ["3"]}, "c": [{"x": ["1"], "y": ["3"]}]}


def test_includes_inside_the_case(read, tmp_path):
    for name in ("../caseDef", "$FOAM_CASE/caseDef", "<case>/caseDef", "<constant>/../caseDef"):
        entries = read(f'#include "{name}"\nx $speed; y ($speed 0);', caseDef="speed 1.5;")
        assert (entries["x"], entries["y"]) == (["1.5"], [["1.5", "0"]])
    assert read('v #include "../caseDef";', caseDef="7 8")["v"] == ["7", "8"]
    entries = read('#includeIfPresent "none"\n#includeEtc "caseDicts/x"\nx $y;')
    assert "#includeEtc" in entries["x"][0].reason
    (tmp_path / "secret").write_text("speed 3;")
    entries = read('#include "../../secret"\nx $speed;')
    assert "outside of the case" in entries["x"][0].reason
    assert "no such file" in read('#include "nowhere"\nx $speed;')["x"][0].reason


@pytest.mark.parametrize(
    "text, name",
    [
        ('x #calc "1 + 2";', "#calc"),
        ("x #eval { 1 + 2 };", "#eval"),
        ('x #codeStream { code #{ system("touch executed"); #}; };', "#codeStream"),
        ("x ${{ 1 + 2 }};", r"\$\{\{ 1"),
        ("x $nowhere;", r"\$nowhere"),
        ("y $x; x 3; x $z;", r"\$z"),
        ("#ifeq a b\nx 1;\n#else\nx 2;\n#endif", "#if"),
    ],
)
def test_what_would_be_executed_stays_unresolved(read, tmp_path, monkeypatch, text, name):
    monkeypatch.chdir(tmp_path)
    value = read(text)["x"]
    assert isinstance(value[0], Unresolved)
    with pytest.raises(InputError, match=name):
        numbers(value, 1)
    assert not list(tmp_path.rglob("executed"))


@pytest.mark.parametrize(
    "text, message",
    [
        ("a { b 1;", "closing brace"),
        ("a 1", "';' expected behind 'a'"),
        ("a (1;", "'\\)' expected"),
        ("}", "unexpected '}'"),
        ("a " + "(" * 5000, "levels deep"),
        ("a { " * 5000, "levels deep"),
        ('#include "U"', "include itself"),
        ('x #include "U";', "include itself"),
        ('a "unterminated', "cannot be read beyond"),
        ("a /* unterminated", "';' expected behind 'a'"),
        ("a #{ unterminated", "';' expected behind 'a'"),
        ("a " + "#{ } " * 200_000, "';' expected|levels deep"),
        ("a ${{ " * 100_000, "';' expected"),
        ("a List<vector> 1(" + "(1 2 3)/*" * 100_000, "closing parenthesis"),
        ("a List<vector> 1(" + "(1 2 3)//" * 100_000, "closing parenthesis"),
        ("a List<scalar> 2(" + "1 /*" * 200_000 + ");", "2 numbers expected"),
        ("a " + "1 " * 500_001 + ";", "no dictionary"),
        ("a0 1 1;" + "".join(f"a{i + 1} {f'$a{i} ' * 10};" for i in range(30)), "no dictionary"),
        ("a List<vector> 99999999999((1 2 3));", "299999999997 numbers expected, 3 found"),
        ("a List<scalar> 2(1 x);", "no number"),
        ("a List<scalar> 2 7;", "no list of scalar"),
    ],
)
def test_damage_is_named_and_ends(read, text, message):
    start = time.perf_counter()
    with pytest.raises(InputError, match=f"case/0/U: .*{message}"):
        read(text)
    assert time.perf_counter() - start < 20


def test_files_that_include_each_other_many_times_end(read):
    many = {f"inc{i}": f'#include "inc{i + 1}"\n' * 10 for i in range(20)}
    with pytest.raises(InputError, match=r"files included|levels deep"):
        read('#include "../inc0"', **many)


def test_typed_lists_are_arrays(read):
    entries = read(
        "v List<vector> 2((1 2 3)\n(4 5 6)); n List<scalar> 3{0.5}; e List<scalar> 0( );"
    )
    np.testing.assert_array_equal(entries["v"][0], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(entries["n"][0], [0.5, 0.5, 0.5])
    assert entries["e"][0].shape == (0,)
