"""What tabs, search engines and social networks are told of each page: icon, description, card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tools.book import drawings, head

SITE = "https://a-teacher.github.io/cnn-2027/"


def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def pages_of(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.rglob("*.html")) if "_static" not in p.parts]


def tags(page: Path) -> dict[str, str]:
    """Return what the head of a page says by name or property; each is said once."""
    found = soup(page).head.select("meta[name], meta[property]")
    named = [(tag.get("name") or tag["property"], tag["content"]) for tag in found]
    ours = [name for name, _ in named if name.startswith(("og:", "twitter:", "description"))]
    assert len(ours) == len(set(ours)), page
    return dict(named)


def test_every_page_has_a_description_of_its_own_of_50_to_160_characters(own_site):
    described = {page: tags(page)["description"] for page in pages_of(own_site)}
    del described[own_site / "index.html"]  # which has that of the first page
    for page, description in described.items():
        assert head.SHORTEST <= len(description) <= head.LONGEST, (page, description)
    assert len(set(described.values())) == len(described) > 10


def test_every_page_names_its_language_and_has_a_title_of_its_own(own_site):
    titles = {}
    for page in pages_of(own_site):
        html = soup(page)
        assert html.html["lang"] == "en", page
        titles[page] = html.title.text
    course = titles.pop(own_site / "index.html")
    assert titles[own_site / "intro.html"] == course  # and not the course's title twice
    assert len(set(titles.values())) == len(titles)


def test_no_link_reads_as_a_word_that_says_nothing(own_site):
    """Many read the links of a page as a list. The words are those of Lighthouse's `link-text`."""
    words = "click here,click this,go,here,information,learn more,more,more info,more information,"
    words += "right here,read more,see more,start,this"
    for page in pages_of(own_site):
        links = soup(page).select("a[href]")
        assert {link.text.strip().lower() for link in links} & set(words.split(",")) == set(), page


def test_a_card_has_the_title_of_its_page_and_a_picture_that_is_there(own_site):
    for page in pages_of(own_site):
        if page.name in {"404.html", "search.html"}:
            continue
        said, html = tags(page), soup(page)
        if page.name != "index.html":
            heading = html.h1.text.removesuffix("#")
            assert said["og:title"] == heading, page
        assert said["og:description"] == said["description"]
        assert said["og:url"] == html.select_one("link[rel=canonical]")["href"]
        assert said["twitter:card"] == "summary_large_image"
        with Image.open(own_site / said["og:image"].removeprefix(SITE)) as picture:
            assert picture.size == (1200, 630)
            assert (picture.width, picture.height) == (
                int(said["og:image:width"]),
                int(said["og:image:height"]),
            )


def test_cards_are_small_and_differ(own_site):
    cards = [card.read_bytes() for card in (own_site / "_static" / "cards").iterdir()]
    assert len(set(cards)) == len(cards) > 10
    assert max(map(len, cards)) < 20_000


def test_without_an_address_nothing_names_one(site):
    if (site / "sitemap.xml").exists():
        pytest.skip("this course has an address")
    for page in pages_of(site):
        said = tags(page)
        assert not {"og:url", "og:image"} & said.keys()
        assert said.get("twitter:card", "summary") == "summary"
        assert not soup(page).select("link[rel=canonical]")
    assert not (site / "_static" / "cards").exists()


def test_the_root_of_the_site_says_what_the_first_page_says(own_site):
    root, first = own_site / "index.html", own_site / "intro.html"
    assert tags(root)["og:image"] == tags(first)["og:image"]
    assert tags(root)["description"] == tags(first)["description"]
    assert soup(root).select_one("link[rel=canonical]")["href"] == f"{SITE}intro.html"


@pytest.mark.parametrize("depth", ["index.html", "intro.html", "chapters/03_pooling_layer.html"])
def test_the_icon_is_found_from_every_depth(visitor, site, depth):
    visit = visitor()
    page = site / depth
    for link in soup(page).select("link[rel~=icon], link[rel=apple-touch-icon]"):
        visit.page.goto((page.parent / link["href"]).resolve().as_uri())
        size = visit.page.evaluate(
            "document.querySelector('img, svg')?.getBoundingClientRect().width"
        )
        assert size > 0, link
    assert visit.problems == []


def colors_of(image: Image.Image) -> set[tuple]:
    return {color[:3] for _, color in image.convert("RGBA").getcolors() if color[3] == 255}


@pytest.mark.parametrize("tab", ["#ffffff", "#dee1e6", "#202124", "#35363a"])
def test_the_icon_can_be_seen_in_light_and_dark_tabs(tab):
    def light(rgb):
        parts = np.array(rgb) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    background = light([int(tab[i : i + 2], 16) for i in (1, 3, 5)])
    for color in colors_of(drawings.icon_png(16)):
        one, other = sorted([light(color), background])
        assert (other + 0.05) / (one + 0.05) > 1.5, color


def test_the_icon_as_png_and_svg_are_one_drawing():
    squares = [drawings.icon_squares(side) for side in (16, 32, 96)]
    assert [[color for *_, color in each] for each in squares] == [
        [color for *_, color in squares[0]]
    ] * 3
    for side, each in zip((16, 32, 96), squares, strict=True):
        assert all(x >= 0 and x + width <= side for x, _, width, _ in each)


def test_the_convolution_on_the_cards_is_one():
    image = drawings.image_of(drawings.SHIRT)
    responses = drawings.feature_map(image, drawings.SOBEL)
    assert responses.shape == (image.shape[0] - 2, image.shape[1] - 2)
    assert np.abs(responses).max() == 4  # by which the colors are scaled
    # The shirt is its own mirror image, and this kernel tells left from right.
    assert np.array_equal(responses, -responses[:, ::-1])


@pytest.mark.parametrize("title", ["7 Summary", "6 Exercise: your own CNN", "W" * 20 + " and " * 9])
def test_a_title_fits_its_card(title):
    face, lines = drawings.fitting(title)
    assert len(lines) <= 2
    room = drawings.CARD[0] - 2 * drawings.MARGIN
    assert all(face.getlength(line) <= room for line in lines)


def test_a_description_ends_with_a_sentence_or_says_that_it_goes_on():
    assert head.beginning("One. Two? Three!") == "One. Two? Three!"
    long = "A word " * 22 + "ends."
    assert head.beginning(f"{long} Another sentence.") == long
    assert head.beginning("word, " * 40).endswith("word …")
    assert len(head.beginning("word, " * 40)) <= head.LONGEST


def test_an_initial_does_not_end_a_description():
    assert head.beginning("By Prof. G. Abandah and A. Géron. More.") == (
        "By Prof. G. Abandah and A. Géron. More."
    )
    start = "x" * 120 + " by Prof. Abandah of the university"
    assert head.beginning(f"{start}. More of this.").startswith(start)
