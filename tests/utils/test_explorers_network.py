"""The network explorer in a browser: a guess first, then every layer, and what each number is."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import traitlets
from explorer_page import drawn, next_frame, status
from PIL import Image

from utils.explorers import NetworkExplorer, network_file, networks


def tiny(classes: int = 3):
    """A small network of Keras's, with weights that do not change."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(20, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(4),
            layers.Conv2D(70, 3, activation="relu", bias_initializer="random_normal"),
            layers.Dropout(0.5),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def total_of(words: str) -> float:
    """The sum that a sentence of products ends with, before ReLU."""
    return readable(re.search(r"= (−?[\d.]+) → relu", words)[1])


def readable(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.fixture(scope="module")
def model():
    return tiny()


@pytest.fixture
def explorer(model):
    return NetworkExplorer(model, classes=["cat", "dog", "axolotl"])


def load(page) -> None:
    page.get_by_role("button", name="Load the network").click()
    page.locator(".cx-network-answer").wait_for()


def reveal(page, guess: str | None = None) -> None:
    load(page)
    if guess:
        page.get_by_label("What is it").select_option(guess)
    page.get_by_role("button", name="Show the network's answer").click()
    page.locator(".cx-bars").wait_for()


def bars(page) -> dict[str, str]:
    """The classes and what stands behind their bars."""
    rows = page.locator(".cx-bar").all()
    return {
        r.locator(".cx-bar-name").inner_text(): r.locator(".cx-bar-value").inner_text()
        for r in rows
    }


def answer(model, image: np.ndarray) -> np.ndarray:
    return model.predict(image[None, ..., None] / 255.0, verbose=0)[0]


def open_layer(page, number: int):
    """Open one of the layers that can be opened."""
    button = page.locator("button.cx-layer").nth(number)
    button.click()
    button.and_(page.locator("[aria-expanded=true]")).wait_for()  # drawn in the next frame
    page.locator(".cx-network-layer").wait_for()


def test_nothing_is_loaded_before_the_reader_asks_and_the_answer_waits_for_a_guess(show, explorer):
    page = show(explorer)
    assert page.locator(".cx-network-answer").is_hidden()
    assert "Load it, and guess" in status(page)
    load(page)
    assert page.locator(".cx-bars").is_hidden() and page.locator(".cx-overview").is_hidden()
    assert "Guess first" in status(page)


def test_after_the_guess_the_answer_is_that_of_keras(show, explorer, model):
    page = show(explorer)
    reveal(page, "dog")
    expected = answer(model, explorer.image)
    best = ["cat", "dog", "axolotl"][expected.argmax()]
    said = page.locator(".cx-network-answer .cx-sum").inner_text()
    assert f"The network says {best}: {100 * expected.max():.1f} %." in said
    assert ("You said the same." if best == "dog" else "You said dog.") in said
    assert list(bars(page)) == ["cat", "dog", "axolotl"]


def test_the_label_of_a_test_image_is_told_with_the_answer_and_not_of_a_moved_one(show):
    page = show(NetworkExplorer(selected="garment 11"))
    reveal(page, "Coat")
    said = page.locator(".cx-network-answer .cx-sum")
    assert said.inner_text().endswith("You said the same. Its label is Shirt.")
    page.get_by_role("button", name="one pixel right").click()
    said.filter(has_not_text="label").wait_for()


def test_a_further_image_is_to_be_guessed_again_unless_the_reader_wants_none(show, explorer):
    page = show(explorer)
    reveal(page)
    page.get_by_label("Image", exact=True).select_option("garment 2")
    page.locator(".cx-guess").wait_for()
    assert page.locator(".cx-bars").is_hidden()
    page.get_by_role("button", name="Show the network's answer").click()
    page.get_by_label("Let me guess").uncheck()
    page.get_by_label("Image", exact=True).select_option("garment 3")
    next_frame(page)
    assert page.locator(".cx-bars").is_visible()


def test_a_neuron_shows_its_window_its_products_and_the_sum_that_keras_computes(
    show, explorer, model
):
    import keras

    page = show(explorer)
    reveal(page)
    open_layer(page, 2)
    page.evaluate("() => { model.set('map', 33); model.set('position', [2, 3]); }")
    sentence = page.locator(".cx-network-number > .cx-sum")
    sentence.filter(has_text=re.compile("^At row 3, column 4: .*→ relu")).wait_for()
    inner = keras.Model(model.inputs[0], model.layers[2].output)
    expected = float(inner(explorer.image[None, ..., None] / 255.0)[0, 2, 3, 33])
    words = sentence.inner_text()
    total = total_of(words)
    assert max(total, 0) == pytest.approx(expected, rel=0.01, abs=1e-4)
    assert page.locator(".cx-products .cx-calculation").count() == 3
    assert "the other 17" in words
    assert "+ −" not in words and "−−" not in words  # a negative part is taken away
    named = re.findall(r"(^|[−+] |: )(−?[\d.]+) \(", words)
    parts = [-readable(value) if sign == "− " else readable(value) for sign, value in named]
    assert sum(parts) == pytest.approx(total_of(words), abs=0.01 * max(map(abs, parts)))
    for line in page.locator(".cx-products .cx-calculation").all():
        figure = line.locator("[data-role=output]")
        cells = [readable(text) for text in figure.locator(".cx-cells span").all_inner_texts()]
        said = readable(figure.locator(".cx-name").inner_text().rsplit(" ", 1)[1])
        assert sum(cells) == pytest.approx(said, abs=len(cells) * 5e-5)  # four decimals
    seen = page.locator(".cx-network-number .cx-size").nth(1).inner_text()
    assert seen == "14 × 14 pixels"  # 4 + (3 − 1) · 4 + 2 for the first convolution


def test_the_products_of_filters_for_each_map_alone_add_up_to_what_keras_computes(show):
    import keras
    from keras import layers

    keras.utils.set_random_seed(6)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, bias_initializer="random_normal"),
            layers.SeparableConv2D(5, 3, depth_multiplier=2, bias_initializer="random_normal"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    explorer = NetworkExplorer(model)
    page = show(explorer)
    reveal(page)
    given = explorer.image[None, ..., None] / 255.0
    for layer, sources, ending in [
        (1, {"map 2"}, ""),
        (2, {f"map {number}" for number in range(1, 7)}, "weight"),
    ]:
        open_layer(page, layer)
        page.evaluate("() => { model.set('map', 3); model.set('position', [4, 6]); }")
        words = page.locator(".cx-network-number > .cx-sum")
        words.filter(has_text=re.compile(f"^At row 5, column 7: .*{ending}")).wait_for()
        total = float(re.search(r"= (−?\d+(?:\.\d+)?)", words.inner_text())[1].replace("−", "-"))
        inner = keras.Model(model.inputs[0], model.layers[layer].output)
        # The weights of the explorer have 8 bits.
        assert total == pytest.approx(float(inner(given)[0, 4, 6, 3]), rel=0.05, abs=5e-3)
        named = page.locator(".cx-calculation figure:first-child .cx-name").all_inner_texts()
        assert {name.removeprefix("Window of ") for name in named} <= sources


def test_what_lies_beyond_the_border_is_said(show):
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 7, strides=4, padding="same"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    page = show(NetworkExplorer(model))
    reveal(page)
    open_layer(page, 0)
    page.evaluate("() => { model.set('map', 1); model.set('position', [0, 3]); }")
    page.get_by_text("At row 1, column 4").wait_for()
    seen = page.locator(".cx-network-number .cx-size").nth(1).inner_text()
    assert seen == "6 × 7 of 7 × 7, the rest is padding"
    open_layer(page, 1)
    title = page.locator(".cx-layer-title").inner_text()
    assert "the last row and column of 7 × 7 in no window" in title


def test_the_images_that_excite_a_map_most_stand_beside_it_with_what_it_sees(show, explorer, model):
    import keras

    page = show(explorer)
    reveal(page)
    open_layer(page, 2)
    page.evaluate("() => model.set('map', 33)")
    inner = keras.Model(model.inputs[0], model.layers[2].output)
    images = np.array(list(explorer.images.values()))[..., None] / 255.0
    largest = np.asarray(inner(images))[..., 33].max((1, 2))
    page.locator(".cx-strongest[data-map='34']").wait_for()
    names = page.locator(".cx-strongest .cx-name")
    assert names.first.inner_text().startswith(f"{list(explorer.images)[largest.argmax()]}: ")
    values = [float(name.split(": ")[1]) for name in names.all_inner_texts()]
    assert values == pytest.approx(sorted(largest, reverse=True)[: len(values)], rel=0.05)
    assert len(values) == 4 and page.locator(".cx-strongest .cx-mark").count() == 4


def test_a_pooled_value_is_explained_by_its_window(show, explorer):
    page = show(explorer)
    reveal(page)
    open_layer(page, 1)
    words = page.locator(".cx-network-number > .cx-sum").inner_text()
    values = re.search(r"the largest of (.*) is (.*)\.", words)
    assert len(values[1].split(", ")) == 16 and values[2] in values[1].split(", ")


def test_all_maps_can_be_reached_by_pages_and_arrow_keys(show, explorer):
    page = show(explorer)
    reveal(page)
    open_layer(page, 2)
    page.get_by_label("Maps", exact=True).select_option("65 to 70 of 70")
    next_frame(page)
    page.get_by_label("Map, by its number").fill("71")
    assert "a whole number from 1 to 70 is possible" in status(page)
    page.get_by_label("Map, by its number").fill("65")
    next_frame(page)
    stage = page.locator(".cx-atlas")
    assert "maps 65 to 70" in stage.get_attribute("aria-label")
    stage.focus()
    for map in (65, 66):  # the focus stays
        page.keyboard.press("ArrowRight")
        next_frame(page)
        assert page.evaluate("() => model.get('map')") == map
    assert page.locator(".cx-network-number .cx-name").first.inner_text() == "Map 67 of 70"
    page.locator(".cx-network-number .cx-stage").first.focus()
    row = page.evaluate("() => model.get('position')[0]")
    for _ in range(2):
        page.keyboard.press("ArrowUp" if row > 1 else "ArrowDown")
        next_frame(page)
    assert abs(page.evaluate("() => model.get('position')[0]") - row) == 2


def test_occlusion_is_drawn_for_every_answer_once_it_is_computed(show, explorer):
    page = show(explorer)
    reveal(page)
    page.locator(".cx-bar").nth(2).click()
    page.locator(".cx-network-why figure").wait_for()
    first = page.locator(".cx-network-why canvas").evaluate("(canvas) => canvas.toDataURL()")
    assert "“axolotl”" in page.locator(".cx-network-why .cx-note").inner_text()
    page.locator(".cx-bar").nth(0).click()
    next_frame(page)
    assert "“cat”" in page.locator(".cx-network-why .cx-note").inner_text()
    assert page.locator(".cx-network-why canvas").evaluate("(c) => c.toDataURL()") != first


def test_a_shift_is_compared_with_the_image_before_it(show, explorer, model):
    page = show(explorer)
    reveal(page)
    image = explorer.image
    page.get_by_role("button", name="one pixel right").click()
    page.get_by_text("Compared with before the shift").wait_for()
    moved = np.pad(image, ((0, 0), (1, 0)))[:, :-1]
    page.wait_for_function(
        "() => document.querySelector('.cx-bar-value').textContent.includes('→')"
    )
    then, now = answer(model, image)[0], answer(model, moved)[0]
    assert bars(page)["cat"] == f"{100 * then:.1f} % → {100 * now:.1f} %"
    page.get_by_role("button", name="Stop comparing").click()
    next_frame(page)
    assert "→" not in bars(page)["cat"]


def test_a_drawing_is_answered_while_it_is_made_and_with_the_keyboard(show, model):
    page = show(
        NetworkExplorer(
            model, images=networks.images("fashion_mnist_lecture"), selected="your drawing"
        )
    )
    load(page)
    page.locator(".cx-bars").wait_for()  # nobody has to guess what they draw
    before = bars(page)
    page.locator(".cx-network-input .cx-stage").first.focus()
    for key in ["ArrowRight"] * 8 + ["ArrowDown"] * 8 + ["Space", "ArrowDown"] * 6:
        page.keyboard.press(key)
    page.wait_for_function(
        "(before) => document.querySelector('.cx-bars').textContent !== before",
        arg="".join(f"{name}{value}" for name, value in before.items()),
    )


def test_the_network_computes_in_a_worker_and_the_page_without_one(show, explorer, browser):
    page = show(explorer)
    reveal(page)
    assert page.workers[0].evaluate("typeof self.onmessage") == "function"  # its script ran
    with_worker = bars(page)
    page.evaluate("() => window.cleanup()")
    context = browser.new_context()
    context.add_init_script("delete window.Worker")
    from explorer_page import explorer_page

    plain = explorer_page(context, explorer)
    reveal(plain)
    assert plain.workers == [] and bars(plain) == with_worker
    context.close()


COUNT = """() => {
  const { prototype } = CanvasRenderingContext2D;
  const { putImageData } = prototype;
  window.drawings = window.layouts = 0;
  prototype.putImageData = function (...values) {
    window.drawings += 1;
    return putImageData.apply(this, values);
  };
  const style = window.getComputedStyle;
  window.getComputedStyle = (...values) => {
    window.layouts += 1; // in a container whose size is asked about, the page is laid out
    return style(...values);
  };
}"""


def test_only_what_changed_is_drawn_again_and_nothing_lays_the_page_out_at_once(show, explorer):
    page = show(explorer)
    reveal(page)
    open_layer(page, 2)
    page.locator(".cx-products .cx-grid").first.wait_for()
    page.evaluate(COUNT)
    page.locator(".cx-atlas").focus()
    page.keyboard.press("ArrowRight")
    next_frame(page)
    assert (
        page.evaluate("() => window.drawings") <= 6
    )  # the map, what it sees, four images; no layer
    before = page.evaluate("() => window.drawings")
    page.get_by_role("button", name="one pixel right").click()
    page.get_by_text("Compared with before the shift").wait_for()
    next_frame(page)
    assert page.evaluate("() => window.drawings") >= before + 5  # all layers, now and before
    assert page.evaluate("() => window.layouts") == 0


# --- the reader's own ---------------------------------------------------------------------


def test_a_file_that_export_weights_wrote_can_be_opened(show, explorer, tmp_path):
    other = tiny(classes=5)
    network_file.export_weights(other, tmp_path / "own.network")
    page = show(explorer)
    page.get_by_label("A network file from this device").set_input_files(tmp_path / "own.network")
    page.get_by_role("button", name="Show the network's answer").click()
    page.locator(".cx-bars").wait_for()
    assert list(bars(page)) == ["0", "1", "2", "3", "4"]
    assert "Inside the network: " in page.locator(".cx-title").inner_text()
    page.get_by_role("button", name="Back to the first network").click()
    page.get_by_role("button", name="Show the network's answer").click()
    page.locator(".cx-bar").nth(2).wait_for()
    assert list(bars(page)) == ["cat", "dog", "axolotl"]


def test_a_network_that_ends_with_sums_gets_its_softmax_and_one_that_scales_gets_levels(
    show, tmp_path
):
    import keras
    from keras import layers

    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 5, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    explorer = NetworkExplorer(model)
    page = show(explorer)
    reveal(page)
    sums = model.predict(explorer.image[None, ..., None].astype("float32"), verbose=0)[0]
    expected = np.exp(sums - sums.max()) / np.exp(sums - sums.max()).sum()
    said = page.locator(".cx-network-answer .cx-sum").inner_text()
    assert f"{expected.argmax()}: {100 * expected.max():.1f} %" in said


def test_what_was_drawn_shifted_and_drawn_on_is_one_picture_and_reset_empties_the_pad(show, model):
    page = show(NetworkExplorer(model, selected="your drawing"))
    load(page)
    page.locator(".cx-network-input .cx-stage").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="one pixel down").click()
    page.locator(".cx-network-input .cx-stage").first.focus()
    for key in ["ArrowDown"] * 9 + ["Space"]:
        page.keyboard.press(key)
    pixels = drawn(page, 0)[..., 0]
    assert pixels[0, 0] == 0 and pixels[1, 0] == 255 and pixels[9, 0] == 255
    page.get_by_role("button", name="Reset").click()
    assert drawn(page, 0)[..., 0].max() == 0
    assert "Draw something" in page.locator(".cx-network-answer .cx-sum").inner_text()


def test_a_listed_image_can_be_drawn_on(show, explorer):
    page = show(explorer)
    reveal(page)
    page.get_by_role("button", name="Draw on it").click()
    assert np.array_equal(drawn(page, 0)[..., 0], explorer.image)


def test_a_file_that_is_none_is_refused_in_words_and_the_page_goes_on(show, explorer, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK\x03\x04 and so on")
    page = show(explorer)
    page.get_by_label("A network file from this device").set_input_files(tmp_path / "model.keras")
    page.locator(".cx-network-load .cx-problem").wait_for()
    assert "a model as Keras saves it" in page.locator(".cx-network-load .cx-problem").inner_text()
    page.get_by_role("button", name="Load the network").click()
    page.locator(".cx-network-answer").wait_for()


def photo(kind: str, image: Image.Image) -> dict:
    content = io.BytesIO()
    image.save(content, kind)
    return {
        "name": f"a.{kind.lower()}",
        "mimeType": f"image/{kind.lower()}",
        "buffer": content.getvalue(),
    }


def dark_square(mode: str = "RGB", side: int = 400) -> Image.Image:
    """A dark square, not in the middle, on a bright ground."""
    array = np.full((side, side, 3), 230, np.uint8)
    array[side // 10 : side // 2, side // 10 : side // 2] = 40
    return Image.fromarray(array).convert(mode)


@pytest.mark.parametrize("picture", ["PNG", "JPEG", "CMYK"])
def test_a_photo_becomes_an_image_of_the_data_set_step_by_step(show, explorer, picture):
    image = dark_square("CMYK" if picture == "CMYK" else "RGB")
    page = show(explorer)
    load(page)
    page.get_by_label("A photo from this device").set_input_files(
        photo("JPEG" if picture == "CMYK" else picture, image)
    )
    page.locator(".cx-photo-steps figure").nth(4).wait_for()
    names = page.locator(".cx-photo-steps .cx-name").all_inner_texts()
    assert [name.split()[1] for name in names] == ["Crop", "Gray", "Invert", "Center", "Reduce"]
    pixels = drawn(page, 0)[..., 0]
    assert pixels.shape == (28, 28)
    assert pixels[14, 14] > 200 and pixels[2, 2] > 200  # inverted, and as large as the square
    page.get_by_role("checkbox", name="Invert").uncheck()
    next_frame(page)
    assert "Darken" in page.locator(".cx-photo-steps .cx-name").nth(2).inner_text()


def test_a_network_for_color_gets_a_photo_in_color(show):
    import keras
    from keras import layers

    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((32, 24, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    page = show(NetworkExplorer(model))
    load(page)
    red = Image.new("RGB", (50, 40), (220, 30, 90))
    page.get_by_label("A photo from this device").set_input_files(photo("PNG", red))
    page.locator(".cx-photo-steps figure").nth(1).wait_for()
    names = page.locator(".cx-photo-steps .cx-name").all_inner_texts()
    assert names == ["1 Crop", "2 Reduce to 32 × 24"]
    assert page.get_by_role("checkbox", name="Invert").is_hidden()
    pixels = drawn(page, 0)
    assert pixels.shape == (32, 24, 4) and (pixels[..., :3] == (220, 30, 90)).all()
    assert page.get_by_role("button", name="Draw on it").is_hidden()
    expected = model.predict(pixels[None, ..., :3] / 255.0, verbose=0)[0]
    page.wait_for_function(
        "(words) => document.querySelector('.cx-bars').innerText.includes(words)",
        arg=f"{100 * expected.max():.1f} %",
    )


@pytest.mark.parametrize("side", [8660, 300])
def test_a_large_photo_is_reduced_beside_the_page(show, explorer, side):
    """A photo of 50 megapixels, and one that is not large."""
    page = show(explorer)
    load(page)
    image = dark_square(side=100).resize((side, side * 2 // 3))
    page.get_by_label("A photo from this device").set_input_files(photo("JPEG", image))
    page.locator(".cx-photo-steps figure").nth(4).wait_for(timeout=60000)
    assert drawn(page, 0)[..., 0].max() > 200


CUT = photo("PNG", Image.effect_noise((200, 200), 50))
CUT["buffer"] = CUT["buffer"][:9000]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (CUT, "cannot read this picture"),
        (
            {
                "name": "a.svg",
                "mimeType": "image/svg+xml",
                "buffer": b"<svg><script>1</script></svg>",
            },
            "PNG, JPEG or WebP",
        ),
        (
            {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"},
            "cannot read this picture",
        ),
        ({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}, "PNG, JPEG or WebP"),
    ],
)
def test_what_is_no_photo_is_refused_in_words(show, explorer, file, words):
    page = show(explorer)
    load(page)
    page.get_by_label("A photo from this device").set_input_files(file)
    page.locator(".cx-body > .cx-problem").wait_for()
    assert words in page.locator(".cx-body > .cx-problem").inner_text()


def test_a_photo_of_one_pixel_is_taken(show, explorer):
    page = show(explorer)
    load(page)
    page.get_by_label("A photo from this device").set_input_files(
        photo("PNG", Image.new("RGB", (1, 1)))
    )
    page.locator(".cx-photo-steps figure").nth(4).wait_for()
    assert drawn(page, 0).shape == (28, 28, 4)


# --- Python -------------------------------------------------------------------------------


def test_python_says_what_is_shown_and_what_cannot_be():
    assert repr(NetworkExplorer(layer=2, map=5)) == (
        "NetworkExplorer: fashion_mnist_lecture, garment 1 28 × 28, layer 2, map 5"
    )
    with pytest.raises(traitlets.TraitError, match="no network 'resnet'; there are fashion_mnist"):
        NetworkExplorer("resnet")
    with pytest.raises(traitlets.TraitError, match="A built Keras model is needed"):
        NetworkExplorer(42)


def test_python_sends_the_file_when_it_is_asked(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers: sent.append((content, buffers)))
    explorer._answer(explorer, {"kind": "file", "name": "own network"}, [])
    explorer._answer(explorer, {"kind": "else"}, [])
    assert sent == [({"kind": "file", "name": "own network"}, [explorer._file])]
