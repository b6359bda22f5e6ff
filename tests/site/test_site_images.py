"""Pictures have their place before they are there, and wait until a reader comes near."""

from __future__ import annotations

import base64
import io

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tools.book import images, weight


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def test_every_picture_has_its_size_and_waits_unless_it_is_the_first(site):
    for page in weight.pages(site):
        pictures = BeautifulSoup(page.read_text("utf-8"), "html.parser").select(".bd-article img")
        for number, picture in enumerate(pictures):
            assert int(picture["width"]) > 0 and int(picture["height"]) > 0, (page, picture)
            assert not picture["src"].startswith("data:"), page
            assert number == 0 or picture["loading"] == "lazy", (page, picture)


def test_a_link_to_a_section_leads_there_past_explorers_that_are_not_drawn_yet(visitor, site):
    page = visitor().page
    page.goto((site / "chapters" / "07_summary.html").as_uri())
    link = page.locator(".bd-toc-nav a").last
    link.click()
    page.wait_for_function(
        """(id) => { const { top } = document.getElementById(id).getBoundingClientRect();
             const arrived = top === window.before && 0 <= top && top < innerHeight;
             window.before = top;
             return arrived && !document.querySelector("[data-state=starting]"); }""",
        arg=link.get_attribute("href").removeprefix("#"),
        polling=300,  # it scrolls smoothly
    )


@pytest.mark.parametrize("name", ["02_convolutional_layer", "04_cnn_architectures"])
def test_a_deep_link_on_a_phone_lands_at_its_section(visitor, site, name):
    """Explorers above it are drawn, and take another height than was kept, while it is read."""
    address = (site / "chapters" / f"{name}.html").as_uri()
    page = visitor(390, 844).page
    page.goto(address)
    ids = page.locator(".bd-article section:has(> h2)").evaluate_all("all => all.map((s) => s.id)")
    top = "document.getElementById(location.hash.slice(1)).getBoundingClientRect().top"
    for section in ids[1::2]:
        page.goto("about:blank")
        page.goto(f"{address}#{section}")
        page.wait_for_function(
            "() => !document.querySelector('[data-state=starting]') && scrollY > 0"
        )
        page.wait_for_function(f"() => 0 <= {top} && {top} < 150")  # once it has settled
        page.wait_for_timeout(300)
        assert 0 <= page.evaluate(top) < 150, section
    page.mouse.wheel(0, -400)  # the reader leaves, and is not taken back
    page.wait_for_function(f"() => {top} > 300")
    page.evaluate("document.querySelector('.bd-article h1').style.paddingTop = '5rem'")
    page.wait_for_timeout(100)
    assert page.evaluate(top) > 300


def test_pictures_further_down_are_not_fetched_before_a_reader_comes_near(visitor, site, address):
    page = visitor().page
    fetched = []
    page.on("request", lambda r: fetched.append(r.url) if r.resource_type == "image" else None)
    page.goto(address(site) + "chapters/05_fashion_mnist.html", wait_until="networkidle")
    before = len(fetched)
    last = page.locator(".bd-article img").last
    last.evaluate(
        "(picture) => { const fold = picture.closest('details'); if (fold) fold.open = true; }"
    )
    last.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.bd-article img')].at(-1).naturalWidth > 0"
    )
    assert before < len(fetched)


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({}, ("600", "300")),
        ({"style": "width: 640px;"}, ("640", "320")),
        ({"width": "100"}, ("100", "50")),
    ],
)
def test_the_height_follows_from_the_width_at_which_a_picture_is_shown(given, sizes):
    found = images.sized({"src": "a.png", **given}, png(600, 300))
    assert (found["width"], found["height"]) == sizes and "style" not in found


@pytest.mark.parametrize(
    ("drawing", "size"),
    [
        (b'<svg viewBox="0 0 30 20"></svg>', (30, 20)),
        (b'<svg width="30pt" height="20pt"></svg>', (30, 20)),
        (b"<svg></svg>", None),
    ],
)
def test_the_size_of_a_drawing_is_read(drawing, size):
    assert images.drawn_size(drawing) == size


def test_a_picture_held_as_data_becomes_a_file_and_another_address_does_not(tmp_path):
    picture = png(3, 2)
    source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    name = images.as_file(source, tmp_path / "_images")
    assert (tmp_path / "_images" / name).read_bytes() == picture
    assert images.as_file("../_images/a.png", tmp_path) is None


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("<img src=x>", {"src": "x"}),
        (
            "<IMG SRC='a b.png' Alt=\"it's\" ismap>",
            {"src": "a b.png", "alt": "it's", "ismap": None},
        ),
        ('<img src="a.png?b=1&amp;c=2" src="d" />', {"src": "a.png?b=1&c=2"}),
        ("<img>", {}),
    ],
)
def test_the_attributes_of_an_image_are_read_as_a_browser_reads_them(tag, attributes):
    assert images.Tag(tag).attributes == attributes
    again = images.written(attributes)
    assert images.Tag(again).attributes == attributes and images.IMG.fullmatch(again)


@pytest.mark.parametrize("width", ["50%", "wide", ""])
def test_a_width_that_is_no_number_of_pixels_stays_as_it_is(width):
    assert images.sized({"src": "a.png", "width": width} | {}, b"no picture")["width"] == width
    found = images.sized({"src": "a.png", "width": width}, png(600, 300))
    assert found.get("width") == (width or "600")


def test_a_page_with_images_of_every_form_is_built(build_site, tmp_path):
    from sample_book import MARKDOWN, write_sample

    tags = (
        "<img src=x>",
        "<IMG SRC='y.png' width=50%>",
        "<img>",
        "<img src=data:image/bmp;base64,AA>",
    )
    book = write_sample(tmp_path / "book", MARKDOWN + "\n\n" + "\n\n".join(tags))
    build_site("--source", book)
    page = (book / "_build" / "html" / "chapters" / "sample.html").read_text("utf-8")
    assert '<img src="x"' in page and 'width="50%"' in page
