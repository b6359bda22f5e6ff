"""The site where a browser keeps nothing: all of it works, without marks and memory."""

from __future__ import annotations

import re

import pytest

CHAPTER = "chapters/02_convolutional_layer.html"
# As with all cookies blocked, in a browser without storage, and on a full disk.
REFUSES = {
    "throws": """for (const name of ["localStorage", "sessionStorage"])
      Object.defineProperty(window, name, { configurable: false,
        get() { throw new DOMException("denied", "SecurityError"); } });""",
    "is missing": """for (const name of ["localStorage", "sessionStorage"])
      Object.defineProperty(window, name, { get: () => null });""",
    "is full": """Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError"); };""",
}


@pytest.mark.parametrize("storage", REFUSES)
def test_theme_copy_buttons_marks_and_search_work_where_storage(visitor, site, folders, storage):
    visit, root = visitor(color_scheme="light"), folders["http"][site]
    page = visit.page
    page.add_init_script(REFUSES[storage])
    page.goto(root + CHAPTER)
    assert page.locator("button.copybtn").count() > 5
    theme = "document.documentElement.dataset.theme"
    seen = {page.evaluate(theme)}
    for _ in range(3):
        page.locator(".theme-switch-button").click()
        seen.add(page.evaluate(theme))
    assert seen == {"light", "dark"}
    page.goto(root + "intro.html")
    assert page.locator(".course-begin").inner_text() == "Begin with chapter 1"
    page.goto(f"{root}search.html?q=stride")
    page.locator("#search-results li a").first.wait_for()
    assert visit.problems == []


def test_a_page_within_a_frame_that_may_keep_nothing_draws_its_explorers(
    visitor, site, folders, tmp_path, address
):
    """As a learning platform may show it: the browser itself refuses storage there."""
    page_of_course = folders["http"][site] + "intro.html"
    frame = f'<iframe width=1000 height=700 sandbox=allow-scripts src="{page_of_course}"></iframe>'
    icon = "<link rel=icon href=data:,>"
    (tmp_path / "platform.html").write_text(f"<!doctype html>{icon}{frame}")
    visit = visitor()
    visit.page.goto(address(tmp_path) + "platform.html")
    visit.page.frame_locator("iframe").locator(".cnn-explorer canvas").first.wait_for()
    assert visit.problems == []


def test_no_script_of_the_site_accesses_storage_without_a_guard(site):
    scripts = [file for file in (site / "_static").rglob("*.js") if file.parent.name != "explorers"]
    assert len(scripts) > 2
    for file in [*scripts, *site.glob("*.js")]:
        script = file.read_text("utf-8")
        accesses = re.findall(r"[^\n]{0,20}\b(?:local|session)Storage\b.?", script)
        assert all(re.search("[\"'`](?:local|session)Storage[\"'`]", each) for each in accesses), (
            file
        )
        assert not re.search(r"\b(?:document\.cookie|indexedDB|caches\.)", script), file
