"""The receptive field explorer: what Python holds, and what a reader does and sees in the page."""

import numpy as np
import pytest
from explorer_page import next_frame
from traitlets import TraitError

from utils.explorers import ReceptiveFieldExplorer
from utils.explorers.receptive_field import PRESETS, receptive_fields

CHAPTER_5 = [7, 8, 12, 16, 18, 26, 34, 38]


def seen_pixels(explorer, layer, position):
    """Return which pixels reach a neuron, found by sending ones through the windows."""
    from utils.sizes import both, is_sliding, window_of, windows, zeros_around

    seen = []
    last = [i for i, options in enumerate(explorer.layers) if is_sliding(options)][layer - 1]
    for axis in (0, 1):
        sources = [{pixel} for pixel in range(explorer.input_size[axis])]
        for options in explorer.layers[: last + 1]:
            size = len(sources)
            if options["type"] == "ZeroPadding2D":
                before, after = zeros_around(options["padding"])[axis]
                sources = [set()] * before + sources + [set()] * after
            if not is_sliding(options):
                continue
            window, stride = window_of(options)[axis], both(options["strides"])[axis]
            output, before, _, _ = windows(size, window, stride, options["padding"])
            starts = [at * stride - before for at in range(output)]
            sources = [
                set().union(*(sources[i] for i in range(start, start + window) if 0 <= i < size))
                for start in starts
            ]
        seen.append(sorted(sources[position[axis]]))
    return seen


# --- Python ------------------------------------------------------------------------------


def test_the_network_of_chapter_5_sees_what_the_chapter_says():
    explorer = ReceptiveFieldExplorer("the lecture's network")
    assert explorer.receptive_fields == CHAPTER_5
    assert explorer.input_size == (28, 28)
    assert explorer.map_sizes()[-1] == (3, 3)
    assert repr(explorer) == (
        "ReceptiveFieldExplorer: 8 layers over 28 × 28 pixels, "
        "receptive fields 7, 8, 12, 16, 18, 26, 34, 38"
    )


def test_a_keras_model_is_read_with_its_input_size():
    from utils.models import lecture_network

    explorer = ReceptiveFieldExplorer(lecture_network())
    assert explorer.receptive_fields == CHAPTER_5
    assert explorer.input_size == (28, 28)
    assert len(explorer.layers) == 14  # what is not shown is kept
    assert explorer.layer == 8


def test_receptive_fields_follow_the_layers():
    explorer = ReceptiveFieldExplorer()
    heard = []
    explorer.observe(lambda change: heard.append(change.new), "receptive_fields")
    assert explorer.receptive_fields == [3, 5]
    explorer.layers = [{"type": "Conv2D", "kernel_size": 7, "strides": 2}]
    assert explorer.receptive_fields == [7]
    assert heard == [[7]]
    assert explorer.layer == 1, "layer 2 is gone"


def test_layers_that_move_nothing_change_no_field_and_flatten_ends_them():
    layers = [
        {"type": "Conv2D", "kernelSize": 3, "strides": 2},
        {"type": "BatchNormalization"},
        {"type": "Conv2D", "kernelSize": 3},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10},
    ]
    assert receptive_fields(layers) == [3, 7]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"layers": "LeNet"}, "has no network 'LeNet'; it has '2 convolutions'"),
        ({"layers": [{"type": "Conv3D"}]}, "Layer 1 has the type 'Conv3D'"),
        ({"layers": [{"type": "Conv2D", "kernelSize": 0}]}, "kernelSize has to be a whole number"),
        ({"layers": 3}, "A list of layers is needed"),
        ({"input_size": 0}, "has to be a whole number from 1 to 256"),
        ({"input_size": (1, 2, 3)}, "takes a number or \\(rows, columns\\)"),
        ({"layer": 3}, "the last convolution or pooling is layer 2"),
        ({"image": np.full((4, 4), 300)}, "within 0 … 255"),
    ],
)
def test_what_is_wrong_is_said(arguments, sentence):
    with pytest.raises(TraitError, match=sentence):
        ReceptiveFieldExplorer(**arguments)


def test_the_state_travels_to_the_page_and_back():
    explorer = ReceptiveFieldExplorer("the lecture's network", input_size=(20, 30), layer=2)
    state = explorer.get_state()
    other = ReceptiveFieldExplorer()
    kept = ["layers", "input_size", "layer", "position", "paths"]
    other.set_state({name: state[name] for name in kept})
    assert [getattr(other, name) for name in kept] == [getattr(explorer, name) for name in kept]
    assert other.receptive_fields == CHAPTER_5


# --- The page ----------------------------------------------------------------------------


def status(page):
    next_frame(page)
    return page.text_content(".cx-status")


def chosen(page):
    next_frame(page)
    return page.evaluate("[model.get('layer'), ...model.get('position')]")


def place_of(page, plane, row, column):
    """Return where the middle of a cell is drawn, from the outline of its plane."""
    return page.evaluate(
        """([plane, row, column]) => {
            const border = document.querySelectorAll(".cx-border")[plane];
            const [start, right, , left] = border.getAttribute("d").slice(1, -1).split("L")
              .map((text) => text.split(" ").map(Number));
            const size = [...document.querySelectorAll(".cx-layers tbody tr")].reverse()[plane]
              .children[1].textContent.split(" × ").map(Number);
            const [v, u] = [(row + 0.5) / size[0], (column + 0.5) / size[1]];
            const at = [0, 1].map((i) =>
              start[i] + u * (right[i] - start[i]) + v * (left[i] - start[i]));
            const svg = document.querySelector(".cx-planes svg");
            const point = new DOMPoint(...at).matrixTransform(svg.getScreenCTM());
            return [point.x, point.y];
        }""",
        [plane, row, column],
    )


def test_the_table_and_the_status_give_the_numbers(show):
    page = show(ReceptiveFieldExplorer("the lecture's network", layer=4))
    fields = page.eval_on_selector_all("tbody td:last-child b", "all => all.map(b => b.innerText)")
    assert fields == [f"{field} × {field}" for field in [*reversed(CHAPTER_5), 1]]
    assert "A neuron of layer 4 sees 16 × 16 of the 28 × 28 pixels: 12 + (3 − 1) · 2 = 16." in (
        status(page)
    )
    page.click("text=8 Max pooling")
    assert "38 × 38, larger than the 28 × 28 pixels, so it reaches into the padding" in status(page)


def test_arrow_keys_choose_a_neuron_and_page_keys_a_layer(show):
    page = show(ReceptiveFieldExplorer())
    page.focus(".cx-planes")
    for key in ["ArrowUp", "ArrowLeft", "ArrowLeft"]:
        page.keyboard.press(key)
    assert chosen(page) == [2, 6, 5]
    assert "row 6, column 5 sees rows 4 … 8 and columns 3 … 7" in status(page)
    page.keyboard.press("PageDown")
    assert chosen(page) == [1, 6, 5]
    page.keyboard.press("Home")
    assert chosen(page) == [0, 6, 5]
    assert "seen by these neurons: 3 × 3 of layer 1, 5 × 5 of layer 2" in status(page)
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    assert chosen(page) == [2, 6, 5]


def test_the_same_place_is_kept_from_a_small_map_to_a_large_one(show):
    page = show(ReceptiveFieldExplorer("the lecture's network", layer=8, position=(2, 0)))
    page.focus(".cx-planes")
    page.keyboard.press("Home")
    layer, row, column = chosen(page)
    assert (layer, abs(row - 20), abs(column - 4)) <= (0, 2, 2)


def test_the_mouse_shows_a_neuron_and_a_click_keeps_it(show):
    page = show(ReceptiveFieldExplorer())
    before = chosen(page)
    page.mouse.move(*place_of(page, 1, 3, 4))
    assert "The one at row 3, column 4 sees rows 2 … 4 and columns 3 … 5" in status(page)
    assert chosen(page) == before
    page.mouse.move(5, 5)
    assert "row 7, column 7" in status(page)
    page.mouse.click(*place_of(page, 2, 0, 13))
    assert chosen(page) == [2, 0, 13]
    assert "rows 0 … 2 and columns 11 … 13, 3 × 3 pixels; the rest is padding" in status(page)
    assert page.locator(".cx-dashed").count() == 2


def test_a_finger_chooses_a_neuron(show):
    page = show(ReceptiveFieldExplorer(), has_touch=True, viewport={"width": 390, "height": 844})
    page.touchscreen.tap(*place_of(page, 1, 2, 2))
    assert chosen(page) == [1, 2, 2]


@pytest.mark.parametrize(
    "layers, size",
    [
        (PRESETS["the lecture's network"][1], 28),
        ([{"type": "Conv2D", "kernelSize": 4, "strides": 2, "padding": "same"}] * 3, 21),
        ([{"type": "Conv2D", "kernelSize": 3, "strides": 3}, {"type": "MaxPooling2D"}], 16),
        (
            [
                {"type": "Conv2D", "kernelSize": 1, "strides": 2},
                {"type": "Conv2D", "kernelSize": 3, "padding": 2},
            ],
            13,
        ),
        (
            [
                {"type": "ZeroPadding2D", "padding": [[0, 2], [1, 0]]},
                {"type": "DepthwiseConv2D", "kernelSize": 3, "strides": 2},
                {"type": "ZeroPadding2D"},
                {"type": "SeparableConv2D", "kernelSize": 3},
            ],
            12,
        ),
    ],
)
def test_the_pixels_that_are_lit_are_those_that_are_seen(show, layers, size):
    explorer = ReceptiveFieldExplorer(layers, input_size=size)
    page = show(explorer)
    last = len(explorer.map_sizes()) - 1
    rows, columns = explorer.map_sizes()[-1]
    for position in [(0, 0), (rows // 2, columns - 1), (rows - 1, columns // 2)]:
        page.evaluate("at => model.set('position', at)", list(position))
        next_frame(page)
        seen = seen_pixels(explorer, last, position)
        lit = page.eval_on_selector_all(
            ".cx-lit[data-plane='0'] path[fill-opacity]",
            """paths => {
                // The middle of each pixel: is it inside of what is lit?
                const [start, right, , left] = document.querySelector(".cx-border")
                  .getAttribute("d").slice(1, -1).split("L").map((p) => p.split(" ").map(Number));
                const size = model.get("input_size");
                const inside = (i, j) => {
                  const [v, u] = [(i + 0.5) / size[0], (j + 0.5) / size[1]];
                  const at = [0, 1].map((k) =>
                    start[k] + u * (right[k] - start[k]) + v * (left[k] - start[k]));
                  return paths.some((path) => path.isPointInFill(new DOMPoint(...at)));
                };
                const all = [];
                for (let i = 0; i < size[0]; i += 1)
                  for (let j = 0; j < size[1]; j += 1) if (inside(i, j)) all.push([i, j]);
                return all;
            }""",
        )
        assert lit == [[i, j] for i in seen[0] for j in seen[1]], position


def test_controls_change_the_chosen_layer_and_only_it(show):
    page = show(ReceptiveFieldExplorer())
    page.locator("input[type=range]").first.fill("5")
    assert "sees 7 × 7 of the 14 × 14 pixels: 3 + (5 − 1) · 1 = 7" in status(page)
    assert page.evaluate("model.get('layers').map((layer) => layer.kernelSize)") == [3, 5]
    page.click("text=1 Convolution")
    page.locator("input[type=range]").nth(1).fill("2")
    page.click("text=2 Convolution")
    assert "sees 11 × 11 of the 14 × 14 pixels: 3 + (5 − 1) · 2 = 11" in status(page)
    page.click("text=Add a pooling")
    assert "A neuron of layer 3 sees 13 × 13 of" in status(page)
    page.click("text=Remove the last layer")
    assert "A neuron of layer 2 sees 11 × 11 of" in status(page)
    page.click("text=Reset")
    assert "A neuron of layer 2 sees 5 × 5 of the 14 × 14 pixels" in status(page)


def test_a_preset_brings_its_input_size_and_the_choice_follows_the_layers(show):
    page = show(ReceptiveFieldExplorer())
    network = page.get_by_label("Network", exact=True)
    network.select_option("the lecture's network")
    assert "layer 8" in status(page)
    assert page.evaluate("model.get('input_size')") == [28, 28]
    page.click("text=Remove the last layer")
    next_frame(page)
    assert network.input_value() == "own network"


def test_a_window_that_does_not_fit_is_explained(show):
    page = show(ReceptiveFieldExplorer([{"type": "MaxPooling2D"}] * 3, input_size=6))
    problem = page.locator(".cx-problem")
    assert "Layer 3 cannot be built: its window of 2 × 2 does not fit into a map of 1 × 1" in (
        problem.inner_text()
    )
    page.get_by_label("Input size").fill("8")
    problem.wait_for(state="hidden")


@pytest.mark.parametrize("written", ["", "0", "300", "2.5"])
def test_a_size_that_is_not_taken_is_explained_and_the_old_one_comes_back(show, written):
    page = show(ReceptiveFieldExplorer(input_size=9))
    page.get_by_label("Input size").fill(written)
    said = page.locator(".cx-status").inner_text()
    assert said == "Input size, pixels: a whole number from 1 to 256 is possible. It stays 9."
    page.get_by_label("Input size").blur()
    assert page.get_by_label("Input size").input_value() == "9"


def test_shading_by_paths_makes_the_middle_darkest(show):
    page = show(ReceptiveFieldExplorer(paths=True))
    opacities = page.eval_on_selector_all(
        ".cx-lit[data-plane='0'] path[fill-opacity]",
        "paths => paths.map((path) => Number(path.getAttribute('fill-opacity')))",
    )
    assert len(opacities) == 6  # 1, 2, 3, 4, 6 and 9 paths of two 3 × 3 convolutions
    assert max(opacities) == 0.75


def test_a_network_without_layers_is_the_image_alone(show):
    page = show(ReceptiveFieldExplorer([], input_size=5))
    assert "The pixel at row 2, column 2 of the input is seen by these neurons: none" in (
        status(page)
    )
    page.click("text=Add a convolution")
    assert "A neuron of layer 1 sees 3 × 3 of the 5 × 5 pixels" in status(page)


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scroll(show, width):
    page = show(
        ReceptiveFieldExplorer("the lecture's network"), viewport={"width": width, "height": 800}
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_row_is_no_plural_and_two_formulas_say_which_is_which(show):
    layer = {"type": "Conv2D", "filters": 1, "kernelSize": [1, 5], "strides": 1, "padding": "valid"}
    page = show(ReceptiveFieldExplorer([layer], input_size=(9, 12), position=(3, 4)))
    words = status(page)
    assert "1 + (1 − 1) · 1 = 1 for rows, 1 + (5 − 1) · 1 = 5." in words
    assert "sees row 3 and columns 4 … 8." in words
