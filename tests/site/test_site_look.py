"""The look of the site: its palette, the blocks that have a look of their own, the landing page."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from accessibility import contrast
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document

from tools.book import blocks
from tools.book.fonts import heading_characters

ROOT = Path(__file__).resolve().parents[2]
SHEET = ROOT / "tools" / "book" / "static" / "course.css"
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
WIDGET = "application/vnd.jupyter.widget-view+json"
ON_PAPER = [
    *(f"--pst-color-{name}" for name in ("text-base", "text-muted", "link", "link-hover")),
    *(f"--course-{name}" for name in ("input", "choice", "output")),
]


def palette(theme: str) -> dict[str, str]:
    """Return the colors that the style sheet defines for a theme."""
    rule = re.search(
        rf'html\[data-theme="{theme}"\] {{(.*?)}}', SHEET.read_text("utf-8"), re.DOTALL
    )
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", rule[1]))


def mixed(color: str, other: str, share: float) -> str:
    """Return what color-mix makes of two colors in sRGB."""
    pairs = [(int(color[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


@pytest.fixture(scope="module")
def soups(site) -> dict[str, BeautifulSoup]:
    """Every page of the contents, by its name."""
    chapters = CONTENTS["chapters"]
    entries = [{"file": CONTENTS["root"]}, *chapters]
    entries += [part for chapter in chapters for part in chapter.get("sections", [])]
    return {
        entry["file"]: BeautifulSoup(
            (site / f"{entry['file']}.html").read_text("utf-8"), "html.parser"
        )
        for entry in entries
    }


def test_contrast_is_computed_as_the_guidelines_do():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_in_every_color_are_legible_on_every_ground(theme):
    colors = palette(theme)
    paper = colors["--pst-color-background"]
    asks = [mixed(colors[f"--course-{c}"], paper, 0.06) for c in ("choice", "input", "output")]
    for ground in [paper, colors["--pst-color-surface"], *asks]:
        for name in ON_PAPER:
            assert contrast(colors[name], ground) >= 4.5, (theme, name, ground)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_and_buttons_are_legible_on_their_own_color(theme):
    colors = palette(theme)
    for name in ("--course-input", "--course-choice", "--course-output", "--pst-color-primary"):
        assert contrast(colors["--pst-color-background"], colors[name]) >= 4.5, (theme, name)


def test_both_themes_define_the_same_colors():
    assert palette("light").keys() == palette("dark").keys()


def test_each_chapter_has_a_card_with_its_picture_in_the_order_of_the_contents(soups):
    cards = soups["intro"].select("ol.course-cards > li")
    links = [card.select_one(".course-card-title a")["href"] for card in cards]
    chapters = [c for c in CONTENTS["chapters"] if c["file"].startswith("chapters/")]
    assert links == [f"{chapter['file']}.html" for chapter in chapters]
    for card, chapter in zip(cards, chapters, strict=True):
        assert len(card.select_one("svg[role=img]")["aria-label"]) > 20
        assert card.select_one(".course-card-time").text
        parts = [link["href"] for link in card.select(".course-card-parts a")]
        assert parts == [f"{part['file']}.html" for part in chapter.get("sections", [])]


def test_every_color_of_a_picture_is_one_of_the_palette(soups):
    for picture in soups["intro"].select("svg.course-picture, svg.course-mark"):
        assert not re.search(r"#[0-9a-f]{3,6}|rgb|style=", str(picture))


def test_the_whole_explorer_is_on_the_first_screen_of_a_laptop(visitor, site):
    page = visitor(1280, 800).page
    page.goto((site / "intro.html").as_uri())
    explorer = page.locator(".cnn-explorer").first
    explorer.wait_for()
    box = explorer.bounding_box()
    assert box["y"] > 0 and box["y"] + box["height"] <= 800


def test_on_a_phone_the_kernel_to_change_is_on_the_first_screen(visitor, site):
    page = visitor(390, 844).page
    page.goto((site / "intro.html").as_uri())
    page.locator(".cnn-explorer").first.wait_for()
    box = page.locator(".cx-calculation [data-role=kernel]").bounding_box()
    assert box["y"] + box["height"] <= 844


@pytest.mark.parametrize("width", [1280, 390])
def test_on_the_landing_page_a_number_of_the_kernel_is_changed_by_keyboard(visitor, site, width):
    visit = visitor(width)
    page = visit.page
    page.goto((site / "intro.html").as_uri())
    page.locator(".cnn-explorer").first.wait_for()
    before = page.locator(".cx-sum b").text_content()
    page.locator(".cnn-explorer").first.locator("select").last.focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('[data-role=kernel]') !== null"):
            break
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("Tab")
    page.wait_for_function("b => document.querySelector('.cx-sum b').textContent !== b", arg=before)
    assert visit.problems == []


def test_every_prediction_asked_for_in_a_page_looks_like_one(soups):
    for name, soup in soups.items():
        source = ROOT / f"{name}.ipynb"
        if source.exists():
            cells = json.loads(source.read_text("utf-8"))["cells"]
            text = "\n".join(
                "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
            )
        else:
            text = (ROOT / f"{name}.md").read_text("utf-8")
        asked = len(re.findall(r"^> \*\*Predict\.", text, re.MULTILINE))
        labels = [quote.strong.text for quote in soup.select("blockquote.course-predict")]
        assert labels == ["Predict"] * asked, name


def test_every_chapter_begins_with_its_goals_and_ends_with_what_to_remember(soups):
    for name, soup in soups.items():
        if name.startswith("chapters/") and not name.endswith("exercise"):
            goals = soup.select_one(".course-goals")
            assert goals.ul and goals.select("p")[-1].text.startswith("Time."), name
            assert len(soup.select("section.course-remember > ul > li")) >= 3, name


def test_the_set_up_cell_is_folded_and_no_other(soups):
    for name, soup in soups.items():
        folds = soup.select("details.course-setup")
        assert len(folds) == (ROOT / f"{name}.ipynb").exists(), name
        for fold in folds:
            assert "open" not in fold.attrs
            assert ["COURSE =" in cell.text for cell in fold.select("div.cell")] == [True], name


def is_asked(cell) -> bool:
    """Whether a cell ends with a prediction that the reader is to make."""
    text = "".join(cell["source"])
    return 'mode="predict"' in text or text.rstrip().split("\n\n")[-1].startswith("> **Predict.")


def test_the_output_that_follows_a_prediction_is_folded(soups):
    folded = {name: soup.select("details.course-reveal") for name, soup in soups.items()}
    assert sum(map(len, folded.values())) > 10
    for name, folds in folded.items():
        source = ROOT / f"{name}.ipynb"
        cells = json.loads(source.read_text("utf-8"))["cells"] if source.exists() else []
        tagged = [cell for cell in cells if "reveal" in cell["metadata"].get("tags", [])]
        assert len(folds) == len(tagged), name
        assert not [fold for fold in folds if "open" in fold.attrs or not fold.text.strip()], name
        for asks, answers in pairwise(cells):
            kinds = {
                kind for output in answers.get("outputs", []) for kind in output.get("data", {})
            }
            plain = answers["cell_type"] == "code" and WIDGET not in kinds
            if is_asked(asks) and plain and answers["outputs"]:
                assert answers in tagged, (name, "".join(answers["source"])[:60])


def test_the_number_of_a_heading_stands_apart_and_its_text_stays(soups):
    soup = soups["chapters/02_convolutional_layer"]
    title = soup.select_one(".bd-article h1")
    assert title.text.startswith("2 Convolutional layer")
    assert title.select_one(".course-number").text == "2"
    assert soup.title.text.startswith("2 Convolutional layer")
    assert "2.1 Filters" in [link.text.strip() for link in soup.select(".bd-toc a")]


def test_a_number_that_is_part_of_a_heading_stays_in_it():
    document = new_document("a page")
    chapter = nodes.section("", nodes.title("", "2 Layers"))
    for text in ("2.1 Filters", "3 pictures are not enough", "Two of 3"):
        chapter += nodes.section("", nodes.title("", text))
    document += [chapter, nodes.section("", nodes.title("", "1000 pictures"))]
    blocks.set_numbers_apart(document)
    assert [n.astext() for n in document.findall(nodes.inline)] == ["2", "2.1"]
    assert chapter[0].astext() == "2 Layers"


def test_the_contents_call_the_landing_page_overview_and_the_mark_leads_to_it(soups):
    for soup in soups.values():
        assert soup.select_one(".bd-docs-nav a").text.strip() == "Overview"
        brand = soup.select_one("a.course-brand")
        assert (
            brand.text.split()
            == soups["intro"].select_one(".bd-article h1").text.rstrip("#").split()
        )


def test_the_list_of_sections_is_called_what_its_button_says(soups):
    chapter = soups["chapters/02_convolutional_layer"]
    button = chapter.select_one(".secondary-toggle")["aria-label"]
    assert chapter.select_one(".onthispage").text.strip() == button == "On this page"


def test_headings_are_set_in_a_font_that_has_all_their_characters(visitor, site):
    page = visitor().page
    page.goto((site / "chapters" / "01_introduction.html").as_uri(), wait_until="networkidle")
    family = "getComputedStyle(document.querySelector('h1')).fontFamily"
    assert page.evaluate(family).startswith('"Course Headings"')
    loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    assert "Course Headings" in page.evaluate(loaded)


def test_the_characters_of_headings_are_found_in_titles_cards_and_the_course_name():
    page = (
        '<h1>A &amp; b<a class="headerlink">#</a></h1><p>zzz</p><h2 id="x">C</h2>'
        '<span class="logo__title">De<span>f</span></span><p class="course-card-title">g</p>'
    )
    assert heading_characters([page]) == set("A &b#CDefg")
