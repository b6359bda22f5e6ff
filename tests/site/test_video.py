"""A video on a page asks no other host before the reader wants to play it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from sample_book import write_sample

from tools.book.__main__ import build
from tools.book.video import video_of

TITLE = "Convolutional networks explained & shown"
ADDRESS = "https://youtu.be/YRhxdVk_sIs"
PLAYER = "https://www.youtube-nocookie.com/embed/YRhxdVk_sIs?autoplay=1"
MARKDOWN = f"""# Sample

Watch this:

[*Convolutional networks explained* & shown]({ADDRESS})

A link [within a sentence]({ADDRESS}) stays a link, and so does one to another page:

[the paper](https://arxiv.org/abs/1708.07747)
"""
ALIVE = "figure.course-video button:visible"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The folder of a book's site with a video on its page chapters/sample.html."""
    folder = tmp_path_factory.mktemp("video")
    assert build(write_sample(folder / "book", MARKDOWN), folder)
    return folder / "html"


@pytest.fixture
def screening(visitor, address, film):
    """A function that opens the page with the video, as a laptop or otherwise."""

    def visit(*size, **options):
        visit = visitor(*size, **options)
        visit.page.goto(address(film) + "chapters/sample.html", wait_until="networkidle")
        return visit

    return visit


def test_only_a_link_in_a_paragraph_of_its_own_becomes_a_video_placeholder(screening):
    page = screening().page
    assert page.locator("figure.course-video").count() == 1
    links = page.locator(f".bd-article a[href='{ADDRESS}']")
    assert [link.inner_text() for link in links.all()] == [TITLE, "within a sentence"]
    assert page.locator("figcaption").get_by_role("link", name=TITLE).is_visible()
    assert page.locator(".course-video-stage svg").is_visible()


def test_nothing_is_requested_before_the_click_and_the_player_after_it(screening):
    visit = screening()
    visit.page.locator(ALIVE).scroll_into_view_if_needed()
    visit.page.locator(ALIVE).hover()
    visit.page.wait_for_timeout(300)
    assert visit.foreign == [] and visit.problems == []
    assert visit.page.locator("iframe").count() == 0
    with visit.page.expect_request(PLAYER):
        visit.page.get_by_role("button", name="Play the video here (asks youtube-nocookie").click()
    player = visit.page.locator("figure.course-video iframe")
    assert player.get_attribute("src") == PLAYER
    assert player.get_attribute("title") == TITLE
    visit.page.wait_for_timeout(300)
    assert visit.foreign == [PLAYER]


def test_the_video_is_started_by_keyboard_and_the_player_has_the_focus(screening):
    page = screening().page
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches('{ALIVE.split(':')[0]}')"):
            break
    page.keyboard.press("Enter")
    assert page.locator("iframe").get_attribute("src") == PLAYER
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"


def test_in_a_folder_on_paper_and_without_scripts_there_is_the_link_alone(
    visitor, screening, address, film
):
    """The player refuses a page without an address: YouTube's error 153."""
    in_folder = visitor()
    in_folder.page.goto((film / "chapters" / "sample.html").as_uri())
    without_scripts = visitor(java_script_enabled=False)
    without_scripts.page.goto(address(film) + "chapters/sample.html")
    on_paper = screening()
    on_paper.page.emulate_media(media="print")
    for visit in (in_folder, without_scripts, on_paper):
        assert visit.page.locator(".course-video-stage").is_hidden()
        assert visit.page.locator("figcaption").get_by_role("link").is_visible()


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_video_placeholder_fits_the_page_and_axe_finds_nothing(screening, width, scheme):
    page = screening(width, 800, color_scheme=scheme).page
    button = page.locator(ALIVE).bounding_box()
    stage = page.locator(".course-video-stage").bounding_box()
    assert stage["x"] >= 0 and stage["x"] + stage["width"] <= width
    for start, extent in (("x", "width"), ("y", "height")):
        assert button[start] >= stage[start] + 8
        assert button[start] + button[extent] <= stage[start] + stage[extent] - 8
    picture = page.locator(".course-video-stage svg").bounding_box()
    assert picture["y"] >= stage["y"] and picture["height"] > 50
    found = Axe().run(page, context=".course-video")
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("address", "video"),
    [
        ("https://youtu.be/YRhxdVk_sIs", "YRhxdVk_sIs"),
        ("https://youtu.be/YRhxdVk_sIs?t=10", "YRhxdVk_sIs"),
        ("https://www.youtube.com/watch?v=YRhxdVk_sIs", "YRhxdVk_sIs"),
        ("https://www.youtube.com/@deeplizard", None),
        ("https://youtu.be/", None),
        ("https://youtu.be.example.org/YRhxdVk_sIs", None),
        ("https://example.org/watch?v=YRhxdVk_sIs", None),
    ],
)
def test_the_video_is_read_from_its_address(address, video):
    assert video_of(address) == video
