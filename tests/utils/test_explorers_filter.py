"""The filter explorer: its traits in Python, and what a reader does with it in the page."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from explorer_page import drawn, next_frame, status, synced

from utils.explorers import ArchitectureExplorer, FilterExplorer, PoolingExplorer, samples
from utils.explorers.kernels import presets

SETTINGS = [
    {},
    {"stride": 2, "padding": "same"},
    {"stride": 3, "padding": 2, "bias": -100.0, "relu": True},
    {"kernel": "emboss", "size": 7, "padding": "same", "stride": 4},
    {"kernel": np.arange(25.0).reshape(5, 5) - 12},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_python_and_page_compute_what_keras_computes(show, settings):
    import keras

    explorer = FilterExplorer(selected="garment", **settings)
    image = samples.load()["garment"][None, :, :, None].astype("float32")
    if isinstance(explorer.padding, int) and explorer.padding:
        image = keras.layers.ZeroPadding2D(explorer.padding)(image)
    layer = keras.layers.Conv2D(
        1,
        explorer.kernel.shape,
        strides=explorer.stride,
        padding="same" if explorer.padding == "same" else "valid",
        activation="relu" if explorer.relu else None,
    )
    layer.build(image.shape)
    layer.set_weights([explorer.kernel[:, :, None, None], np.array([explorer.bias])])
    expected = np.asarray(layer(image))[0, :, :, 0]

    np.testing.assert_allclose(explorer.feature_map, expected, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(
        synced(show(explorer), "feature_map"), expected, rtol=1e-4, atol=1e-2
    )


def test_a_change_in_python_renews_the_feature_map_and_tells_observers():
    explorer = FilterExplorer()
    seen = []
    explorer.observe(lambda change: seen.append(change.new.shape), "feature_map")
    explorer.kernel = np.ones((5, 5))
    explorer.selected = "digit"
    assert seen == [(116, 156), (24, 24)]


def test_an_image_of_ones_own_is_listed_and_named():
    explorer = FilterExplorer(np.eye(9))
    assert explorer.selected == "your image"
    assert list(explorer.images) == ["your image", "photo", "garment", "digit"]
    np.testing.assert_array_equal(explorer.image, 255 * np.eye(9))
    explorer.selected = "digit"
    assert explorer.image.shape == (28, 28)


def test_a_second_image_of_ones_own_takes_the_place_of_the_first():
    explorer = FilterExplorer(np.eye(9))
    explorer.selected = "photo"
    explorer.image = np.ones((4, 5), "uint8")
    explorer.selected = "digit"
    explorer.selected = "your image"
    np.testing.assert_array_equal(explorer.image, np.ones((4, 5)))
    assert len(explorer.images) == 4


def test_a_listed_image_travels_once_and_another_in_full():
    explorer = FilterExplorer()
    assert explorer.get_state("image")["image"] is None
    explorer.image = np.zeros((4, 5), "uint8")
    assert explorer.get_state("image")["image"]["shape"] == [4, 5]


def test_an_array_changed_in_place_is_shown_once_it_is_set_again():
    mine = np.zeros((4, 5), "uint8")
    explorer = FilterExplorer(mine, kernel=np.ones((3, 3)), padding="same")
    mine[1, 1] = 9
    assert not explorer.image.any()
    explorer.image = mine
    assert explorer.feature_map.max() == 9
    kernel = explorer.kernel.copy()
    kernel[1, 1] = 5
    explorer.kernel = kernel
    assert explorer.feature_map.max() == 45
    assert [each["image"]["data"][6] for each in explorer.get_state()["images"]][0] == 9


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("kernel", np.ones((4, 4)), r"\(4, 4\).*even side"),
        ("kernel", np.ones((3, 5)), r"\(3, 5\)"),
        ("kernel", np.full((3, 3), np.nan), "NaN"),
        ("kernel", [[1, 2], [3]], "rows differ"),
        ("image", np.zeros((2, 28, 28, 3)), r"\(2, 28, 28, 3\).*images\[0\]"),
        ("image", np.full((5, 5), 7.0), "0 … 1.*astype"),
        ("image", np.full((5, 5), -1), "0 … 255"),
        ("image", np.zeros((5, 900), "uint8"), "512"),
        ("image", np.array([["a"]]), "dtype"),
        ("images", {}, "at least one"),
        ("images", {"bad": np.zeros(3)}, "'bad'"),
        ("selected", "cat", "photo, garment, digit"),
        ("stride", 0, "1"),
        ("padding", "full", "same"),
        ("bias", np.inf, "finite"),
        ("bias", 1e300, "32-bit"),
        ("kernel", np.full((3, 3), 1e300), "32 bits"),
        ("position", (-1, 0), r"\(row, column\).*\(-1, 0\)"),
    ],
)
def test_what_does_not_fit_is_said(trait, value, words):
    explorer = FilterExplorer()
    before = explorer.described()
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(explorer, trait, value)
    assert explorer.described() == before


def test_unknown_names_are_answered_with_those_there_are():
    with pytest.raises(traitlets.TraitError, match="Sobel x"):
        FilterExplorer(kernel="sobel z")
    with pytest.raises(TypeError, match="has no 'strides'; it has bias, .*, image, .*, stride$"):
        FilterExplorer(strides=2)


def test_edge_kernels_sum_to_zero_and_blurs_to_one():
    for size in (3, 5, 7):
        sums = {name: round(float(kernel.sum()), 6) for name, kernel in presets(size).items()}
        assert {sums[n] for n in ("Sobel x", "Sobel y", "Laplacian")} == {0}
        assert {sums[n] for n in ("identity", "box blur", "Gaussian blur", "sharpen")} == {1}
        assert sums["vertical line"] == sums["horizontal line"] == size


def test_the_text_is_the_same_for_the_same_state():
    assert repr(FilterExplorer()) == repr(FilterExplorer())
    assert "0x" not in repr(FilterExplorer())


def test_the_mouse_shows_the_products_of_the_pixel_under_it(show):
    page = show(FilterExplorer(selected="garment", padding="same"))
    box = page.locator(".cx-stage").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 10.5 / 28, box["y"] + box["height"] * 4.5 / 28)
    page.wait_for_function("model.get('position')[0] === 4 && model.get('position')[1] === 10")
    next_frame(page)
    patch = samples.load()["garment"][3:6, 9:12].astype(int)
    kernel = presets(3)["Sobel x"]
    shown = page.locator(".cx-sum b").inner_text().replace(",", "").replace("−", "-")
    assert float(shown) == (patch * kernel).sum()
    cells = page.locator(".cx-grid").nth(0).locator(".cx-cells > span").all_inner_texts()
    assert [int(cell) for cell in cells] == patch.ravel().tolist()


def test_arrow_keys_walk_over_the_output_and_stop_at_its_border(show):
    page = show(FilterExplorer(selected="digit", position=(0, 0)))
    output = page.locator(".cx-stage").nth(1)
    output.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowRight"):
        page.keyboard.press(key)
        next_frame(page)
    assert page.evaluate("model.get('position')") == [1, 25]
    assert "row 1, column 25" in page.locator(".cx-sum").inner_text()


def test_arrow_keys_on_the_input_reach_every_window_with_a_stride(show):
    page = show(FilterExplorer(selected="digit", stride=3, position=(0, 0)))
    page.locator(".cx-stage").first.focus()
    columns = set()
    for _ in range(28):
        page.keyboard.press("ArrowRight")
        next_frame(page)
        columns.add(page.evaluate("model.get('position')[1]"))
    assert columns == set(range(9))


def test_every_control_works_by_keyboard(show):
    page = show(FilterExplorer(selected="garment"))
    page.get_by_label("Stride").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Padding").select_option("same")
    page.get_by_label("Kernel", exact=True).select_option("Laplacian")
    page.get_by_label("ReLU").press("Space")
    page.wait_for_function("document.querySelector('.cx-status').textContent.includes('⌈28 / 2⌉')")
    state = page.evaluate("[model.get('stride'), model.get('padding'), model.get('relu')]")
    assert state == [2, "same", True]
    np.testing.assert_allclose(
        synced(page, "feature_map"),
        FilterExplorer(
            selected="garment", kernel="Laplacian", stride=2, padding="same", relu=True
        ).feature_map,
        atol=1e-2,
    )
    page.get_by_role("button", name="Reset").press("Enter")
    page.wait_for_function("model.get('stride') === 1")
    assert page.evaluate("model.get('relu')") is False


def test_an_edited_cell_of_the_kernel_changes_the_map(show):
    page = show(FilterExplorer(selected="digit", kernel="identity"))
    page.get_by_label("Kernel, row 2, column 2").fill("-2")
    page.wait_for_function("document.querySelector('.cx-status').textContent.includes('−510')")
    assert page.get_by_label("Kernel", exact=True).input_value() == "own kernel"
    page.get_by_label("Kernel, row 2, column 2").fill("")  # half typed: nothing changes
    next_frame(page)
    assert synced(page, "feature_map").min() == -2 * 255


def test_signs_have_colors_and_zero_is_white(show):
    image = np.zeros((5, 9), "uint8")
    image[:, 3:6] = 255
    page = show(FilterExplorer(image, padding="valid"))
    pixels = drawn(page, 1)[1]
    red, blue = pixels[2], pixels[5]  # the left side of the bar is a rise, the right side a fall
    assert red[0] > red[2] + 100
    assert blue[2] > blue[0] + 100
    assert pixels[0][:3].tolist() == [255, 255, 255]


def take_the_pen(page):
    page.get_by_label("Image").select_option("your drawing")
    page.wait_for_function("model.get('image')?.shape[0] === 28")
    next_frame(page)  # from here on the pad listens


def test_a_drawing_by_touch_changes_the_map(show):
    page = show(FilterExplorer(), has_touch=True, viewport={"width": 390, "height": 800})
    take_the_pen(page)
    stage = page.locator(".cx-stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("new Uint8Array(model.get('image').data.buffer).some((v) => v === 255)")
    next_frame(page)
    assert np.abs(synced(page, "feature_map")).max() > 0
    assert drawn(page, 0)[..., 0].max() == 255


def test_one_draws_by_keyboard_and_erases_again(show):
    page = show(FilterExplorer())
    take_the_pen(page)
    page.locator(".cx-stage").first.focus()
    total = "new Uint8Array(model.get('image').data.buffer).reduce((a, b) => a + b, 0)"
    for key in ("ArrowDown", "ArrowRight", "Space"):
        page.keyboard.press(key)
    assert page.evaluate(total) > 255
    page.keyboard.press("Delete")
    assert page.evaluate(total) == 0


def test_a_kernel_larger_than_the_image_is_explained(show):
    page = show(FilterExplorer(np.eye(5), size=7))
    assert page.get_by_role("alert").is_visible()
    assert "7 × 7 window does not fit into 5 × 5" in status(page)
    assert synced(page, "feature_map").shape == (0, 0)  # and not the last one that there was
    page.get_by_label("Padding").select_option("same")
    page.wait_for_function("document.querySelector('.cx-problem').hidden")
    assert "Output 5 × 5" in status(page)


def test_the_window_slides_until_it_is_stopped(show):
    page = show(FilterExplorer(selected="digit", position=(3, 24)))
    page.get_by_role("button", name="Slide the window").click()
    page.wait_for_function("model.get('position')[0] === 4")
    page.get_by_role("button", name="Stop").click()
    at = page.evaluate("model.get('position')")
    page.wait_for_timeout(300)
    assert page.evaluate("model.get('position')") == at


def test_the_kernel_is_told_once_the_reader_pauses(show):
    page = show(FilterExplorer(selected="digit"))
    moved = page.evaluate(
        """() => {
          const slider = [...document.querySelectorAll("input[type=range]")].at(-1);
          for (const value of [30, 60, 100]) {
            slider.value = String(value);
            slider.dispatchEvent(new Event("input"));
          }
          return [model.get("bias"), model.saved];
        }"""
    )
    assert moved == [100, 0]
    page.wait_for_function("model.saved > 0")
    page.wait_for_timeout(300)
    assert page.evaluate("model.saved") == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_cut_off_at_any_width(show, width):
    page = show(FilterExplorer(size=7), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("written", ["255", "-1.75", "0.0625"])
def test_a_number_stays_on_the_page_as_it_is_written(show, written):
    page = show(FilterExplorer(kernel="identity"))
    field = page.get_by_label("Kernel, row 2, column 2")
    field.click()
    page.keyboard.press("ControlOrMeta+a")
    for letter in written:
        page.keyboard.press(letter)
        next_frame(page)
    assert field.input_value() == written
    assert synced(page, "kernel")[1, 1] == float(written)
    field.fill("")
    page.keyboard.press("Tab")  # an empty field takes its value back
    assert abs(float(field.input_value().replace("−", "-")) - float(written)) < 6e-4


@pytest.mark.parametrize(("size", "width"), [(3, 390), (5, 768), (7, 768), (7, 390)])
def test_products_fit_into_their_cells(show, size, width):
    page = show(
        FilterExplorer(kernel="Sobel x", size=size, position=(93, 30)),
        viewport={"width": width, "height": 900},
    )
    cells = page.locator("[data-role=output] .cx-cells > span")
    too_wide = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length"
    assert cells.evaluate_all(too_wide) == 0
    if size == 7:
        assert any(text.endswith("k") for text in cells.all_inner_texts())


def test_a_pad_smaller_than_the_image_before_keeps_its_pen(show):
    page = show(FilterExplorer(selected="photo"), viewport={"width": 390, "height": 800})
    page.locator(".cx-stage").first.focus()
    page.keyboard.press("End")
    take_the_pen(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    stage = page.locator(".cx-stage").first
    assert "Space draws" in stage.get_attribute("aria-label")
    pen = stage.locator("[data-mark=pixel]")
    before = pen.bounding_box()["x"]
    stage.press("ArrowLeft")
    assert pen.bounding_box()["x"] < before


def test_a_fast_stroke_has_no_gaps(show):
    page = show(FilterExplorer(selected="digit"))
    take_the_pen(page)
    box = page.locator(".cx-stage").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 2.5 / 28, box["y"] + box["height"] * 4.5 / 28)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 22.5 / 28, box["y"] + box["height"] * 14.5 / 28)
    page.mouse.up()
    next_frame(page)
    full = drawn(page, 0)[..., 0] == 255
    assert full[4:15, 2:23].any(axis=0).all()


def test_a_move_by_keys_is_announced_and_the_opened_page_is_silent(show):
    page = show(FilterExplorer(selected="digit"))
    page.wait_for_timeout(800)
    spoken = page.locator("[role=status]")
    assert spoken.text_content() == ""
    page.locator(".cx-stage").nth(1).press("ArrowRight")
    page.wait_for_function("document.querySelector('[role=status]').textContent !== ''")
    assert spoken.text_content() == page.locator(".cx-sum").text_content()


def test_what_python_sets_beyond_the_controls_is_shown(show):
    page = show(FilterExplorer(padding=5, bias=3.5))
    shown = page.get_by_label("Padding").evaluate("(list) => list.selectedOptions[0].text")
    assert shown == "5 zeros on each side"
    assert page.get_by_label("Bias").get_attribute("aria-valuetext") == "3.5"


def test_reset_stops_the_window(show):
    page = show(FilterExplorer(selected="digit"))
    page.get_by_role("button", name="Slide the window").click()
    page.get_by_role("button", name="Reset").click()
    assert page.get_by_role("button", name="Slide the window").is_visible()


def test_it_prints_dark_on_white_in_the_dark_theme_too(show):
    page = show(FilterExplorer(selected="digit"))
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    look = "(one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
    shown = page.locator(".cnn-explorer").evaluate(look)
    assert shown == ["rgb(17, 17, 17)", "rgb(255, 255, 255)"]
    input_name = page.locator("[data-role=input] .cx-name").first
    assert input_name.evaluate(look)[0] == "rgb(15, 118, 110)"


def test_a_contrast_theme_leaves_cells_and_bars_their_colors(show):
    page = show(FilterExplorer(), PoolingExplorer(), ArchitectureExplorer())
    parts = [".cx-cells > *", ".cx-ramp", ".cx-stays-bar span", ".cx-net-bar", ".cx-net-dense"]
    look = """(parts) => parts.map((part) => [...document.querySelectorAll(part)].map((one) => {
      const { backgroundColor, backgroundImage } = getComputedStyle(one);
      return [backgroundColor, backgroundImage].join(" ");
    }))"""
    before = page.evaluate(look, parts)
    page.emulate_media(forced_colors="active")
    assert all(before) and page.evaluate(look, parts) == before
    shares = page.locator(".cx-net-figure[style*=share]").first
    assert shares.evaluate("one => getComputedStyle(one).backgroundImage") != "none"


@pytest.mark.parametrize(
    ("written", "value"),
    [("0,5", 0.5), ("−2", -2), ("1/9", 1 / 9), (".25", 0.25), ("1e-3", 1e-3), ("5000", 1000)],
)
def test_a_cell_takes_numbers_as_people_write_them(show, written, value):
    page = show(FilterExplorer(selected="digit", kernel="identity"))
    page.get_by_label("Kernel, row 2, column 2").fill(written)
    next_frame(page)
    assert synced(page, "kernel")[1, 1] == pytest.approx(value, rel=1e-6)
    reason = page.locator(".cx-refused").text_content()
    assert reason == ("It takes −1000 to 1000." if value == 1000 else "")


def test_what_is_no_number_is_said_and_the_cell_keeps_its_value(show):
    page = show(FilterExplorer(selected="digit", kernel="Sobel x"))
    field = page.get_by_label("Kernel, row 2, column 1")
    for written in ("a", "2..5", "1;2", "--1"):
        field.fill(written)
        reason = page.get_by_text(f"“{written}” is not a number. Write one such as 0.5")
        assert "it stays −2" in reason.inner_text()
        assert field.get_attribute("aria-invalid") == "true"
        assert synced(page, "kernel")[1, 0] == -2
    for begun in ("-", "0,", "1/", ""):
        field.fill(begun)
        assert page.locator(".cx-refused").text_content() == ""
        assert synced(page, "kernel")[1, 0] in {-2, 0, 1}
    page.keyboard.press("Tab")
    assert field.get_attribute("aria-invalid") == "false"


def test_arrow_keys_count_a_cell_up_and_down(show):
    page = show(FilterExplorer(selected="digit", kernel="identity"))
    field = page.get_by_label("Kernel, row 1, column 1")
    for _ in range(2):
        field.press("ArrowDown")
    assert (field.input_value(), synced(page, "kernel")[0, 0]) == ("−2", -2)


def test_kernel_and_products_have_one_minus_sign(show):
    page = show(FilterExplorer(selected="garment", kernel="emboss", position=(9, 9)))
    fields = page.locator(".cx-cells input")
    written = fields.evaluate_all("(all) => all.map((one) => one.value)")
    products = page.locator("[data-role=output] .cx-cells > span").all_inner_texts()
    assert any("−" in text for text in written) and any("−" in text for text in products)
    assert not any("-" in text for text in [*written, *products])


def test_a_typed_kernel_that_has_a_name_is_told_to_be_found(show):
    page = show(FilterExplorer(kernel="Sobel x"))
    found = page.locator(".cx-found")
    sobel = presets(3)["Sobel y"].ravel()
    for index, value in enumerate(sobel):
        assert found.is_hidden() or index == 8  # the last of them is right from the start
        label = f"Kernel, row {index // 3 + 1}, column {index % 3 + 1}"
        page.get_by_label(label).fill(f"{value:g}")
        next_frame(page)
    assert "“Sobel y”" in found.inner_text()
    assert page.get_by_label("Kernel", exact=True).input_value() == "Sobel y"
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('found')")
    page.get_by_label("Kernel", exact=True).select_option("Laplacian")
    next_frame(page)
    assert found.is_hidden()  # what is chosen from the list is not found


def test_a_pass_over_a_large_map_takes_half_a_minute_at_most(show):
    page = show(FilterExplorer(position=(0, 0)))
    page.evaluate("window.stops = 0; model.on('change:position', () => { window.stops += 1; })")
    page.get_by_role("button", name="Slide the window").click()
    page.wait_for_function("model.get('position')[0] > 0", timeout=12_000)
    assert 20 <= page.evaluate("window.stops") <= 40  # of 158 places in the row
    page.get_by_role("button", name="Stop").click()


def test_the_slide_ends_at_the_last_window_and_begins_anew(show):
    page = show(FilterExplorer(selected="digit", position=(25, 23)))
    page.get_by_role("button", name="Slide the window").click()
    page.get_by_role("button", name="Slide the window").wait_for()
    assert page.evaluate("model.get('position')") == [25, 25]
    page.get_by_role("button", name="Slide the window").click()
    page.wait_for_function("model.get('position')[0] === 0")


def test_with_reduced_motion_the_window_moves_once_for_each_press(show):
    page = show(FilterExplorer(selected="digit", position=(0, 24)), reduced_motion="reduce")
    for expected in ([0, 25], [1, 0]):
        page.get_by_role("button", name="Move the window on").click()
        page.wait_for_function(
            "(place) => String(model.get('position')) === String(place)", arg=expected
        )
        page.wait_for_timeout(300)  # and it does not go on
        assert page.evaluate("model.get('position')") == expected


def test_two_fingers_zoom_the_page_and_draw_nothing(show):
    page = show(FilterExplorer(), has_touch=True, viewport={"width": 390, "height": 800})
    action = "one => getComputedStyle(one).touchAction"
    assert page.locator(".cx-stage").first.evaluate(action) == "pan-y pinch-zoom"
    take_the_pen(page)
    stage = page.locator(".cx-stage").first
    assert stage.evaluate(action) == "pinch-zoom"
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    touch = page.context.new_cdp_session(page)

    def fingers(kind, *places):
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": index}
            for index, (x, y) in enumerate(places)
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    ink = "new Uint8Array(model.get('image').data.buffer).filter(Boolean).length"
    fingers("touchStart", (0.3, 0.5))
    fingers("touchStart", (0.3, 0.5), (0.7, 0.5))
    fingers("touchMove", (0.2, 0.5), (0.8, 0.5))
    fingers("touchEnd")
    next_frame(page)
    assert page.evaluate(ink) == 0
    fingers("touchStart", (0.3, 0.5))
    fingers("touchMove", (0.7, 0.5))
    fingers("touchEnd")
    page.wait_for_function(f"{ink} > 20")


@pytest.mark.parametrize(
    ("kernel", "size", "width"),
    [
        (kernel, size, width)
        for kernel, size in [("Gaussian blur", 3), ("sharpen", 5), ("Gaussian blur", 7)]
        for width in (360, 390, 1280)
    ],
)
def test_the_weights_fit_into_their_cells(show, kernel, size, width):
    explorer = FilterExplorer(kernel=-presets(size)[kernel])
    page = show(explorer, viewport={"width": width, "height": 900})
    cut = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.value)"
    assert page.locator(".cx-cells input").evaluate_all(cut) == []


def test_the_window_keeps_its_place_while_the_layer_changes(show):
    page = show(FilterExplorer(position=(20, 30)))

    def middle() -> list[float]:
        next_frame(page)
        next_frame(page)
        return page.evaluate(
            """() => {
              const [mark, stage] = ["[data-mark=patch]", ".cx-stage"]
                .map((each) => document.querySelector(each).getBoundingClientRect());
              return [
                (mark.top + mark.height / 2 - stage.top) / stage.height,
                (mark.left + mark.width / 2 - stage.left) / stage.width,
              ];
            }"""
        )

    before = middle()
    for stride in ("2", "3", "4", "1"):
        page.get_by_label("Stride").fill(stride)
        assert middle() == pytest.approx(before, abs=2.1 / 120)  # half a step of 4, in 120 rows
    assert page.evaluate("() => model.get('position')") == [20, 30]  # and nothing has drifted
    page.get_by_label("Padding").select_option("3")
    assert page.evaluate("() => model.get('position')") == [23, 33]
    page.get_by_label("Padding").select_option("valid")
    page.get_by_label("Kernel size").select_option("7")
    assert middle() == pytest.approx(before, abs=1.1 / 120)
    page.get_by_label("Image", exact=True).select_option("garment")
    assert middle() == pytest.approx(before, abs=1 / 28)
    page.get_by_role("button", name="Reset").click()
    next_frame(page)
    assert page.evaluate("() => model.get('position')") == [20, 30]


def test_a_smaller_map_is_drawn_as_in_a_new_explorer_though_its_canvas_stays(show):
    expected = drawn(show(FilterExplorer(stride=3)), 1)
    page = show(FilterExplorer())
    page.get_by_label("Stride").fill("3")
    np.testing.assert_array_equal(drawn(page, 1), expected)
    # What shows through where the map ends within a pixel of the screen.
    assert page.evaluate("document.querySelectorAll('canvas')[1].height") > len(expected)
    np.testing.assert_array_equal(drawn(page, 1, beyond=1)[-1], expected[-1])
