"""How present mode cuts a page into steps: nothing is lost, what belongs together stays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from test_site_present import (
    BAR,
    PAGES,
    PROJECTOR,
    READY,
    SMALLER,
    SMALLEST_LETTER,
    SMALLEST_TEXT,
    STEP,
    overflowing,
)

PROJECTORS = (PROJECTOR, *SMALLER)
# What is a step's own to show: not headings, the buttons of the page, the frame around the
# questions of a quiz, nor the short call that draws the figure or explorer below it.
NO_BLOCK = (
    "script, style, h1, h2, h3, h4, .course-setup, .headerlink, .course-view-ask, thead, caption, "
    ".course-view-problem, .course-solved, [data-slide=never], "
    "[data-module=quiz] :is(.cx-header, .cx-status)"
)
# Each text and picture of the page that a reader sees, which is neither on one step nor in the
# notes of one: the words, and how often they are there.
NOT_ONCE = """([excluded, areCallsLeftOut]) => {
  const steps = cnnCourseTeach.present.steps();
  const places = steps.flatMap(({ nodes, notes }) => [...nodes, ...notes]);
  const article = document.querySelector(".bd-article");
  // The short call that draws the figure below it, and the cell that imports.
  const isCall = (node) => {
    const cell = node.closest(".cell_input");
    if (!cell || !areCallsLeftOut) return false;
    const lines = cell.querySelector("pre").textContent.trim().split("\\n");
    const isDrawing = cell.closest("div.cell").querySelector("img, .live-widget");
    const getsReady = /^(import |from |[ )]|keras\\.utils\\.set_random_seed|$)/;
    return (isDrawing && lines.length <= 3) || lines.every((line) => getsReady.test(line));
  };
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const isText = node.nodeType === Node.TEXT_NODE;
    const isSight = isText ? node.data.trim() : node.matches("img, video, canvas, svg");
    const parent = isText ? node.parentElement : node;
    if (!isSight || parent.closest(excluded) || isCall(parent)) continue;
    if (parent.closest("[data-module]:not([data-module=quiz])") && isText) continue; // an explorer
    if (parent.closest(".unseen")) continue;
    const count = places.filter((each) => each.contains(node)).length;
    if (count !== 1) found.push([count, isText ? node.data.trim().slice(0, 60) : node.tagName]);
  }
  return found;
}"""
# What no reader sees before present mode hides anything. What is folded is seen when opened.
MARK_UNSEEN = """() => {
  for (const each of document.querySelectorAll(".bd-article *")) {
    if (!each.closest("details") && !each.checkVisibility()) each.classList.add("unseen");
  }
}"""

# Neighbors on two steps that a step of their own would hold, under no heading: the code of a cell
# and what it prints, a formula and the formula or the table of its symbols that follows. (A figure
# stands with the words that speak of it rather than with its code.)
TORN = """(bar) => {
  const { present } = cnnCourseTeach;
  const unscaled = Math.min(innerWidth / 900, innerHeight / 520);
  const room = (innerHeight - bar) / unscaled - 40; // the padding of a slide
  const high = present.steps().map(({ nodes }, at) => {
    present.show(at);
    const { scale } = present.progress();
    return nodes.map((node) => node.getBoundingClientRect().height / scale);
  });
  const isOutput = (node) => node.matches(".output");
  const isTable = (node) => node.matches("table") || node.querySelector(":scope > table");
  const pairs = (one, next) => {
    const cell = one.closest("div.cell");
    if (cell && cell === next.closest("div.cell")) return isOutput(next);
    return one.matches("div.math") && (next.matches("div.math") || isTable(next));
  };
  const found = [];
  present.steps().forEach((step, at) => {
    const next = present.steps()[at + 1];
    if (step.kind !== "text" || next?.kind !== "text" || step.heading !== next.heading) return;
    const [one, other] = [step.nodes.at(-1), next.nodes[0]];
    const both = high[at].at(-1) + high[at + 1][0] + 16;
    const words = one.textContent.trim().slice(0, 60);
    if (both <= room && pairs(one, other)) found.push([at + 1, words]);
  });
  return found;
}"""


def presented(visitor, root: str, name: str, size: tuple, mode: str, **options):
    """Open a page in present mode or as slides, and return the browser's page."""
    page = visitor(*size, **options).page
    page.goto(f"{root}{name}.html")
    page.evaluate("() => cnnCourseTeaching()")
    page.evaluate(MARK_UNSEEN)
    page.evaluate("(isDeck) => cnnCourseTeach.present.enter({ isDeck })", mode == "slides")
    page.wait_for_function(READY)
    return page


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_a_page_is_on_exactly_one_step_or_in_the_notes_of_one_slide(
    visitor, site, address, name
):
    for size in PROJECTORS:
        for mode in ("present", "slides"):
            page = presented(visitor, address(site), name, size, mode)
            assert page.evaluate(NOT_ONCE, [NO_BLOCK, mode == "present"]) == [], (size, mode)
            page.context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("chapters/0")])
def test_code_stays_with_its_output_and_a_formula_with_its_symbols_where_a_slide_holds_both(
    visitor, site, address, name
):
    for size in PROJECTORS:
        for mode in ("present", "slides"):
            page = presented(visitor, address(site), name, size, mode)
            assert page.evaluate(TORN, BAR) == [], (size, mode)
            page.context.close()


# What a slide says, and what it cannot be understood without.
TOGETHER = [
    ("chapters/01_introduction", "answer=", "the weights wij"),
    ("chapters/01_introduction", "rl=rl−1", "pixels a side and the stride"),
    ("chapters/01_introduction", "dense: H·W·C·m", "m neurons in the dense layer"),
    ("chapters/01_introduction", "Both networks are trained", "One random order shuffles all"),
    ("chapters/07_summary", "dense:(h·w·Cin+1)·m", "Cout filters of kh×kw"),
    ("chapters/07_summary", "⌊n+2p−ks⌋+1", "p zeros added at each end"),
    (
        "chapters/07_summary",
        "the difference of run 2 and run 3",
        "chance typically moves the difference",
    ),
    (
        "chapters/02_convolutional_layer",
        "Move the window one column",
        "1 0 8 1 0, 0 1 9 0 1 and 1 0 7",
    ),
    ("chapters/02_convolutional_layer", "zi,j=b+", "the weights w, the bias b"),
    ("chapters/02_convolutional_layer", "zi,j=b+", "The kernel has kh rows"),
    ("chapters/02_convolutional_layer", "output size=", "with p zeros at each end"),
    ("chapters/02_convolutional_layer", "L=1N", "the wanted map y"),
    ("chapters/02_convolutional_layer", "(kh·kw·Cin+1)·Cout", "kh·kw weights for each channel"),
    ("chapters/03_pooling_layer", "The row moves one place", "0 0 9 4 0 0 5 0 gives 0 9 0 5"),
    ("chapters/03_pooling_layer", "The pooling explorer takes", "pools what comes out"),
    ("chapters/03_pooling_layer", "⌊n−ks⌋+1", "A side of n values"),
    ("chapters/03_pooling_layer", "⌊n−ks⌋+1", "with padding “same”"),
    ("chapters/03_pooling_layer", "move by one pixel. Of", "only places where there is something"),
    ("chapters/03_pooling_layer", "You take all three pooling", "three pooling layers with 2"),
    ("chapters/03_pooling_layer", "digits move by four pixels", "two for the digits of MNIST"),
    ("chapters/02_convolutional_layer", "padding='same'. The input has", "pads with zeros"),
    ("chapters/07_summary", "⌊n+2p−ks⌋+1", "The size of a map along each side"),
    (
        "chapters/04_cnn_architectures",
        "two networks of 2014 made",
        "138 million parameters, the other",
    ),
    ("chapters/04_cnn_architectures", "workconv=", "k the side of the kernel"),
    ("chapters/04_cnn_architectures", "(x⋆a)⋆b=", "written a*b"),
    (
        "chapters/07_summary",
        "the difference of run 2 and run 3",
        "91.9 % ± 0.5 % and 91.0 % ± 0.6 %",
    ),
    ("chapters/07_summary", "dense:(h·w·Cin+1)·m", "A dense layer of m neurons"),
    ("chapters/07_summary", "rl=rl−1", "With kernel size kl and stride sl"),
    ("chapters/07_summary", "p(1−p)n", "A share p of n images"),
]
# What each slide shows, in words, and what the notes say that were written for it.
SLIDES = """() => {
  const words = (nodes) => nodes.map((node) => node.textContent.replace(/\\s+/g, " ")).join(" ");
  const images = (nodes) => nodes.flatMap((node) => [...node.querySelectorAll("img")]);
  return cnnCourseTeach.present.steps().map(({ nodes, notes }) => ({
    shown: words(nodes), alts: images(nodes).map(({ alt }) => alt).join(" "),
    notes: words(notes.filter((node) => node.matches(".course-notes"))),
  }));
}"""


@pytest.mark.parametrize("name", sorted({name for name, *_ in TOGETHER}))
def test_a_slide_shows_what_its_question_or_its_formula_needs(visitor, site, address, name):
    for size in PROJECTORS:
        page = presented(visitor, address(site), name, size, "slides")
        slides = page.evaluate(SLIDES)
        for what, needed in [(what, needed) for each, what, needed in TOGETHER if each == name]:
            shown = next(slide["shown"] for slide in slides if what in slide["shown"])
            assert needed in shown, (size, what)
        page.context.close()


ASKED_BEFORE = [
    ("chapters/03_pooling_layer", "Let them vote before", "Twice a map of 7 × 7"),
    (
        "chapters/03_pooling_layer",
        "after the shift by one before you open it",
        "A row of 8 numbers",
    ),
    ("chapters/05_fashion_mnist", "Ask before you show it", "Confusion matrix"),
    ("chapters/07_summary", "Ask before they see the bars", "Accuracies measured"),
]


@pytest.mark.parametrize(("name", "note", "figure"), ASKED_BEFORE)
def test_what_to_ask_before_a_slide_is_in_the_notes_of_the_one_before_it(
    visitor, site, address, name, note, figure
):
    page = presented(visitor, address(site), name, (1280, 720), "slides")
    slides = page.evaluate(SLIDES)
    asked = [at for at, slide in enumerate(slides) if note in slide["notes"]]
    assert asked == [next(at for at, slide in enumerate(slides) if figure in slide["alts"]) - 1]


def test_the_speaker_reads_the_notes_of_the_next_slide_too(visitor, site, address):
    page = presented(visitor, address(site), "chapters/03_pooling_layer", (1280, 720), "slides")
    slides = page.evaluate(SLIDES)
    noted = next(at for at, slide in enumerate(slides) if slide["notes"] and at > 0)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Notes").click()
    page.evaluate("(at) => cnnCourseTeach.present.show(at)", noted - 1)
    assert slides[noted]["notes"].strip() in opened.value.locator("blockquote").inner_text()


# ------------------------------------------------------------------ how a slide uses its room

SHOW = """async (words) => {
  const { present } = cnnCourseTeach;
  const holds = ({ nodes }) => nodes.some((node) => node.textContent.includes(words)
    || [node, ...node.querySelectorAll("img")].some(({ alt }) => alt?.includes(words)));
  const isNamed = ({ kind, nodes: [node] }) =>
    kind === "explorer" && node.querySelector(".cx-title")?.textContent.includes(words);
  present.show(present.steps().findIndex(present.steps().some(isNamed) ? isNamed : holds));
  for (let i = 0; i < 12; i += 1) await new Promise((done) => requestAnimationFrame(done));
}"""
BOXES = """(selector) => [...document.querySelectorAll(`.bd-article ${selector}`)]
  .filter((each) => each.checkVisibility()).map((each) => {
    const { left, right, top, bottom } = each.getBoundingClientRect();
    return { left, right, top, bottom };
  })"""
SHARE = SMALLEST_LETTER / PROJECTOR[1]  # of a screen's height


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chapters/02_convolutional_layer", "Filter explorer"),
        ("chapters/02_convolutional_layer", "Channel explorer"),
        ("chapters/03_pooling_layer", "Pooling explorer"),
        ("chapters/04_cnn_architectures", "Architecture explorer"),
        ("chapters/04_cnn_architectures", "Receptive field explorer"),
    ],
)
def test_an_explorer_uses_a_screen_that_is_not_wide_for_letters_as_high_as_on_a_wide_one(
    visitor, site, address, name, words
):
    for width, height in PROJECTORS:
        page = presented(visitor, address(site), name, (width, height), "slides")
        page.evaluate(SHOW, words)
        step = page.evaluate(STEP, True)
        assert step["kind"] == "explorer" and overflowing([step], width, height) == []
        assert step["letters"][0] >= SHARE * height - 0.1, (width, height, step["letters"])
        page.context.close()


def test_a_question_with_many_options_has_them_in_two_columns(visitor, site, address):
    page = presented(visitor, address(site), "chapters/05_fashion_mnist", PROJECTOR, "slides")
    page.evaluate(SHOW, "Which of the ten classes")
    options = page.evaluate(BOXES, ".cx-option")
    assert len(options) == 10 and options[0]["top"] == options[1]["top"]
    letters = "() => 16 * cnnCourseTeach.present.progress().scale"
    assert page.evaluate(letters) >= SMALLEST_TEXT


def test_a_figure_takes_the_room_of_a_slide_and_stays_clear_of_the_bar(visitor, site, address):
    name, width, height = "chapters/02_convolutional_layer", 1280, 720
    page = presented(visitor, address(site), name, (width, height), "slides")
    page.evaluate(SHOW, "Three grids above one another")
    (figure,) = page.evaluate(BOXES, "img")
    assert 0 <= height - BAR - figure["bottom"] < 40
    page.evaluate(SHOW, "two kernels: vertical line, whose weights add up to 7")
    # One beside the fold that explains it takes what the fold leaves of the width.
    (figure,) = page.evaluate(BOXES, "details img")
    (fold,) = page.evaluate(BOXES, "details:not(.course-reveal)")
    assert 0 <= width - figure["right"] < 80 and 0 < figure["left"] - fold["right"] < 90
    assert figure["bottom"] <= height - BAR and fold["right"] - fold["left"] < 0.4 * width


def test_a_video_stands_in_the_middle_of_its_slide(visitor, site, address):
    page = presented(visitor, address(site), "chapters/01_introduction", (1280, 720), "slides")
    page.evaluate(SHOW, "Play the video here")
    (stage,) = page.evaluate(BOXES, ".course-video-stage")
    assert stage["left"] == pytest.approx(1280 - stage["right"], abs=2)
    assert page.evaluate("() => 16 * cnnCourseTeach.present.progress().scale") > 22


@pytest.mark.parametrize("size", PROJECTORS)
def test_the_sign_of_equality_stands_beside_the_products(visitor, site, address, size):
    page = presented(visitor, address(site), "chapters/02_convolutional_layer", size, "slides")
    page.evaluate(SHOW, "Filter explorer")
    sign = page.evaluate(BOXES, ".cx-sign")[-1]
    products = page.evaluate(BOXES, ".cx-calculation .cx-grid")[-1]
    assert products["top"] < sign["top"] and sign["bottom"] < products["bottom"]
    assert 0 <= products["left"] - sign["right"] < 40
    (total,), (status,) = page.evaluate(BOXES, ".cx-sum"), page.evaluate(BOXES, ".cx-status")
    assert total["bottom"] <= status["top"]


@pytest.mark.parametrize("name", PAGES)
def test_slides_have_the_same_numbers_by_day_and_by_night(visitor, site, address, name):
    decks = []
    for scheme in ("light", "dark"):
        page = presented(visitor, address(site), name, (1280, 720), "slides", color_scheme=scheme)
        decks.append([slide["shown"] for slide in page.evaluate(SLIDES)])
        page.context.close()
    assert decks[0] == decks[1]


def test_a_picture_of_sliders_that_need_python_is_on_no_slide(visitor, site, address):
    page = presented(visitor, address(site), "chapters/03_pooling_layer", (1280, 720), "slides")
    titles = page.evaluate("() => cnnCourseTeach.present.steps().map(({ title }) => title)")
    assert "On a picture" in titles
    assert not any(title.startswith("With Python at hand") for title in titles)


# ------------------------------------------------------------------ how a step uses its room

# Where two blocks of a step stand closer than half a line, but for code and what it gives: the
# step, the first words of the upper one. Titles count as blocks.
TOUCHING = """() => {
  const { present } = cnnCourseTeach;
  const box = (node) => (node.querySelector(":scope > table") ?? node).getBoundingClientRect();
  const found = [];
  present.steps().forEach((step, at) => {
    if (step.kind !== "text") return;
    present.show(at);
    const { scale } = present.progress();
    const shown = [step.heading, ...step.nodes].filter((node) =>
      node?.checkVisibility() && !node.matches(".present-beside"));
    for (const [i, node] of shown.slice(1).entries()) {
      const cell = node.closest("div.cell");
      if ((cell && cell === shown[i].closest("div.cell")) || node.matches("tr")) continue;
      const gap = (box(node).top - box(shown[i]).bottom) / scale;
      if (gap < 7) found.push([at + 1, shown[i].textContent.trim().slice(0, 40), gap]);
    }
  });
  return found;
}"""


# Words that speak of a figure, and words of its description.
BESIDE = [
    ("chapters/02_convolutional_layer", "Read it from the top", "Three grids above one another"),
    ("chapters/02_convolutional_layer", "Nine products, their sum", "A window of 3 × 3"),
    ("chapters/05_fashion_mnist", "This figure is a", "reliability"),
    ("chapters/better", "All three runs are above", "normalization: 92.56"),
]


@pytest.mark.parametrize("size", PROJECTORS)
def test_words_about_a_figure_have_it_above_or_beside_them(visitor, site, address, size):
    for name in sorted({name for name, *_ in BESIDE}):
        page = presented(visitor, address(site), name, size, "present")
        for words, alt in [(words, alt) for each, words, alt in BESIDE if each == name]:
            page.evaluate(SHOW, words)
            seen = page.locator(".bd-article img:visible")
            assert seen.count() == 1, words
            assert alt.lower() in seen.get_attribute("alt").lower()
            (figure,) = page.evaluate(BOXES, "img")
            assert figure["right"] <= size[0] and figure["bottom"] <= size[1] - BAR
            for box in page.evaluate(BOXES, "p:not(.cnn-explorer p)"):
                is_apart = box["bottom"] <= figure["top"] or figure["bottom"] <= box["top"]
                assert is_apart or box["right"] <= figure["left"]
        page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_title_text_code_and_figures_stand_clear_of_one_another(visitor, site, address, name):
    page = presented(visitor, address(site), name, (1280, 720), "present")
    assert page.evaluate(TOUCHING) == []


# Parts of a list that stand alone on a step though a neighbor of the list has room beside them,
# folds that stand apart from the words before them though a step has room for both, and sections
# whose title is on no step. Heights are those of a slide, with 16 pixels between blocks.
BADLY_CUT = """(bar) => {
  const { present } = cnnCourseTeach;
  const unscaled = Math.min(innerWidth / 900, innerHeight / 520);
  const room = (innerHeight - bar) / unscaled - 90;
  const steps = present.steps();
  const high = steps.map(({ nodes }, at) => {
    present.show(at);
    const { scale } = present.progress();
    return nodes.map((node) => node.getBoundingClientRect().height / scale + 16);
  });
  const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
  const words = (node) => node.textContent.trim().slice(0, 40);
  const found = [];
  steps.forEach(({ nodes, heading, kind }, at) => {
    const after = steps[at + 1];
    if (kind !== "text" || after?.kind !== "text" || after.heading !== heading) return;
    const [last, next] = [nodes.at(-1), after.nodes[0]];
    const list = last.parentElement;
    const both = high[at].at(-1) + high[at + 1][0];
    const isFold = next.matches("details:not(.course-reveal)");
    if (isFold && both <= room) found.push([at + 1, words(next)]);
    if (!list.matches("ul, ol") || list !== next.parentElement || both > room) return;
    for (const each of [nodes, after.nodes]) {
      const parts = each.filter((node) => node.parentElement === list);
      if (parts.length === 1) found.push([at + 1, words(parts[0])]);
    }
  });
  const titled = steps.filter(({ kind }) => kind !== "explorer")
    .flatMap(({ heading, above }) => [heading, above]);
  for (const title of document.querySelectorAll(".bd-article h2")) {
    if (!titled.includes(title)) found.push([0, words(title)]);
  }
  return found;
}"""


@pytest.mark.parametrize("name", PAGES)
def test_no_part_of_a_list_stands_alone_no_fold_apart_and_each_section_has_its_title(
    visitor, site, address, name
):
    for size in PROJECTORS:
        page = presented(visitor, address(site), name, size, "present")
        assert page.evaluate(BADLY_CUT, BAR) == [], size
        page.context.close()


def test_the_title_of_a_section_stands_above_the_title_of_its_first_part(visitor, site, address):
    page = presented(
        visitor, address(site), "chapters/02_convolutional_layer", (1280, 720), "present"
    )
    seen = page.evaluate("""() => {
      const { present } = cnnCourseTeach;
      const isWanted = ({ above }) => above?.textContent.includes("Filters");
      present.show(present.steps().findIndex(isWanted));
      const shown = [...document.querySelectorAll(".bd-article :is(h1, h2, h3)")];
      return shown.filter((each) => each.checkVisibility()).map(({ tagName }) => tagName);
    }""")
    assert seen == ["H2", "H3"]
    assert page.evaluate("() => document.querySelectorAll('.present-above').length") == 1
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.querySelectorAll('.present-above').length") == 0


def test_a_sentence_before_a_question_stands_above_it(visitor, site, address):
    page = presented(visitor, address(site), "chapters/03_pooling_layer", (1280, 720), "present")
    page.evaluate(SHOW, "Five questions.")
    assert page.evaluate("() => cnnCourseTeach.present.progress().kind") == "question"
    (words,) = page.evaluate(BOXES, "p:not(.cnn-explorer p)")
    (question,) = page.evaluate(BOXES, ".cx-question")
    assert words["bottom"] < question["top"]


WITH_SLIDERS = (
    "01_introduction",
    "02_convolutional_layer",
    "03_pooling_layer",
    "04_cnn_architectures",
)


# A page whose stored picture speaks to a reader who runs the notebook has it on no step.
@pytest.mark.parametrize("name", [f"chapters/{name}" for name in WITH_SLIDERS])
def test_sliders_that_need_python_are_on_the_page_and_on_no_step(visitor, site, address, name):
    note = "The picture is a stored one"
    for view in ("present", "slides"):
        page = presented(visitor, address(site), name, PROJECTOR, view)
        assert note in page.locator(".bd-article").text_content()
        told = page.evaluate(SLIDES)
        assert len(told) > 20 and not any(note in step["shown"] for step in told)
        assert page.evaluate("""() => cnnCourseTeach.present.steps().every(({ nodes }) =>
          nodes.every((node) => !node.matches(".stored-widget-output, .stored-widget-note")))""")
        page.context.close()


def test_what_speaks_to_a_single_reader_is_on_no_step(visitor, site, address):
    page = presented(visitor, address(site), "chapters/01_introduction", (1280, 720), "present")
    told = page.evaluate(SLIDES)
    for words in ("the next cell has sliders", "If you cannot play it"):
        assert words in page.locator(".bd-article").text_content()
        assert not any(words in step["shown"] for step in told), words


CARDS = """() => {
  const { present } = cnnCourseTeach;
  const of = present.steps().map(({ nodes }, at) => [nodes, at])
    .filter(([nodes]) => nodes.some((node) => node.matches(".course-card")));
  return of.map(([nodes, at]) => {
    present.show(at);
    const left = (selector) => [...document.querySelectorAll(selector)]
      .filter((each) => each.checkVisibility()).map((each) => {
        const range = document.createRange();
        range.selectNodeContents(each);
        return Math.round(range.getBoundingClientRect().left);
      });
    return {
      cards: nodes.filter((node) => node.matches(".course-card")).length,
      scale: present.progress().scale / Math.min(innerWidth / 900, innerHeight / 520),
      hasTitle: document.querySelector("#the-chapters > h2").checkVisibility(),
      lefts: [...new Set([...left(".course-card-title"), ...left(".course-card-text")])],
    };
  });
}"""


@pytest.mark.parametrize("size", PROJECTORS)
def test_the_chapters_cards_are_on_several_steps_in_letters_of_full_size(
    visitor, site, address, size
):
    page = presented(visitor, address(site), "intro", size, "present")
    steps = page.evaluate(CARDS)
    assert sum(step["cards"] for step in steps) == 9
    for step in steps:
        assert step["cards"] >= 2 and step["hasTitle"] and step["scale"] > 0.98
        assert len(step["lefts"]) == 1  # titles and texts begin on one line


def test_text_of_the_landing_page_uses_the_width_of_a_step(visitor, site, address):
    page = presented(visitor, address(site), "intro", PROJECTOR, "present")
    for words in ("On this site", "The outline is that"):
        page.evaluate(SHOW, words)
        for box in page.evaluate(BOXES, "p"):
            assert box["right"] > 0.95 * PROJECTOR[0]


@pytest.mark.parametrize("name", ["intro", "chapters/03_pooling_layer"])
def test_grids_of_3_x_3_fill_their_column_with_larger_cells(visitor, site, address, name):
    for width, height in PROJECTORS:
        page = presented(visitor, address(site), name, (width, height), "present")
        page.evaluate(SHOW, "Filter explorer")
        cells = page.evaluate(BOXES, ".cx-calculation [data-size='3'] > *")
        assert len(cells) == 27
        assert min(each["bottom"] - each["top"] for each in cells) > 0.05 * height * 0.8
        left, right = min(each["left"] for each in cells), max(each["right"] for each in cells)
        assert right - left > 0.3 * width, (width, right - left)
        assert right < width
        page.context.close()


def test_pictures_of_an_explorer_stand_on_one_line_whatever_their_titles(visitor, site, address):
    page = presented(visitor, address(site), "chapters/03_pooling_layer", (1024, 768), "present")
    page.evaluate(SHOW, "Filter explorer")
    stages = page.evaluate(BOXES, ".cx-pictures .cx-stage")
    assert len(stages) == 3
    assert max(each["top"] for each in stages) - min(each["top"] for each in stages) < 2


BRACES = """() => [...document.querySelectorAll("munder > munder")]
  .filter((each) => each.checkVisibility()).map((each) => {
    const { x, y, width, height } = each.getBoundingClientRect();
    return { x, y: y + 0.75 * height, width, height: 0.25 * height };
  })"""


@pytest.mark.parametrize("size", PROJECTORS)
def test_a_brace_below_a_formula_is_painted_from_end_to_end(visitor, site, address, size):
    page = presented(visitor, address(site), "chapters/04_cnn_architectures", size, "present")
    for words in ("workconv=", "stepagainst"):
        page.evaluate(SHOW, words)
        braces = page.evaluate(BRACES)
        assert braces
        for clip in braces:
            with Image.open(io.BytesIO(page.screenshot(clip=clip))) as picture:
                columns = np.asarray(picture.convert("L")).min(axis=0)
            inked = np.flatnonzero(columns < 160)
            assert inked[0] <= 0.06 * len(columns) + 2, (size, words)
            assert inked[-1] >= 0.94 * len(columns) - 3, (size, words)


EXPLORERS = """(words) => cnnCourseTeach.present.steps()
  .flatMap(({ kind, nodes: [node] }, at) =>
    (kind === "explorer" && node.textContent.includes(words) ? [at] : []))"""
# Lists whose chosen words are wider than the room for them, by a copy that is free to grow.
CUT_WORDS = """() => [...document.querySelectorAll(".bd-article select")]
  .filter((each) => each.checkVisibility()).flatMap((each) => {
    const copy = each.cloneNode(true);
    copy.replaceChildren(each.selectedOptions[0].cloneNode(true));
    copy.style.cssText = "width: max-content !important; position: absolute; max-width: none";
    each.parentElement.append(copy);
    const isCut = copy.offsetWidth > each.offsetWidth + 1;
    copy.remove();
    return isCut ? [each.selectedOptions[0].textContent] : [];
  })"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("intro", "Filter explorer"),
        ("chapters/02_convolutional_layer", "Filter explorer"),
        ("chapters/02_convolutional_layer", "Channel explorer"),
        ("chapters/03_pooling_layer", "Pooling explorer"),
    ],
)
def test_a_list_of_an_explorer_shows_its_words_whole(visitor, site, address, name, words):
    page = presented(visitor, address(site), name, PROJECTOR, "present")
    found = page.evaluate(EXPLORERS, words)
    assert found
    for at in found:
        page.evaluate("(at) => cnnCourseTeach.present.show(at)", at)
        page.wait_for_timeout(150)
        assert page.evaluate(CUT_WORDS) == [], at
