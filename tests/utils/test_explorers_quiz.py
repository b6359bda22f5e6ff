"""The quiz asks, explains every answer, and forgets nothing that the reader did."""

from __future__ import annotations

import re

import pytest
import traitlets
from axe_playwright_python.sync_playwright import Axe

from tools.show_explorer import page_text
from utils.explorers import Quiz, choose, estimate, line, number, right, several
from utils.explorers.modules import with_dependencies


def pooled():
    return choose(
        "A 7 × 7 map goes through `MaxPooling2D(2)`. How large is the result?",
        {
            "4 × 4": "The last row and column would need padding.",
            "**3 × 3**": right("The window fits three times."),
            "3.5 × 3.5": "There are no halves of pixels.",
        },
        hint="How often does the window fit?",
        aims_at=7,
    )


def layers():
    return several(
        "Which layers have weights?",
        {
            "Conv2D": right("Kernels and biases."),
            "MaxPooling2D": "It takes the largest value.",
            "Dense": right("One for each pair of neurons."),
        },
        aims_at=(8, 5),
    )


def parameters(**options):
    return number(
        "How many parameters have 200 filters of 5 × 5 on RGB?",
        15_200,
        unit="parameters",
        wrong={5000: "You forgot the three channels."},
        why="(5 · 5 · 3 + 1) · 200.",
        hint="A filter is 5 × 5 × 3 and has a bias.",
        aims_at=4,
        **options,
    )


def kept():
    return estimate(
        "Of 100 moved pictures, how many keep their answer?",
        73,
        unit="of 100",
        why="A quarter of the answers **change**.",
        hint="More than half.",
    )


def mistake():
    return line("What is wrong with that?", why="The test set was used to choose.")


# ---------------------------------------------------------------- writing questions


def test_a_quiz_says_what_it_asks():
    assert repr(Quiz([pooled(), layers()])) == (
        "Quiz: 2 questions (A 7 × 7 map goes through MaxPooling2D(2). How large is the result?)"
    )
    long = choose("Is " * 200, {"yes": right("It is."), "no": "It is not."})
    assert len(repr(Quiz(long, mode="predict"))) <= 100


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: choose("Q?", {"3": right("Yes."), "4": ""}), "answer '4'.* no explanation"),
        (lambda: choose("Q?", {"3": right(" "), "4": "No."}), "answer '3'.* no explanation"),
        (lambda: choose("Q?", {"3": None, "4": right("Yes.")}), "answer '3'.* no explanation"),
        (lambda: choose("Q?", {"3": "No.", "4": "No."}), "exactly one right .* none is marked"),
        (lambda: choose("Q?", {"3": right("A."), "4": right("B.")}), r"2 is marked.*several\("),
        (lambda: several("Q?", {"3": "No.", "4": "No."}), "at least one right"),
        (lambda: choose("Q?", {"3": right("A.")}), "at least two answers"),
        (lambda: choose("Q?", {3: right("A."), "3": "B."}), "same words"),
        (lambda: choose(" ", {"3": right("A."), "4": "B."}), "no question"),
        (lambda: choose("$x^2$?", {"3": right("A."), "4": "B."}), "dollar signs"),
        (lambda: choose("Q?", {"3": right("A."), "4": "B."}, aims_at=18), "misconception 18"),
        (lambda: number("Q?", 3, why="", hint="H."), "no explanation of the right"),
        (lambda: number("Q?", 3, why="W.", hint=""), "hint="),
        (lambda: number("Q?", 3, why="W.", hint="H.", wrong={4: ""}), "answer 4 .* no explanation"),
        (lambda: number("Q?", 3, why="W.", hint="H.", wrong={3.0: "X."}), "counts as right"),
        (lambda: number("Q?", "3", why="W.", hint="H."), "finite number, not '3'"),
        (lambda: number("Q?", 3, why="W.", hint="H.", tolerance=-1), "negative"),
        (lambda: estimate("Q?", 3, why=""), r"why= of estimate\('Q\?'\) has no explanation"),
        (lambda: estimate("Q?", "3", why="W."), "finite number, not '3'"),
        (lambda: line("Q?", why=" "), r"why= of line\('Q\?'\) has no explanation"),
        (lambda: line("", why="W."), "no question"),
    ],
)
def test_a_question_that_lacks_something_says_what(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_quiz_takes_questions_only():
    with pytest.raises(traitlets.TraitError, match="choose"):
        Quiz(["What?"])
    with pytest.raises(traitlets.TraitError, match="choose"):
        Quiz([])
    with pytest.raises(traitlets.TraitError, match="each of the 1 questions"):
        Quiz(pooled()).answers = [None, None]


def test_a_guess_is_a_prediction_and_nothing_that_is_counted():
    for guess in (kept(), mistake()):
        assert Quiz([pooled(), guess], mode="predict").mode == "predict"
        with pytest.raises(traitlets.TraitError, match=rf"{guess.kind}\(…\) has no right answer"):
            Quiz([pooled(), guess])
    assert repr(Quiz([kept(), mistake()], mode="predict")).startswith("Quiz: predict, 2 questions")


def test_a_markdown_page_writes_its_guesses_as_dicts():
    written = {"kind": "line", "question": "What is wrong with that?", "why": "It *chooses*."}
    assert Quiz([written], mode="predict").questions == (
        line("What is wrong with that?", why="It *chooses*."),
    )
    for wrong in ({"kind": "choose"}, {"kind": "line"}, written | {"color": "red"}):
        with pytest.raises(traitlets.TraitError, match="estimate"):
            Quiz([wrong], mode="predict")


def test_the_misconceptions_are_known_in_python_and_not_on_the_page():
    quiz = Quiz([pooled(), layers(), parameters()])
    assert quiz.aims_at == [4, 5, 7, 8]
    assert quiz.questions[1].aims_at == (8, 5)
    assert "aims" not in str(quiz.get_state())


def test_score_follows_answers_and_new_questions_start_anew():
    quiz = Quiz([pooled(), layers()])
    seen = []
    quiz.observe(lambda change: seen.append(change.new), "score")
    quiz.set_state({"answers": [{"given": [1], "first": True}, None]})
    assert (quiz.score, seen) == (1, [1])
    quiz.questions = [parameters()]
    assert (quiz.score, quiz.answers) == (0, [])


def test_the_page_cannot_change_the_questions():
    quiz = Quiz(pooled())
    before = quiz.questions
    quiz.set_state({"questions": []})
    assert quiz.questions == before


def test_a_quiz_does_not_load_the_engine():
    assert with_dependencies("quiz") == ["numbers", "interface", "quiz"]


# ---------------------------------------------------------------- answering them


def verdicts(page) -> list[str]:
    return page.locator(".cx-verdict:visible").all_inner_texts()


def tell(page, *texts: str) -> list[str]:
    """Write each number, check it, and return "right", "wrong" or "" (no number) for each."""
    return page.evaluate(
        """(texts) => texts.map((text) => {
          const press = (name) => [...document.querySelectorAll("button")]
            .find((button) => button.textContent === name).click();
          document.querySelector("[type=text]").value = text;
          press("Check");
          const found = document.querySelector(".cx-verdict")?.dataset.verdict ?? "";
          press("Reset");
          return found;
        })""",
        texts,
    )


def test_a_wrong_answer_is_explained_and_may_be_tried_again(show):
    page = show(Quiz([pooled(), layers()]))
    card = page.locator(".cx-question").first
    reveal = card.get_by_role("button", name="Show the answer")
    assert verdicts(page) == [] and not reveal.is_visible()

    card.get_by_label("4 × 4").check()
    card.get_by_role("button", name="Check").click()
    assert "Not quite. The last row and column would need padding." in verdicts(page)[0]
    assert len(verdicts(page)) == 1 and reveal.is_visible()
    described = card.get_by_label("4 × 4").get_attribute("aria-describedby")
    assert "padding" in page.locator(f"[id='{described}']").inner_text()

    card.get_by_label("3 × 3").check()
    card.get_by_role("button", name="Check").click()
    assert "Right. The window fits three times." in verdicts(page)[1]
    assert page.locator(".cx-status").inner_text() == "0 of 2 right at the first try, 1 to go."
    card.get_by_role("button", name="Why not the others?").click()
    assert "halves of pixels" in verdicts(page)[2]


def test_the_answer_is_shown_only_when_asked_for_after_a_wrong_try(show):
    page = show(Quiz(pooled()))
    page.get_by_label("4 × 4").check()
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Show the answer").click()
    assert "Right. The window fits three times." in verdicts(page)[1]
    assert page.evaluate("document.activeElement.textContent") == "Try again"
    page.keyboard.press("Enter")
    assert verdicts(page) == []
    page.get_by_label("3 × 3").check()
    page.get_by_role("button", name="Check").click()
    assert page.evaluate("model.get('score')") == 0, "a shown answer is not a first try"


def test_ticked_boxes_tell_how_many_are_missing_and_then_which(show):
    page = show(Quiz(layers()))
    for name in ("Conv2D", "MaxPooling2D"):
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Check").click()
    note = "Not quite: one of your choices is wrong, and one right answer is missing."
    assert page.locator(".cx-note").inner_text() == note
    assert len(verdicts(page)) == 2
    page.get_by_label("MaxPooling2D").uncheck()
    page.get_by_role("button", name="Check").click()
    assert any("One for each pair" in text for text in verdicts(page)), "the missed one"
    page.get_by_label("Dense").check()
    page.get_by_role("button", name="Check").click()
    assert page.evaluate("model.get('answers')[0]") == {
        **{"given": [0, 2], "tried": [0, 1, 2], "tries": 3},
        **{"right": True, "first": False, "shown": False},
    }


def test_a_check_leaves_what_is_not_yet_checked_and_a_reset_does_not(show):
    page = show(Quiz([pooled(), layers(), parameters()]))
    page.get_by_label("Dense").check()
    page.get_by_role("textbox").fill("15")
    page.get_by_label("4 × 4").check()
    page.get_by_role("button", name="Check").first.click()
    assert page.get_by_label("Dense").is_checked()
    assert page.get_by_role("textbox").input_value() == "15"
    page.get_by_role("button", name="Reset").click()
    assert page.locator("input:checked").count() == 0
    assert page.get_by_role("textbox").input_value() == ""


def test_a_known_wrong_number_has_its_own_explanation_and_others_the_hint(show):
    page = show(Quiz(parameters()))
    box = page.get_by_role("textbox", name="Your answer, in parameters")
    for text, explained in [
        ("5,000", "You forgot the three channels."),
        ("12", "A filter is 5 × 5 × 3 and has a bias."),
        ("15,200", "(5 · 5 · 3 + 1) · 200."),
    ]:
        box.fill(text)
        box.press("Enter")
        assert [explained in each for each in verdicts(page)] == [True]
    assert page.evaluate("document.activeElement.tagName") == "INPUT", "the focus stays"


def test_numbers_are_read_as_people_write_them(show):
    numbers = {
        15_200: ["15,200", "15 200", "15\u202f200", "15'200", "15200", "1.52e4", "1.52 × 10^4"],
        15.2: ["15.2", "15.200", "15,2"],
        1_413_834: ["1,413,834", "1.413.834", "1413834", "1.413834 million"],
        -3: ["−3", "-3", "- 3", "–3.0", "-6/2"],
        0.5: ["1/2", "0.5", ".5", "0,5", "50 %", "50%", "+0.5"],
        225_000_000: ["225 million", "225,000,000", "0.225 billion", "225e6"],
    }
    wrong = ["7", "1", "−15,200"]
    unreadable = ["", "many", "1/2/3", "1/0", "15,20,0", "1e999", "3 or 4", "<b>3</b>", "1.41.834"]
    for value, texts in numbers.items():
        page = show(Quiz(number("How many?", value, why="So.", hint="Look.")))
        assert dict.fromkeys(texts, "right") == dict(zip(texts, tell(page, *texts), strict=True))
        assert tell(page, *wrong, *unreadable) == ["wrong"] * len(wrong) + [""] * len(unreadable)
    page = show(Quiz(parameters()))
    assert tell(page, "15,200 Parameters", "15.200", "15.20") == ["right", "right", "wrong"]
    page = show(Quiz(number("What share?", 75, unit="%", why="So.", hint="Look.")))
    assert tell(page, "75 %", "75", "3/4", "0.75") == ["right", "right", "right", "wrong"]


def test_a_tolerance_is_absolute_or_relative(show):
    for options in ({"tolerance": 0.01}, {"relative": 0.1}):
        page = show(Quiz(number("How much?", 1 / 9, why="So.", hint="Look.", **options)))
        assert tell(page, "1/9", "0.11", "0.12", "0.13") == ["right"] * 3 + ["wrong"]
    page = show(Quiz(number("How much?", 1 / 9, why="So.", hint="Look.")))
    assert tell(page, "1/9", "0.111") == ["right", "wrong"]


def test_a_prediction_is_revealed_only_after_the_reader_commits(show):
    page = show(Quiz(pooled(), mode="predict", then="Now *look* below."))
    assert not page.locator(".cx-status").is_visible(), "nothing is counted"
    page.get_by_role("button", name="Commit").click()
    assert page.locator(".cx-note").inner_text() == "Choose an answer first."
    page.get_by_label("4 × 4").check()
    page.get_by_role("button", name="Commit").click()
    assert page.locator(".cx-note").inner_text() == "Your prediction is noted. Now look below."
    assert verdicts(page) == []
    page.get_by_label("3 × 3").click(force=True)
    assert page.get_by_label("4 × 4").is_checked(), "a prediction stands"
    page.get_by_role("button", name="Reveal the answer").click()
    assert [text.split(".")[0][-9:] for text in verdicts(page)] == ["Not quite", "✓\nRight"]
    page.get_by_role("button", name="Predict again").click()
    page.get_by_label("3 × 3").check()
    page.get_by_role("button", name="Commit").click()
    assert page.get_by_role("button", name="Reveal the answer").is_visible()


def test_without_further_words_a_prediction_is_revealed_at_once(show):
    page = show(Quiz(parameters(), mode="predict"))
    page.get_by_role("textbox").fill("5000")
    page.keyboard.press("Enter")
    wrong, answer = verdicts(page)
    assert "forgot the three channels" in wrong
    assert "The answer: 15,200 parameters. (5 · 5 · 3 + 1) · 200." in answer


def columns(page) -> list[str]:
    """The columns of what was predicted and what came out, as they are read."""
    return page.locator(".cx-beside:visible > div").all_inner_texts()


def test_a_guess_is_kept_and_stands_beside_what_came_out(show):
    page = show(Quiz(kept(), mode="predict", then="Now run the cell."))
    page.get_by_role("textbox", name="Your answer, in of 100").fill("about half")
    page.get_by_role("button", name="Commit").click()
    assert page.locator(".cx-note").inner_text().startswith("Write a number first")
    page.get_by_role("textbox").fill("50")
    page.keyboard.press("Enter")
    assert page.locator(".cx-note").inner_text() == "Your prediction is noted. Now run the cell."
    assert columns(page) == []
    page.get_by_role("button", name="Reveal the answer").click()
    assert columns(page) == [
        "You predicted\n50 of 100",
        "What came out\n73 of 100\nA quarter of the answers change.",
    ]
    assert verdicts(page) == [], "a guess is neither right nor wrong"
    status = page.get_by_role("status")
    status.filter(has_text="You predicted").wait_for(state="attached")
    assert "You predicted: 50 of 100. What came out: 73 of 100" in status.inner_text()


def test_a_line_of_ones_own_is_kept_as_it_was_written(show):
    page = show(Quiz(mistake(), mode="predict", then="Compare."))
    box = page.get_by_role("textbox", name="Your answer, in your own words")
    box.fill("  ")
    box.press("Enter")
    assert page.locator(".cx-note").inner_text() == "Write a few words first."
    box.fill("It *chooses*")
    box.press("Shift+Enter")
    box.press_sequentially("<b>twice</b>")
    box.press("Enter")
    assert box.get_attribute("readonly") is not None
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert columns(page)[0] == "You wrote\nIt *chooses*\n<b>twice</b>"
    assert columns(page)[1] == "Our answer\nThe test set was used to choose."
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA", "predict again"


def test_several_predictions_are_committed_each_by_itself(show):
    page = show(Quiz([pooled(), kept()], mode="predict", then="Now look."))
    page.get_by_label("4 × 4").check()
    page.get_by_role("button", name="Commit").first.click()
    notes = page.locator(".cx-note")
    assert notes.all_text_contents() == ["Your prediction is noted. ", ""]
    page.get_by_role("textbox").fill("50")
    page.keyboard.press("Enter")
    assert notes.all_text_contents()[1] == "Your prediction is noted. Now look."
    page.get_by_role("button", name="Reveal the answer").first.click()
    assert columns(page) == [] and len(verdicts(page)) == 2


def test_the_page_is_told_what_was_predicted_and_never_what_was_only_written(show):
    page = show(Quiz([pooled(), kept()], mode="predict", then="Now look."))
    page.evaluate("""() => {
      window.told = [];
      document.addEventListener("course-predicted", (e) => window.told.push(e.detail.text));
    }""")
    page.get_by_role("textbox").fill("5")
    page.get_by_label("3 × 3").check()
    page.get_by_role("button", name="Commit").first.click()
    page.get_by_role("textbox").fill("50")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate("window.told") == ["3 × 3", "3 × 3 · 50 of 100", ""]


def test_the_keyboard_does_everything_and_the_result_is_announced(show):
    page = show(Quiz([pooled(), layers()]))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "Right." in verdicts(page)[0]
    status = page.get_by_role("status")
    status.filter(has_text="Question 1").wait_for(state="attached")
    assert status.inner_text() == (
        "Question 1: Right. The window fits three times. 1 of 2 right at the first try, 1 to go."
    )
    assert page.evaluate("document.activeElement.type") == "radio", "the focus stays"
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("3 × 3").is_checked(), "a checked answer stands"


def test_a_hint_opens_and_closes(show):
    page = show(Quiz([pooled(), layers()]))
    hint = page.get_by_role("button", name="Hint")
    assert hint.count() == 1, "a question without hint has no button for it"
    assert not page.locator(".cx-hint").first.is_visible()
    hint.click()
    assert page.get_by_text("Hint: How often does the window fit?").is_visible()
    assert hint.get_attribute("aria-expanded") == "true"
    hint.click()
    assert not page.locator(".cx-hint").first.is_visible()


def test_markup_is_formatted_and_nothing_else_becomes_html(show):
    attack = "<img src=x onerror='window.attacked = true'> & **<b>bold</b>** `<i>` *x*"
    question = choose(attack, {attack: attack, "5 * 5 * 3": right(attack)}, hint=attack)
    page = show(Quiz(question, title=attack))
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Hint").click()
    page.get_by_role("button", name="Check").click()
    assert page.locator(".cx-quiz :is(img, i)").count() == 0
    assert page.evaluate("window.attacked") is None
    option = page.locator(".cx-option label span").first
    assert option.inner_html() == (
        "&lt;img src=x onerror='window.attacked = true'&gt; &amp; "
        "<strong>&lt;b&gt;bold&lt;/b&gt;</strong> <code>&lt;i&gt;</code> <em>x</em>"
    )
    assert page.get_by_label("5 * 5 * 3").count() == 1


# ---------------------------------------------------------------- what is kept


@pytest.fixture
def at_home(browser, tmp_path):
    """A function that opens widgets as a file, where the browser keeps what a page stores."""
    context = browser.new_context()

    def open_page(*widgets):
        (tmp_path / "page.html").write_text(page_text(*widgets), "utf-8")
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_function("window.ready")
        return page

    yield open_page
    context.close()


def test_answers_are_there_again_after_a_reload_and_python_hears_nothing(at_home):
    quiz = Quiz([pooled(), parameters()])
    page = at_home(quiz)
    page.get_by_label("3 × 3").check()
    page.get_by_role("button", name="Check").first.click()
    page.get_by_role("textbox").fill("5,000")
    page.keyboard.press("Enter")
    assert page.evaluate("model.get('score')") == 1

    again = at_home(quiz)
    assert again.get_by_label("3 × 3").is_checked()
    assert again.get_by_role("textbox").input_value() == "5,000"
    assert "forgot" in verdicts(again)[1]
    assert again.locator(".cx-status").inner_text() == "1 of 2 right at the first try, 1 to go."
    assert again.evaluate("[model.get('answers'), model.saved]") == [[], 0]

    other = at_home(Quiz([layers(), parameters()]))
    assert verdicts(other) == [], "other questions have their own memory"

    again.get_by_role("button", name="Reset").click()
    assert again.evaluate("localStorage.length") == 0
    assert verdicts(at_home(quiz)) == []


def test_a_guess_is_there_again_after_a_reload(at_home):
    quiz = Quiz([kept(), mistake()], mode="predict", then="Look.")
    page = at_home(quiz)
    page.get_by_role("textbox").nth(0).fill("50")
    page.keyboard.press("Enter")
    page.get_by_role("textbox").nth(1).fill("It was the test set.")
    page.keyboard.press("Enter")
    again = at_home(quiz)
    assert again.get_by_role("textbox").nth(0).input_value() == "50"
    again.get_by_role("button", name="Reveal the answer").nth(1).click()
    assert columns(again)[0] == "You wrote\nIt was the test set."


@pytest.mark.parametrize("stored", ["nonsense", "[1, 2]", '[{"tried": [9], "tries": 1}]', "{}"])
def test_a_memory_that_does_not_fit_is_forgotten(at_home, stored):
    quiz = Quiz(pooled())
    page = at_home(quiz)
    page.get_by_label("3 × 3").check()
    page.get_by_role("button", name="Check").click()
    page.evaluate("(text) => localStorage.setItem(localStorage.key(0), text)", stored)
    assert verdicts(at_home(quiz)) == []


def test_without_local_storage_answers_live_as_long_as_the_page(show):
    page = show(Quiz(pooled()))  # a page without an address, so the browser blocks storage
    blocked = "(() => { try { return !localStorage; } catch { return true; } })()"
    assert page.evaluate(blocked)
    page.get_by_label("3 × 3").check()
    page.get_by_role("button", name="Check").click()
    assert page.evaluate("model.get('answers')[0].first")


def test_the_page_follows_what_a_kernel_sets(show):
    page = show(Quiz([pooled(), layers()]))
    page.evaluate("""model.set("answers", [
      { given: [0], tried: [0], tries: 1, right: false, first: false, shown: false }, null])""")
    assert "padding" in verdicts(page)[0]
    page.evaluate('model.set("answers", [])')
    assert verdicts(page) == []


# ---------------------------------------------------------------- looks


def test_a_phone_shows_large_rows_and_touch_answers(show):
    viewport = {"width": 320, "height": 800}
    page = show(Quiz([pooled(), parameters()]), viewport=viewport, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    rows = page.locator(".cx-option label, .cx-question button:visible, .cx-answer input").all()
    assert min(row.bounding_box()["height"] for row in rows) >= 44
    page.get_by_text("3 × 3", exact=True).tap()
    page.get_by_role("button", name="Check").first.tap()
    assert "Right." in verdicts(page)[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_the_answers(show, theme):
    page = show(Quiz([pooled(), layers(), parameters()]))
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    axe = Axe()

    def problems() -> str:
        found = axe.run(page, context=".cnn-explorer")
        return found.generate_report() if found.violations_count else ""

    assert problems() == ""
    for name in ("4 × 4", "Conv2D", "MaxPooling2D"):
        page.get_by_label(name, exact=True).check()
    page.get_by_role("textbox").fill("5000")
    for check in page.get_by_role("button", name="Check").all():
        check.click()
    assert problems() == ""
    for name in ("Show the answer", "Why not the others?"):
        while page.get_by_role("button", name=name).count():
            page.get_by_role("button", name=name).first.click()
    assert len(verdicts(page)) == 8
    assert problems() == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_predictions(show, theme):
    page = show(Quiz([kept(), mistake()], mode="predict", then="Look."))
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    for box in page.get_by_role("textbox").all():
        box.fill("50")
        box.press("Enter")
    assert Axe().run(page, context=".cnn-explorer").violations_count == 0
    while page.get_by_role("button", name="Reveal the answer").count():
        page.get_by_role("button", name="Reveal the answer").first.click()
    assert len(columns(page)) == 4
    assert Axe().run(page, context=".cnn-explorer").violations_count == 0


def test_a_phone_shows_a_prediction_above_what_came_out(show):
    page = show(Quiz(mistake(), mode="predict"), viewport={"width": 320, "height": 800})
    page.get_by_role("textbox").fill("word " * 30 + "x" * 90)
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    mine, ours = (each.bounding_box() for each in page.locator(".cx-beside > div").all())
    assert mine["y"] + mine["height"] <= ours["y"] and mine["x"] == ours["x"]


def test_paper_shows_what_was_predicted_and_what_came_out_once_revealed(show):
    page = show(Quiz([kept(), mistake()], mode="predict", then="Look."))
    page.get_by_role("textbox").first.fill("50")
    page.keyboard.press("Enter")
    page.emulate_media(media="print")
    assert "73" not in page.locator("main").inner_text()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Reveal the answer").click()
    page.emulate_media(media="print")
    assert columns(page)[0] == "You predicted\n50 of 100" and "73 of 100" in columns(page)[1]


def test_paper_shows_the_questions_and_no_answer_that_was_not_revealed(show):
    page = show(Quiz([pooled(), layers()]))
    page.emulate_media(media="print")
    text = page.locator("main").inner_text()
    assert "4 × 4" in text and "MaxPooling2D" in text
    assert not re.search("Check\n|padding|Kernels|Hint", text)
