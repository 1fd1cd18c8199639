"""The built site as readers see it, on a desk and on a phone, from a server and from a folder."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest

from tests.support.browser import running_chromium

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
WIDTHS = (1200, 390)
PAGES = sorted(
    str(path.relative_to(SITE))
    for path in SITE.rglob("*.html")
    if path.relative_to(SITE).parts[0] not in ("_static", "_sources", "_downloads")
)

if not PAGES:
    pytest.skip("the site has not been built (make docs)", allow_module_level=True)

# In a page: where its links lead, its ids, pictures that failed or say nothing, broken formulas.
LOOK = """() => ({
    links: [...document.querySelectorAll('a[href]')].map(a => a.href),
    ids: [...document.querySelectorAll('[id]')].map(e => e.id),
    pictures: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src),
    silent: [...document.images].filter(i => !/\\w/.test(i.alt)  // what Sphinx puts there
            || /\\.(png|svg|jpe?g|gif|webp)$/i.test(i.alt) || /^(sphx glr )?plot \\d/.test(i.alt))
        .filter(i => !i.closest('.sphx-glr-thumbcontainer'))  // there a title stands beside it
        .map(i => `${i.alt}: ${i.src}`),
    formulas: [...document.querySelectorAll(  // macros that nobody has defined are red
        'mjx-merror, .MathJax_Error, mjx-container [style*="color: red"]')].map(
        e => e.closest('.math').textContent.slice(0, 60)),
    raw: [...document.querySelectorAll('.math')].filter(
        e => !e.querySelector('mjx-container, .MathJax')).map(e => e.textContent.slice(0, 60)),
})"""

# What stands out of a window and does not lie in anything that scrolls.
OUTSIDE = """width => {
    const scrolls = e => e && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
        && e !== document.body && e.scrollWidth > e.clientWidth || scrolls(e.parentElement));
    const article = document.querySelector('.bd-article-container') ?? document.body;
    return [document.documentElement, ...article.querySelectorAll('*')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width > 1 && (box.right > width + 1 || box.left < -1)
            && !e.closest('mjx-assistive-mml') && !scrolls(e.parentElement);
    }).map(e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`).slice(0, 3);
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def chromium():
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server():
    """The address that the site is served at."""
    handler = functools.partial(Quiet, directory=SITE)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()


class Visit:
    """A tab that notes what pages complain of and ask for."""

    def __init__(self, browser, home):
        self.page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900})
        self.home, self.complaints = home, []
        self.page.on("console", lambda m: m.type == "error" and self.note(m.text))
        self.page.on("pageerror", lambda error: self.note(str(error)))
        self.page.on("requestfailed", self.fail)
        self.page.on("response", lambda r: r.status >= 400 and self.note(f"{r.status}: {r.url}"))
        self.page.on("request", self.leave)

    def note(self, text):
        self.complaints.append(text[:200])

    def fail(self, request):
        if request.failure != "net::ERR_ABORTED":  # given up because the page was left
            self.note(f"failed: {request.url}")

    def leave(self, request):
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.note(f"leaves the site: {request.url}")

    def open(self, name):
        """What is found on a page once it is drawn, and what stands out of windows."""
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        self.page.goto(self.home + name)
        self.page.evaluate(
            """async () => {
                document.querySelectorAll('img').forEach(i => { i.loading = 'eager' });
                await Promise.all([...document.images].map(i => i.decode().catch(() => null)));
                if (window.MathJax?.startup) await MathJax.startup.promise;
            }"""
        )
        found = self.page.evaluate(LOOK)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            found[width] = self.page.evaluate(OUTSIDE, width)
        return found


@pytest.fixture(scope="module")
def visited(chromium, server):
    """Page -> what is found on it, and complaints of all of them."""
    visit = Visit(chromium, server)
    pages = {name: visit.open(name) for name in PAGES}
    return pages, visit.complaints


def test_pages_load_without_complaint_and_ask_for_nothing_elsewhere(visited):
    pages, complaints = visited
    assert "index.html" in pages and len(pages) > 100
    assert complaints == []


def test_links_lead_somewhere(visited, server):
    pages, _ = visited
    dead = set()
    for name, page in pages.items():
        for link in page["links"]:
            address, anchor = urldefrag(link)
            if not address.startswith(server):
                continue
            target = unquote(address.removeprefix(server)) or "index.html"
            if not (SITE / target).is_file():
                dead.add((name, link))
            elif anchor and target in pages and unquote(anchor) not in pages[target]["ids"]:
                dead.add((name, link))
    assert sorted(dead) == []


def test_links_out_of_the_site_are_addresses(visited, server):
    """Nothing of the machine that built it."""
    links = {link for page in visited[0].values() for link in page["links"]}
    assert all(link.startswith((server, "https://", "http://", "mailto:")) for link in links)


@pytest.mark.parametrize("fault", ["pictures", "silent", "formulas", "raw"])
def test_pictures_and_formulas_are_drawn(visited, fault):
    """Pictures load and say in words what they show; every formula becomes one."""
    assert {name: page[fault] for name, page in visited[0].items() if page[fault]} == {}


def test_faults_of_pictures_and_formulas_are_found(chromium, server):
    body = r"""<script>window.MathJax = {options: {processHtmlClass: "math"}}</script>
    <script defer src="_static/mathjax/tex-chtml.js"></script>
    <p class="math">\(\fracc{1}{2}\)</p> <p class="math">\(\frac{1\)</p>
    <p class="math">\(\left( 1\)</p> <p class="math">\(\frac12\)</p>
    <img src="_static/icon.svg"> <img src="_static/icon.svg" alt="../_images/b7.png">
    <img src="_static/icon.svg" alt="plot 06 realizable"> <img src="_static/icon.svg" alt="An icon">
    """
    visit = Visit(chromium, server)
    visit.page.route(server + "faults.html", lambda route: route.fulfill(body=body))
    found = visit.open("faults.html")
    assert len(found["silent"]) == 3
    assert len(found["formulas"] + found["raw"]) == 3


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_window(visited, width):
    """Tables and code scroll inside themselves."""
    assert {name: page[width] for name, page in visited[0].items() if page[width]} == {}


@pytest.mark.parametrize("home", ["server", "folder"])
def test_search_finds_a_method_on_the_page_of_its_class(chromium, server, home):
    home = server if home == "server" else SITE.as_uri() + "/"
    visit = Visit(chromium, home)
    visit.page.goto(home + "search.html?q=in_units")
    result = visit.page.locator("#search-results ul.search a[href*='vcnn.Closure.html']").first
    result.wait_for(timeout=20_000)
    address = urldefrag(urljoin(home, result.get_attribute("href")))[0].partition("?")[0]
    assert address == home + "reference/api/generated/vcnn.Closure.html"
    assert visit.complaints == []


def test_pages_open_from_a_folder(chromium):
    """The first page and one of each kind, without a server."""
    home = SITE.as_uri() + "/"
    visit = Visit(chromium, home)
    for name in ("index.html", "_gallery/index.html", "reference/api/generated/vcnn.Closure.html"):
        assert visit.open(name)["pictures"] == []
    assert visit.complaints == []
