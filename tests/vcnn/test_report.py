"""The report: one page that needs nothing else, the study's numbers as they are, all or nothing."""

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.support.pictures import coloured_share, embedded
from vcnn import FlowField, InputError
from vcnn.evaluation.frames import rotate_study
from vcnn.evaluation.report import Section, rotation_verdict, write_report
from vcnn.evaluation.report.fields import field_figure
from vcnn.evaluation.report.page import write_page
from vcnn.flow.mesh import named_mesh


@dataclass
class Speed:
    """A frame-independent closure."""

    target: str = "c"

    def predict(self, flow, centres=None, dtype=None):
        values = 1 + np.linalg.norm(flow.velocity, axis=1)
        return values if centres is None else values[centres]


class Component(Speed):
    """A frame-dependent one: u_x."""

    def predict(self, flow, centres=None, dtype=None):
        return flow.velocity[:, 0] if centres is None else flow.velocity[centres, 0]


def grid_flow(location="cell", truth="c"):
    x, y = np.meshgrid(np.linspace(0, 3, 7), np.linspace(0, 1, 4))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    number = np.arange(28).reshape(4, 7)
    quads = np.stack(
        [number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1
    ).reshape(-1, 4)
    where = points if location == "vertex" else points[quads].mean(axis=1)
    mesh = named_mesh(points, [("quad", quads)], {})
    velocity = np.stack([1 + where[:, 1], 0.1 * where[:, 0]], axis=1)
    return FlowField(
        where, velocity, scalars={truth: 2 + where[:, 1]}, mesh=mesh, location=location
    )


def space_flow():
    points = np.random.default_rng(0).uniform(size=(60, 3))
    return FlowField(points, points + 1, scalars={"c": points[:, 0]})


def study_of(flow):
    return rotate_study({"speed": Speed(), "component": Component()}, flow, progress=False)


class References(HTMLParser):
    """Everything a page would load or link to."""

    def __init__(self, page):
        super().__init__()
        self.found, self.tags = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.found += [
            value for key, value in attrs if key in ("src", "href", "srcset", "data", "action")
        ]


def test_page_is_self_contained(tmp_path):
    page = write_report(study_of(grid_flow()), tmp_path / "report").read_text()
    references = References(page)
    assert len(references.found) == 3
    assert all(reference.startswith("data:image/png;base64,") for reference in references.found)
    assert not {"script", "link", "iframe"} & set(references.tags)
    assert not re.search(r"https?:|@import|url\(", page)


def test_numbers_and_pictures_are_those_of_the_study(tmp_path):
    study = study_of(grid_flow())
    folder = write_report(study, tmp_path / "new" / "report").parent
    numbers = json.loads((folder / "report.json").read_text())
    for name in ("speed", "component"):
        for key in ("errors", "changes", "curve_errors", "curve_changes"):
            assert numbers[key][name] == getattr(study, key)[name].tolist()
        assert numbers["variation"][name] == study.variation[name]
        assert numbers["error_variation"][name] == study.error_variation[name]
    assert numbers["angles"] == [0, 35, 70, 90, 180]
    shares = [coloured_share(picture.read_bytes()) for picture in sorted(folder.glob("*.png"))]
    assert len(shares) == 3
    assert shares[0] > 0.005 and min(shares[1:]) > 0.1  # a curve, and maps: legends have less
    assert [path.name for path in folder.parent.iterdir()] == ["report"]  # nothing temporary left


def test_verdict_names_who_holds_and_who_does_not():
    study = study_of(grid_flow())
    held, broken = re.fullmatch(
        r"(speed holds .*?\)\.) (component does not: .*)", rotation_verdict(study)
    ).groups()
    assert f"{100 * study.errors['speed'][0]:#.3g} %" in held
    first, worst = (f"{100 * study.errors['component'][k]:.3g} %" for k in (0, -1))
    assert f"from an error of {first} to {worst} (at 180°)" in broken


def test_verdict_groups_many_closures():
    closures = {"a": Speed(), "b": Component(), "c": Speed(), "d": Component(), "e": Speed()}
    held, broken = rotation_verdict(rotate_study(closures, grid_flow(), progress=False)).split(
        ". The others do not: "
    )
    assert re.fullmatch(
        r"a \(.* %\), c \(.* %\) and e \(.* %\) hold their errors as the frame turns: .*", held
    )
    assert re.fullmatch(r"b goes from .* \(at 180°\); d goes from .* \(at 180°\)\.", broken)
    assert rotation_verdict(
        rotate_study({"b": Component(), "d": Component()}, grid_flow(), progress=False)
    ).startswith("None")


def test_verdict_without_truth_speaks_of_changes():
    study = study_of(grid_flow(truth="other"))
    text = rotation_verdict(study)
    assert re.match(
        r"speed holds as the frame turns: its prediction changes by .* at most \(round-off\)\. ",
        text,
    )
    change = f"{100 * study.variation['component']:.3g} %"
    assert f"component does not: it changes its prediction by up to {change}" in text
    assert "error" not in text


def test_sections_are_escaped_and_kept(tmp_path):
    section = Section(
        "Other <flows>",
        "One & two.\n\nThree.",
        ["flow", "error"],
        [["<a>", np.float64(0.125)]],
        {"A field.": field_figure(grid_flow(), grid_flow().scalars["c"], "c")},
    )
    page = write_report(
        study_of(grid_flow()),
        tmp_path / "r",
        title="A < B",
        introduction="x > y",
        sections=[section],
    ).read_text()
    row = "<td>&lt;a&gt;</td><td>0.125</td>"
    for text in ("A &lt; B", "x &gt; y", "Other &lt;flows&gt;", "<p>One &amp; two.</p>", row):
        assert text in page
    numbers = json.loads((tmp_path / "r" / "report.json").read_text())
    assert numbers["sections"][-1] == {
        "heading": "Other <flows>",
        "header": ["flow", "error"],
        "rows": [["<a>", 0.125]],
    }
    assert len(list((tmp_path / "r").glob("*.png"))) == 4


@pytest.mark.parametrize(
    "flow",
    [
        grid_flow("vertex"),
        grid_flow().permuted(np.arange(18)),
        space_flow(),
        grid_flow(truth="other"),
    ],
    ids=["vertices", "loose points", "three dimensions", "no truth"],
)
def test_every_kind_of_flow_can_be_drawn(tmp_path, flow):
    page = write_report(study_of(flow), tmp_path / "report")
    shares = [coloured_share(picture) for picture in embedded(page.read_text())]
    assert shares[0] > 0.005 and min(shares[1:]) > 0.01  # dots; colour bars alone have less


def test_an_existing_report_is_kept_unless_forced(tmp_path):
    study = study_of(grid_flow())
    page = write_report(study, tmp_path / "report", title="first")
    (page.parent / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"report: exists already"):
        write_report(study, tmp_path / "report", title="second")
    assert "first" in page.read_text()
    write_report(study, tmp_path / "report", title="second", force=True)
    assert "second" in page.read_text()
    assert (page.parent / "notes.txt").read_text() == "mine"


def test_nothing_is_left_of_a_report_that_fails(tmp_path):
    class Broken(Figure):
        def savefig(self, *args, **kwargs):
            raise RuntimeError("no ink")

    with pytest.raises(RuntimeError, match="no ink"):
        write_report(
            study_of(grid_flow()),
            tmp_path / "report",
            sections=[Section("x", figures={"x": Broken()})],
        )
    assert list(tmp_path.iterdir()) == []


def test_symbols_have_their_index_below_and_names_are_left_alone(tmp_path):
    words = "c_f and u_τ² of hill_1 and a_model"
    write_page(tmp_path / "report", "A", "b", words, [], {})
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "<p>c<sub>f</sub> and u<sub>τ</sub>² of hill_1 and a_model</p>" in page
