"""The page as a reader sees it: in a headless Chromium, on a desk and on a phone."""

import pytest

from tests.support.browser import running_chromium
from tests.support.pictures import coloured_share, embedded
from tests.support.synthetic import random_flow
from vcnn import Closure, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.baselines import DeepSets
from vcnn.evaluation.costs import cost_study
from vcnn.evaluation.frames import rotate_study
from vcnn.evaluation.report.rotation import write_report
from vcnn.evaluation.transformations import transformation_study

TARGET = "concentration"
LONG = "a network with a name that is much too long for the table of a report on a phone"


@pytest.fixture(scope="module")
def chromium():
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=[2, 3], ids=["plane", "space"])
def report(request, tmp_path_factory):
    """A whole report of five models."""
    d = request.param
    flow, region = random_flow(d, n=200), RegionOfInfluence.ball(0.5)
    networks = {
        "vector-cloud": VectorCloudNetwork(["strain_rate"]),
        "deep-sets": DeepSets(["strain_rate"], d),
    }
    networks |= {f"{name} again": network for name, network in networks.items()} | {
        LONG: DeepSets([], d)
    }
    closures = {
        name: Closure(
            network.eval(), region, TARGET, d, Scales.of([flow], region, network, [TARGET])
        )
        for name, network in networks.items()
    }
    study = rotate_study(closures, flow, curve_centres=20, progress=False)
    transformations = transformation_study(
        closures, flow, {"another mesh": random_flow(d, n=300, seed=1)}
    )
    costs = cost_study(closures, flow, sizes=(25, 200, 400))
    folder = tmp_path_factory.mktemp("report") / "report"
    return write_report(
        study, folder, "A report", "For readers.", transformations=transformations, costs=costs
    )


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_loads_whole_and_fits(chromium, report, width):
    page = chromium.new_page(viewport={"width": width, "height": 800})
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url[:100]))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
    assert page.evaluate("[...document.images].map(image => image.naturalWidth > 0)") == [True] * 4
    assert min(map(coloured_share, embedded(report.read_text()))) > 0.005
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    every = "[...document.querySelectorAll('h1, h2, p, figcaption, .scroll')]"
    outside = f"{every}.filter(e => e.getBoundingClientRect().right > {width})"
    assert page.evaluate(f"{outside}.length") == 0
    assert page.locator("h2").count() == 7
    page.close()


def test_it_prints_with_every_picture_on_one_page(chromium, report):
    page = chromium.new_page()
    page.goto(report.as_uri())
    page.emulate_media(media="print")
    paper = 297 - 2 * 15  # millimetres of A4 within its margins
    heights = page.evaluate(
        "[...document.querySelectorAll('figure')].map(f => f.getBoundingClientRect().height)"
    )
    assert max(heights) * 25.4 / 96 < paper
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
