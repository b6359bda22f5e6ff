"""The channel explorer: its traits in Python, and what a reader does with it in the page."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from explorer_page import drawn, next_frame, status, synced

from utils.explorers import ChannelExplorer, samples
from utils.explorers.base import decode
from utils.explorers.kernels import color_presets

FLOWER = samples.load()["flower"]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def wait_for_filters(page, count: int) -> None:
    page.wait_for_function("(count) => model.get('feature_maps').shape[2] === count", arg=count)


RANDOM = np.random.default_rng(0)
SETTINGS = [
    {},
    {"stride": 2, "padding": "same", "relu": False},
    {"filters": "vertical edge", "size": 5, "biases": [12.5], "stride": 3},
    {"channels": (True, False, True), "filters": ["brightness", "edge, red against blue"]},
    {"filters": RANDOM.normal(size=(5, 5, 3, 4)), "padding": "same", "stride": 4},
    {"image": RANDOM.integers(0, 256, (7, 12, 3)), "filters": RANDOM.normal(size=(3, 3, 3, 1))},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
def test_python_and_page_compute_what_keras_computes(show, settings):
    import keras

    explorer = ChannelExplorer(**settings)
    image = (explorer.image * np.array(explorer.channels))[None].astype("float32")
    layer = keras.layers.Conv2D(
        explorer.filters.shape[-1],
        explorer.filters.shape[:2],
        strides=explorer.stride,
        padding=explorer.padding,
        activation="relu" if explorer.relu else None,
    )
    layer.build(image.shape)
    layer.set_weights([explorer.filters, explorer.biases])
    expected = np.asarray(layer(image))[0]

    np.testing.assert_allclose(explorer.feature_maps, expected, rtol=1e-4, atol=1e-2)
    page = show(explorer)
    np.testing.assert_allclose(synced(page, "feature_maps"), expected, rtol=1e-4, atol=1e-2)
    assert f"{layer.count_params()} parameters" in status(page)
    assert f"{layer.count_params()} parameters" in repr(explorer)


def test_a_change_in_python_renews_the_feature_maps_and_tells_observers():
    explorer = ChannelExplorer()
    seen = []
    explorer.observe(lambda change: seen.append(change.new.shape), "feature_maps")
    explorer.filters = np.ones((5, 5, 3, 2))
    explorer.channels = (False, True, True)
    assert seen == [(60, 60, 2), (60, 60, 2)]


def test_biases_and_choice_follow_the_number_of_filters():
    explorer = ChannelExplorer(filter=2, biases=[1, 2, 3])
    explorer.filters = explorer.filters[..., :2]
    assert (explorer.filter, explorer.biases.tolist()) == (1, [1, 2])
    explorer.filters = np.ones((3, 3, 3, 4))
    assert explorer.biases.tolist() == [1, 2, 0, 0]
    explorer.set_trait("biases", [4, 3, 2, 1])
    assert explorer.feature_maps[0, 0, 0] == explorer.feature_maps[0, 0, 3] + 3


def test_what_the_page_sends_is_kept_together():
    explorer, other = ChannelExplorer(), ChannelExplorer(filters=["zeros"] * 4, filter=3)
    names = {"filters", "biases", "filter", "feature_maps"}
    explorer.set_state(other.get_state(names))
    assert (explorer.filters.shape, explorer.filter) == ((3, 3, 3, 4), 3)
    assert explorer.biases.tolist() == [0, 0, 0, 0]
    np.testing.assert_array_equal(decode(explorer.get_state("image")["image"]), FLOWER)


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("image", np.zeros((28, 28)), r"\(28, 28\).*np\.stack"),
        ("image", np.zeros((28, 28, 4)), r"\[\.\.\., :3\]"),
        ("image", np.zeros((2, 28, 28, 3)), r"images\[0\]"),
        ("filters", np.ones((3, 3, 3)), r"np\.newaxis"),
        ("filters", np.ones((3, 3, 1, 2)), r"\(3, 3, 1, 2\)"),
        ("filters", np.ones((4, 4, 3, 2)), "k 3 or 5"),
        ("filters", np.ones((3, 3, 3, 64)), r":4\]"),
        ("filters", np.full((3, 3, 3, 1), np.nan), "NaN"),
        ("biases", [1, 2], "3 filters.*got 2"),
        ("biases", 1.0, "one number for each filter"),
        ("filter", 3, "0 to 2"),
        ("channels", (True, False), "channels"),
        ("stride", 0, "1"),
        ("padding", "full", "same"),
    ],
)
def test_what_does_not_fit_is_said(trait, value, words):
    explorer = ChannelExplorer()
    before = explorer.described()
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(explorer, trait, value)
    assert explorer.described() == before


def test_unknown_names_are_answered_with_those_there_are():
    with pytest.raises(traitlets.TraitError, match="vertical edge"):
        ChannelExplorer(filters=["vertical line"])
    with pytest.raises(traitlets.TraitError, match="3 or 5"):
        ChannelExplorer(size=7)
    with pytest.raises(TypeError, match="stride"):
        ChannelExplorer(strides=2)


def test_color_filters_find_nothing_in_gray():
    gray = np.repeat(FLOWER[..., :1], 3, axis=-1)
    for size in (3, 5):
        names = ["orange against blue", "red against green", "edge, red against blue"]
        explorer = ChannelExplorer(gray, names, size=size, relu=False)
        np.testing.assert_allclose(explorer.feature_maps, 0, atol=1e-3)


def test_the_text_is_short_and_the_same_for_the_same_state():
    text = repr(ChannelExplorer())
    assert text == repr(ChannelExplorer())
    assert "3 filters 3 × 3 × 3" in text
    assert "62 × 62 × 3, 84 parameters" in text
    assert "only RB on" in repr(ChannelExplorer(channels=(True, False, True)))


def test_the_mouse_shows_patches_partial_sums_and_their_sum(show):
    page = show(ChannelExplorer(filter=2, padding="same"))
    box = page.get_by_role("application", name="Feature map").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 30.5 / 64, box["y"] + box["height"] * 20.5 / 64)
    page.wait_for_function("document.querySelector('.cx-sum').textContent.includes('Row 20')")
    assert page.evaluate("model.get('position')") == [20, 30]
    patch = FLOWER[19:22, 29:32].astype(int)
    shown = page.locator(".cx-channel-patch .cx-cells > span").all_inner_texts()
    assert [int(text) for text in shown] == np.moveaxis(patch, -1, 0).ravel().tolist()
    products = patch * color_presets(3)["red against green"]
    words = page.locator(".cx-sum").inner_text().split()
    parts = [number(words[words.index(letter) + 1]) for letter in "RGB"]
    assert parts == pytest.approx(products.sum((0, 1)), abs=0.06)
    assert number(words[words.index("bias") + 1]) == -70
    total = products.sum() - 70
    found = [number(text) for text in page.locator(".cx-sum b").all_inner_texts()]
    assert found == pytest.approx([total, max(total, 0)], abs=0.06)


def test_pointing_at_the_image_centers_the_window_there(show):
    page = show(ChannelExplorer(stride=2))
    image = page.get_by_role("application", name="RGB image")
    box = image.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 21.5 / 64, box["y"] + box["height"] * 11.5 / 64)
    page.wait_for_function("model.get('position')[0] === 5 && model.get('position')[1] === 10")


def test_arrow_keys_walk_over_the_feature_map_and_stop_at_its_border(show):
    page = show(ChannelExplorer(position=(0, 0)))
    page.get_by_role("application", name="Feature map").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_function("document.querySelector('.cx-sum').textContent.includes('column 61')")
    assert page.evaluate("model.get('position')") == [1, 61]


def test_every_control_works_by_keyboard_and_reset_undoes_all(show):
    page = show(ChannelExplorer())
    page.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("model.get('filter') === 1")
    page.get_by_label("Filter 2", exact=True).select_option("horizontal edge")
    page.get_by_role("slider", name="Bias").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Stride").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Padding").select_option("same")
    page.get_by_label("ReLU").press("Space")
    page.get_by_role("checkbox", name="channel green").press("Space")
    page.get_by_label("Filter size").select_option("5")
    page.wait_for_function("document.querySelector('.cx-status').textContent.includes('⌈64 / 2⌉')")
    expected = ChannelExplorer(
        filters=["orange against blue", "horizontal edge", "red against green"],
        biases=[0, 1, -70],
        size=5,
        stride=2,
        padding="same",
        relu=False,
        channels=(True, False, True),
    )
    page.wait_for_function("model.get('filters').shape[0] === 5")
    np.testing.assert_allclose(synced(page, "feature_maps"), expected.feature_maps, atol=1e-2)
    page.get_by_role("button", name="Reset").press("Enter")
    page.wait_for_function("document.querySelector('.cx-status').textContent.includes('84 param')")
    page.wait_for_function("model.get('filters').shape[0] === 3")
    np.testing.assert_allclose(
        synced(page, "feature_maps"), ChannelExplorer().feature_maps, atol=1e-2
    )
    assert page.evaluate("model.get('channels')") == [True, True, True]


def test_a_channel_that_is_off_adds_nothing_to_any_map(show):
    page = show(ChannelExplorer())
    before = synced(page, "feature_maps")
    page.get_by_role("checkbox", name="channel blue").uncheck()
    next_frame(page)
    after = synced(page, "feature_maps")
    changed = [not np.array_equal(before[..., i], after[..., i]) for i in range(3)]
    assert changed == [True, True, False]
    page.get_by_text("Predict").click()
    assert "here filters 1, 2." in page.locator("details p").inner_text()
    assert (drawn(page, 0)[..., 2] == 0).all()
    assert (drawn(page, 5)[..., :3] == 0).all()
    assert (drawn(page, 6)[..., :3] == 255).all()  # its sum: zeros, white


def test_filters_are_added_and_removed_with_their_maps(show):
    page = show(ChannelExplorer())
    page.get_by_role("button", name="Add a filter").click()
    wait_for_filters(page, 4)
    assert "4 feature maps: 62 × 62 × 4" in status(page)
    assert "112 parameters" in status(page)
    assert not page.get_by_role("button", name="Add a filter").is_visible()
    page.get_by_role("radio").first.check()
    for count in (3, 2, 1):
        page.get_by_role("button", name="Remove filter 1").click()
        wait_for_filters(page, count)
    assert page.get_by_label("Filter 1", exact=True).input_value() == "horizontal edge"
    assert synced(page, "biases").tolist() == [0]
    assert "1 filter of 3 × 3 × 3 → 1 feature map: 62 × 62 × 1" in status(page)
    assert not page.get_by_role("button", name="Remove").is_visible()
    assert page.get_by_text("at least one filter").is_visible()


def test_the_filter_that_is_shown_is_the_one_removed(show):
    page = show(ChannelExplorer(filter=1))
    page.get_by_role("button", name="Remove filter 2").click()
    wait_for_filters(page, 2)
    expected = ChannelExplorer(filters=["orange against blue", "red against green"])
    np.testing.assert_allclose(synced(page, "filters"), expected.filters)
    assert synced(page, "biases").tolist() == [0, -70]
    assert page.evaluate("model.get('filter')") == 0


def test_with_same_padding_the_window_stands_half_outside_at_the_corner(show):
    page = show(ChannelExplorer(padding="same", position=(0, 0)))
    outside = page.locator(".cx-channel-patch").nth(1).locator(".cx-outside")
    assert outside.all_inner_texts() == ["0"] * 5
    image = page.get_by_role("application", name="RGB image")
    shown, stage = image.locator(".cx-plane").bounding_box(), image.bounding_box()
    mark = image.locator(".cx-mark").bounding_box()
    assert shown["width"] == pytest.approx(stage["width"] * 64 / 66, abs=0.5)  # one zero each side
    assert mark["x"] == pytest.approx(stage["x"], abs=0.5)


def test_an_edited_cell_changes_its_slice_of_the_filter_alone(show):
    page = show(ChannelExplorer(filters=["zeros", "zeros"], filter=1))
    page.get_by_label("Slice G, row 1, column 3").fill("-2")
    page.wait_for_function("document.querySelector('.cx-channel-maps').textContent.includes('−')")
    expected = np.zeros((3, 3, 3, 2))
    expected[0, 2, 1, 1] = -2
    np.testing.assert_array_equal(synced(page, "filters"), expected)
    assert page.get_by_label("Filter 2", exact=True).input_value() == "own filter"


def test_an_own_filter_keeps_its_middle_when_its_size_changes(show):
    filters = np.arange(27.0).reshape(3, 3, 3, 1)
    page = show(ChannelExplorer(filters=filters))
    page.get_by_label("Filter size").select_option("5")
    page.wait_for_function("model.get('feature_maps').shape[0] === 60")
    np.testing.assert_array_equal(synced(page, "filters")[1:4, 1:4], filters)
    assert np.count_nonzero(synced(page, "filters")) == 26
    page.get_by_label("Filter size").select_option("3")
    page.wait_for_function("model.get('feature_maps').shape[0] === 62")
    np.testing.assert_array_equal(synced(page, "filters"), filters)


def test_a_touch_points_and_chooses_a_map(show):
    page = show(ChannelExplorer(), has_touch=True, viewport={"width": 390, "height": 800})
    stage = page.get_by_role("application", name="RGB image")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    page.wait_for_function("document.querySelector('.cx-sum').textContent.includes('Row 4')")
    row, column = page.evaluate("model.get('position')")
    assert abs(row - 47) <= 1
    assert abs(column - 15) <= 1
    page.locator(".cx-channel-map").nth(2).tap()
    page.wait_for_function("model.get('filter') === 2")
    page.wait_for_function(
        "document.querySelector('.cx-sum').textContent.includes('bias\\u00a0−70')"
    )


def test_signs_have_colors_and_zero_is_white(show):
    image = np.zeros((5, 9, 3), "uint8")
    image[:, 3:6] = 255
    page = show(ChannelExplorer(image, "vertical edge", relu=False))
    for picture in (2, 4, 6, 7, 8):  # the three sums, the sum of all, the feature map
        pixels = drawn(page, picture)[1]
        assert pixels[2][0] > pixels[2][2] + 30  # the left side of the bar is a rise: red
        assert pixels[5][2] > pixels[5][0] + 30  # the right side a fall: blue
        assert pixels[0][:3].tolist() == [255, 255, 255]


def test_a_filter_larger_than_the_image_is_explained(show):
    page = show(ChannelExplorer(FLOWER[:4], size=5))
    assert page.get_by_role("alert").is_visible()
    assert "5 × 5 window does not fit into 4 × 64" in status(page)
    page.get_by_label("Filter size").select_option("3")
    page.wait_for_function("document.querySelector('.cx-problem').hidden")
    assert "2 × 62 × 3" in status(page)


def test_a_bias_beyond_the_slider_is_shown_as_it_is(show):
    page = show(ChannelExplorer(biases=[512.5, 0, 0]))
    assert page.locator("output").first.inner_text() == "513"
    assert "bias\u00a0512.5" in page.locator(".cx-sum").inner_text()


@pytest.mark.parametrize("width", [320, 390, 600, 1280])
@pytest.mark.parametrize("size", [3, 5])
def test_nothing_is_cut_off_at_any_width(show, width, size):
    page = show(
        ChannelExplorer(size=size, padding="same"), viewport={"width": width, "height": 800}
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_slice_takes_a_decimal_comma_and_typed_filters_are_told_to_be_found(show):
    page = show(ChannelExplorer(filters=["vertical edge"]))
    weights = color_presets(3)["horizontal edge"]
    for channel, letter in enumerate("RGB"):
        for i in range(3):
            for j in range(3):
                cell = page.get_by_label(f"Slice {letter}, row {i + 1}, column {j + 1}")
                cell.fill(f"{weights[i, j, channel]:g}".replace(".", ","))
    next_frame(page)
    np.testing.assert_allclose(synced(page, "filters")[..., 0], weights, rtol=1e-6)
    assert "“horizontal edge”" in page.locator(".cx-found").inner_text()
    page.get_by_label("Slice R, row 1, column 1").fill("red")
    assert "“red” is not a number" in page.locator(".cx-refused").first.inner_text()


@pytest.mark.parametrize("width", [360, 390, 600, 1280])
@pytest.mark.parametrize("size", [3, 5])
def test_the_weights_fit_into_their_cells(show, width, size):
    explorer = ChannelExplorer(filters=["orange against blue"], size=size)
    page = show(explorer, viewport={"width": width, "height": 800})
    cut = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.value)"
    assert page.locator(".cx-cells input").evaluate_all(cut) == []
