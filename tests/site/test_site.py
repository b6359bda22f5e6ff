"""The built site: search, formulas, themes, links and buttons, and what stops a build.

What holds for every page, and takes a browser, is in test_site_pages.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import pytest
import yaml
from bs4 import BeautifulSoup, SoupStrainer
from sample_book import NO_ADDRESS, write_sample
from visitor import go_on

from tools.book.__main__ import build
from tools.book.maths import mathml

ROOT = Path(__file__).resolve().parents[2]
WAYS = ["http", "file"]


def test_a_request_to_another_host_would_be_found(visitor, sample, folders):
    visit = visitor(bypass_csp=True)  # which would refuse it: tests/site/test_site_security.py
    visit.page.goto(folders["file"][sample] + "intro.html")
    visit.page.evaluate("fetch('https://example.org/').catch(() => {})")
    assert visit.foreign == ["https://example.org/"]
    assert visit.problems


@pytest.mark.parametrize("way", WAYS)
def test_search_finds_a_word_of_a_page(visitor, sample, folders, way):
    visit = visitor()
    visit.page.goto(folders[way][sample] + "intro.html")
    visit.page.locator(".search-button__button:visible").click()
    visit.page.keyboard.type("rearranges")
    visit.page.keyboard.press("Enter")
    result = visit.page.locator("#search-results li a", has_text="Sample").first
    result.wait_for()
    visit.page.wait_for_load_state("networkidle")  # the excerpt is fetched, too
    result.click()
    visit.page.wait_for_url("**/chapters/sample.html*")
    assert visit.problems == []


@pytest.mark.parametrize("way", WAYS)
def test_formulas_are_set_in_the_font_of_the_site(visitor, sample, folders, way):
    page = visitor().page
    page.goto(folders[way][sample] + "chapters/sample.html", wait_until="networkidle")
    assert page.evaluate("document.fonts.check('16px \"Course Math\"', '∑')")
    loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    assert set(page.evaluate(loaded)) == {"Course Math", "Course Headings", "Course Icons"}
    assert page.locator("math").count() == 3
    family = "getComputedStyle(document.querySelector('math')).fontFamily"
    assert page.evaluate(family).startswith('"Course Math"')


def test_the_switch_changes_to_dark_and_the_next_page_stays_dark(reads_on, sample):
    background = "getComputedStyle(document.body).backgroundColor"
    theme = "document.documentElement.dataset.theme"

    def way(visit, root):
        page = visit.page
        page.goto(root + "intro.html")
        assert page.evaluate(background) == "rgb(255, 255, 255)"
        for _ in range(3):  # light, dark and the system's own
            page.locator(".theme-switch-button").click()
            if page.evaluate(theme) == "dark":
                break
        red, *_ = re.findall(r"\d+", page.evaluate(background))
        assert int(red) < 60
        go_on(page, root + "chapters/sample.html")
        assert page.evaluate(theme) == "dark"

    reads_on(sample, way, color_scheme="light")


def test_a_figure_stands_on_a_light_card_in_the_dark_that_does_not_glare(visitor, sample, folders):
    page = visitor(color_scheme="dark").page
    page.goto(folders["file"][sample] + "chapters/sample.html")
    style = "getComputedStyle(document.querySelector('.cell_output img'))"
    assert page.evaluate(f"[{style}.filter, {style}.backgroundColor]") == [
        "brightness(0.82)",
        "rgb(255, 255, 255)",
    ]


def test_a_wide_formula_can_be_scrolled_to_both_ends(visitor, sample, folders):
    page = visitor(390).page
    page.goto(folders["file"][sample] + "chapters/sample.html")
    box, formula, scrolls = page.evaluate(
        """(() => { const box = [...document.querySelectorAll("div.math")].at(-1);
             const left = element => element.getBoundingClientRect().left;
             return [left(box), left(box.querySelector("mtable")),
                     box.scrollWidth > box.clientWidth && box.tabIndex === 0]; })()"""
    )
    assert scrolls and formula >= box


def test_every_picture_has_a_description(pages):
    for page in pages:
        for image in BeautifulSoup(page.read_text("utf-8"), "html.parser").find_all("img"):
            alt = (image.get("alt") or "").strip()
            assert alt and not alt.endswith((".png", ".svg", ".jpeg")), (page, image)


def test_every_link_leads_somewhere(pages):
    soups = {page: BeautifulSoup(page.read_text("utf-8"), "html.parser") for page in pages}
    ids = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in soups.items()}
    for page, soup in soups.items():
        for link in soup.find_all("a"):
            href = link.get("href")
            assert href, (page, link)
            parts = urlsplit(href)
            if parts.scheme:
                assert parts.scheme in {"https", "mailto"} and (parts.netloc or parts.path), link
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), (page, href)
            name, is_view, _ = unquote(parts.fragment).partition("&")
            # Of an explorer, "#filter&kernel=sobel-x", or of the second, "#filter-2&…"; or of a
            # section, "#filters&present=1".
            if is_view and name not in ids[target]:
                module = re.sub(r"-\d+$", "", name).replace("-", "_")
                assert soups[target].select(f"[data-module={module}]"), (page, href)
            elif name and target in ids:
                assert name in ids[target], (page, href)


def test_only_pages_of_the_contents_are_built(sample):
    built = {p.relative_to(sample).as_posix() for p in sample.rglob("*.html")}
    pages = {name for name in built if not name.startswith("_static")}
    assert pages == {"index.html", "intro.html", "search.html", "chapters/sample.html"}


def test_each_page_leads_to_the_one_before_and_the_one_after_it(site):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))

    def files(entry: dict) -> list[str]:
        return [entry["file"], *sum(map(files, entry.get("sections", [])), [])]

    order = [contents["root"], *sum(map(files, contents["chapters"]), [])]
    pages = [None, *(site / f"{name}.html" for name in order), None]
    for before, page, after in zip(pages, pages[1:], pages[2:], strict=False):
        text = page.read_text("utf-8")
        soup = BeautifulSoup(text, "html.parser", parse_only=SoupStrainer("a"))
        for way, target in (("left-prev", before), ("right-next", after)):
            links = [link["href"] for link in soup.select(f"a.{way}")]
            found = [(page.parent / link).resolve() for link in links]
            assert found == ([target.resolve()] if target else []), (page, way)


def test_buttons_for_colab_and_repository_come_and_go_with_the_address(sample, tmp_path):
    book = tmp_path / "book"
    shutil.copytree(sample.parents[1], book, ignore=shutil.ignore_patterns("_build"))
    (book / "exercises" / "1").mkdir(parents=True)
    shutil.copy(book / "chapters" / "sample.ipynb", book / "exercises" / "1" / "deep.ipynb")
    deep = book / "exercises" / "1" / "deep.ipynb"
    deep.write_text(deep.read_text().replace("../intro.md", "../../intro.md"))
    with (book / "_toc.yml").open("a") as contents:
        contents.write("  sections:\n  - file: exercises/1/deep\n")
    config = book / "_config.yml"
    stamped = NO_ADDRESS.sub('  url: "https://github.com/a-teacher/my.cnns"', config.read_text())
    config.write_text(stamped, "utf-8")
    assert build(book, tmp_path)

    def buttons(page: Path) -> dict[str, str]:
        bar = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        links = bar.select(".article-header-buttons a")
        return {link.text.strip() or link["aria-label"]: link["href"] for link in links}

    notebook = {"Download this notebook": "../_sources/chapters/sample.ipynb"}
    repository = {"Source repository": "https://github.com/a-teacher/my.cnns"}
    colab = (
        "https://colab.research.google.com/github/a-teacher/my.cnns/blob/main/chapters/sample.ipynb"
    )
    assert buttons(sample / "chapters" / "sample.html") == notebook
    assert buttons(sample / "intro.html") == {}
    page = tmp_path / "html" / "chapters" / "sample.html"
    assert buttons(page) == {"Open in Colab": colab} | notebook | repository
    assert buttons(tmp_path / "html" / "intro.html") == repository
    name = "exercises/1/deep.ipynb"
    colab = f"https://colab.research.google.com/github/a-teacher/my.cnns/blob/main/{name}"
    notebook = {"Download this notebook": f"../../_sources/{name}"}
    page = tmp_path / "html" / "exercises" / "1" / "deep.html"
    assert buttons(page) == {"Open in Colab": colab} | notebook | repository
    contents = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one(".bd-docs-nav")
    assert [link["href"] for link in contents("a")] == [
        "../../intro.html",
        "../../chapters/sample.html",
        "#",
    ]
    assert not contents("details")


def test_what_cannot_be_shown_stops_the_build(tmp_path, capfd):
    book = write_sample(tmp_path / "book", markdown="# Sample\n\n$\\nosuchcommand x$\n", alt="")
    assert not build(book, tmp_path)
    told = capfd.readouterr().err
    assert r"\nosuchcommand is not a known command" in told
    assert "a figure of cell 2 has no text description" in told


def test_an_address_that_is_not_on_github_stops_the_build(tmp_path, capfd):
    book = write_sample(tmp_path / "book")
    config = book / "_config.yml"
    config.write_text(NO_ADDRESS.sub('  url: "github.com/me"', config.read_text()), "utf-8")
    assert not build(book, tmp_path)
    assert "should be empty or look like https://github.com/owner/name" in capfd.readouterr().err


def test_serving_prints_an_address_that_answers_and_nothing_more(sample):
    code = "import sys, pathlib; from tools.book.__main__ import serve; "
    code += "serve(pathlib.Path(sys.argv[1]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, sample],
        cwd=ROOT,
        env=os.environ | {"BROWSER": "true"},  # `true` opens nothing
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        assert b"intro.html" in urlopen(address, timeout=10).read()
    finally:
        process.terminate()
        told = process.communicate()
    assert told == ("", "")


@pytest.mark.parametrize(
    "tex",
    [
        r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{10} e^{z_j}}",
        r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"\mathbf{W} \in \mathbb{R}^{k_h \times k_w \times C_\mathrm{in}}",
        r"\begin{pmatrix} 1 & 0 & -1 \\ 2 & 0 & -2 \end{pmatrix} \ast x \approx \nabla_x I",
        r"\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1 \le 14 \iff \hat{y} \ne y'_i",
        r"\boldsymbol{\theta} \leftarrow \boldsymbol{\theta} - \eta \nabla \mathcal{L}",
        r"\underbrace{7 \cdot 7 \cdot 1}_{\text{weights}} \cdot 64 + 64 = 3{,}200 \quad 75\,\%",
        r"\hat{y} = \arg\max_i z_i \& \log x - \sin 2\theta",
    ],
)
def test_the_formulas_of_such_a_course_are_known(tex):
    markup, problems = mathml(tex, display=True)
    assert problems == []
    assert markup.startswith("<math") and "\\" not in markup


@pytest.mark.parametrize(
    "tex", [r"\foo{x}", r"\begin{nothing} x \end{nothing}", r"a & b", r"\frac{1}", r"\left( x"]
)
def test_a_formula_that_cannot_be_set_is_a_problem(tex):
    assert mathml(tex)[1]


def test_the_font_of_a_formula_with_a_root_has_the_root_sign():
    from tools.book.fonts import formula_characters

    page = mathml(r"\sqrt{n}")[0]
    assert {"n", "√"} <= formula_characters([page])


def test_formulas_are_mended_for_browsers():
    assert "<mn>1,413,834</mn>" in mathml("1{,}413{,}834")[0]
    assert '<mi mathvariant="normal">out</mi>' in mathml(r"k_\mathrm{out}")[0]
    assert '<mi>y</mi><mo lspace="0" rspace="0">′</mo>' in mathml("y'")[0]
    assert "𝜽" in mathml(r"\boldsymbol{\theta}")[0]
    assert '<munder><mo movablelimits="true"' in mathml(r"\max_i z_i")[0].replace(
        'lspace="0" rspace="0" ', ""
    )
    assert 'columnalign="right"' in mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")[0]
