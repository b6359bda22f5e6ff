"""Every prepared situation of the training explorer shows what its text says.

Here with one seed; `make bench ARGS=training` takes five.
"""

from __future__ import annotations

import pytest

from tools.bench import training


@pytest.fixture(scope="module")
def page(browser, address, tmp_path_factory):
    """A page that can train."""
    folder = tmp_path_factory.mktemp("training")
    training.write_page(folder)
    page = browser.new_page()
    page.goto(address(folder))
    yield page
    page.close()


@pytest.mark.parametrize("situation", training.CLAIMS)
def test_a_situation_shows_what_its_text_says(page, situation):
    given = {"situation": situation, "settings": {"seed": 1}, "way": "simd", "stop": 2}
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
