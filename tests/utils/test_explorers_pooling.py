"""The pooling explorer: its traits in Python, and what a reader does with it in the page."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import traitlets
from explorer_page import drawn, next_frame, synced

from utils.explorers import FilterExplorer, PoolingExplorer, arrays, samples

GARMENT = samples.load()["garment"]


def link(page, values) -> None:
    """Set the image as a link to another explorer's feature map does."""
    values = np.asarray(values, "float32")
    page.evaluate(
        """([shape, values]) => new Promise((done) => {
          const data = new DataView(Float32Array.from(values).buffer);
          model.set("image", { shape, dtype: "float32", data });
          requestAnimationFrame(() => requestAnimationFrame(done));
        })""",
        [values.shape, values.ravel().tolist()],
    )


def text(page, selector: str) -> str:
    """Return what stands there, once the page has drawn its next frame."""
    next_frame(page)
    return page.locator(selector).inner_text()


def get(page, name: str):
    """Return a trait of the page's state, once the page has drawn its next frame."""
    next_frame(page)
    return page.evaluate("(name) => model.get(name)", name)


def keras_pool(image, pool_size, strides, padding, mode) -> np.ndarray:
    from keras import layers

    layer = {
        "max": layers.MaxPooling2D,
        "min": layers.MaxPooling2D,
        "mean": layers.AveragePooling2D,
    }
    sign = -1 if mode == "min" else 1
    batch = sign * np.asarray(image, "float32")[None, :, :, None]
    return sign * np.asarray(layer[mode](pool_size, strides, padding)(batch))[0, :, :, 0]


# --- Python -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["max", "mean", "min"])
def test_python_pools_as_keras_does(mode):
    rng = np.random.default_rng(1)
    options = itertools.product(range(1, 7), range(1, 7), ("valid", "same"))
    for pool_size, strides, padding in options:
        image = rng.normal(size=rng.integers(6, 14, size=2))
        explorer = PoolingExplorer(image, pool_size, strides, padding=padding, mode=mode)
        expected = keras_pool(image, pool_size, strides, padding, mode)
        np.testing.assert_allclose(explorer.pooled, expected, atol=1e-5)


def test_strides_are_the_pool_size_unless_given():
    assert PoolingExplorer(pool_size=3).strides == 3
    assert PoolingExplorer(pool_size=3, strides=1).strides == 1


def test_a_window_that_does_not_fit_gives_an_empty_result():
    explorer = PoolingExplorer(np.ones((3, 5)), pool_size=4)
    assert explorer.pooled.shape == (0, 0)
    explorer.padding = "same"
    assert explorer.pooled.shape == (1, 2)


def test_integers_of_an_image_stay_gray_and_floats_stay_as_they_are():
    assert PoolingExplorer(np.full((3, 3), 200)).image.dtype == np.uint8
    assert PoolingExplorer(np.eye(3, dtype=bool)).image.max() == 255
    for values in ([[-7.5, 1200.0]], [[0.0, 1.0]], [[-1, 300]], np.zeros((0, 0))):
        explorer = PoolingExplorer(np.array(values))
        assert explorer.image.dtype == np.float32
        np.testing.assert_array_equal(explorer.image, values)


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ({"image": np.zeros((2, 4, 4))}, r"\(rows, columns\) is needed.*\(2, 4, 4\)"),
        ({"image": np.array([[np.nan]])}, "NaN or infinity"),
        ({"image": np.array([[1e39]])}, "32 bits"),
        ({"image": np.zeros((2, 1000))}, "at most 528"),
        ({"pool_size": 7}, "greater than 6"),
        ({"strides": 0}, "less than 1"),
        ({"mode": "average"}, "'max', 'mean', 'min'"),
        ({"padding": "full"}, "'valid', 'same'"),
        ({"shift": (5, 0)}, "from −4 to 4"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_with_what_is_possible(traits, message):
    with pytest.raises(traitlets.TraitError, match=message):
        PoolingExplorer(**traits)


def test_a_shift_moves_right_and_down_and_repeats_the_edge():
    image = np.arange(9).reshape(3, 3)
    np.testing.assert_array_equal(arrays.shifted(image, 1, 0), [[0, 0, 1], [3, 3, 4], [6, 6, 7]])
    np.testing.assert_array_equal(arrays.shifted(image, 0, -2), [[6, 7, 8], [6, 7, 8], [6, 7, 8]])


def test_equal_shares_count_places_that_hold_the_same_value():
    explorer = PoolingExplorer(np.array([[0, 0, 0, 9], [0, 0, 0, 0]]), shift=(-1, 0))
    # 0 0 0 9 becomes 0 0 9 9: one place of eight changed, and neither of the two maxima.
    assert explorer.equal_shares() == (1.0, 7 / 8)
    explorer.shift = (-2, 0)
    # 0 9 9 9: two places of eight, and one of the two maxima.
    assert explorer.equal_shares() == (1 / 2, 6 / 8)


def test_a_change_in_python_renews_the_result_and_tells_observers():
    explorer = PoolingExplorer()
    seen = []
    explorer.observe(lambda change: seen.append(change.new.shape), "pooled")
    explorer.strides = 1
    explorer.selected = "photo"
    assert seen == [(27, 27), (119, 159)]


def test_the_page_may_set_any_map_even_an_empty_one():
    explorer = PoolingExplorer()
    for values in (np.array([[-3, 2], [1, 700]], "float32"), np.zeros((0, 0), "float32")):
        data = memoryview(values.tobytes())
        explorer.set_state(
            {"image": {"shape": list(values.shape), "dtype": "float32", "data": data}}
        )
        np.testing.assert_array_equal(explorer.image, values)
        np.testing.assert_array_equal(explorer.pooled, arrays.pool(values))


def test_an_image_that_the_page_takes_from_the_list_keeps_its_name():
    explorer = PoolingExplorer()
    digit = samples.load()["digit"]
    image = {"shape": [28, 28], "dtype": "uint8", "data": memoryview(digit.tobytes())}
    explorer.set_state({"image": image, "selected": "digit"})
    assert explorer.selected == "digit"
    np.testing.assert_array_equal(explorer.image, digit)


def test_the_text_form_is_one_line_without_an_address():
    assert repr(PoolingExplorer(shift=(1, 0))) == (
        "PoolingExplorer: garment 28 × 28, shift (1, 0), max 2 × 2, strides 2, padding valid "
        "→ 14 × 14, values 0 to 255"
    )


# --- The page ---------------------------------------------------------------------------

SETTINGS = [
    {},
    {"pool_size": 3, "strides": 2, "padding": "same", "mode": "mean"},
    {"pool_size": 2, "strides": 3, "mode": "min", "shift": (2, -1)},
    {"image": np.linspace(-5, 400, 63).reshape(7, 9), "pool_size": 4, "strides": 1},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_page_and_python_give_the_same(show, settings):
    explorer = PoolingExplorer(**settings)
    shown = show(explorer)
    np.testing.assert_allclose(synced(shown, "pooled"), explorer.pooled, rtol=1e-5, atol=1e-5)
    shares = [f"{100 * share:.0f} %" for share in explorer.equal_shares()]
    assert shown.locator(".cx-stays b").all_inner_texts() == shares[::-1]


def test_controls_change_the_result_by_keyboard(show):
    shown = show(PoolingExplorer())
    shown.get_by_role("slider", name="Window").focus()
    shown.keyboard.press("ArrowRight")
    assert "rows ⌊(28 − 3) / 3⌋ + 1 = 9" in text(shown, ".cx-status")
    shown.get_by_role("slider", name="Stride").focus()
    shown.keyboard.press("ArrowLeft")
    assert (get(shown, "pool_size"), get(shown, "strides")) == (3, 2)
    shown.get_by_role("combobox", name="Pooling").select_option("mean")
    shown.get_by_role("combobox", name="Padding").select_option("same")
    assert "rows ⌈28 / 2⌉ = 14" in text(shown, ".cx-status")
    np.testing.assert_allclose(
        synced(shown, "pooled"), keras_pool(GARMENT, 3, 2, "same", "mean"), rtol=1e-5
    )


def test_arrow_keys_reach_every_window_from_either_picture(show):
    shown = show(PoolingExplorer(position=(3, 3)))
    shown.get_by_role("application", name="Pooled").focus()
    shown.keyboard.press("ArrowUp")
    assert get(shown, "position") == [2, 3]
    shown.get_by_role("application", name="Input").focus()
    for _ in range(4):
        shown.keyboard.press("ArrowLeft")
        text(shown, ".cx-sum")
    assert get(shown, "position") == [2, 1]


def test_a_window_shows_its_numbers_and_its_first_winner(show):
    image = np.array([[1, 9, 0, 0], [9, 3, 5, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    shown = show(PoolingExplorer(image, position=(0, 0)))
    assert text(shown, ".cx-sum").startswith(
        "Largest of 4 values: 9 (2 places hold it, the first is marked), at row 0, column 1"
    )
    assert shown.locator(".cx-winner").all_inner_texts() == ["9"]
    shown.get_by_role("combobox", name="Pooling").select_option("mean")
    assert "Sum 22 / 4 values = 5.5 →" in text(shown, ".cx-sum")
    assert shown.locator(".cx-winner").count() == 0
    assert shown.locator("[data-mark=winner]").is_hidden()


def test_padding_is_left_out_of_a_mean(show):
    options = {"pool_size": 3, "padding": "same", "mode": "mean", "position": (0, 0)}
    shown = show(PoolingExplorer(np.full((7, 7), 8), **options))
    assert "Sum 32 / 4 values (padding does not count) = 8 →" in text(shown, ".cx-sum")
    assert shown.locator(".cx-grid .cx-outside").count() == 5


def test_a_pointer_chooses_the_window_under_it(show):
    shown = show(PoolingExplorer())
    box = shown.get_by_role("application", name="Input").bounding_box()
    shown.mouse.move(box["x"] + box["width"] * 4.5 / 28, box["y"] + box["height"] * 9.5 / 28)
    assert get(shown, "position") == [4, 2]


def test_a_finger_chooses_an_output_value(show):
    shown = show(PoolingExplorer(), has_touch=True, viewport={"width": 390, "height": 900})
    box = shown.get_by_role("application", name="Pooled").bounding_box()
    shown.touchscreen.tap(box["x"] + box["width"] * 2.5 / 14, box["y"] + box["height"] * 0.5 / 14)
    assert get(shown, "position") == [0, 2]


def test_values_that_no_window_reads_fade_and_are_told(show):
    shown = show(PoolingExplorer(np.full((7, 7), 200)))
    assert "The last row, row 6, is read by no window (7 → 3)." in text(shown, ".cx-status")
    opacity = drawn(shown, 0)[..., 3]
    assert (opacity[:6, :6] == 255).all()
    assert (opacity[6] < 128).all() and (opacity[:, 6] < 128).all()
    assert "9 inputs are kept, 82 % of the inputs are dropped" in text(shown, ".cx-facts")


def test_the_window_keeps_its_place_while_the_layer_changes(show):
    shown = show(PoolingExplorer(position=(4, 9)))
    window = shown.get_by_role("slider", name="Window")
    for size in ("3", "4", "3", "2"):
        window.fill(size)
        row, column = get(shown, "position")
        # The middle of the window was at row 8.5 and column 18.5.
        middle = [at * int(size) + (int(size) - 1) / 2 for at in (row, column)]
        assert middle == pytest.approx([8.5, 18.5], abs=int(size) / 2)
    assert get(shown, "position") == [4, 9]


def unread(page) -> list[np.ndarray]:
    """Return the rows and the columns of the input that are faded, once they are drawn."""
    faded = drawn(page, 0)[..., 3] < 128
    return [np.flatnonzero(faded.all(axis)).tolist() for axis in (1, 0)]


def test_what_no_window_reads_fades_and_returns_while_controls_are_moved(show):
    shown = show(PoolingExplorer())
    window = shown.get_by_role("slider", name="Window")
    padding = shown.get_by_role("combobox", name="Padding")
    window.focus()
    for key, expected in [("ArrowRight", [27]), ("ArrowRight", []), ("ArrowLeft", [27])]:
        shown.keyboard.press(key)  # 3, 4 and 3 again, and the stride with it
        assert unread(shown) == [expected, expected], key
    padding.select_option("same")
    assert unread(shown) == [[], []]
    padding.select_option("valid")
    assert unread(shown) == [[27], [27]]
    shown.get_by_role("slider", name="Stride").fill("4")
    between = [*range(3, 27, 4), 27]
    assert unread(shown) == [between, between]
    shown.get_by_role("button", name="Reset").click()
    assert unread(shown) == [[], []]


def test_rows_between_windows_are_unread_too(show):
    shown = show(PoolingExplorer(np.ones((8, 8)), pool_size=2, strides=3))
    assert "2 rows are read by no window (8 → 3)." in text(shown, ".cx-status")
    assert (drawn(shown, 0)[[2, 5], :, 3] < 128).all()


def test_two_by_two_drops_three_of_four_and_only_dense_layers_shrink(show):
    shown = show(PoolingExplorer())
    facts = text(shown, ".cx-facts")
    assert "784 values in, 196 out: one of each 4 is kept, 75 % of the inputs are dropped" in facts
    assert "1,970 parameters instead of 7,850" in facts
    shown.get_by_role("combobox", name="Pooling").select_option("mean")
    assert "each blends up to 4 inputs, no input is dropped" in text(shown, ".cx-facts")


def test_a_shift_tells_what_stays_and_can_hide_the_rest(show):
    explorer = PoolingExplorer()
    shown = show(explorer)
    shown.get_by_role("slider", name="Shift right").focus()
    shown.keyboard.press("ArrowRight")
    explorer.shift = (1, 0)
    after, before = (f"{100 * share:.0f} %" for share in explorer.equal_shares())
    assert text(shown, ".cx-status").endswith(
        f"After a shift by 1 px right, {after} of the pooled values are equal; "
        f"without pooling {before}."
    )
    shown.get_by_role("checkbox").check()
    text(shown, ".cx-status")
    for picture, (one, other) in enumerate(
        [
            (GARMENT, arrays.shifted(GARMENT, 1, 0)),
            (arrays.pool(GARMENT), explorer.pooled),
        ]
    ):
        np.testing.assert_array_equal(drawn(shown, picture)[..., 3] == 255, one == other)
    shown.get_by_role("button", name="Reset").click()
    assert "After a shift" not in text(shown, ".cx-status")
    assert not get(shown, "hide_changed")


def test_what_stays_is_told_anew_for_each_layer_and_image(show):
    explorer = PoolingExplorer(shift=(1, 0))
    shown = show(explorer)
    for name, changes in [
        ("mode", "mean"),
        ("strides", 1),
        ("padding", "same"),
        ("pool_size", 4),
        ("mode", "min"),
        ("shift", (2, 0)),
    ]:
        setattr(explorer, name, changes)
        shown.evaluate("([name, value]) => model.set(name, value)", [name, changes])
        assert text(shown, ".cx-stays b >> nth=1") == f"{100 * explorer.equal_shares()[0]:.0f} %"
    explorer.image = np.eye(20, dtype="float32")
    link(shown, np.eye(20))
    assert text(shown, ".cx-stays b >> nth=1") == f"{100 * explorer.equal_shares()[0]:.0f} %"


def test_a_linked_feature_map_is_pooled_and_drawn_by_sign(show):
    shown = show(PoolingExplorer())
    values = np.array([[-100, -50, 0, 1], [-100, -100, 50, 100]])
    link(shown, values)
    np.testing.assert_array_equal(synced(shown, "pooled"), [[-50, 100]])
    red, _, blue = np.moveaxis(drawn(shown, 0)[..., :3], -1, 0)
    assert red[0, 0] < blue[0, 0] and red[1, 3] > blue[1, 3]
    assert (drawn(shown, 0)[0, 2] == 255).all()
    assert get(shown, "selected") == "your image"
    assert text(shown, ".cx-legend").split() == ["−100", "100"]


def test_a_linked_map_of_any_size_may_come_at_any_moment(show):
    shown = show(PoolingExplorer(pool_size=4, position=(6, 6)))
    for shape in [(2, 3), (0, 0), (30, 40), (1, 9), (0, 5), (4, 4)]:
        link(shown, np.ones(shape))
        fits = min(shape) >= 4
        assert shown.locator(".cx-problem").is_visible() is not fits
        assert synced(shown, "pooled").size == (shape[0] // 4 * (shape[1] // 4) if fits else 0)
    link(shown, np.ones((0, 0)))
    assert "0 × 0: there is nothing to pool" in text(shown, ".cx-problem")
    link(shown, np.ones((2, 3)))
    assert "A 4 × 4 window does not fit into 2 × 3 values" in text(shown, ".cx-problem")
    shown.get_by_role("combobox", name="Padding").select_option("same")
    assert "Output 1 × 1" in text(shown, ".cx-status")
    assert shown.locator(".cx-problem").is_hidden()
    assert synced(shown, "pooled").shape == (1, 1)


def test_reset_keeps_a_linked_map_and_the_list_replaces_it_by_pixels(show):
    shown = show(PoolingExplorer())
    link(shown, np.full((6, 6), -2))
    shown.get_by_role("combobox", name="Padding").select_option("same")
    shown.get_by_role("button", name="Reset").click()
    assert "Output 3 × 3" in text(shown, ".cx-status")
    assert get(shown, "padding") == "valid"
    np.testing.assert_array_equal(synced(shown, "pooled"), np.full((3, 3), -2))
    shown.get_by_role("combobox", name="Image").select_option("digit")
    assert "Output 14 × 14" in text(shown, ".cx-status")
    assert get(shown, "image")["shape"] == [28, 28]


def test_a_drawing_on_a_shifted_pad_lands_under_the_pen(show):
    shown = show(PoolingExplorer(shift=(2, 1)))
    shown.get_by_role("combobox", name="Image").select_option("your drawing")
    text(shown, ".cx-status")
    box = shown.get_by_role("application", name="Input").bounding_box()
    shown.mouse.click(box["x"] + box["width"] * 10.5 / 28, box["y"] + box["height"] * 20.5 / 28)
    text(shown, ".cx-status")
    assert drawn(shown, 0)[20, 10].tolist() == [255] * 4
    assert synced(shown, "pooled").max() == 255


def test_it_fits_a_phone_and_takes_values_beyond_its_sliders(show):
    options = {"pool_size": 6, "strides": 5, "padding": "same"}
    shown = show(PoolingExplorer(**options), viewport={"width": 390, "height": 900})
    assert shown.locator("output").all_inner_texts()[:2] == ["6 × 6", "5"]
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    shown.set_viewport_size({"width": 320, "height": 900})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 320


def test_pointing_pools_nothing_again(show):
    shown = show(PoolingExplorer(np.arange(60000).reshape(200, 300) % 256))
    shown.evaluate("model.on('change:pooled', () => { window.pooledAgain = true; })")
    shown.evaluate("model.set('position', [7, 9])")
    assert "output at row 7, column 9" in text(shown, ".cx-sum")
    assert not shown.evaluate("window.pooledAgain")
    shown.evaluate("model.set('pool_size', 3)")
    next_frame(shown)
    assert shown.evaluate("window.pooledAgain")


def test_a_move_by_keys_is_announced(show):
    page = show(PoolingExplorer())
    page.locator(".cx-stage").nth(1).press("ArrowRight")
    page.wait_for_function("document.querySelector('[role=status]').textContent !== ''")
    spoken = page.locator("[role=status]").text_content()
    assert spoken == page.locator(".cx-sum").text_content()


def test_a_map_as_large_as_before_saves_no_parameters(show):
    page = show(PoolingExplorer(pool_size=3, strides=1, padding="same"))
    assert "a dense layer of 10 units has as many, too." in page.locator(".cx-facts").inner_text()


LINK = """() => new Promise((done) => {
  const [from, to] = models;
  const pass = () => to.set("image", from.get("feature_map"));
  from.on("change:feature_map", pass);
  pass();
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""


@pytest.mark.parametrize("width", [390, 1280])
def test_a_linked_map_is_seen_pooled_where_the_controls_are_that_change_it(show, width):
    explorers = FilterExplorer(selected="garment", padding="same"), PoolingExplorer()
    shown = show(*explorers, viewport={"width": width, "height": 844})
    shown.evaluate(LINK)
    upper, lower = shown.locator(".cnn-explorer").all()
    preview = upper.locator(".cx-preview")
    relu = upper.get_by_role("checkbox", name="ReLU")
    top = preview.bounding_box()["y"]
    assert relu.bounding_box()["y"] + 40 - top < 844
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    before = drawn(shown, 2)
    relu.check()
    next_frame(shown)
    after = drawn(shown, 2)  # canvases: input, feature map, preview, input, pooled
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, drawn(shown, 4))
    chosen = lower.get_by_label("Image").evaluate("(list) => list.selectedOptions[0].text")
    assert chosen == "map of the linked explorer"
    lower.get_by_label("Image").select_option("digit")
    next_frame(shown)
    assert preview.count() == 0
