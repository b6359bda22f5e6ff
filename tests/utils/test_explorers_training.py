"""The training explorer in a browser: it trains, pauses, explains, hands over its network."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import traitlets
from accessibility import violations
from explorer_page import next_frame, status

from utils.explorers import TrainingExplorer, network_file, to_keras, training, training_images


def begin(page) -> None:
    page.get_by_role("button", name="Load the").click()
    page.get_by_role("button", name="Train", exact=True).wait_for()


def steps(page) -> int:
    return int(re.match(r"([\d,]+) step", status(page))[1].replace(",", ""))


def train_for(page, count: int) -> None:
    """Train until at least so many steps are done, then pause."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(
        """(count) => {
            const said = document.querySelector(".cx-status").textContent;
            return Number(said.split(" ")[0].replace(",", "")) >= count;
        }""",
        arg=count,
    )
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="One step", exact=True).and_(
        page.locator(":enabled")
    ).wait_for()


def filters(page, index: int) -> str:
    next_frame(page)
    canvas = page.locator(".cx-train-looks figure[data-role=kernel] canvas").nth(index)
    return canvas.evaluate("(canvas) => canvas.toDataURL()")


@pytest.fixture
def small():
    """A training that is quick on a busy machine: few filters, few images."""
    return TrainingExplorer(images=500, filters=4, rate=0.005)


def test_nothing_is_loaded_before_the_reader_asks(show, small):
    page = show(small)
    assert page.locator(".cx-train-run").is_hidden() and page.workers == []
    assert "Load the images first" in status(page)
    begin(page)
    assert len(page.workers) == 1 and steps(page) == 0
    assert page.get_by_role("button", name="Train", exact=True).evaluate(
        "(button) => document.activeElement === button"
    )


def test_it_trains_pauses_and_goes_on_with_filters_and_curves_repainted(show, small):
    page = show(small)
    begin(page)
    start = filters(page, 1)
    assert start == filters(page, 0)
    train_for(page, 60)
    done = steps(page)
    assert filters(page, 1) != start and filters(page, 0) == start
    said = page.locator(".cx-train-curve").nth(1).get_attribute("aria-label")
    accuracy = float(re.search(r"new images ([\d.]*\d)", said)[1])
    assert accuracy > 0.5
    page.get_by_role("button", name="One step", exact=True).click()
    page.wait_for_function(
        "(steps) => document.querySelector('.cx-status').textContent.startsWith(steps)",
        arg=f"{done + 1} steps",
    )
    page.get_by_role("button", name="One epoch").click()
    page.wait_for_function(
        "(steps) => document.querySelector('.cx-status').textContent.startsWith(steps)",
        arg=f"{done + 17} steps",  # 500 images by 32
    )
    page.get_by_role("button", name="Reset with a new seed").click()
    page.wait_for_function(
        "() => document.querySelector('.cx-status').textContent.startsWith('0 steps')"
    )
    assert filters(page, 0) != start


def test_a_training_computes_in_a_worker_and_is_drawn_at_most_once_a_frame(show, small):
    """So the page stays free; `make bench ARGS=training` measures how long its tasks are."""
    page = show(small)
    begin(page)
    page.evaluate(
        """() => {
            window.draws = {};
            const clear = CanvasRenderingContext2D.prototype.clearRect;
            const curve = document.querySelector(".cx-train-curve");
            CanvasRenderingContext2D.prototype.clearRect = function (...given) {
                if (this.canvas === curve) {
                    const frame = document.timeline.currentTime; // stands still within a frame
                    window.draws[frame] = (window.draws[frame] ?? 0) + 1;
                }
                return clear.apply(this, given);
            };
        }"""
    )
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("() => Object.keys(window.draws).length > 9")
    assert len(page.workers) == 1
    assert max(page.evaluate("() => Object.values(window.draws)")) == 1


def test_the_keyboard_is_enough_and_axe_finds_nothing(show, small):
    page = show(small)
    page.get_by_role("button", name="Load the").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Train", exact=True).wait_for()
    page.get_by_role("button", name="One epoch").focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelector('.cx-status').textContent.startsWith('16 steps')"
    )
    page.get_by_role("button", name="Draw your own").press("Enter")
    page.get_by_role("application", name=re.compile("Your drawing")).focus()
    before = page.locator(".cx-train-bars").first.inner_text()
    for key in ["Space", "ArrowDown"] * 6:
        page.keyboard.press(key)
    page.wait_for_function(
        "(before) => document.querySelector('.cx-train-bars').innerText !== before", arg=before
    )
    for title in ("One step, slowly", "Show me the Keras code", "Teach it", "Download"):
        page.get_by_text(title).first.click()
    page.get_by_role("button", name="Show it for").click()
    page.locator(".cx-train-stages").wait_for()
    page.get_by_role("button", name="Show the twelve worst").click()
    page.locator(".cx-train-mistakes li").first.wait_for()
    page.evaluate("() => document.querySelector('main').prepend(document.createElement('h1'))")
    style = "color: var(--pst-color-text-base)"  # of a page, which has such a heading
    page.evaluate("(style) => document.querySelector('h1').setAttribute('style', style)", style)
    page.evaluate("() => { document.querySelector('h1').textContent = 'Training'; }")
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        assert violations(page) == []


def test_one_step_slowly_comes_to_the_slope_that_nudging_measures(show, small):
    page = show(small)
    begin(page)
    train_for(page, 20)
    page.get_by_text("One step, slowly").click()
    page.get_by_role("button", name="Show it for").click()
    stages = page.locator(".cx-train-stages > li")
    stages.last.wait_for()
    assert stages.count() == 7
    # One number goes from stage to stage: what the dense layer hands back is what pooling gets.
    dense, pooling = (stages.nth(at).inner_text().replace("−", "-") for at in (2, 3))
    assert (
        re.search(r"= (-?[\d.]+)\.$", dense)[1] == re.search(r"gradient (-?[\d.]+\d)", pooling)[1]
    )
    spot = r"row \d+, column \d+ of pooled map \d+"
    assert re.search(spot, dense)[0] == re.search(spot, pooling)[0]
    words = stages.last.inner_text().replace("−", "-")
    measured = float(re.search(r"= (-?[\d.]+); the backward pass", words)[1])
    computed = float(re.search(r"backward pass said (-?[\d.]*\d)", words)[1])
    assert measured == pytest.approx(computed, rel=0.15, abs=0.02)


def test_own_signs_are_learned_on_features_that_stay(show, small):
    page = show(small)
    begin(page)
    train_for(page, 60)
    before = filters(page, 1)
    page.get_by_text("Teach it your own three signs").click()
    page.get_by_role("button", name="Teach them").click()
    page.get_by_text("Draw at least one of each").wait_for()
    pad = page.get_by_role("application", name=re.compile("A sign of yours"))
    for name, key in {"A": "ArrowDown", "B": "ArrowRight", "C": "ArrowUp"}.items():
        pad.focus()
        for _ in range(5):
            page.keyboard.press("Space")
            page.keyboard.press(key)
            page.keyboard.press(key)
        page.get_by_role("button", name=f"It is sign {name}").click()
    page.get_by_role("button", name="Teach them").click()
    page.get_by_text("stayed as they were").wait_for()
    pad = page.get_by_role("application", name=re.compile("Your drawing"))
    pad.focus()
    for _ in range(5):
        for key in ("Space", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
    page.get_by_label("Probabilities of your signs").wait_for()
    assert filters(page, 1) == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rate": 1e9, "optimizer": "momentum"}, "no number any more"),
        ({"rate": "fast", "blocks": 99}, "rate cannot be fast and is 0.003"),
        (
            {"filters": 32, "blocks": 3, "pooling": "none", "units": 128, "batch": 128},
            "MB of memory",
        ),
    ],
)
def test_hostile_settings_end_in_a_sentence_and_the_page_goes_on(show, settings, words):
    page = show(TrainingExplorer(images=20))
    begin(page)
    page.evaluate("(settings) => model.set('settings', settings)", {"images": 20, **settings})
    next_frame(page)
    train = page.get_by_role("button", name="Train", exact=True)
    if settings.get("rate") == 1e9:
        train.click()
    problem = page.locator(".cx-problem", has_text=re.compile(r"[a-z]{3}")).and_(
        page.locator(":visible")
    )
    problem.wait_for()
    said = problem.inner_text()
    assert words in said
    page.evaluate("() => model.set('settings', { images: 20 })")
    page.wait_for_function(
        "() => document.querySelector('.cx-status').textContent.startsWith('0 steps')"
    )
    page.get_by_role("button", name="One step", exact=True).click()
    page.wait_for_function(
        "() => document.querySelector('.cx-status').textContent.startsWith('1 step')"
    )


def test_a_link_brings_back_a_situation_and_its_settings(show, small):
    page = show(TrainingExplorer())
    page.get_by_label("Prepared situation").select_option("too-fast")
    page.get_by_label("Batch size").wait_for(state="attached")
    page.evaluate("() => model.set('settings', { ...model.get('settings'), batch: 64 })")
    link = page.get_by_role("link", name="Link to this situation")
    page.wait_for_function(
        "() => document.querySelector('.cx-train-situation a').hash.includes('batch=64')"
    )
    address = link.get_attribute("href")
    assert "training=too-fast" in address and "rate=1" in address
    page.evaluate("() => { model.set('situation', 'usual'); model.set('settings', {}); }")
    page.evaluate("(hash) => { location.hash = hash; }", address)
    page.wait_for_function("() => model.get('situation') === 'too-fast'")
    wanted = {"batch": 64, "rate": 1, "optimizer": "momentum"}
    assert page.evaluate("() => model.get('settings')") == wanted
    page.evaluate("() => { location.hash = '#training=nowhere&rate=NaN&filters=<b>'; }")
    page.wait_for_function("() => model.get('situation') === 'usual'")


def random_settings(chance: random.Random) -> dict:
    rate = chance.choice([0.1, 1, 3e-4, chance.uniform(0.001, 2)])
    free = {"rate": rate, "seed": chance.randrange(2**32)}
    return {
        name: free[name] if among is None else chance.choice(among)
        for name, among in training.SETTINGS.items()
    }


def test_every_state_of_the_settings_survives_link_reload_link(show):
    page = show(TrainingExplorer())
    link = page.locator(".cx-train-situation a")
    chance, addresses = random.Random(7), set()
    for _ in range(12):
        settings = random_settings(chance)
        page.evaluate("(settings) => model.set('settings', settings)", settings)
        next_frame(page)
        address = link.get_attribute("href")
        page.evaluate("() => model.set('settings', {})")
        next_frame(page)
        assert link.get_attribute("href") != address
        page.evaluate("(hash) => { location.hash = hash; }", address)
        page.locator(f'.cx-train-situation a[href="{address}"]').wait_for()
        found = page.evaluate("() => model.get('settings')")
        assert found.items() <= settings.items() and found
        addresses.add(address)
    assert len(addresses) == 12


def test_the_learning_rate_is_written_as_people_write_numbers(show, small):
    page = show(small)
    begin(page)
    box = page.get_by_label("Learning rate")
    box.press("Control+a")
    box.press_sequentially("0,01")  # a box of the type "number" makes 1 of it
    assert page.evaluate("() => model.get('settings').rate") == 0.01
    box.fill("slow")
    assert box.get_attribute("aria-invalid") == "true"
    page.get_by_text("Write a number above 0. It stays 0.01.").wait_for()
    box.blur()
    assert box.input_value() == "0.01" and box.get_attribute("aria-invalid") == "false"


def test_a_hidden_page_pauses_and_leaving_ends_the_worker(show, small):
    page = show(small)
    begin(page)
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.get_by_role("button", name="Train", exact=True).click()
    page.evaluate(hide, True)
    page.get_by_role("button", name="Train", exact=True).wait_for()
    page.evaluate(hide, False)
    page.get_by_role("button", name="Pause").wait_for()
    with page.workers[0].expect_event("close"):
        page.evaluate("() => window.cleanup()")


# --- what is handed over ----------------------------------------------------------------------


@pytest.fixture
def downloaded(show, tmp_path):
    """A function that trains a little, and returns the file and the page."""

    def get(**settings):
        page = show(TrainingExplorer(images=100, **settings))
        begin(page)
        train_for(page, 10)
        page.get_by_text("Download the weights").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download trained.network").click()
        download.value.save_as(tmp_path / "trained.network")
        return tmp_path / "trained.network", page

    return get


@pytest.mark.parametrize("settings", [{}, {"batchNorm": True, "units": 32, "dropout": 0.25}])
def test_the_downloaded_weights_give_keras_the_answers_of_the_page(downloaded, settings):
    path, page = downloaded(filters=4, **settings)
    model = to_keras(path)
    image = stored_images()[0][training_images.TRAIN]
    expected = model.predict(image[None, ..., None] / 15, verbose=0)[0]
    shown = page.locator(".cx-train-bars .cx-bar-value").all_inner_texts()[:10]
    for text, probability in zip(shown, expected, strict=True):
        if not text.startswith(("<", ">")):
            assert float(text.rstrip(" %")) == pytest.approx(100 * probability, abs=0.11)


def stored_images() -> tuple[np.ndarray, np.ndarray]:
    """The digits as the file holds them: gray levels 0 to 15, and labels."""
    import zlib

    header, payload = network_file.opened(training_images.file("digits"))
    content = np.frombuffer(zlib.decompress(payload), np.uint8)
    count = header["train"] + header["test"]
    pairs = content[count:].reshape(count, -1)
    return np.stack([pairs >> 4, pairs & 15], -1).reshape(count, 28, 28), content[:count]


def test_the_stored_images_are_those_of_the_data_sets():
    images, labels = stored_images()
    assert images.shape == (6000, 28, 28)
    counts = np.bincount(labels, minlength=10)
    assert counts.min() > 450
    for name in training_images.CLASSES:
        assert len(training_images.file(name)) <= 1_200_000


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batchNorm": True, "units": 32, "dropout": 0.5, "augment": True, "wrong": 0.3},
        {"pooling": "mean", "kernel": 5, "blocks": 1, "shuffled": True, "peek": True},
        {"pooling": "none", "activation": "none", "start": "zeros", "optimizer": "momentum"},
        {"start": "low biases", "images": 500, "blocks": 3, "data": "garments"},
    ],
    ids=lambda settings: ", ".join(settings) or "default",
)
def test_the_keras_code_runs_and_makes_this_network(show, monkeypatch, settings):
    import keras

    page = show(TrainingExplorer(**settings))
    begin(page)
    page.get_by_text("Show me the Keras code").click()
    next_frame(page)
    code = page.locator(".cx-train-code code").inner_text()
    count = page.locator(".cx-train-run .cx-note").inner_text().split(" ")[0].replace(",", "")
    rng = np.random.default_rng(0)
    part = (rng.integers(0, 256, (60000, 28, 28), np.uint8), rng.integers(0, 10, 60000, np.uint8))
    sets = (part, tuple(array[:10000] for array in part))
    kind = keras.datasets.fashion_mnist if settings.get("data") else keras.datasets.mnist
    monkeypatch.setattr(kind, "load_data", lambda: sets)
    fitted = {}
    monkeypatch.setattr(
        keras.Sequential, "fit", lambda self, x, y, **options: fitted.update(x=x, y=y, **options)
    )
    names = {}
    exec(code, names)
    model = names["model"]
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trainable == int(count)
    assert model(fitted["x"][:2]).shape == (2, 10)
    assert len(fitted["x"]) == len(fitted["y"])
    assert fitted["batch_size"] == settings.get("batch", 32)


# --- settings ---------------------------------------------------------------------------------


def test_settings_that_cannot_be_are_refused_in_python_too():
    for settings, words in [
        ({"filters": 7}, "filters is one of 4, 8, 16, 32, and not 7"),
        ({"rate": float("nan")}, "rate is a number above 0"),
        ({"seed": -1}, "seed is a whole number"),
        ({"layers": 3}, "there is no setting 'layers'"),
    ]:
        with pytest.raises(traitlets.TraitError, match=re.escape(words)):
            TrainingExplorer(**settings)
    with pytest.raises(traitlets.TraitError, match="no situation 'odd'; there are usual"):
        TrainingExplorer("odd")
    assert repr(TrainingExplorer("shuffled")) == "TrainingExplorer: shuffled, {}"


def test_settings_and_situations_are_the_same_in_python_and_in_the_page(show):
    page = show(TrainingExplorer())
    options = page.locator(".cx-train-situation option")
    names = options.evaluate_all("(options) => options.map(({ value }) => value)")
    assert names == training.SITUATIONS
    text = (Path(training.__file__).parent / "js" / "training_settings.js").read_text()
    listed = re.findall(r"^  (\w+): \{ first: .*?(?:among: (\[.*?\]))? ?\},?$", text, re.M)
    in_page = {name: json.loads(among) if among else None for name, among in listed}
    assert in_page == training.SETTINGS


def test_python_sends_the_images_that_are_asked_for(monkeypatch):
    explorer, sent = TrainingExplorer(), []
    monkeypatch.setattr(explorer, "send", lambda content, buffers: sent.append((content, buffers)))
    explorer._answer(explorer, {"kind": "file", "name": "digits"}, [])
    explorer._answer(explorer, {"kind": "file", "name": "../secret"}, [])
    assert sent == [({"kind": "file", "name": "digits"}, [training_images.file("digits")])]
