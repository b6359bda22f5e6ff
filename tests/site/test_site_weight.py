"""What pages weigh: within the budget, counted as a browser does, with no style lost."""

from __future__ import annotations

import random
import re
import zlib
from pathlib import Path

import pydata_sphinx_theme
import pytest

from tools.book import weight
from tools.book.purge import purge, words_of_pages, words_of_scripts

KINDS = {"document", "stylesheet", "script"}


def test_every_page_is_within_the_budget(site):
    for page in weight.pages(site):
        found = weight.weigh(page)
        name = page.relative_to(site).as_posix()
        assert found.without_images <= weight.BUDGET, f"{name}: {found}"


@pytest.mark.parametrize("heavy", ["page.html", "site.css", "site.js"])
def test_a_page_over_the_budget_would_be_seen(tmp_path, heavy):
    letters = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=400_000))
    links = '<link rel="stylesheet" href="site.css?v=1"><script src="site.js"></script>'
    for name, content in (("page.html", links), ("site.css", ""), ("site.js", "")):
        (tmp_path / name).write_text(content + (letters if name == heavy else ""))
    found = weight.weigh(tmp_path / "page.html")
    assert found.without_images > weight.BUDGET and found.requests == 3


def test_fonts_and_pictures_held_as_data_count_as_what_they_are(tmp_path):
    data = "QUJD" * 100
    (tmp_path / "a.css").write_text(f"@font-face {{ src: url(data:font/woff2;base64,{data}) }}")
    (tmp_path / "page.html").write_text(
        f'<link rel="stylesheet" href="a.css"><img src="data:image/png;base64,{data}">'
    )
    found = weight.weigh(tmp_path / "page.html")
    assert found.fonts > 0 and found.images > 0
    (tmp_path / "page.html").write_text('<link rel="stylesheet" href="a.css">')
    assert weight.weigh(tmp_path / "page.html").images == 0


def test_what_is_counted_is_what_a_browser_asks_for(visitor, site, address):
    root = address(site)
    page = visitor().page
    asked = []
    page.on("request", lambda r: asked.append(r.url) if r.resource_type in KINDS else None)
    for name in ("intro", "chapters/02_convolutional_layer", "chapters/06_exercise", "search"):
        file = site / f"{name}.html"
        asked.clear()
        page.goto(root + file.relative_to(site).as_posix(), wait_until="networkidle")
        found = weight.weigh(file)
        pictures = len({i.get_attribute("src") for i in page.locator(".bd-article img").all()})
        assert len(asked) == found.requests - pictures, f"{file.name}: {asked}"


def test_joined_scripts_name_no_map_that_is_not_there(site):
    assert "sourceMappingURL" not in (site / "_static" / "site.js").read_text("utf-8")


def test_a_page_asks_for_few_files(site):
    """Three for all pages, three more for explorers, one for formulas, four to search.

    The fourth has the texts of all pages, which the search page asked for one by one before.
    """
    for page in weight.pages(site):
        html = page.read_text("utf-8")
        assert html.count('rel="stylesheet"') <= 4, page
        most = 5 if page.name == "search.html" else 4
        assert html.count("<script src") + html.count("<script defer") <= most, page


def test_every_link_to_a_style_sheet_or_script_ends_in_the_checksum_of_its_file(site, own_site):
    """So that no browser takes one that it keeps from an earlier build."""
    missing = own_site / "404.html"  # whose links begin at the root of the host
    for page in [*weight.pages(site), *weight.pages(own_site), missing]:
        folder = own_site.parent if page == missing else page.parent
        text = page.read_text("utf-8").replace('="/cnn-2027/', '="html/')
        links = re.findall(r'<(?:script|link)\b[^>]* (?:src|href)="([^"]+\.(?:css|js)[^"]*)"', text)
        assert len(links) >= 2, page
        for link in links:
            name, _, version = link.partition("?v=")
            assert version == f"{zlib.crc32((folder / name).read_bytes()):08x}", (page, link)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".used{a:b}", True),
        (".unused{a:b}", False),
        (".used .unused{a:b}", False),
        (".used>.other:hover::before{a:b}", True),
        ("#here p{a:b}", True),
        ("#there{a:b}", False),
        ("p:not(.unused){a:b}", True),
        (":is(.used,.unused) a{a:b}", True),
        ("[data-theme=dark] .used{a:b}", True),
        ("@media print{.unused{a:b}}", False),
        ("@media print{.used{a:b}}", True),
        ("@supports (a:b){.used{a:b}}", True),
        ("@font-face{font-family:x}", True),
        ("@keyframes turn{to{a:b}}", True),
        (".from-script{a:b}", True),
    ],
)
def test_a_rule_stays_if_something_could_match_it(rule, kept):
    words = words_of_pages(["<p class='used other' id=\"here\">"])
    words |= words_of_scripts(['x.className = "from-script"'])
    assert purge(rule, words) == (rule if kept else "")


def test_of_several_selectors_those_stay_that_can_match():
    assert purge(".a,.b c,p{d:e}", {"a"}) == ".a,p{d:e}"


def test_no_rule_that_a_page_uses_is_purged(site):
    """Each class of a page that the themes give a style has it in the purged sheet, too."""
    styles = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/styles"
    whole = "".join(sheet.read_text("utf-8") for sheet in styles.glob("*.css"))
    purged = (site / "_static" / "site.css").read_text("utf-8")
    words = words_of_pages(page.read_text("utf-8") for page in weight.pages(site))
    styled = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", whole))
    left = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", purged))
    alone = set(re.findall(r"(?:^|[},])\.(-?[a-zA-Z_][\w-]*)(?=[{,:])", whole))
    assert words & styled & alone <= left


def test_the_contents_mark_the_section_that_is_read(visitor, site):
    page = visitor().page
    page.goto((site / "exercises" / "14_9" / "1_from_scratch.html").as_uri())
    links = page.locator(".bd-toc-nav a")
    for link in (links.nth(1), links.last):
        link.click()
        page.wait_for_function(
            "(text) => document.querySelector('.bd-toc-nav a.active')?.innerText === text",
            arg=link.inner_text(),
        )
        assert page.locator(".bd-toc-nav a.active").count() == 1


def test_the_button_leads_back_to_the_top(visitor, site):
    page = visitor(800).page  # a narrower window: the theme shows it there alone
    page.goto((site / "glossary.html").as_uri())  # long, and nothing on it grows while it loads
    button = page.locator("#pst-back-to-top")
    assert button.is_hidden()
    for place in (3000, 2500):  # down, and a little up
        page.evaluate("(place) => scrollTo({ top: place, behavior: 'instant' })", place)
        page.wait_for_function("(place) => Math.abs(scrollY - place) < 5", arg=place)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    button.click()
    page.wait_for_function("() => scrollY === 0")


@pytest.mark.parametrize("width", [390, 1024])
def test_the_button_to_the_top_covers_no_explorer(visitor, site, width):
    page = visitor(width).page
    page.goto((site / "chapters" / "03_pooling_layer.html").as_uri())
    explorer = page.locator(".live-widget[data-module=pooling]").first
    explorer.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.cx-pooling canvas')")
    covers = """(explorer) => {
      const button = document.getElementById("pst-back-to-top");
      if (getComputedStyle(button).display === "none") return "hidden";
      const [a, b] = [button, explorer].map((each) => each.getBoundingClientRect());
      return a.top < b.bottom && b.top < a.bottom ? "covers" : "beside";
    }"""
    seen = set()
    top = explorer.evaluate("e => e.getBoundingClientRect().top + scrollY")
    height = explorer.evaluate("e => e.offsetHeight")
    for place in range(int(top + height + 900), int(top - 1000), -150):
        page.evaluate("(place) => scrollTo({ top: place, behavior: 'instant' })", place)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        seen.add(explorer.evaluate(covers))
    assert seen == {"hidden", "beside"}


def test_the_code_of_a_cell_is_copied(visitor, site, address):
    visit = visitor(permissions=["clipboard-read", "clipboard-write"])
    visit.page.goto(address(site) + "chapters/07_summary.html")
    cell = visit.page.locator(".cell_input .highlight:visible").first  # one is folded
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()
    assert visit.problems == []


def test_full_screen_is_a_click_away(visitor, site):
    page = visitor().page
    page.goto((site / "intro.html").as_uri())
    page.locator(".course-full-screen").click()
    page.wait_for_function("() => document.fullscreenElement")
