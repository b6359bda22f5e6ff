"""Links to a view of an explorer: every state survives, and what does not fit says so."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from accessibility import violations
from explorer_page import next_frame

from utils.explorers import layers

CHAPTERS = "chapters/{}.html"
FILTER = CHAPTERS.format("02_convolutional_layer")
PLACES = {
    "filter": FILTER,
    "channels": FILTER,
    "pooling": CHAPTERS.format("03_pooling_layer"),
    "receptive-field": CHAPTERS.format("01_introduction"),
    "architecture": CHAPTERS.format("04_cnn_architectures"),
    "network": CHAPTERS.format("05_fashion_mnist"),
}
NINE = (  # the last convolution of the lecture's network with a kernel of 9 × 9
    "architecture&network="
    "Conv2D:filters-64:kernelSize-7:padding-same:activation-relu,MaxPooling2D:strides-2,"
    "Conv2D:filters-128:padding-same:activation-relu,"
    "Conv2D:filters-128:padding-same:activation-relu,MaxPooling2D:strides-2,"
    "Conv2D:filters-256:padding-same:activation-relu,"
    "Conv2D:filters-256:kernelSize-9:activation-relu,MaxPooling2D:strides-2,Flatten,"
    "Dense:units-128:activation-relu,Dropout,Dense:units-64:activation-relu,Dropout,"
    "Dense:activation-softmax&open=6"
)
STATES = 8  # random ones of each explorer

# Traits of the page's model; arrays travel as {shape, values} in both directions.
SET = """([id, traits]) => {
  const { model } = cnnCourseWidgets.find(document.getElementById(id));
  const bytes = (values) => new DataView(Float32Array.from(values).buffer);
  const made = (value) => value?.shape
    ? { shape: value.shape, dtype: "float32", data: bytes(value.values) } : value;
  for (const [name, value] of Object.entries(traits)) {
    if (name !== "selected") { model.set(name, made(value)); continue; }
    const { image } = model.get("images").find((each) => each.name === value);
    model.set({ selected: value, image });
  }
}"""
GET = """([id, names]) => {
  const { model } = cnnCourseWidgets.find(document.getElementById(id));
  const numbers = ({ buffer, byteOffset }) => [...new Float32Array(buffer, byteOffset)];
  const read = (value) => value?.data
    ? { shape: value.shape, values: numbers(value.data) } : value;
  return Object.fromEntries(names.map((name) => [name, read(model.get(name))]));
}"""
LINK = """async (id) => {
  await cnnCourseTeaching();
  return cnnCourseTeach.view.address(document.getElementById(id));
}"""


def array(shape: list[int], values) -> dict:
    return {"shape": shape, "values": [float(value) for value in values]}


def weights(chance: random.Random, count: int) -> list[float]:
    """Return numbers as 32-bit floats hold them, round and odd ones."""
    numbers = [chance.choice([0, 1, -2, 0.5, 1 / 9, chance.uniform(-9, 9)]) for _ in range(count)]
    return np.float32(numbers).astype(float).tolist()


def presets(page, place: str):
    return page.evaluate(GET, [place, ["presets"]])["presets"]


def image(page, place: str, chance: random.Random) -> str:
    listed = page.evaluate(GET, [place, ["images"]])["images"]
    return chance.choice([each["name"] for each in listed])


def filter_state(page, place, chance):
    size = chance.choice([3, 5, 7])
    known = presets(page, place)[str(size)]
    named = [number for row in known[chance.choice(list(known))] for number in row]
    return {
        "selected": image(page, place, chance),
        "kernel": array([size, size], chance.choice([named, weights(chance, size * size)])),
        "stride": chance.randint(1, 4),
        "padding": chance.choice(["valid", "same", 0, 1, 3]),
        "bias": chance.choice([0, -120, 0.1, 1e5]),
        "relu": chance.choice([True, False]),
        "position": [chance.randrange(99), chance.randrange(99)],
    }


def channels_state(page, place, chance):
    size, count = chance.choice([3, 5]), chance.randint(1, 4)
    return {
        "filters": array([size, size, 3, count], weights(chance, size * size * 3 * count)),
        "biases": array([count], [chance.choice([0, 20, -3.5]) for _ in range(count)]),
        "filter": chance.randrange(count),
        "channels": [chance.choice([True, False]) for _ in "RGB"],
        "stride": chance.randint(1, 4),
        "padding": chance.choice(["valid", "same"]),
        "relu": chance.choice([True, False]),
        "position": [chance.randrange(99), chance.randrange(99)],
    }


def pooling_state(page, place, chance):
    return {
        "selected": image(page, place, chance),
        "pool_size": chance.randint(1, 6),
        "strides": chance.randint(1, 6),
        "padding": chance.choice(["valid", "same"]),
        "mode": chance.choice(["max", "mean", "min"]),
        "shift": [chance.randint(-4, 4), chance.randint(-4, 4)],
        "hide_changed": chance.choice([True, False]),
        "position": [chance.randrange(14), chance.randrange(14)],
    }


def layer(chance):
    kind = chance.choice(list(layers.sizes.LAYERS))
    values = {
        "filters": chance.randint(1, 512),
        "units": chance.randint(1, 300),
        "kernelSize": chance.choice([1, 3, [3, 5]]),
        "poolSize": chance.choice([2, [2, 3]]),
        "strides": chance.choice([1, 2, [1, 2]]),
        "padding": chance.choice([1, [1, 2], [[0, 1], [2, 3]]])
        if kind == "ZeroPadding2D"
        else chance.choice(["valid", "same", 2]),
        "depthMultiplier": chance.randint(1, 3),
        "activation": chance.choice([None, *layers.ACTIVATIONS]),
        "useBias": chance.choice([True, False]),
        "rate": chance.choice([0.0, 0.25, 0.5]),
    }
    own = {name: values[name] for name in layers.sizes.LAYERS[kind] if name in values}
    return layers.check([{"type": kind, **own}])[0]


def network(page, place, chance):
    known = presets(page, place)
    listed = known if isinstance(known, list) else list(known.values())
    own = [layer(chance) for _ in range(chance.randint(0, 9))]
    return chance.choice([chance.choice(listed)["layers"], own])


def receptive_field_state(page, place, chance):
    return {
        "layers": network(page, place, chance),
        "selected": image(page, place, chance),
        "input_size": [chance.randint(5, 60), chance.randint(5, 60)],
        "layer": chance.randint(0, 3),
        "position": [chance.randrange(14), chance.randrange(14)],
        "paths": chance.choice([True, False]),
    }


def architecture_state(page, place, chance):
    return {
        "layers": network(page, place, chance),
        "input_shape": [chance.randint(1, 300), 28, chance.randint(1, 4)],
    }


def network_state(page, place, chance):
    return {
        "selected": image(page, place, chance),
        "layer": chance.randint(-1, 12),
        "map": chance.randrange(256),
        "target": chance.randint(-1, 9),
        "position": [chance.randrange(14), chance.randrange(14)],
    }


STATE_OF = {
    "filter": filter_state,
    "channels": channels_state,
    "pooling": pooling_state,
    "receptive-field": receptive_field_state,
    "architecture": architecture_state,
    "network": network_state,
}


@pytest.fixture(scope="module")
def pages_of(browser, site, address):
    """A function that returns the open page of an explorer, and its address."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    root = address(site)
    opened = {}

    def page_of(place: str):
        where = root + PLACES[place]
        if where not in opened:
            opened[where] = context.new_page()
            opened[where].goto(where)
        return opened[where], where

    yield page_of
    context.close()


def link(page, place: str) -> str:
    return page.evaluate(LINK, place)


def open_link(page, address: str) -> None:
    """Open an address in this page anew, and wait until its view is set."""
    page.goto("about:blank")
    page.goto(address)
    if "#" in address:
        page.wait_for_function("() => document.querySelector('.live-widget[data-state=shown]')")
    page.wait_for_function("() => globalThis.cnnCourseWidgets")
    if "&" in address:
        page.wait_for_function("() => document.documentElement.dataset.view === 'set'")


def restored(page, address: str) -> None:
    """Let the open page follow a link to another view of it."""
    page.evaluate(
        """async (hash) => {
          history.replaceState(null, "", hash);
          await cnnCourseTeach.view.restore();
        }""",
        "#" + address.partition("#")[2],
    )


@pytest.mark.parametrize("place", PLACES)
def test_every_state_of_an_explorer_survives_link_reload_link(pages_of, place):
    page, _ = pages_of(place)
    chance = random.Random(place)
    for number in range(STATES):
        state = STATE_OF[place](page, place, chance)
        page.evaluate(SET, [place, state])
        before, first = page.evaluate(GET, [place, list(state)]), link(page, place)
        page.evaluate(SET, [place, STATE_OF[place](page, place, chance)])
        if number == 0:
            open_link(page, first)
        else:
            restored(page, first)
        assert page.evaluate(GET, [place, list(state)]) == before, first
        assert link(page, place) == first


@pytest.mark.parametrize("place", PLACES)
def test_every_control_that_a_link_may_name_is_on_the_page(pages_of, place):
    page, _ = pages_of(place)
    page.locator(f"#{place}").scroll_into_view_if_needed()
    page.wait_for_selector(f"#{place}[data-state=shown]")
    missing = page.evaluate(
        """(id) => {
          const place = document.getElementById(id);
          const { settings } = cnnCourseWidgets.find(place);
          const shown = [...place.querySelectorAll(".cx-control")].map((each) => each.textContent);
          return Object.values(settings).flatMap(({ label = [] }) => [label].flat().slice(0, 1))
            .filter((label) => !shown.some((text) => text.startsWith(label)));
        }""",
        place,
    )
    assert missing == []


# What belongs to no setting that a link may leave alone: it moves or asks, and sets nothing.
OF_NO_SETTING = {
    "filter": ["Slide the window"],
    "network": [
        *("Keep to compare", "Stop comparing", "What is it? Your guess"),
        *("Let me guess before it answers", ""),  # the last explains an answer once there is one
    ],
}


@pytest.mark.parametrize("place", PLACES)
def test_a_link_that_leaves_all_controls_leaves_the_buttons_that_belong_to_them(pages_of, place):
    page, _ = pages_of(place)
    page.evaluate("() => cnnCourseTeaching()")
    names = page.evaluate(
        """(id) => {
          const { settings } = cnnCourseWidgets.find(document.getElementById(id));
          return Object.keys(settings).filter((name) => settings[name].label);
        }""",
        place,
    )
    restored(page, f"#{place}&only={','.join(names)}")
    next_frame(page)
    hidden = page.evaluate(
        """(id) => [...document.querySelectorAll(`#${id} :is(.cx-control, .cx-button).course-off`)]
          .map((each) => (each.querySelector(".cx-label") ?? each).textContent.trim())""",
        place,
    )
    assert hidden == OF_NO_SETTING.get(place, [])
    restored(page, f"#{place}&v=1")


def test_one_letter_names_a_control_and_not_all_that_begin_with_it(pages_of):
    page, _ = pages_of("channels")
    page.evaluate("() => cnnCourseTeaching()")
    restored(page, "#channels&only=channels")
    next_frame(page)
    assert page.locator("#channels .cx-control:visible").all_inner_texts() == ["R", "G", "B"]
    restored(page, "#channels&v=1")


@pytest.mark.parametrize(("asked", "expected", "written"), [
    ("window=3", [3, 3], "window=3&stride=3"),
    ("window=3&stride=2", [3, 2], "window=3&stride=2"),
    ("stride=1", [2, 1], "stride=1"),
    ("window=99", [2, 2], "v=1"),
])  # fmt: skip
def test_the_stride_follows_a_window_that_a_link_names_alone(pages_of, asked, expected, written):
    page, _ = pages_of("pooling")
    page.evaluate("() => cnnCourseTeaching()")
    restored(page, f"#pooling&{asked}")
    found = page.evaluate(GET, ["pooling", ["pool_size", "strides"]])
    assert [found["pool_size"], found["strides"]] == expected
    assert link(page, "pooling").endswith(f"#pooling&{written}")
    problems = page.locator(".course-view-problem").all_inner_texts()
    assert len(problems) == asked.count("99") and "stride" not in "".join(problems)
    restored(page, "#pooling&v=1")


def test_a_link_that_names_no_position_keeps_the_place_of_the_page(pages_of):
    page, _ = pages_of("filter")
    page.evaluate("() => cnnCourseTeaching()")
    restored(page, "#filter&v=1")
    rows, columns = page.evaluate(GET, ["filter", ["position"]])["position"]
    restored(page, "#filter&padding=same&stride=4")
    # The page's window is of 7 × 7 without padding: its middle is 3 pixels further.
    near = page.evaluate(GET, ["filter", ["position"]])["position"]
    assert np.allclose(near, [(rows + 3) / 4, (columns + 3) / 4], atol=1)
    assert link(page, "filter").endswith("#filter&padding=same&stride=4")
    restored(page, "#filter&padding=same&stride=4&at=2,5")
    assert page.evaluate(GET, ["filter", ["position"]])["position"] == [2, 5]
    restored(page, "#filter&v=1")


def test_values_of_the_page_itself_are_left_out_of_a_link(pages_of):
    page, address = pages_of("pooling")
    open_link(page, address)
    assert link(page, "pooling").endswith("#pooling&v=1")
    page.evaluate(SET, ["pooling", {"mode": "mean"}])
    assert link(page, "pooling").endswith("#pooling&mode=mean")


@pytest.mark.parametrize(("values", "words"), [
    ("stride=9", "“stride=9” does not fit: it is a whole number from 1 to 4"),
    ("kernel=sharpest", "it is one of"),
    ("kernel=1,2,x,4,5,6,7,8,9", "does not fit"),
    ("kernel=" + ",".join("1" * 10), "does not fit"),
    ("colour=red", "There is no setting “colour” here"),
    ("bias=1e999", "does not fit"),
    ("bias=__proto__", "does not fit"),
    ("__proto__=1&constructor=1", "There is no setting “"),
    ("only=lens", "There is no control “lens” here"),
    ("image=%E0%A4%A", "does not fit"),
])  # fmt: skip
def test_what_does_not_fit_leaves_the_setting_and_is_told(pages_of, values, words):
    page, address = pages_of("filter")
    page.evaluate("() => cnnCourseTeaching()")
    names = ["kernel", "stride", "bias", "padding", "selected"]
    restored(page, "#filter&v=1")
    before = page.evaluate(GET, ["filter", names])
    restored(page, f"#filter&{values}")
    assert words in page.locator(".course-view-problem").inner_text()
    assert page.evaluate(GET, ["filter", names]) == before
    restored(page, "#filter&v=1")
    assert page.locator(".course-view-problem").count() == 0


def test_a_link_to_an_explorer_that_is_not_there_says_so(pages_of):
    page, _ = pages_of("filter")
    page.evaluate("() => cnnCourseTeaching()")
    restored(page, "#prism&angle=3")
    assert "“prism”" in page.locator(".course-view-problem").inner_text()
    restored(page, "#filter&v=1")


def test_a_link_sets_a_question_as_text_and_leaves_the_named_controls_alone(visitor, site, address):
    visit = visitor()
    page = visit.page
    asked = "&ask=What+happens%3F+%3Cimg+src%3Dx+onerror%3Dalert(1)%3E"
    open_link(page, address(site) + FILTER + "#filter&kernel=box-blur:5&only=kernel,stride" + asked)
    place = page.locator("#filter")
    labels = place.locator(".cx-control:visible .cx-label").all_inner_texts()
    assert labels == ["Kernel", "Kernel size", "Stride"]
    buttons = ["Copy link", "Reset", "Flip the kernel"]  # this one belongs to the kernel
    assert place.locator(".cx-button:visible").all_inner_texts() == buttons
    question = page.locator(".course-view-ask p")
    assert question.inner_text() == "What happens? <img src=x onerror=alert(1)>"
    chosen = "(list) => list.selectedOptions[0].textContent"
    assert place.get_by_label("Kernel size").evaluate(chosen) == "5 × 5"
    place.get_by_label("Stride").press("ArrowRight")
    assert page.evaluate(GET, ["filter", ["stride"]]) == {"stride": 2}
    assert page.locator("#filter").evaluate("(e) => e.getBoundingClientRect().top") < 400
    assert visit.problems == [] and violations(page) == []


def test_the_button_copies_the_link_and_the_panel_follows_the_explorer(visitor, site, address):
    visit = visitor(permissions=["clipboard-read", "clipboard-write"])
    page = visit.page
    page.goto(address(site) + CHAPTERS.format("03_pooling_layer"))
    place = page.locator("#pooling")
    place.scroll_into_view_if_needed()
    place.get_by_role("combobox", name="Pooling").select_option("mean")
    place.get_by_role("button", name="Copy link").click()
    page.wait_for_selector(".course-view-link")
    page.wait_for_function(
        "() => document.querySelector('.course-view-link [role=status]').textContent"
    )
    assert page.evaluate("navigator.clipboard.readText()").endswith("#pooling&mode=mean")
    place.get_by_text("For a class").click()
    place.get_by_label("Question").fill("Which value wins?")
    place.locator(".course-view-link").get_by_label("Window").check()
    field = place.get_by_label("Link to this view")
    assert field.input_value().endswith("#pooling&mode=mean&only=window&ask=Which+value+wins%3F")
    place.get_by_role("combobox", name="Pooling").select_option("min")
    page.wait_for_function("(e) => e.value.includes('mode=min')", arg=field.element_handle())
    assert visit.problems == [] and violations(page) == []
    place.get_by_role("button", name="Close").click()
    assert page.locator(".course-view-link").count() == 0


# What the second pooling explorer of chapter 3 pools, and whether the filter above shows it.
POOLED = """() => {
  const model = (id) => cnnCourseWidgets.find(document.getElementById(id)).model;
  const { image, mode, shift } = model("pooling-2").state;
  const isLinked = image === model("filter").get("feature_map");
  const isSeen = Boolean(document.querySelector("#filter .cx-preview"));
  return { isLinked, isSeen, mode, shift: shift.join() };
}"""
MEAN = {"isLinked": True, "isSeen": True, "mode": "mean", "shift": "0,0"}


def pooled(page) -> dict:
    """Return what is pooled there, once the next frame is drawn."""
    next_frame(page)
    return page.evaluate(POOLED)


@pytest.mark.parametrize("present", ["", "&present=1"])
def test_a_link_keeps_the_map_that_another_explorer_gives(visitor, site, address, present):
    page = visitor().page
    chapter = address(site) + CHAPTERS.format("03_pooling_layer")
    open_link(page, f"{chapter}#pooling-2&mode=mean{present}")
    assert pooled(page) == MEAN
    restored(page, "#pooling-2&shift=1,0")
    assert pooled(page) == {**MEAN, "mode": "max", "shift": "1,0"}
    restored(page, "#pooling-2&image=digit")
    assert not pooled(page)["isLinked"]
    restored(page, "#pooling-2&v=1")
    assert pooled(page) == {**MEAN, "mode": "max"}


def test_a_link_of_the_text_keeps_what_the_reader_set_in_the_explorer_above(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + CHAPTERS.format("03_pooling_layer"))
    page.locator("#filter").scroll_into_view_if_needed()
    relu = page.locator("#filter").get_by_label("ReLU")
    relu.check()
    the_mean = page.locator('.bd-article a[href="#pooling-2&mode=mean"]')
    images = page.locator("#pooling-2").get_by_label("Image", exact=True)
    for _ in range(2):
        the_mean.click()
        page.wait_for_function("() => document.documentElement.dataset.view === 'set'")
        page.wait_for_function(f"() => ({POOLED})().mode === 'mean'")
        assert pooled(page) == MEAN and relu.is_checked()
        images.select_option("garment")  # in place of the map; the link brings it back
        assert not pooled(page)["isLinked"]
        assert link(page, "pooling-2").endswith("#pooling-2&image=garment&mode=mean")


# What the chapters say of a view that they link to: the traits of an explorer, by the link.
SAID = {
    "01_introduction": {
        "receptive-field&paths=1": {"paths": True},
        "receptive-field&network=Conv2D:filters-16:strides-2:padding-same,"
        "Conv2D:filters-16:padding-same&layer=2&at=3,3": {
            **{"strides of layers": [2, 1], "layer": 2, "position": [3, 3]}  # whole in the image
        },
    },
    "02_convolutional_layer": {
        "filter&relu=1": {"kernel": "vertical line", "relu": True},
        "filter&kernel=sobel-x&relu=1": {"kernel": "Sobel x", "relu": True},
        "filter&kernel=box-blur:7&padding=same&stride=2": {
            **{"kernel": "box blur", "padding": "same", "stride": 2}
        },
        "filter&kernel=sobel-x": {"kernel": "Sobel x", "relu": False},
        "channels&channels=rg": {"channels": [True, True, False]},
        "channels&channels=gb": {"channels": [False, True, True]},
    },
    "03_pooling_layer": {
        "pooling&v=1": {"mode": "max"},
        "pooling&mode=mean": {"mode": "mean"},
        "pooling-2&mode=mean": {"mode": "mean"},
        "pooling-3&shift=2,0": {"shift": [2, 0], "hide_changed": True},
        "pooling-3&shift=0,1": {"shift": [0, 1], "hide_changed": True},
    },
    "04_cnn_architectures": {
        NINE: {"selected": 6, "last convolution": [9, "valid"]},
        "architecture&network=dense-layers-only": {"network": "dense layers only"},
        "receptive-field-2&network=1-large-convolution": {"network": "1 large convolution"},
    },
    "05_fashion_mnist": {
        "network&layer=0&at=21,15": {"layer": 0, "position": [21, 15]},
        "network&layer=6&map=219&at=3,2": {"layer": 6, "map": 219},  # the page counts from 1
        "network&layer=6&map=140&at=6,6": {"layer": 6, "map": 140},
        "network&image=garment-11": {"selected": "garment 11"},
    },
}


def seen(page, place: str, name: str):
    """Return what a view shows under one of the names of SAID."""
    if name == "kernel":
        known, found = presets(page, place), page.evaluate(GET, [place, [name]])[name]
        of_size = known[str(found["shape"][0])].items()
        flat = {name: [number for row in rows for number in row] for name, rows in of_size}
        return next(name for name, values in flat.items() if np.allclose(values, found["values"]))
    if name in ("network", "strides of layers", "last convolution"):
        found = page.evaluate(GET, [place, ["layers"]])["layers"]
        if name == "strides of layers":
            return [layer["strides"] for layer in found]
        if name == "last convolution":
            last = [layer for layer in found if layer["type"] == "Conv2D"][-1]
            return [last["kernelSize"], last["padding"]]
        known = presets(page, place)
        named = known if isinstance(known, list) else [{"name": n, **v} for n, v in known.items()]
        return next(each["name"] for each in named if each["layers"] == found)
    return page.evaluate(GET, [place, [name]])[name]


@pytest.mark.parametrize("chapter", SAID)
def test_each_link_of_a_chapter_to_a_view_sets_what_the_text_says(pages_of, site, chapter):
    written = (site / CHAPTERS.format(chapter)).read_text("utf-8")
    found = re.findall(r'href="#([\w-]+&amp;[^"]+)"', written)
    assert [link.replace("&amp;", "&") for link in found] == list(SAID[chapter])
    page, _ = pages_of(next(p for p, name in PLACES.items() if chapter in name))
    page.evaluate("() => cnnCourseTeaching()")
    for link, said in SAID[chapter].items():
        restored(page, f"#{link}")
        assert page.locator(".course-view-problem").count() == 0, link
        place = link.partition("&")[0]
        assert {name: seen(page, place, name) for name in said} == said, link


def test_a_link_that_is_followed_twice_sets_its_view_twice(visitor, site, address):
    visit = visitor()
    page = visit.page
    page.goto(address(site) + FILTER)
    model = "cnnCourseWidgets.find(document.getElementById('filter')).model"
    link = page.locator('.bd-article a[href="#filter&relu=1"]')
    for _ in range(2):
        link.click()
        page.wait_for_function(f"() => {model}.get('relu')")
        page.evaluate(f"{model}.set('relu', false)")
    assert visit.problems == []
