"""A page on paper, and the whole book as one PDF."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from sample_book import ROOT

from tools.book import pdf

CHAPTER = "chapters/03_pooling_layer.html"
ANSWERS = ".bd-article details:not(.course-setup, .course-reveal)"
PAPER = 658  # CSS pixels between the margins of A4

VISIBLE = """(selector) => [...document.querySelectorAll(selector)]
  .filter((element) => element.checkVisibility()).length"""
TOO_WIDE = """() => [...document.querySelectorAll(".bd-article *")].filter((element) =>
  element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML)"""


# --- a page on paper ----------------------------------------------------------------------


@pytest.fixture
def paper(visitor, site):
    """A function that opens a page as it is before a browser prints it."""

    def lay_out(name: str, **options):
        page = visitor(PAPER, **options).page
        page.goto((site / name).as_uri())
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        return page

    return lay_out


def test_a_printed_page_has_nothing_to_click_and_light_colors(paper):
    page = paper(CHAPTER, color_scheme="dark")
    for selector in ("button", "nav", "select:not(.cnn-explorer *)", "[type=range]", ".headerlink"):
        assert page.evaluate(VISIBLE, selector) == 0, selector
    assert page.evaluate(VISIBLE, ".bd-article h1") == 1
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_an_explorer_longer_than_a_sheet_is_printed_as_a_column_of_blocks(paper):
    page = paper("chapters/training.html")
    page.emulate_media(media="screen")
    explorer = page.locator('.live-widget[data-module="training"]')
    explorer.get_by_role("button", name="Load the").click()
    explorer.get_by_text("One step, slowly").click()
    explorer.get_by_role("button", name="Show it for").click()
    explorer.locator(".cx-train-stages > li").last.wait_for()
    page.emulate_media(media="print")
    # In a grid, Chromium prints the last parts of a long explorer over the text below it.
    inside = explorer.locator(".cx-body, .cx-body > *, details > *, .cx-train-stages > *")
    layouts = inside.evaluate_all(
        "(all, sheet) => all.filter((each) => each.offsetHeight > sheet)"
        ".map((each) => getComputedStyle(each).display)",
        1000,
    )
    assert layouts and not {"grid", "flex"} & set(layouts), layouts
    assert (
        explorer.locator("details:not([open])").evaluate_all(
            "(all) => all.filter((each) => each.checkVisibility()).length"
        )
        == 0
    )


def test_explorers_far_below_the_screen_are_printed_with_their_settings_in_words(paper):
    page = paper(CHAPTER)
    states = page.locator(".live-widget").evaluate_all("all => all.map(w => w.dataset.state)")
    assert len(states) > 3 and set(states) == {"shown"}
    explorer = page.locator(".cx-pooling").first
    assert explorer.locator(".cx-value").first.is_visible()
    assert explorer.locator(".cx-status").inner_text().strip()


@pytest.mark.parametrize("name", [CHAPTER, "chapters/05_fashion_mnist.html", "intro.html"])
def test_nothing_is_cut_at_the_edge_of_the_paper(paper, name):
    assert paper(name).evaluate(TOO_WIDE) == []


def test_closed_answers_are_printed_at_the_end_and_go_back(paper):
    page = paper(CHAPTER)
    answers = page.locator(ANSWERS)
    count = answers.count()
    assert count > 1
    end = page.locator(".course-answers")
    assert end.locator("h2").inner_text() == "Answers"
    assert end.locator("> div").count() == count
    first = end.locator("> div").first
    assert first.locator(".course-answer-title").inner_text().startswith("1 · 3.2 How many windows")
    assert len(first.inner_text()) > 40
    assert answers.first.inner_text().strip() == "Where do the windows lie? → no. 1 at the end"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert end.count() == 0
    assert len(answers.first.evaluate("a => a.textContent")) > 40
    assert answers.first.locator("summary").inner_text() == "Where do the windows lie?"


def test_an_answer_that_the_reader_opened_is_printed_where_it_stands(visitor, site):
    page = visitor(PAPER).page
    page.goto((site / CHAPTER).as_uri())
    answers = page.locator(ANSWERS)
    answers.first.evaluate("answer => { answer.open = true; }")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(answers.first.inner_text()) > 40
    assert page.locator(".course-answers > div").count() == answers.count() - 1


def test_a_folded_output_is_printed_where_it_stands(paper):
    page = paper(CHAPTER)
    outputs = page.locator(".course-reveal")
    assert outputs.count() > 3
    opened = "outputs => outputs.map((output) => output.open)"
    assert all(outputs.evaluate_all(opened))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not any(outputs.evaluate_all(opened))


def test_an_address_stands_behind_a_link_to_another_host(paper):
    page = paper(CHAPTER)
    behind = "link => getComputedStyle(link, '::after').content"
    external = page.locator(".bd-article a.external").first
    assert external.evaluate(behind).startswith('" (https://')
    assert page.locator(".bd-article a.internal").first.evaluate(behind) == "none"


# --- the whole book -----------------------------------------------------------------------


def test_a_stored_pdf_has_known_pages():
    """The form in which Chromium writes the tree of pages and the targets of links."""
    objects = {
        1: b"<</Type /Catalog\n/Pages 2 0 R\n/Dests 3 0 R>>",
        2: b"<</Type /Pages\n/Kids [4 0 R 5 0 R]>>",
        3: b"<</p1 [6 0 R /XYZ 0 0 0]\n/p2-a#2Fb [7 0 R /XYZ 0 9 0]>>",
        4: b"<</Type /Pages\n/Kids [6 0 R]>>",
        5: b"<</Type /Pages\n/Kids [8 0 R 7 0 R]>>",
        6: b"<</Type /Page>>",
        7: b"<</Type /Page>>",
        8: b"<</Type /Page>>",
    }
    written = b"".join(b"\n%d 0 obj\n%s\nendobj" % each for each in objects.items())
    assert pdf.page_numbers(written) == {"p1": 1, "p2-a/b": 3}
    with pytest.raises(pdf.Problem, match="cannot be found"):
        pdf.page_numbers(b"%PDF-1.4\nanother form")


def test_the_pages_come_in_the_order_of_the_contents():
    contents = {
        "root": "intro",
        "chapters": [{"file": "a", "sections": [{"file": "a1", "title": "x"}]}, {"file": "b"}],
    }
    assert pdf.names_in(contents) == ["intro", "a", "a1", "b"]


def test_titles_of_the_outline_are_the_headings():
    """Chromium writes a heading twice that moved to the next page, and joins its lines."""
    title = rb"2.12.1 Onevalue \(1\)One value\(1\)"
    item = b"6 0 obj\n<</Title (%s)\n/Dest [2 0 R]>>\nendobj\n" % title
    start = b"%PDF-1.4\n"
    trailer = b"trailer\n<</Size 7\n/Root 1 0 R>>\nstartxref\n99\n%%EOF\n"
    changed = pdf.with_titles(start + item + trailer, [["2.1", " One value (1)"]])
    assert changed.startswith(start + item + trailer)
    assert pdf.outline(changed)[6][1] == "2.1 One value (1)"
    place = changed.rindex(b"6 0 obj")
    assert b"xref\n6 1\n%010d 00000 n \ntrailer" % place in changed
    assert b"/Root 1 0 R\n/Prev 99>>" in changed
    assert int(changed.split()[-2]) == changed.rindex(b"xref\n6 1")


@pytest.fixture(scope="module")
def short_book(build_site, tmp_path_factory) -> Path:
    """A book of three pages of the course: the landing page, a chapter, the exercise."""
    book = tmp_path_factory.mktemp("short") / "book"
    (book / "chapters").mkdir(parents=True)
    chapter = json.loads((ROOT / "chapters" / "07_summary.ipynb").read_text("utf-8"))
    for cell in chapter["cells"]:
        if cell["cell_type"] == "markdown":  # without links to chapters that this book lacks
            text = "".join(cell["source"])
            cell["source"] = re.sub(r"\[([^\]]*)\]\([\w./]+\.(?:ipynb|md)\)", r"\1", text)
    (book / "chapters" / "07_summary.ipynb").write_text(json.dumps(chapter), "utf-8")
    (book / "intro.md").write_text(
        "# Short\n\n```{explorer} FilterExplorer\n:selected: photo\n```\n\n"
        "## The way\n\nRead [the summary](chapters/07_summary.ipynb).\n"
    )
    (book / "last.md").write_text("# Last\n\n## Words\n\nBack to [the way](intro.md).\n")
    contents = "format: jb-book\nroot: intro\nchapters:\n- file: chapters/07_summary\n"
    (book / "_toc.yml").write_text(contents + "- file: last\n")
    for name in ("_config.yml", "references.bib"):
        shutil.copy(ROOT / name, book)
    build_site("--source", book)
    return book


@pytest.fixture(scope="module")
def written(browser, short_book) -> bytes:
    """The PDF of the short book; `browser` skips where there is none."""
    command = [sys.executable, "-m", "tools.book.pdf", "--source", short_book]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"Written in \d+ s: file://\S+/course\.pdf \(\d+ pages", run.stdout)
    return (short_book / "_build" / "course.pdf").read_bytes()


def letters(written: bytes) -> set[str]:
    """Return the characters that the fonts of a PDF tell: what can be searched and copied."""
    tables = [
        zlib.decompress(packed)
        for packed in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", written, re.DOTALL)
        if b"begincmap" in zlib.decompressobj().decompress(packed, 600)
    ]
    codes = re.findall(rb"<(\w{4})> (?:<(\w{4})> )?<(\w{4})>", b"".join(tables))
    found = set()
    for first, last, letter in codes:
        count = int(last or first, 16) - int(first, 16) + 1
        found |= {chr(int(letter, 16) + i) for i in range(count)}
    return found


def test_the_book_has_text_an_outline_pictures_and_a_language(written):
    assert set("Explorer filter") <= letters(written)
    titles = [title for _, title in pdf.outline(written).values()]
    for title in ("Contents", "About the course", "The way", "7 Summary", "Last", "Words"):
        assert title in titles, titles
    assert titles.count("When is a network better?") == 1, titles
    assert written.count(b"/Subtype /Image") >= 5
    assert b"/Lang (en)" in written and b"/StructTreeRoot" in written
    assert re.search(rb"/S /Figure\n/Alt", written), "figures keep their descriptions"


def test_links_lead_from_page_to_page_within_the_book_and_to_no_file(written):
    targets = pdf.page_numbers(written)
    assert 1 < targets["p1"] < targets["p2"] < targets["p3"]
    assert targets["p1-the-way"] == targets["p1"]
    links = re.findall(rb"/Dest /([\w-]+)", written)
    assert links.count(b"p1") >= 2 and links.count(b"p2") >= 2  # in the contents and in the text
    assert b"file:" not in written and str(ROOT).encode() not in written


def test_explorers_of_different_pages_keep_apart(short_book):
    pages = pdf.read(short_book / "_build" / "html", short_book)
    ids = [model_id for page in pages for model_id in page.models]
    assert len(ids) == len(set(ids)) > 2
    places = [
        place["data-model"] for page in pages for place in page.article.select(".live-widget")
    ]
    assert set(places) <= set(ids) and len(set(places)) == len(places)
    marked = [element["id"] for page in pages for element in page.article.find_all(id=True)]
    assert len(marked) == len(set(marked))


def test_without_a_built_site_or_a_browser_it_is_said_what_to_do(short_book, tmp_path):
    with pytest.raises(pdf.Problem, match="build the site first, with `make book`"):
        pdf.read(tmp_path, short_book)
    code = (
        "import sys; from tools.book import pdf; pdf.get_browser = lambda playwright: None; "
        f"sys.argv[1:] = ['--source', {str(short_book)!r}]; pdf.main()"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith("The PDF needs a browser, and no Chromium or Chrome was found")
