"""Dictionaries changed where they stand: everything else stays byte for byte."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshes.readers.openfoam.dictionary import read_dictionary
from openfoam.case.dictionary_file import DictionaryFile, quoted
from openfoam.case.entries import find_entries
from vcnn import InputError

TEXT = b"""/* a { banner; */
a       1; // one
"b.*"   (x y);
inner
{
\tdeep { c 3; d 4; }
\tlast    "q;}"; // stays
}
list    ( "one.so" "two.so" );
code    #{ a { b; #};
blocks  ( p { type wall; } q { type patch; } );
dims    nu [0 2 -1 0 0 0 0] 1e-5;
open    { e 1; }
// the end
"""


def file(text=TEXT):
    return DictionaryFile("system/test", text)


def names(scope):
    return [entry.name for entry in scope.entries]


def test_entries_are_where_they_stand():
    root = find_entries(TEXT)
    assert names(root) == ["a", "b.*", "inner", "list", "code", "blocks", "dims", "open"]
    assert [e.is_pattern for e in root.entries] == [False, True] + [False] * 6
    a, pattern = root.entries[:2]
    assert TEXT[a.start : a.end] == b"a       1;"
    assert TEXT[pattern.start : pattern.end] == b'"b.*"   (x y);'
    inner = root.entries[2].inner
    assert names(inner) == ["deep", "last"] and names(inner.entries[0].inner) == ["c", "d"]
    assert file().words("inner", "last") == ["q;}"]
    assert file().words("dims")[-1] == "1e-5"
    assert file().words("nothing") == []


def test_words_with_parentheses_are_one():
    text = b"divSchemes { div((nuEff*dev2(T(grad(U))))) Gauss linear; div(phi,U) Gauss upwind; }"
    assert names(find_entries(text).entries[0].inner) == [
        "div((nuEff*dev2(T(grad(U)))))",
        "div(phi,U)",
    ]


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("a",), "2", b"a       1; // one", b"a       2; // one"),
        (("inner", "deep", "c"), "5", b"{ c 3; d 4; }", b"{ c 5; d 4; }"),
        (("inner", "deep", "n"), "5", b"{ c 3; d 4; }", b"{ c 3; d 4; n 5; }"),
        (("open", "n"), "5", b"{ e 1; }", b"{ e 1; n 5; }"),
        (
            ("inner", "new"),
            "5",
            b'"q;}"; // stays\n',
            b'"q;}"; // stays\n\tnew             5;\n',
        ),
    ],
)
def test_only_the_value_changes(path, value, before, after):
    assert TEXT.count(before) == 1
    changed = file().with_value(path, value)
    assert changed.content == TEXT.replace(before, after)
    assert changed.words(*path) == [value]
    assert changed.with_value(path, value) == changed


def test_items_join_a_list():
    changed = file().with_item(("list",), '"three.so"')
    assert changed.content == TEXT.replace(b'"two.so" )', b'"two.so" "three.so")')
    assert file(b"l ();").with_item(("l",), "x").content == b"l (x);"
    assert file(b"l (a b);").with_item(("l",), "x").content == b"l (a b x);"
    assert file(b"a 1;\n").with_item(("l",), "x").content == b"a 1;\n\nl               (x);\n"


def test_dictionaries_are_made_as_deep_as_they_are_missing():
    changed = file(b"A\n{\n}\n").with_dictionary(("A", "B", "C"), {"d": "1", "e": "2"})
    assert changed.content.decode() == (
        "A\n{\n    B\n    {\n        C\n        {\n            d               1;\n"
        "            e               2;\n        }\n    }\n}\n"
    )
    assert changed.words("A", "B", "C", "e") == ["2"]


def test_lines_end_as_they_do_in_the_file():
    changed = file(b"A\r\n{\r\n    x 1;\r\n}\r\n").with_dictionary(("A", "B"), {"d": "1"})
    assert changed.content.count(b"\n") == changed.content.count(b"\r\n") == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'#include "more"\na 1;', '#include "more" may bring a'),
        (b"$defaults;\na 1;", "$defaults may bring a"),
        (b"#ifdef X\na 1;\n#endif\n", "#ifdef may bring a"),
        (b"a 1;\na 2;", "a is there twice"),
        (b"a { b 1; }", "a: expected a value"),
    ],
)
def test_what_may_come_from_elsewhere_is_refused(text, words):
    with pytest.raises(InputError, match="system/test: " + re.escape(words)):
        file(text).with_value(("a",), "3")


def test_macros_are_no_words():
    with pytest.raises(InputError, match=r"system/test: a b: \$x is not evaluated"):
        file(b"a { b $x; }").words("a", "b")
    with pytest.raises(InputError, match="a: expected a list"):
        file(b"a $x;").with_item(("a",), "y")


def test_directives_of_other_dictionaries_do_no_harm():
    text = b'functions { #includeFunc residuals\n #include "more" }\n#includeFunc yPlus\na 1;'
    assert file(text).with_value(("a",), "2").content == text.replace(b"a 1", b"a 2")


@pytest.mark.parametrize("text", [b"a { b 1;", b"a 1; }", b"a 1", b"( a );", b"a { b }"])
def test_what_is_no_dictionary_is_refused(text):
    with pytest.raises(InputError, match="system/test: "):
        _ = file(text).root


def test_paths_that_openfoam_would_change_are_refused():
    assert quoted("/a b/c", "library") == '"/a b/c"'
    for path in ("$HOME/x", 'a"b', "a\\b"):
        with pytest.raises(InputError, match="library"):
            quoted(path, "library")


NAMES = st.sampled_from(["a", "b", "div(phi,U)", "p_rgh"])
VALUES = st.sampled_from(["1", "(1 2 3)", "Gauss linear", '"t;}"', "[0 2 -1 0] 3"])
SPACES = st.sampled_from([" ", "\n", "\t", " // c;}\n", " /* { */ "])


@st.composite
def dictionaries(draw, depth=2):
    text = ""
    for name in draw(st.lists(NAMES, unique=True, max_size=4)):
        text += draw(SPACES) + name + draw(SPACES)
        if depth and draw(st.booleans()):
            text += "{" + draw(dictionaries(depth=depth - 1)) + draw(SPACES) + "}"
        else:
            text += draw(VALUES) + draw(SPACES).replace("\n", " \n") + ";"
    return text + draw(SPACES)


@given(dictionaries(), st.lists(NAMES, min_size=1, max_size=3))
def test_the_reader_sees_the_new_value_and_nothing_else_changed(tmp_path_factory, text, path):
    """The reader of cases, which has a parser of its own."""
    before = file(text.encode())
    try:
        changed = before.with_value(tuple(path), "new")
    except InputError as error:
        assert "expected a" in str(error)
        return
    folder = tmp_path_factory.mktemp("case")
    for name, content in (("old", before.content), ("new", changed.content)):
        (folder / name).write_bytes(content)
    old, new = (flat(find_entries(c.content), c) for c in (before, changed))
    assert new.pop(tuple(path)) == "new"
    old.pop(tuple(path), None)
    assert new == old
    plain = [name for name in path if "(" not in name]
    if plain == path:
        entries = read_dictionary(folder / "new", folder)
        for name in path:
            entries = entries[name]
        assert entries == ["new"]


def flat(scope, of, place=()):
    """Path -> value, of all entries that are no dictionaries."""
    values = {}
    for e in scope.entries:
        if e.inner is not None:
            values |= flat(e.inner, of, (*place, e.name))
        else:
            values[*place, e.name] = of.text(e) if e.value else ""
    return values
