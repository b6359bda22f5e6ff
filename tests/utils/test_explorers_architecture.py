"""The architecture explorer: its list of layers, Keras's numbers, and the page."""

import pytest
import traitlets
from explorer_page import next_frame
from random_networks import random_network

from utils import models, sizes
from utils.explorers import ArchitectureExplorer, layers
from utils.explorers.architecture import MOST_LAYERS, PRESETS

LECTURE_FIELDS = [7, 8, 12, 16, 18, 26, 34, 38]
CONV, POOL, FLATTEN = {"type": "Conv2D"}, {"type": "MaxPooling2D"}, {"type": "Flatten"}


# --- Lists of layers and Keras -----------------------------------------------------------


def test_the_lecture_s_network_is_the_first_that_is_shown():
    explorer = ArchitectureExplorer.from_keras(models.lecture_network())
    assert explorer.layers == ArchitectureExplorer().layers
    assert explorer.input_shape == (28, 28, 1)
    assert sum(row["parameters"] for row in explorer.summary) == 1_413_834
    assert sum(row["multiply_adds"] for row in explorer.summary) == 89_466_496
    assert [row["receptive_field"] for row in explorer.summary[:8]] == LECTURE_FIELDS
    assert repr(explorer) == (
        "ArchitectureExplorer: the lecture's network, 14 layers on 28 × 28 × 1, "
        "1,413,834 parameters, 303,946 of them dense"
    )


def test_a_network_goes_to_keras_and_back():
    network = layers.check(
        [
            {"type": "Conv2D", "filters": 3, "kernelSize": [3, 5], "strides": 2, "useBias": False},
            {"type": "ReLU"},
            {"type": "BatchNormalization"},
            {"type": "MaxPooling2D", "poolSize": 3, "strides": 1, "padding": "same"},
            {"type": "AveragePooling2D", "poolSize": [2, 1]},
            {"type": "GlobalAveragePooling2D"},
            {"type": "Dense", "units": 4, "activation": "relu"},
            {"type": "Dropout", "rate": 0.25},
        ]
    )
    model = layers.to_keras(network, (20, 20, 3))
    assert layers.from_keras(model) == (network, (20, 20, 3))
    again = ArchitectureExplorer.from_keras(model).to_keras()

    def settings(layer):
        config = layer.get_config()
        return {name: config[name] for name in config if name not in {"name", "dtype"}}

    assert [settings(layer) for layer in again.layers] == [settings(each) for each in model.layers]


LEARNER_S = [
    {"type": "Rescaling", "scale": 1 / 255, "offset": -0.5},
    {"type": "ZeroPadding2D", "padding": [[0, 1], [2, 3]]},
    {"type": "Conv2D", "filters": 4, "kernelSize": 3, "activation": "tanh"},
    {"type": "SeparableConv2D", "filters": 6, "kernelSize": 3, "activation": "sigmoid"},
    {"type": "BatchNormalization", "scale": False},
    {"type": "Activation", "activation": "relu"},
    {"type": "DepthwiseConv2D", "kernelSize": 5, "strides": 2, "depthMultiplier": 2},
    {"type": "GlobalMaxPooling2D"},
    {"type": "Dense", "units": 3, "activation": "gelu"},
]


def test_layers_that_a_learner_meets_go_to_keras_and_back_with_keras_s_numbers():
    network = layers.check(LEARNER_S)
    model = layers.to_keras(network, (20, 21, 3))
    assert layers.from_keras(model) == (network, (20, 21, 3))
    explorer = ArchitectureExplorer.from_keras(model)
    for row, layer in zip(explorer.summary, model.layers, strict=True):
        assert (row["shape"], row["parameters"]) == (layer.output.shape[1:], layer.count_params())
        assert row["multiply_adds"] == models.multiply_adds(layer)


def test_a_functional_chain_is_read_as_the_list_of_its_layers():
    import keras

    vgg = ArchitectureExplorer.from_keras(keras.applications.VGG16(weights=None))
    assert (len(vgg.layers), vgg.input_shape) == (22, (224, 224, 3))
    assert sum(row["parameters"] for row in vgg.summary) == 138_357_544

    image = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 3)(keras.layers.ReLU(6.0)(image))
    model = keras.Model(image, keras.Sequential([keras.layers.Flatten()])(x))
    assert [layer["type"] for layer in layers.from_keras(model)[0]] == [
        "Activation",
        "Conv2D",
        "Flatten",
    ]
    by_number = keras.layers.BatchNormalization(axis=3)
    model = keras.Sequential([keras.Input((28, 28, 1)), by_number])
    assert layers.from_keras(model)[0] == layers.check([{"type": "BatchNormalization"}])
    again = keras.Sequential([keras.Input((28, 28, 1)), *models.lecture_network().layers])
    assert layers.from_keras(again) == layers.from_keras(models.lecture_network())


def test_a_keras_model_that_is_no_list_of_these_layers_is_refused_by_name():
    import keras

    def sequential(*parts):
        return keras.Sequential([keras.Input((8, 8, 2)), *parts])

    entry = keras.Input((8, 8, 2))
    one = keras.layers.Conv2D(2, 3, padding="same")
    refused = {
        "'odd'.* is a Conv2DTranspose": sequential(keras.layers.Conv2DTranspose(2, 3, name="odd")),
        "'odd'.* dilation_rate": sequential(keras.layers.Conv2D(2, 3, dilation_rate=2, name="odd")),
        "'odd'.* groups": sequential(keras.layers.Conv2D(2, 3, groups=2, name="odd")),
        "'odd'.* negative_slope": sequential(keras.layers.ReLU(negative_slope=0.1, name="odd")),
        "'odd'.* keepdims": sequential(
            keras.layers.GlobalAveragePooling2D(keepdims=True, name="odd")
        ),
        "'odd', Conv2D: activation": sequential(
            keras.layers.Conv2D(2, 3, activation="hard_tanh", name="odd")
        ),
        "'odd', Rescaling: scale has to be one number": sequential(
            keras.layers.Rescaling([1.0, 2.0], name="odd")
        ),
        "no input shape.*keras.Input": keras.Sequential([keras.layers.Dense(2)]),
        "has branches": keras.Model(entry, keras.layers.Add()([entry, one(entry)])),
        "'two' has branches": keras.Model(entry, [one(entry), entry], name="two"),
        "'twice' has branches": keras.Model(entry, one(one(entry)), name="twice"),
        "A Keras model is needed.* Conv2D": one,
    }
    for message, model in refused.items():
        with pytest.raises(ValueError, match=message):
            ArchitectureExplorer.from_keras(model)


def test_a_pooling_that_would_see_nothing_but_padding_cannot_be_built():
    explorer = ArchitectureExplorer([{**POOL, "padding": 2}], input_shape=(6, 6, 1))
    assert "would see nothing but padding" in explorer.summary[0]["problem"]
    assert repr(explorer).endswith("layer 1 (MaxPooling2D) cannot be built")


def test_padding_by_number_is_counted_but_not_given_to_keras():
    network = [{"type": "Conv2D", "filters": 2, "kernel_size": 5, "padding": 2}]
    assert layers.summarize(network, (9, 9, 1))[0]["shape"] == (9, 9, 2)
    with pytest.raises(ValueError, match='Layer 1, Conv2D.*"same" or "valid"'):
        layers.to_keras(network, (9, 9, 1))


def test_a_network_that_would_fill_the_memory_is_counted_but_not_given_to_keras():
    network = [{"type": "Conv2D", "filters": 10_000, "kernel_size": 31, "padding": "same"}] * 2
    assert layers.summarize(network, (28, 28, 1))[1]["parameters"] > 9e10
    with pytest.raises(ValueError, match=r"96,\d+,\d+,\d+ parameters, 384 GB, and 500,000,000"):
        layers.to_keras(network, (28, 28, 1))


def test_keras_s_names_of_options_are_understood():
    given = {"type": "Conv2D", "kernel_size": (7, 7), "use_bias": False, "activation": "linear"}
    checked = layers.check([given])[0]
    assert (checked["kernelSize"], checked["useBias"], checked["activation"]) == (7, False, None)
    assert layers.check([{"type": "MaxPooling2D", "pool_size": 3}])[0]["strides"] == 3


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ([{"type": "Conv"}], "Layer 1 has the type 'Conv'. Take one of: Conv2D"),
        (["Flatten"], "Layer 1 has to be a dictionary"),
        ([FLATTEN, {"type": "Dense", "unit": 3}], "Layer 2, Dense, has no option 'unit'.*units"),
        ([{**CONV, "filters": 0}], "Layer 1, Conv2D: filters .* 1 to 10,000, and it is 0"),
        ([{**CONV, "kernelSize": 2.5}], "kernelSize .* whole number from 1 to 31"),
        ([{**CONV, "kernelSize": [3, 3, 3]}], "one number, or two: for rows and columns"),
        ([{**CONV, "strides": True}], "strides .* and it is True"),
        ([{**CONV, "padding": "full"}], 'has to be "valid", "same", or a number'),
        (
            [{**CONV, "activation": "swoosh"}],
            '"relu", "softmax", "tanh", .* or None, .* \'swoosh\'',
        ),
        ([{"type": "ZeroPadding2D", "padding": [1, 2, 3]}], "above, below.*it is .1, 2, 3."),
        ([{"type": "ZeroPadding2D", "padding": -1}], "each 0 to 31, and it is -1"),
        ([{"type": "Rescaling", "scale": "1/255"}], "scale has to be one number, .* '1/255'"),
        ([{"type": "BatchNormalization", "scale": 1}], "scale has to be True or False"),
        ([{"type": "Dropout", "rate": 1}], "rate .* from 0 to below 1"),
        ({"type": "Dense"}, "A list of layers is needed"),
        ([FLATTEN] * 25, "room for 24 layers, and these are 25"),
    ],
)
def test_a_wrong_list_is_refused_with_what_to_do(network, message):
    with pytest.raises(traitlets.TraitError, match=message):
        ArchitectureExplorer(network)


def test_other_wrong_values_are_refused_with_what_to_do():
    wrong = {
        "has no network 'VGG'": {"layers": "VGG"},
        "ArchitectureExplorer.from_keras": {"layers": layers.to_keras([FLATTEN], (2, 2, 1))},
        "whole number from 1 to 1,024, and it is 0": {"input_shape": (0, 28, 1)},
        "begins with Flatten": {"input_shape": (784,)},
        "such as .28, 28, 1.": {"input_shape": 28},
        "one of 1 layers": {"layers": [FLATTEN], "selected": 1},
    }
    for message, traits in wrong.items():
        with pytest.raises(traitlets.TraitError, match=message):
            ArchitectureExplorer(**traits)


def test_its_state_makes_the_same_explorer():
    first = ArchitectureExplorer([CONV, FLATTEN], (9, 8, 3), selected=1)
    state = first.get_state(["layers", "input_shape", "selected"])
    second = ArchitectureExplorer()
    second.set_state(state)
    assert repr(second) == repr(first)
    assert (second.layers, second.input_shape, second.selected) == (first.layers, (9, 8, 3), 1)


def test_the_selected_layer_stays_within_a_shorter_list():
    explorer = ArchitectureExplorer(selected=13)
    explorer.layers = [CONV, FLATTEN]
    assert explorer.selected == 1
    explorer.layers = []
    assert explorer.selected == -1


def test_lenet_has_the_61_706_parameters_of_1998_without_its_subsampling():
    rows = ArchitectureExplorer("LeNet-5, with ReLU").summary
    assert [row["shape"] for row in rows[:5]] == [
        (28, 28, 6),
        (14, 14, 6),
        (10, 10, 16),
        (5, 5, 16),
        (1, 1, 120),
    ]
    assert sum(row["parameters"] for row in rows) == 61_706


# --- The page ----------------------------------------------------------------------------


def types(page) -> list[str]:
    next_frame(page)
    return page.evaluate("model.get('layers').map(({ type }) => type)")


def tab_to(page, name):
    """Press Tab until the control with this name has the keyboard."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent"
        )
        if found.startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_the_page_counts_as_python_does(show):
    page = show(ArchitectureExplorer([]))
    read = """({ layers, shape }) => {
        model.set("input_shape", shape);
        model.set("layers", layers);
        return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(
            [...document.querySelectorAll(".cx-net-layers > li")].slice(1).map((card) => ({
                figures: [...card.querySelectorAll(".cx-net-figure span:last-child")]
                    .map((figure) => figure.textContent),
                problem: card.querySelector(".cx-problem").textContent || null,
            }))))));
    }"""
    problems = 0
    for seed in range(40):
        network, shape = random_network(seed)
        network = layers.check(network)
        drawn = page.evaluate(read, {"layers": network, "shape": shape})
        for card, row in zip(drawn, layers.summarize(network, shape), strict=True):
            assert card["problem"] == row["problem"]
            problems += row["problem"] is not None
            output, parameters, multiply_adds, sees = card["figures"]
            assert output == (sizes.times(row["shape"]) if row["shape"] else "–")
            for text, name in [(parameters, "parameters"), (multiply_adds, "multiply_adds")]:
                assert text == ("" if row[name] is None else f"{row[name]:,}")
            assert sees.split(" × ")[0] == str(row["receptive_field"] or "")
    assert problems > 3


def test_the_lecture_s_facts_stand_on_the_page(show):
    page = show(ArchitectureExplorer())
    text = page.locator(".cnn-explorer").inner_text().replace("\xa0", " ")
    assert "1,413,834 parameters" in text
    assert "303,946 (21 %) dense" in text
    assert "303,946 of 1,413,834 parameters (21 %) are dense" in text
    assert "(784 + 1) · 50,176 = 39,388,160" in text
    assert "(7 · 7 · 1 + 1) · 64 = 3,200" in text


def test_by_keyboard_a_layer_is_added_edited_moved_removed_and_brought_back(show):
    page = show(ArchitectureExplorer([CONV, FLATTEN]))
    tab_to(page, "Another layer")
    page.keyboard.press("m")  # the native menu goes to MaxPooling2D
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert types(page) == ["Conv2D", "MaxPooling2D", "Flatten"]
    assert page.evaluate("document.activeElement.textContent") == "Add after this one"

    page.locator("[data-key='poolSize']").focus()
    page.keyboard.press("ArrowUp")
    next_frame(page)
    assert page.evaluate("model.get('layers')[1].poolSize") == 3
    assert page.evaluate("model.get('layers')[1].strides") == 3
    assert "26 × 26 × 32" in page.locator("li", has_text="Conv2D").first.inner_text()
    assert "8 × 8 × 32" in page.locator("li.cx-net-lit").inner_text()

    page.locator("[data-key='up']").focus()
    page.keyboard.press("Enter")
    assert types(page) == ["MaxPooling2D", "Conv2D", "Flatten"]
    assert page.evaluate("document.activeElement.textContent") == "Move down"  # up is not possible
    page.locator("[data-key='remove']").focus()
    page.keyboard.press("Enter")
    assert types(page) == ["Conv2D", "Flatten"]
    assert page.evaluate("document.activeElement.className") == "cx-net-card"

    page.get_by_role("button", name="Undo").focus()
    for expected in [3, 3, 3, 2]:  # remove, move, edit, add
        page.keyboard.press("Enter")
        assert len(types(page)) == expected
    assert page.get_by_role("button", name="Undo").is_disabled()
    assert page.evaluate("document.activeElement.className") == "cx-net-card"


def replace_with(page, kind):
    page.get_by_label("Another layer").select_option(kind)
    page.get_by_role("button", name="Replace this one").click()
    next_frame(page)


def test_what_is_added_after_a_removed_layer_stands_in_its_place(show):
    page = show(ArchitectureExplorer("the lecture's network", selected=8))
    before = types(page)
    assert before[8] == "Flatten"
    page.get_by_role("button", name="Remove").click()
    assert types(page) == before[:8] + before[9:]
    assert page.evaluate("model.get('selected')") == 7
    page.get_by_label("Another layer").select_option("GlobalAveragePooling2D")
    page.get_by_role("button", name="Add after this one").click()
    assert types(page) == [*before[:8], "GlobalAveragePooling2D", *before[9:]]
    assert page.evaluate("model.get('selected')") == 8
    assert page.locator(".cx-net-warning:visible").count() == 0


def test_the_first_layer_is_removed_and_another_one_begins_the_network(show):
    page = show(ArchitectureExplorer([CONV, FLATTEN], selected=0))
    page.get_by_role("button", name="Remove").click()
    assert types(page) == ["Flatten"]
    assert page.evaluate("model.get('selected')") == -1
    page.get_by_label("Add a first layer").select_option("MaxPooling2D")
    page.get_by_role("button", name="Add", exact=True).click()
    assert types(page) == ["MaxPooling2D", "Flatten"]


def test_a_layer_is_replaced_and_keeps_its_place_and_what_both_kinds_have(show):
    page = show(ArchitectureExplorer("the lecture's network", selected=8))
    replace_with(page, "GlobalAveragePooling2D")
    assert types(page)[7:10] == ["MaxPooling2D", "GlobalAveragePooling2D", "Dense"]
    assert page.evaluate("model.get('selected')") == 8
    assert page.evaluate("document.activeElement.textContent") == "Replace this one"
    assert "41,802 (4\xa0%) dense" in page.locator(".cnn-explorer").inner_text()
    page.get_by_role("button", name="Undo").click()
    assert types(page)[8] == "Flatten"

    page.evaluate("model.set('selected', 0)")
    next_frame(page)
    replace_with(page, "SeparableConv2D")
    kept = {"filters": 64, "kernelSize": 7, "padding": "same", "activation": "relu"}
    changed = page.evaluate("model.get('layers')[0]")
    assert changed.items() >= {"type": "SeparableConv2D", "depthMultiplier": 1, **kept}.items()
    replace_with(page, "MaxPooling2D")
    assert page.evaluate("model.get('layers')[0]") == {
        **{"type": "MaxPooling2D", "poolSize": 2, "strides": 2, "padding": "valid"}
    }


@pytest.mark.parametrize(
    ("network", "number", "sentence"),
    [
        ([CONV, {"type": "Dense"}, FLATTEN], 2, "works at each of the 26 · 26 places alone"),
        ([CONV, {"type": "Dense"}, POOL, FLATTEN], 3, "what layer 2, Dense, says at each place"),
        (
            [CONV, {"type": "Dense"}, {"type": "GlobalAveragePooling2D"}],
            3,
            "Put pooling before the dense layers.",
        ),
        ([CONV, {"type": "BatchNormalization"}, FLATTEN], 1, "Its 32 biases do nothing"),
    ],
)
def test_what_can_be_built_but_is_hardly_meant_gets_a_note(show, network, number, sentence):
    page = show(ArchitectureExplorer(network, selected=None))
    notes = page.locator(".cx-net-layers > li").nth(number).locator(".cx-net-warning")
    assert notes.is_visible() and sentence in notes.inner_text()
    assert str(number) in page.locator(".cx-status").inner_text().split("Look at")[1]


def test_pooling_without_an_image_cannot_be_built(show):
    page = show(ArchitectureExplorer([FLATTEN, {"type": "GlobalMaxPooling2D"}], selected=None))
    words = page.locator(".cx-net-layers .cx-problem:visible").inner_text()
    assert "GlobalMaxPooling2D needs a map" in words


def test_the_networks_of_the_menu_get_no_note(show):
    page = show(ArchitectureExplorer())
    for name in PRESETS:
        page.get_by_label("Network", exact=True).select_option(name)
        next_frame(page)
        assert page.locator(".cx-net-warning:visible").count() == 0


def test_every_layer_of_the_menu_can_be_added_and_explains_its_numbers(show):
    page = show(ArchitectureExplorer([CONV], input_shape=(12, 12, 2), selected=0))
    for kind in sizes.LAYERS:
        page.evaluate("model.set('selected', 0)")
        next_frame(page)
        page.get_by_label("Another layer").select_option(kind)
        page.get_by_role("button", name="Add after this one").click()
        next_frame(page)
        assert types(page)[1] == kind
        layer = page.evaluate("model.get('layers')[1]")
        assert layers.check([layer]) == [layer], "Python takes it as it is"
        words = page.locator(".cx-net-formulas").inner_text()
        row = sizes.summarize([*layers.check([CONV]), layer], (12, 12, 2))[1]
        assert words and (row["parameters"] == 0 or f"= {row['parameters']:,}." in words)
        page.get_by_role("button", name="Remove").click()
        next_frame(page)


def test_the_page_offers_what_python_takes_and_no_more(show):
    page = show(ArchitectureExplorer([CONV], selected=-1))
    rows = page.get_by_label("Rows")
    assert layers.check_input_shape((int(rows.get_attribute("max")), 1, 1))
    for kind, options in sizes.LAYERS.items():
        page.evaluate(
            "layer => { model.set('layers', [layer]); model.set('selected', 0); }",
            layers.check([{"type": kind}])[0],
        )
        next_frame(page)
        for option in options:
            control = page.locator(f".cx-net-open [data-key='{option}']")
            if control.count() and control.get_attribute("type") == "number":
                limits = [int(control.get_attribute(end)) for end in ("min", "max")]
                for value in limits:
                    assert layers.check([{"type": kind, option: value}])
                for value in (limits[0] - 1, limits[1] + 1):
                    with pytest.raises(ValueError):
                        layers.check([{"type": kind, option: value}])
            elif control.count() and control.evaluate("control => control.tagName") == "SELECT":
                values = control.locator("option").evaluate_all("all => all.map((o) => o.value)")
                assert len(values) > 1
                assert layers.check([{"type": kind, option: value or None} for value in values])


def test_an_activation_that_the_menu_has_not_is_kept_and_named(show):
    layer = {"type": "Dense", "units": 3, "activation": "gelu"}
    page = show(ArchitectureExplorer([FLATTEN, layer], selected=1))
    assert page.get_by_label("Activation").input_value() == "gelu"
    assert (
        "3 units, gelu"
        in page.locator("li.cx-net-lit, li:has([aria-expanded='true'])").inner_text()
    )


def test_the_cost_of_a_separable_convolution_is_written_out(show):
    layer = {"type": "SeparableConv2D", "filters": 8, "kernelSize": 3}
    page = show(ArchitectureExplorer([layer], input_shape=(12, 12, 3), selected=0))
    words = page.locator(".cx-net-formulas").inner_text()
    assert "3 · 3 · 3 + (3 + 1) · 8 = 59." in words
    assert "(3 · 3 · 3 + 3 · 8) weights at 10 · 10 places = 5,100." in words


def test_typing_a_number_is_one_change_and_a_wrong_one_is_explained(show):
    page = show(ArchitectureExplorer([CONV]))
    box = page.get_by_label("Filters")
    box.fill("")
    box.press_sequentially("128")
    next_frame(page)
    assert page.evaluate("model.get('layers')[0].filters") == 128
    box.fill("0")
    assert "whole number from 1 to 10,000" in page.locator(".cx-status").inner_text()
    box.blur()
    assert box.input_value() == "128"
    page.get_by_role("button", name="Undo").click()
    next_frame(page)
    assert page.evaluate("model.get('layers')[0].filters") == 32


def test_by_mouse_a_block_lights_up_its_card_and_opens_it(show):
    page = show(ArchitectureExplorer())
    blocks, cards = page.locator(".cx-net-block"), page.locator(".cx-net-layers > li")
    assert blocks.count() == cards.count() == 15
    blocks.nth(4).hover()
    assert "cx-net-lit" in cards.nth(4).get_attribute("class")
    cards.nth(6).hover()
    assert "cx-net-lit" in blocks.nth(6).get_attribute("class")
    blocks.nth(4).click()
    next_frame(page)
    assert page.evaluate("model.get('selected')") == 3
    assert cards.nth(4).get_by_label("Filters").input_value() == "128"
    assert "Layer 4 of 14, Conv2D, gives 14 × 14 × 128" in page.locator(".cx-status").inner_text()


def test_arrow_keys_walk_along_the_drawing(show):
    page = show(ArchitectureExplorer(selected=None))
    page.locator(".cx-net-network").focus()
    for key, expected in [("ArrowRight", 0), ("ArrowRight", 1), ("End", 13), ("Home", -1)]:
        page.keyboard.press(key)
        next_frame(page)
        assert page.evaluate("model.get('selected')") == expected


def test_the_blocks_get_smaller_and_thicker(show):
    page = show(ArchitectureExplorer())
    sizes = page.evaluate(
        """() => [...document.querySelectorAll(".cx-net-front")].map((front) => {
            const box = front.getBBox(); return [box.width, box.height]; })"""
    )
    maps = sizes[:9]
    assert all(later[1] <= earlier[1] for earlier, later in zip(maps, maps[1:], strict=False))
    assert all(later[0] >= earlier[0] - 0.2 for earlier, later in zip(maps, maps[1:], strict=False))
    assert maps[-1][0] > 4 * maps[0][0]
    assert maps[0][1] / maps[2][1] == pytest.approx(2, rel=0.02)  # 28 to 14 pixels


def test_by_touch_on_a_phone_everything_fits_and_opens(show):
    page = show(
        ArchitectureExplorer(),
        viewport={"width": 390, "height": 800},
        has_touch=True,
        is_mobile=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".cx-net-card").nth(10).tap()
    next_frame(page)
    page.get_by_role("button", name="Remove").tap()
    assert len(types(page)) == 13
    page.get_by_role("button", name="Undo").tap()
    assert len(types(page)) == 14
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_an_impossible_network_is_explained_at_its_layer(show):
    page = show(ArchitectureExplorer([*[POOL] * 5, CONV], selected=0))
    problem = page.locator(".cx-net-layers .cx-problem:visible")
    assert problem.count() == 1
    assert "The map is 1 × 1, and a 2 × 2 window does not fit" in problem.inner_text()
    assert page.locator(".cx-net-gone").count() == 1  # the layer after it
    assert page.locator(".cx-status").inner_text().startswith("Layer 5, MaxPooling2D, cannot")


def test_without_layers_the_page_says_what_to_do(show):
    page = show(ArchitectureExplorer([]))
    assert "no layer yet. Add one" in page.locator(".cx-status").inner_text()
    page.get_by_role("button", name="Add", exact=True).click()
    assert types(page) == ["Conv2D"]


def test_the_24th_layer_is_the_last_and_the_page_says_so(show):
    page = show(ArchitectureExplorer([{"type": "ReLU"}] * (MOST_LAYERS - 1)))
    full = page.get_by_text("24 layers are the most")
    assert full.is_hidden()
    page.get_by_role("button", name="Add after this one").click()
    assert len(types(page)) == MOST_LAYERS
    assert full.is_visible()
    assert page.get_by_role("button", name="Add after this one").is_disabled()
    assert page.get_by_role("button", name="Replace this one").is_enabled()


def test_networks_and_inputs_are_chosen_and_reset_brings_the_first_back(show):
    page = show(ArchitectureExplorer())
    for name, network in PRESETS.items():
        page.get_by_label("Network", exact=True).select_option(name)
        assert len(types(page)) == len(network)
    page.get_by_label("Input image").select_option("224 × 224 × 3")
    page.get_by_label("Network", exact=True).select_option("the lecture's network")
    next_frame(page)
    assert "25,699,146 (96\xa0%) dense" in page.locator(".cnn-explorer").inner_text()
    page.get_by_role("button", name="Reset").click()
    next_frame(page)
    assert page.evaluate("model.get('input_shape')") == [28, 28, 1]
    page.get_by_label("Input image").select_option("other")
    next_frame(page)
    page.get_by_label("Rows").fill("64")
    next_frame(page)
    assert page.evaluate("model.get('input_shape')") == [64, 28, 1]


def test_rows_and_columns_that_no_window_reaches_are_counted_apart(show):
    pooling = {"type": "MaxPooling2D", "poolSize": 3, "strides": 3, "padding": "valid"}
    page = show(ArchitectureExplorer([pooling], input_shape=(29, 28, 1), selected=0))
    words = page.locator(".cx-net-formulas").inner_text()
    assert "No window reaches the last 2 rows and the last column." in words
    page.evaluate("model.set('input_shape', [30, 28, 1])")
    next_frame(page)
    words = page.locator(".cx-net-formulas").inner_text()
    assert "No window reaches the last column." in words


def test_a_screen_reader_hears_what_each_number_of_a_card_is(show):
    page = show(ArchitectureExplorer("the lecture's network"))
    name = "2 MaxPooling2D 2 × 2 output 14 × 14 × 64 parameters 0 multiply–adds 0 sees 8 × 8"
    assert page.get_by_role("button", name=name, exact=True).count() == 1
    assert page.get_by_role("button", name="Input an image output 28 × 28 × 1", exact=True).count()
