"""The built site, in a real browser: self-contained, without errors, for eyes and ears.

Besides the course itself, a small sample book is built, whose one notebook holds
everything that a page may hold.
"""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from PIL import Image

from utils.book.__main__ import build
from utils.book.maths import mathml

ROOT = Path(__file__).resolve().parent.parent
WAYS = ["http", "file"]
NO_ADDRESS = re.compile(r'^  url: "[^"]*"$', re.MULTILINE)

MARKDOWN = r"""# Sample

A formula $\lfloor (n + 2p - k)/s \rfloor + 1$, `code`, [the start](../intro.md),
and one more on a line $$y' = 3x^2$$ of its own.

$$\begin{aligned}
z_{i,j,c} &= b_c + \sum_{u=0}^{k_h-1} \sum_{v=0}^{k_w-1} \sum_{c'=0}^{C_\mathrm{in}-1}
    x_{i s + u,\, j s + v,\, c'} \, w_{u,v,c',c} \quad\text{for every } i, j \text{ and } c \\
a_{i,j,c} &= \max(0,\, z_{i,j,c})
\end{aligned}$$

| Layer | Output shape | Parameters | Multiply–adds | Receptive field | Remark |
|---|---|---:|---:|---:|---|
| `Conv2D(64, 7, padding="same")` | 28 × 28 × 64 | 3,200 | 2,458,624 | 7 | the first layer |

<details><summary>Show the answer</summary>

Flatten only rearranges.

</details>
"""


def picture(width: int, height: int) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def write_sample(book: Path, markdown: str = MARKDOWN, alt: str = "A teal box.") -> Path:
    """Write a book of two pages with the settings of the course, but no address."""
    new = nbformat.v4
    long_line = "print('" + "a long line " * 20 + "')"
    outputs = [
        new.new_output("stream", name="stdout", text="accuracy 0.9117 " * 20 + "\n"),
        new.new_output(
            "display_data",
            data={"image/png": picture(2400, 600), "text/plain": "<Figure>"},
            metadata={"image/png": {"width": 1200, "height": 300, "alt": alt}},
        ),
        new.new_output(
            "execute_result",
            data={"text/html": "<table><tr>" + "<td>0.123456</td>" * 15 + "</tr></table>"},
            execution_count=1,
        ),
    ]
    cells = [
        new.new_markdown_cell(markdown),
        new.new_code_cell(long_line, execution_count=1, outputs=outputs),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    language = {"name": "python", "pygments_lexer": "ipython3"}
    metadata = {"kernelspec": kernel, "language_info": language}
    notebook = new.new_notebook(cells=cells, metadata=metadata)
    (book / "chapters").mkdir(parents=True)
    nbformat.write(notebook, book / "chapters" / "sample.ipynb")
    (book / "intro.md").write_text("# Start\n\nRead the [sample](chapters/sample.ipynb).\n")
    toc = "format: jb-book\nroot: intro\nchapters:\n- file: chapters/sample\n"
    (book / "_toc.yml").write_text(toc)
    config, count = NO_ADDRESS.subn('  url: ""', (ROOT / "_config.yml").read_text("utf-8"))
    assert count == 1, "the address stands in one line of _config.yml"
    (book / "_config.yml").write_text(config, "utf-8")
    shutil.copy(ROOT / "references.bib", book)  # which the settings name
    return book


@pytest.fixture(scope="session")
def sample(build_site, tmp_path_factory) -> Path:
    book = write_sample(tmp_path_factory.mktemp("sample") / "book")
    build_site("--source", book)
    return book / "_build" / "html"


@pytest.fixture(scope="session")
def pages(site, sample) -> list[Path]:
    """The files of all pages of both books; index.html only leads on to the first."""
    return [
        page
        for folder in (site, sample)
        for page in sorted(folder.rglob("*.html"))
        if "_static" not in page.parts and page != folder / "index.html"
    ]


@pytest.fixture(scope="session")
def folders(site, sample, address) -> dict[str, dict[Path, str]]:
    """The address of each site's folder, served and as files."""
    return {
        "http": {folder: address(folder) for folder in (site, sample)},
        "file": {folder: f"{folder.as_uri()}/" for folder in (site, sample)},
    }


def url_of(page: Path, folders: dict[Path, str]) -> str:
    folder = next(folder for folder in folders if page.is_relative_to(folder))
    return folders[folder] + page.relative_to(folder).as_posix()


@pytest.mark.parametrize("way", WAYS)
def test_no_page_asks_another_host_or_reports_an_error(visitor, pages, folders, way):
    visit = visitor()
    for page in pages:
        visit.page.goto(url_of(page, folders[way]), wait_until="networkidle")
    assert visit.foreign == []
    assert visit.problems == []


def test_a_request_to_another_host_would_be_seen(visitor, sample, folders):
    visit = visitor()
    visit.page.goto(folders["file"][sample] + "intro.html")
    visit.page.evaluate("fetch('https://example.org/').catch(() => {})")
    assert visit.foreign == ["https://example.org/"]
    assert visit.problems


@pytest.mark.parametrize("width", [1280, 390])
def test_one_search_box_is_visible_on_every_page(visitor, pages, folders, width):
    page = visitor(width).page
    boxes = "form.bd-search input, .search-button__button"
    for file in pages:
        page.goto(url_of(file, folders["file"]), wait_until="load")
        visible = [box for box in page.locator(boxes).all() if box.is_visible()]
        assert len(visible) == 1, file


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


def test_every_icon_of_a_page_is_in_the_cut_font(visitor, pages, folders):
    page = visitor().page
    for file in pages:
        page.goto(url_of(file, folders["file"]), wait_until="load")
        missing = page.evaluate(
            """[...document.querySelectorAll("[class*='fa-']")].filter(
                 icon => getComputedStyle(icon, "::before").content === "none"
               ).map(icon => icon.className)"""
        )
        assert missing == [], file


@pytest.mark.parametrize("way", WAYS)
def test_the_switch_changes_to_dark_and_the_next_page_stays_dark(visitor, sample, folders, way):
    page = visitor(color_scheme="light").page
    page.goto(folders[way][sample] + "intro.html")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    for _ in range(3):  # light, dark and the system's own
        page.locator(".theme-switch-button").click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    red, *_ = re.findall(r"\d+", page.evaluate(background))
    assert int(red) < 60
    page.goto(folders[way][sample] + "chapters/sample.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_figure_keeps_its_colors_on_a_light_card_in_the_dark(visitor, sample, folders):
    page = visitor(color_scheme="dark").page
    page.goto(folders["file"][sample] + "chapters/sample.html")
    style = "getComputedStyle(document.querySelector('.cell_output img'))"
    assert page.evaluate(f"[{style}.filter, {style}.backgroundColor]") == [
        "none",
        "rgb(255, 255, 255)",
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_scrolls_sideways_and_figures_keep_their_shape(visitor, pages, folders, width):
    page = visitor(width).page
    for file in pages:
        page.goto(url_of(file, folders["file"]), wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file
        shapes = page.evaluate(
            """[...document.querySelectorAll(".bd-article img")].map(image => {
                 const { left, right } = image.getBoundingClientRect();
                 return [left >= 0 && right <= innerWidth,
                   image.clientWidth / image.clientHeight,
                   image.naturalWidth / image.naturalHeight];
               })"""
        )
        for fits, shown, drawn in shapes:
            assert fits and shown == pytest.approx(drawn, rel=0.02), file


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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_page_of_the_exercise(visitor, site, theme):
    page = visitor(color_scheme=theme).page
    for file in sorted((site / "exercises").rglob("*.html")):
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        found = Axe().run(page)
        assert found.violations_count == 0, f"{file.name}: {found.generate_report()}"


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
            if parts.fragment and target in ids:
                assert unquote(parts.fragment) in ids[target], (page, href)


def test_only_pages_of_the_contents_are_built(sample):
    built = {p.relative_to(sample).as_posix() for p in sample.rglob("*.html")}
    pages = {name for name in built if not name.startswith("_static")}
    assert pages == {"index.html", "intro.html", "search.html", "chapters/sample.html"}


def test_a_second_build_writes_no_page_again(build_site, sample):
    page = sample / "chapters" / "sample.html"
    written = page.stat().st_mtime_ns
    build_site("--source", sample.parents[1])
    assert page.stat().st_mtime_ns == written


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


def test_what_cannot_be_shown_stops_the_build_each_time(tmp_path, capfd):
    book = write_sample(tmp_path / "book", markdown="# Sample\n\n$\\nosuchcommand x$\n", alt="")
    for _ in range(2):
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


def test_serving_prints_an_address_that_answers(sample):
    code = "import sys, pathlib; from utils.book.__main__ import serve; "
    code += "serve(pathlib.Path(sys.argv[1]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, sample],
        cwd=ROOT,
        env=os.environ | {"BROWSER": "true"},  # `true` opens nothing
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        assert b"intro.html" in urlopen(address, timeout=10).read()
    finally:
        process.terminate()
        process.wait()


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
    from utils.book.fonts import formula_characters

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
