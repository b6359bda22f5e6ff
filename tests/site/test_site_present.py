"""Present mode and slides: every step fits the screen, legible from the last row, by keyboard."""

from __future__ import annotations

import re

import pytest
from accessibility import violations

PAGES = [
    *("chapters/01_introduction", "chapters/02_convolutional_layer", "chapters/03_pooling_layer"),
    *("chapters/04_cnn_architectures", "chapters/05_fashion_mnist", "chapters/07_summary"),
    *("intro", "chapters/06_exercise", "chapters/training", "chapters/better"),
]
WITHOUT_SECTIONS = {"intro", "chapters/06_exercise", "chapters/training"}
PROJECTOR, SMALLER = (1920, 1080), ((1280, 720), (1024, 768))
BAR = 44  # pixels, as in present.js
READY = "() => document.documentElement.dataset.ready !== undefined"
# Pixels on a screen of 1080 lines. A long cell of code, or a long question, may be smaller.
SMALLEST_TEXT, SMALLEST_LONG, SMALLEST_LETTER = 32, 24, 22

FOLLOW = """async (hash) => {
  history.replaceState(null, "", hash);
  return Boolean(await cnnCourseTeach.view.restore());
}"""
FRAMES = """
  const frames = async (count) => {
    for (let i = 0; i < count; i += 1) await new Promise((done) => requestAnimationFrame(done));
  };
"""
# The step that is shown: whether it overflows, and, if asked, its letters in pixels of the screen.
STEP = """(isRead) => {
  const { kind, scale, title } = cnnCourseTeach.present.progress();
  const article = document.querySelector(".bd-article");
  const { right, bottom } = article.getBoundingClientRect();
  const isShown = (node) => node.checkVisibility() && !node.closest(".cx-hidden, .cx-net-unit");
  const scrolls = [...article.querySelectorAll("pre, div.math, .output")]
    .filter((each) => isShown(each) && each.scrollWidth > each.clientWidth + 1).length;
  const size = (node) => {
    const drawn = node.closest("svg");
    return parseFloat(getComputedStyle(node).fontSize) * (drawn ? drawn.getScreenCTM().a : scale);
  };
  const smallest = (nodes) => {
    const words = (node) => node.textContent.trim() || node.className;
    const sizes = nodes.filter(isShown).map((node) => [size(node), words(node)]);
    return sizes.sort(([a], [b]) => a - b)[0] ?? null;
  };
  const written = () => {
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const found = new Set(article.querySelectorAll("select, input[type=text], .cx-train-curve"));
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (data.trim() && !parentElement.matches("option, style")) found.add(parentElement);
    }
    return [...found];
  };
  const text = () =>
    [...article.querySelectorAll("p, li, pre, td")].filter((each) => each.textContent.trim());
  const letters = isRead ? smallest(kind === "explorer" ? written() : text()) : null;
  return { kind, title, right, bottom, scrolls, letters };
}"""
EVERY_STEP = f"""async (isRead) => {{
  {FRAMES}
  const {{ present }} = cnnCourseTeach;
  const steps = [];
  for (let at = 0; at < present.progress().of; at += 1) {{
    present.show(at);
    if (present.progress().kind === "explorer") await frames(4);
    steps.push({{ at, ...({STEP})(isRead) }});
  }}
  return steps;
}}"""
FIRST_THAT_LOADS = """() => {
  const { present } = cnnCourseTeach;
  const loads = [...document.querySelectorAll(".cx-network-load")];
  const seen = () => loads.some((each) => each.checkVisibility());
  let at = 0;
  do present.show(at++); while (!seen());
}"""
FIRST_EXPLORER = """() => {
  const { present } = cnnCourseTeach;
  let at = 0;
  do present.show(at++); while (present.progress().kind !== "explorer");
}"""


def overflowing(steps: list[dict], width: int, height: int) -> list[dict]:
    """Return the steps that a screen of this size does not hold."""
    return [
        step
        for step in steps
        if step["right"] > width + 1.5 or step["bottom"] > height - BAR + 1.5 or step["scrolls"]
    ]


def presented(visitor, root: str, name: str):
    """Open a page in present mode, on a projector."""
    visit = visitor(*PROJECTOR)
    visit.page.goto(f"{root}{name}.html#present&v=1")
    visit.page.wait_for_function(READY)
    return visit


def set_size(page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(100)


def measured(page, width: int, height: int) -> list[dict]:
    """Return the measures of every step on a screen of this size, none of which overflows."""
    set_size(page, width, height)
    steps = page.evaluate(EVERY_STEP, width == PROJECTOR[0])
    assert overflowing(steps, width, height) == [], (width, height)
    return steps


def small(steps: list[dict], least: float, kinds: set[str]) -> list[tuple]:
    """Return the smallest letters of the steps of these kinds that are below so many pixels."""
    of_kind = [step for step in steps if step["letters"] and step["kind"] in kinds]
    return [(s["title"], s["letters"]) for s in of_kind if s["letters"][0] < least - 0.1]


@pytest.mark.parametrize("name", PAGES)
def test_every_step_and_slide_fits_three_projectors_and_is_legible_from_the_last_row(
    visitor, site, address, name
):
    visit = presented(visitor, address(site), name)
    page = visit.page
    steps = measured(page, *PROJECTOR)
    texts = [s for s in steps if s["kind"] != "explorer"]
    kinds = {step["kind"] for step in texts}
    # The page of the exercise is a short one: eight steps hold it whole.
    assert len(steps) > (5 if name == "chapters/06_exercise" else 10)
    assert small(texts, SMALLEST_LONG, kinds) == []
    assert len(small(texts, SMALLEST_TEXT, kinds)) <= 0.1 * len(texts)
    assert small(steps, SMALLEST_LETTER, {"explorer"}) == []
    smaller = [measured(page, *size) for size in SMALLER]
    # A screen of the same form shows the same steps: blocks are measured as they are laid out,
    # not as the screen enlarges them.
    assert len(steps) == pytest.approx(len(smaller[0]), rel=0.06)
    page.keyboard.press("d")
    page.wait_for_selector(".present-bar [aria-pressed=true]")
    for size in SMALLER:
        slides = measured(page, *size)
    assert slides[0]["kind"] == "outline"
    outlines = sum(slide["kind"] == "outline" for slide in slides)
    assert outlines > 3 or name in WITHOUT_SECTIONS
    assert visit.problems == []


# What a lecturer does with an explorer that loads something first: buttons, in their order, and
# an image by its number. A layer of each kind is opened, from the overview and from another one.
IMAGES = ".cx-network-input select"
LAYER = "button.cx-layer >> nth={}".format
LOADED = {
    "intro": [".cx-network-load button", LAYER(0), (IMAGES, 3), ".cx-guess button", LAYER(5)],
    "chapters/05_fashion_mnist": [
        *(".cx-network-load button", ".cx-guess button", ".cx-network-why button"),
        *(LAYER(0), LAYER(2), LAYER(1), LAYER(6), LAYER(8), LAYER(8)),
        *((IMAGES, 3), ".cx-guess button", "button:has-text('Keep to compare')"),
        *((IMAGES, 4), ".cx-guess button", LAYER(6)),
    ],
    "chapters/06_exercise": [
        *(".cx-network-load button", (IMAGES, 1), ".cx-guess button", ".cx-network-why button"),
        *(LAYER(0), LAYER(1), LAYER(3), LAYER(15), LAYER(18), LAYER(19), LAYER(19)),
    ],
    "chapters/training": [
        *(".cx-network-load button", ".cx-train-run button >> nth=1"),
        *(".cx-train-settings >> nth=1 >> summary", ".cx-train-settings >> nth=1 >> summary"),
        *(".cx-train-further summary >> nth=0", ".cx-train-further [open] button"),  # one step
        *(".cx-train-further summary >> nth=0", ".cx-train-further summary >> nth=2"),  # Keras
    ],
}


# Canvases with maps in another shape than theirs; bars and curves may be drawn out.
DISTORTED = """() => [...document.querySelectorAll(".bd-article canvas")].flatMap((canvas) => {
  if (!canvas.checkVisibility() || canvas.matches(".cx-values, .cx-train-curve")) return [];
  const { width, height } = canvas.getBoundingClientRect();
  const isWhole = getComputedStyle(canvas).objectFit === "contain";
  const ratio = (width / height) * (canvas.height / canvas.width);
  return isWhole || Math.abs(ratio - 1) < 0.05 ? [] : [[canvas.className, width, height]];
})"""
# Parts of the network explorer that lie over one another.
COVERED = """() => {
  const parts = [
    ".cx-network-input", ".cx-network-answer", ".cx-network-why",
    ".cx-layer-words > b", ".cx-strips",
    ".cx-network-layer", ".cx-network-number .cx-picture", ".cx-network-number .cx-grid",
    ".cx-network-number > .cx-sum", ".cnn-explorer > .cx-status", ".cx-strongest .cx-name",
  ];
  const boxes = [...document.querySelectorAll(parts.map((each) => `.bd-article ${each}`).join())]
    .filter((each) => each.checkVisibility())
    .map((each) => {
      const words = document.createRange(); // wider than its box where it runs over
      words.selectNodeContents(each);
      const isText = each.matches("b, p, .cx-name");
      const { left, right, top, bottom } = (isText ? words : each).getBoundingClientRect();
      // Of the images that excite a map most those that find no room in the row are cut off.
      const end = each.closest(".cx-strongest")?.getBoundingClientRect().bottom ?? bottom;
      return { each, left, right, top, bottom: Math.min(bottom, end) };
    });
  return boxes.flatMap((one, i) => boxes.slice(i + 1).flatMap((other) => {
    if (one.each.contains(other.each) || other.each.contains(one.each)) return [];
    const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    return wide > 2 && high > 2 ? [[one.each.className, other.each.className, wide, high]] : [];
  }));
}"""
IDLE = """() => !document.querySelector(
  "progress:not([hidden]), .cx-network-load button:disabled, .cx-network-why button:disabled")"""


def use(page, control: str | tuple[str, int]) -> None:
    """Press a button, or choose from a list, and wait until what it asks for is there."""
    selector, *option = [control] if isinstance(control, str) else control
    found = page.locator(f".bd-article {selector}").locator("visible=true").first
    if option:
        found.select_option(index=option[0])
    else:
        found.click()
    page.wait_for_function(IDLE)
    page.evaluate(f"async () => {{ {FRAMES} await frames(4); }}")


@pytest.mark.parametrize("name", LOADED)
def test_what_an_explorer_shows_once_it_has_loaded_fits_and_is_legible_too(
    visitor, site, address, name
):
    visit = presented(visitor, address(site), name)
    page = visit.page
    page.evaluate(FIRST_THAT_LOADS)
    for button in LOADED[name]:
        set_size(page, *PROJECTOR)
        use(page, button)
        for width, height in (PROJECTOR, *SMALLER):
            set_size(page, width, height)
            page.evaluate(f"async () => {{ {FRAMES} await frames(6); }}")
            steps = [page.evaluate(STEP, True)]
            assert overflowing(steps, width, height) == [], (button, width)
            if width == PROJECTOR[0] or name != "chapters/training":
                least = SMALLEST_LETTER * height / PROJECTOR[1]
                assert small(steps, least, {"explorer"}) == [], (button, width)
            assert page.evaluate(DISTORTED) == [], (button, width)
            assert page.evaluate(COVERED) == [], (button, width)
    assert visit.problems == []


def test_another_image_while_a_layer_is_open_can_be_guessed_by_keyboard(visitor, site, address):
    visit = presented(visitor, address(site), "chapters/05_fashion_mnist")
    page = visit.page
    page.evaluate(FIRST_THAT_LOADS)
    place = page.locator("#network")
    guess, layers = place.locator(".cx-guess"), place.locator("button.cx-layer")
    button = lambda name: place.get_by_role("button", name=name)  # noqa: E731

    def press(target, key="Enter"):
        target.wait_for()
        for _ in range(60):
            if target.evaluate("(each) => each === document.activeElement"):
                return page.keyboard.press(key)
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    press(button("Load the network"))
    press(button("Show the network's answer"))
    press(layers.nth(6))
    place.locator(".cx-atlas").wait_for()
    assert place.locator(".cx-bars").is_hidden()  # the layer has taken its room
    press(place.get_by_label("Image", exact=True), "ArrowDown")
    guess.wait_for()
    assert place.locator(".cx-atlas").is_hidden()
    press(button("Show the network's answer"))
    place.locator(".cx-atlas").wait_for()
    assert "The network says" in place.locator(".cx-status").inner_text()
    assert layers.nth(6).evaluate("(each) => each === document.activeElement")
    page.keyboard.press("Enter")  # closes it
    place.locator(".cx-bars").wait_for()
    assert place.locator(".cx-atlas").is_hidden()
    press(layers.nth(0))
    place.locator(".cx-atlas").wait_for()
    press(button("Reset"))
    guess.wait_for()
    press(button("Show the network's answer"))
    place.locator(".cx-bars").wait_for()
    assert place.locator(".cx-atlas").is_hidden()
    said = place.locator(".cx-sum, .cx-status").filter(has_text="The network says")
    assert said.locator("visible=true").count() == 1
    assert visit.problems == []


def test_keys_step_on_and_leave_what_a_control_uses_to_the_control(visitor, site, address):
    visit = visitor()
    page = visit.page
    page.goto(address(site) + "chapters/03_pooling_layer.html")
    page.keyboard.press("p")
    page.wait_for_function(READY)
    at = "() => cnnCourseTeach.present.progress().at"
    first = page.evaluate(at)
    for key, wanted in (
        ("ArrowRight", first + 1),
        ("PageDown", first + 2),
        ("ArrowLeft", first + 1),
    ):
        page.keyboard.press(key)
        assert page.evaluate(at) == wanted
    kind = "() => cnnCourseTeach.present.progress().kind"
    while page.evaluate(kind) != "explorer":
        page.keyboard.press("ArrowRight")
    explorer = page.evaluate(at)
    slider = page.locator(".cx-pooling:visible").get_by_label("Stride")
    while not slider.evaluate("(each) => each === document.activeElement"):
        page.keyboard.press("Tab")
    before = slider.input_value()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() != before and page.evaluate(at) == explorer
    page.keyboard.press("Escape")  # gives the keys back
    page.keyboard.press("ArrowRight")
    assert page.evaluate(at) == explorer + 1
    page.keyboard.press("o")
    assert page.locator(".present-list button").count() > 20 and violations(page) == []
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate(at) == explorer + 2
    page.keyboard.press("o")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.documentElement.dataset.presenting === undefined")
    assert page.locator(".bd-header-article").is_visible()
    assert page.locator(".present-bar, .present-off").count() == 0
    assert visit.problems == []


def test_a_lecturers_own_question_stands_above_the_explorer_and_a_copied_link_keeps_it(
    visitor, site, address
):
    visit = visitor(permissions=["clipboard-read", "clipboard-write"])
    page = visit.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    link = "#pooling&shift=1,0&only=shift&ask=What+changes%3F&present=1"
    page.goto(address(site) + "chapters/03_pooling_layer.html" + link)
    page.wait_for_function(READY)
    question = page.locator(".course-view-ask p")
    assert question.inner_text() == "What changes?"
    size = (
        "(p) => parseFloat(getComputedStyle(p).fontSize) * cnnCourseTeach.present.progress().scale"
    )
    assert question.is_visible() and question.evaluate(size) >= SMALLEST_TEXT
    page.wait_for_function(
        f"() => {{ const s = ({STEP})(false); return s.bottom <= 1080 - {BAR}; }}"
    )
    page.locator("#pooling").get_by_role("button", name="Copy link").click()
    page.wait_for_selector(".course-view-link")
    field = page.get_by_label("Link to this view")
    assert field.input_value().endswith("#pooling&shift=1,0&only=shift&ask=What+changes%3F")
    page.keyboard.press("Escape")  # closes the link alone
    assert page.locator(".course-view-link").count() == 0
    assert page.evaluate("() => cnnCourseTeach.present.isOn()")
    at = "() => cnnCourseTeach.present.progress().at"
    step = page.evaluate(at)
    page.locator("#pooling input[type=range]:visible").first.click()
    page.wait_for_timeout(50)
    page.keyboard.press("PageDown")  # a clicker goes on after the mouse has moved a slider
    assert page.evaluate(at) == step + 1
    assert visit.problems == []


def test_after_the_mouse_the_keys_step_on_and_a_held_slider_stays_where_it_is(
    visitor, site, address
):
    visit = visitor(*PROJECTOR)
    page = visit.page
    link = "#pooling&shift=1,0&only=hide,window,mode&present=1"
    page.goto(address(site) + "chapters/03_pooling_layer.html" + link)
    page.wait_for_function(READY)
    at = "() => cnnCourseTeach.present.progress().at"
    step = page.evaluate(at)
    explorer = page.locator("#pooling")
    mode = explorer.get_by_label("Pooling", exact=True)
    box = mode.bounding_box()
    for use in (
        lambda: explorer.get_by_label("Hide the values").click(),
        lambda: (page.mouse.click(box["x"] + 9, box["y"] + 9), mode.select_option("mean")),
    ):
        use()
        page.wait_for_function("() => document.activeElement.matches('.bd-article')")
        page.keyboard.press("PageDown")
        assert page.evaluate(at) == step + 1
        page.keyboard.press("PageUp")
    slider = explorer.get_by_role("slider", name="Window")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    page.mouse.down()
    for tenth in range(1, 11):
        page.mouse.move(box["x"] + box["width"] * tenth / 10 - 3, box["y"] + box["height"] / 2)
        page.evaluate(f"async () => {{ {FRAMES} await frames(2); }}")
        assert slider.bounding_box() == pytest.approx(box, abs=0.5)
    page.mouse.up()
    assert slider.input_value() == "4"
    facts = explorer.locator(".cx-facts")
    assert facts.is_hidden()  # they tell what the speaker asks
    page.wait_for_function("() => document.activeElement.matches('.bd-article')")
    page.keyboard.press("a")
    assert facts.is_visible()
    shifts = explorer.get_by_role("group", name="Shift the image")
    assert shifts.is_visible()  # one of its controls is in the link
    page.evaluate(FOLLOW, "#pooling&only=window")
    assert shifts.is_hidden()
    assert visit.problems == []


def test_a_block_that_the_deck_leaves_out_leads_to_the_slide_before_it(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/03_pooling_layer.html#present&v=1")
    page.wait_for_function(READY)
    show = "(at) => cnnCourseTeach.present.show(at)"
    place = "() => { const { at, of } = cnnCourseTeach.present.progress(); return at / of; }"
    page.evaluate(show, 60)
    before = page.evaluate(place)
    page.keyboard.press("d")
    page.wait_for_selector(".present-bar [aria-pressed=true]")
    assert abs(page.evaluate(place) - before) < 0.2
    page.keyboard.press("d")
    page.wait_for_selector(".present-bar [aria-pressed=true]", state="detached")
    assert abs(page.evaluate(place) - before) < 0.2


def test_a_question_hides_its_answer_until_asked_and_a_new_class_starts_afresh(
    visitor, site, address
):
    visit = visitor()
    page = visit.page
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address(site) + "chapters/03_pooling_layer.html#present&v=1")
    page.wait_for_function(READY)
    page.evaluate(
        "() => { const { present } = cnnCourseTeach; let at = 0;"
        "do present.show(at++); while (present.progress().kind !== 'question'); }"
    )
    assert page.locator(".cx-verdict:visible, .cx-beside:visible").count() == 0
    shown = page.locator(".cx-verdict:visible, .cx-beside:visible")
    page.keyboard.press("a")
    assert shown.count() > 0
    page.keyboard.press("a")  # takes it back, as if nobody had asked
    assert shown.count() == 0
    assert page.locator(".cx-question:visible").get_attribute("data-state") == "open"
    page.keyboard.press("a")
    assert shown.count() > 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".cx-verdict:visible, .cx-beside:visible").count() == 0
    kept = "() => Object.keys(localStorage).filter((key) => key.startsWith('cnn-course-quiz'))"
    assert page.evaluate(kept)
    with page.expect_navigation():
        page.get_by_role("button", name="Start afresh").click()
    page.wait_for_function(READY)
    assert page.evaluate(kept) == []
    assert visit.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_step_of_each_kind_is_accessible(visitor, site, address, scheme):
    page = visitor(color_scheme=scheme).page
    page.goto(address(site) + "chapters/03_pooling_layer.html#slides&v=1")
    page.wait_for_function(READY)
    checked, kinds = set(), {"outline", "text", "question", "explorer", "reveal"}
    for at in range(page.evaluate("() => cnnCourseTeach.present.progress().of")):
        page.evaluate("(at) => cnnCourseTeach.present.show(at)", at)
        kind = page.evaluate("() => cnnCourseTeach.present.progress().kind")
        if kind not in checked:
            assert violations(page, colors_alone=scheme == "dark") == [], (at, kind)
        checked.add(kind)
        if checked == kinds:
            return
    pytest.fail(f"no slide of each kind, only {checked}")


def test_what_is_not_on_a_slide_is_in_the_speakers_notes(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/03_pooling_layer.html#slides&v=1")
    page.wait_for_function(READY)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Notes").click()
    words = ""
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        words += opened.value.locator("body").inner_text()
    assert re.search(r"\d+ / \d+", words) and len(words) > 800


def test_a_log_stays_off_the_slides_and_the_code_that_prints_it_does_not(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/05_fashion_mnist.html#slides&v=1")
    page.wait_for_function(READY)
    words = page.evaluate("""() => {
      const { show, progress } = cnnCourseTeach.present;
      return Array.from({ length: progress().of }, (_, step) => {
        show(step);
        document.querySelectorAll(".course-reveal").forEach((each) => { each.open = true; });
        return document.querySelector(".bd-article").innerText;
      });
    }""")
    assert any("history = model.fit(" in slide for slide in words)
    assert any("taken for" in slide for slide in words)  # what a cell prints, elsewhere
    assert not any("Epoch 1/10" in slide for slide in words)


def test_the_bar_below_a_number_of_a_layer_keeps_clear_of_its_digits(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/04_cnn_architectures.html#slides&v=1")
    page.wait_for_function(READY)
    gaps = page.evaluate("""() => {
      const { show, progress } = cnnCourseTeach.present;
      const seen = () => [...document.querySelectorAll(".cx-net-figure[style*=share]")]
        .filter((each) => each.getClientRects().length);
      for (let step = 0; step < progress().of && !seen().length; step += 1) show(step);
      return seen().map((each) => {
        const digits = document.createRange();
        digits.selectNodeContents(each.lastChild);
        const bar = parseFloat(getComputedStyle(each).backgroundSize.split(" ")[1]);
        const scale = each.getBoundingClientRect().height / each.offsetHeight;
        const top = each.getBoundingClientRect().bottom - bar * scale;
        return top - digits.getBoundingClientRect().bottom;
      });
    }""")
    assert len(gaps) > 10
    assert min(gaps) >= 1


def test_each_slide_is_a_page_of_the_printed_deck(visitor, site, address):
    page = visitor(1280, 720).page
    page.goto(address(site) + "chapters/07_summary.html#slides&v=1")
    page.wait_for_function(READY)
    count = page.evaluate("() => cnnCourseTeach.present.progress().of")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == count


def test_links_of_the_guide_to_a_view_open_without_a_remark(visitor, site, address):
    page = visitor().page  # left at once, it gives up loading pictures, which is no fault
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    root = address(site)
    views = re.compile(r'href="\.\./([^"#]+\.html#[^"]+?&amp;[^"]+)"')
    pages = [each.read_text("utf-8") for each in (site / "teaching").glob("*.html")]
    links = {link for text in pages for link in views.findall(text)}
    assert len(links) > 20
    for name in sorted({link.partition("#")[0] for link in links}):
        page.goto(root + name)
        page.evaluate("() => cnnCourseTeaching()")
        for link in (each for each in sorted(links) if each.startswith(f"{name}#")):
            hash = "#" + link.partition("#")[2].replace("&amp;", "&")
            shown = page.evaluate(FOLLOW, hash)
            assert shown and page.locator(".course-view-problem").count() == 0, link
    assert problems == []


EVERY_EXPLORER = f"""async () => {{
  {FRAMES}
  const {{ present }} = cnnCourseTeach;
  const explorers = [];
  for (let at = 0; at < present.steps().length; at += 1) {{
    if (present.steps()[at].kind !== "explorer") continue;
    present.show(at);
    await frames(6);
    explorers.push(({STEP})(true));
  }}
  return explorers;
}}"""


@pytest.mark.parametrize("name", [*PAGES[:5], "intro", "chapters/training"])
def test_letters_of_explorers_are_as_high_a_share_of_a_smaller_screen(visitor, site, address, name):
    page = presented(visitor, address(site), name).page
    for width, height in SMALLER:
        set_size(page, width, height)
        explorers = page.evaluate(EVERY_EXPLORER)
        assert explorers and overflowing(explorers, width, height) == []
        assert small(explorers, SMALLEST_LETTER * height / PROJECTOR[1], {"explorer"}) == []


BOXES = """(selector) => [...document.querySelectorAll(selector)]
  .filter((each) => each.checkVisibility())
  .map((each) => each.getBoundingClientRect().toJSON())"""


@pytest.mark.parametrize("width, height", [PROJECTOR, *SMALLER])
def test_pictures_stand_large_below_the_title_and_their_calculation_below_them(
    visitor, site, address, width, height
):
    page = visitor(width, height).page
    for hash in ("#pooling", "#pooling&window=6", "#filter", "#filter&kernel=sobel-x"):
        chapter = "03_pooling_layer" if "pooling" in hash else "02_convolutional_layer"
        page.goto(f"{address(site)}chapters/{chapter}.html{hash}&present=1")
        page.wait_for_function(READY)
        page.evaluate(f"async () => {{ {FRAMES} await frames(6); }}")
        place = hash.partition("&")[0]
        header, pictures, calculation = (
            page.evaluate(BOXES, f"{place} .cnn-explorer {part}")
            for part in (".cx-header", ".cx-picture", ".cx-calculation")
        )
        tops = [picture["top"] for picture in pictures]
        assert len(pictures) == 2 and max(tops) - min(tops) < 1
        assert 0 <= tops[0] - header[0]["bottom"] < 0.02 * height, hash
        assert min(picture["width"] for picture in pictures) > 0.2 * width, hash
        assert calculation[0]["top"] >= max(picture["bottom"] for picture in pictures), hash


@pytest.mark.parametrize("width, height", [PROJECTOR, SMALLER[0]])
def test_patch_kernel_and_products_have_cells_of_one_size(visitor, site, address, width, height):
    page = visitor(width, height).page
    page.goto(address(site) + "chapters/02_convolutional_layer.html#filter&present=1")
    page.wait_for_function(READY)
    for size in (3, 5, 7):
        page.evaluate(FOLLOW, f"#filter&kernel=sobel-x:{size}")
        page.evaluate(f"async () => {{ {FRAMES} await frames(6); }}")
        grids = page.evaluate(BOXES, "#filter .cx-calculation .cx-cells")
        assert len(grids) == 3 and len({round(grid["top"]) for grid in grids}) == 1
        assert max(grid["width"] for grid in grids) - min(grid["width"] for grid in grids) < 1
