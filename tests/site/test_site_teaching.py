"""What a lecturer does with the teaching pages: open their links, present, ask, and go on."""

from __future__ import annotations

import re

import pytest
from explorer_page import next_frame

READY = "() => document.documentElement.dataset.ready !== undefined"
SET = "() => document.documentElement.dataset.view === 'set'"
PROGRESS = "() => cnnCourseTeach.present.progress()"
FOLLOW = """async (hash) => {
  await cnnCourseTeaching();
  history.replaceState(null, "", hash);
  return Boolean(await cnnCourseTeach.view.restore());
}"""
# Present the step that shows the first node that a selector finds.
STEP_OF = """(selector) => {
  const { present } = cnnCourseTeach;
  const node = document.querySelector(selector);
  for (let at = 0; at < present.progress().of; at += 1) {
    present.show(at);
    if (node.checkVisibility()) return;
  }
  throw new Error(`no step shows ${selector}`);
}"""
# The rows of a table with links: their words, the names in italics, and the links to other pages.
ROWS = """() => [...document.querySelectorAll("tbody tr")].map((row) => ({
  words: row.innerText,
  names: [...row.querySelectorAll("em")].map((each) => each.textContent.replace("’", "'")),
  links: [...row.querySelectorAll("a[href]")].map((each) => each.getAttribute("href")),
}))"""
# What an explorer offers: the names of its controls, shown and hidden ones, and the entries of
# its lists that are shown.
OFFERED = """(id) => {
  const place = document.getElementById(id);
  const all = [...place.querySelectorAll(".cx-control, .cx-button")];
  const name = (each) => (each.querySelector(".cx-label") ?? each).textContent.trim();
  const isShown = (each) => each.checkVisibility();
  const lists = [...place.querySelectorAll("select")].filter(isShown);
  const entries = lists.flatMap((each) => [...each.options]);
  const group = (test) => all.filter(test).map(name);
  return {
    shown: [...group(isShown), ...entries.map((each) => each.textContent)],
    hidden: group((each) => each.matches(".course-off, .course-off *")),
  };
}"""
VIEW = re.compile(r"\.\./(?P<page>[^#]+)#(?P<hash>(?P<place>[\w-]+)&.+)")


def begins(names: list[str], word: str) -> bool:
    return any(re.match(rf"{re.escape(word)}(?!\w)", name) for name in names)


def rows_of(page, root: str, name: str) -> list[dict]:
    page.goto(f"{root}teaching/{name}.html")
    return page.evaluate(ROWS)


@pytest.mark.parametrize("name", ["lectures", "misconceptions"])
def test_each_control_that_a_row_names_is_there_when_its_link_is_opened(
    visitor, site, address, name
):
    page, root = visitor().page, address(site)
    checked = 0
    for row in rows_of(page, root, name):
        views = [found for found in map(VIEW.fullmatch, row["links"]) if found]
        shown, hidden = [], []
        for view in views:
            page.goto("about:blank")
            page.goto(f"{root}{view['page']}#{view['hash'].replace('present=1', 'v=1')}")
            page.wait_for_function(SET)
            assert page.locator(".course-view-problem").count() == 0, view["hash"]
            if page.locator(f"#{view['place']}.live-widget").count():
                next_frame(page)
                offered = page.evaluate(OFFERED, view["place"])
                shown += offered["shown"]
                hidden += offered["hidden"]
        if not shown:
            continue
        missing = [each for each in row["names"] if not begins(shown, each)]
        assert missing == [], row["words"]
        # A name that is not in italics, as "Flip the kernel", is one too.
        told = [each for each in hidden if " " in each and each in row["words"]]
        assert told == [], row["words"]
        checked += len(row["names"])
    assert checked >= 4


# What is on the screen as soon as a link is opened must not answer the question beside it.
ANSWERS = {
    "filter&kernel=box-blur&only=stride,padding": "35 × 60",
    "filter&kernel=sobel-x&only=stride,padding": "35 × 60",
    "filter&only=stride,padding": "35 × 60",
    "receptive-field&network=Conv2D:padding-same&layer=1": "5 × 5",
}


def test_a_view_that_is_open_while_a_question_is_asked_does_not_answer_it(visitor, site, address):
    page, root = visitor().page, address(site)
    links = [
        link.replace("&present=1", "").partition("/chapters/")[2].partition("#")
        for name in ("lectures", "misconceptions")
        for row in rows_of(page, root, name)
        for link in row["links"]
    ]
    views = {view: file for file, _, view in links}
    for view, answer in ANSWERS.items():
        page.goto(f"{root}chapters/{views[view]}#{view}")
        page.wait_for_function(SET)
        place = page.locator(f"#{view.partition('&')[0]}")
        next_frame(page)
        assert answer not in place.inner_text(), view
        if place.get_by_label("Stride").count() == 1 and "padding" in view.partition("only")[2]:
            place.get_by_label("Padding").select_option("same")
            place.get_by_label("Stride").fill("2")
            next_frame(page)
            assert answer in place.inner_text(), view


SECOND_REASON = "the-second-reason-what-a-network-takes-for-granted"


def test_a_link_to_a_question_of_the_teaching_pages_opens_at_this_question(visitor, site, address):
    page, root = visitor().page, address(site)
    said = {
        "01_introduction.html#why-not-a-dense-network&question=2": "1,000 neurons",
        f"01_introduction.html#{SECOND_REASON}&question=1": "shuffled",
        "02_convolutional_layer.html#check-yourself&question=2": "How many feature maps come out",
        "02_convolutional_layer.html#check-yourself&question=4": "Conv2D(",
        "03_pooling_layer.html#check-yourself&question=3": "28 × 28 × 64",
        "07_summary.html#the-whole-course-in-twelve-questions&question=8": "Dropout",
        "07_summary.html#the-whole-course-in-twelve-questions&question=10": "augmentation",
    }
    rows = [row for name in ("lectures", "misconceptions") for row in rows_of(page, root, name)]
    found = {link for row in rows for link in row["links"] if "&question=" in link}
    assert {f.partition("/chapters/")[2].replace("&present=1", "") for f in found} == set(said)
    for link, words in said.items():
        page.goto("about:blank")
        page.goto(f"{root}chapters/{link}&present=1")
        page.wait_for_function(READY)
        question = page.locator(".cx-question:visible")
        assert words in question.inner_text().replace("\N{NO-BREAK SPACE}", " "), link
    page.evaluate(FOLLOW, "#when-is-a-network-better&question=99")
    assert "question 99" in page.locator(".course-view-problem").text_content()


def test_a_link_in_the_text_leads_to_the_step_of_its_explorer_or_section(visitor, site, address):
    visit = visitor()
    page = visit.page
    page.goto(address(site) + "chapters/02_convolutional_layer.html#present&v=1")
    page.wait_for_function(READY)
    for hash in ("#filter&kernel=sobel-x&relu=1", "#channels&channels=rg"):
        link = f'.bd-article a[href="{hash}"]'
        for _ in range(2):  # the address stays the same the second time
            page.evaluate(STEP_OF, link)
            page.locator(link).click()
            explorer = page.locator(hash.partition("&")[0]).locator(".cnn-explorer")
            explorer.wait_for(state="visible")
            assert page.evaluate(PROGRESS)["kind"] == "explorer"
    assert page.evaluate(
        "cnnCourseWidgets.find(document.getElementById('filter')).model.get('relu')"
    )
    at = page.evaluate(PROGRESS)["at"]
    page.keyboard.press("PageDown")
    assert page.evaluate(PROGRESS)["at"] == at + 1
    page.evaluate("() => { location.hash = '#check-yourself'; }")
    page.wait_for_function(f"() => ({PROGRESS})().title === 'Check yourself'")
    assert visit.problems == []


def test_a_question_that_was_answered_says_so_and_is_asked_again(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/02_convolutional_layer.html#present&v=1")
    page.wait_for_function(READY)
    page.evaluate(STEP_OF, ".cx-question input[type=radio]")
    question = page.locator(".cx-question:visible")
    question.locator(".cx-option").first.click()
    commit = question.get_by_role("button", name="Commit to this answer")
    commit.click()
    assert question.locator(".cx-verdict:visible").count() > 0
    page.locator(".bd-article").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert question.locator(".cx-verdict:visible").count() == 0
    show = question.get_by_role("button", name="Show the answer (a)")
    show.click()
    assert question.locator(".cx-verdict:visible").count() > 0 and show.count() == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    question.get_by_role("button", name="Ask again").click()
    assert commit.is_visible()
    assert question.locator("input:visible").count() > 1
    assert question.locator("input:checked").count() == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert commit.is_visible() and question.get_by_text("Answered already").count() == 0


def test_the_clicker_steps_on_after_the_network_is_loaded_or_a_picture_is_pointed_at(
    visitor, site, address
):
    page = visitor().page
    page.goto(address(site) + "chapters/05_fashion_mnist.html#network&present=1")
    page.wait_for_function(READY)
    at = page.evaluate(PROGRESS)["at"]
    network = page.locator("#network")
    guess = network.get_by_label("What is it? Your guess")
    network.get_by_role("button", name="Load the network").click()
    guess.wait_for(state="visible", timeout=60_000)
    next_frame(page)
    before = guess.input_value()
    for key, step in [("PageDown", 1), ("ArrowLeft", 0)]:
        page.keyboard.press(key)
        assert page.evaluate(PROGRESS)["at"] == at + step
    assert guess.input_value() == before
    network.get_by_role("button", name="Draw on it").click()
    network.get_by_role("application").first.click()
    page.wait_for_function("() => document.activeElement.matches('.bd-article')")
    page.keyboard.press("PageDown")
    assert page.evaluate(PROGRESS)["at"] == at + 1


def test_whoever_loads_the_network_by_keyboard_goes_on_at_the_guess(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/05_fashion_mnist.html")
    network = page.locator("#network")
    network.scroll_into_view_if_needed()
    network.get_by_role("button", name="Load the network").press("Enter")
    guess = network.get_by_label("What is it? Your guess")
    guess.wait_for(state="visible", timeout=60_000)
    page.wait_for_function("(list) => document.activeElement === list", arg=guess.element_handle())


CUT = """() => {
  const cells = document.querySelectorAll("#filter .cx-calculation .cx-cells :is(input, span)");
  return [...cells].filter((each) => !each.firstElementChild && each.scrollWidth > each.clientWidth)
    .map((each) => each.value ?? each.textContent);
}"""
KERNELS = """() => Object.keys(
  cnnCourseWidgets.find(document.getElementById("filter")).model.get("presets")[3])"""


@pytest.mark.parametrize("width, height", [(1920, 1080), (1280, 720), (1024, 768)])
def test_weights_and_products_of_each_kernel_fit_into_their_cells_on_a_projector(
    visitor, site, address, width, height
):
    page = visitor(width, height).page
    page.goto(address(site) + "chapters/02_convolutional_layer.html#filter&present=1")
    page.wait_for_function(READY)
    cut = {}
    for name in page.evaluate(KERNELS):
        for size in ("3", "5", "7"):
            kernel = name.lower().replace(" ", "-") + f":{size}"
            page.evaluate(FOLLOW, f"#filter&kernel={kernel}")
            next_frame(page)
            if found := page.evaluate(CUT):
                cut[kernel] = found
    assert cut == {}
    page.evaluate(FOLLOW, "#filter&kernel=box-blur")
    next_frame(page)
    assert page.locator("#filter [data-role=kernel] input").first.input_value() == "0.111"


def test_formulas_in_the_overview_keep_their_fraction_bars(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/02_convolutional_layer.html")
    page.evaluate("() => cnnCourseTeaching()")
    # The overview tells how a slide begins: this one, without what is above it, with the formula.
    page.evaluate(
        """() => {
          const formula = [...document.querySelectorAll(".bd-article div.math")]
            .find((each) => each.textContent.includes("output"));
          const above = () => formula.previousElementSibling;
          while (!above().matches("h2, h3")) above().remove();
        }"""
    )
    page.evaluate("cnnCourseTeach.present.enter({ isDeck: true })")
    page.keyboard.press("o")
    steps = page.locator(".present-list button").all_inner_texts()
    assert any("output size = ⌊(n + 2p − k)/s⌋ + 1" in each for each in steps)
