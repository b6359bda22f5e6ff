"""The score of a check: a plain number to machines, a list with hints to people."""

from __future__ import annotations

from tools.notebooks.nbval_kernel import SEED
from utils.checks.score import Item, Score

PARTLY = Score(
    "conv2d",
    [
        Item("the window slides", 7.5, True, "unseen"),
        Item("a < b & c", 2.5, False, "Think of <b> and `<i>`."),
    ],
    note="Go on.",
)


def test_a_score_is_a_plain_number_to_machines():
    assert float(PARTLY) == 7.5
    assert repr(PARTLY) == "7.5"
    assert PARTLY.total == 10
    assert sum(float(score) for score in (PARTLY, PARTLY)) == 15


def test_a_score_tells_people_what_passed_and_what_to_think_about():
    assert str(PARTLY).splitlines() == [
        "conv2d · 7.5/10",
        "  ✓ the window slides (7.5/7.5)",
        "  ✗ a < b & c (0/2.5)",
        "      Think of <b> and `<i>`.",
        "Go on.",
    ]


def test_the_html_of_a_score_says_in_words_what_its_marks_say_and_escapes_all_text():
    html = PARTLY._repr_html_()
    assert "<b>passed:</b> the window slides (7.5/7.5)" in html
    assert "<b>not yet:</b> a &lt; b &amp; c (0/2.5)" in html
    assert "Think of &lt;b&gt; and <code>&lt;i&gt;</code>." in html and "unseen" not in html
    assert html.count("<div") == html.count("</div>")


def test_a_task_that_was_not_attempted_says_so_and_has_no_points():
    score = Score.not_attempted("conv2d", 10, "Begin.")
    assert str(score) == "conv2d · not attempted yet · 0/10\nBegin."
    assert repr(score) == "0.0" and score.total == 10
    assert "not attempted yet · 0/10" in score._repr_html_()
    assert "<li" not in score._repr_html_()


def test_quarters_of_points_are_not_rounded_away():
    assert Score("t", [Item("a", 1.25, True)]).headline == "t · 1.25/1.25"


def test_points_that_wait_for_a_teacher_are_neither_given_nor_lost():
    waits = Item("the network is looked at", 3, False, "It has a part of its own.", waiting=True)
    score = Score("build_model", [Item("a", 1, True), waits])
    assert (score.points, score.waiting, score.total) == (1, 3, 4)
    assert score.headline == "build_model · 3 wait for a teacher · 1/4"
    assert "waiting for a teacher:</b> the network is looked at" in score._repr_html_()
    assert "It has a part of its own." in str(score)


def test_the_seed_stands_below_a_score_and_makes_no_difference_to_a_comparison():
    items = [Item("a", 1, True)]
    html = Score("t", items, seed=149)._repr_html_()
    assert "seed 149" in html and "seed 149" in str(Score("t", items, seed=149))
    assert SEED.sub("", html) == Score("t", items)._repr_html_()
    assert SEED.sub("", Score("t", items, seed="1, 2, 3")._repr_html_()) == SEED.sub("", html)
