"""Every prepared situation of the training explorer shows what its text says.

With one seed, or with five where `CNN_COURSE_ALL_SEEDS` is set, as each week and in
`make bench ARGS=training`.
"""

from __future__ import annotations

import os

import pytest

from tools.bench import training

SEEDS = training.SEEDS if os.environ.get("CNN_COURSE_ALL_SEEDS") else training.SEEDS[:1]


@pytest.fixture(scope="module")
def page(browser, address, tmp_path_factory):
    """A page that can train."""
    folder = tmp_path_factory.mktemp("training")
    training.write_page(folder)
    page = browser.new_page()
    page.goto(address(folder))
    yield page
    page.close()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("situation", training.CLAIMS)
def test_a_situation_shows_what_its_text_says(page, situation, seed):
    given = {"situation": situation, "settings": {"seed": seed}, "way": "simd", "stop": 2}
    found = page.evaluate(training.TRAIN, given)
    assert training.CLAIMS[situation](found), found["judged"][-1]


def test_the_usual_network_reads_digits_with_plain_javascript_too(page):
    settings = {"seed": 2, "images": 2000}
    given = {"situation": "usual", "settings": settings, "way": "plain", "stop": 0.9, "epochs": 3}
    assert training.best(page.evaluate(training.TRAIN, given)) >= 0.9


def test_a_seed_gives_the_same_training_again(page):
    def train(seed):
        settings = {"seed": seed, "images": 100}
        given = {"situation": "usual", "settings": settings, "way": "simd", "stop": 2}
        return page.evaluate(training.TRAIN, given | {"epochs": 5})["judged"][-1]

    assert train(3) == train(3) != train(4)
