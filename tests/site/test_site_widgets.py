"""Widgets on the built site: they run in a real browser without a kernel, or say why not.

Small modules stand in for the explorers' own, so that only the way they travel is tested:
from `utils/explorers/js` into one script or several, from Python into the page's state,
from a notebook or a directive onto the page.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import anywidget
import ipywidgets
import nbformat
import numpy as np
import pytest
import traitlets
from bs4 import BeautifulSoup
from ipywidgets.embed import dependency_state
from sample_book import NO_ADDRESS, picture, write_sample
from test_site import WAYS

from tools.book.__main__ import Refused, build
from tools.book.widgets import markup
from tools.book.widgets.files import MOUNT
from tools.book.widgets.state import as_script, page_state
from tools.notebooks import canonical, widgets
from utils import explorers as our_explorers
from utils.explorers import modules

TOYS = {
    "parts": """// Shared by the toys.
/** Return a line of text. */
export const line = (text) => Object.assign(document.createElement("p"), { textContent: text });

export function total({ shape, data }) {
  return `${shape.join(" × ")}, sum ${new Uint8Array(data.buffer).reduce((a, b) => a + b, 0)}`;
}
""",
    "counter": """import { line } from "./parts.js";

/**
 * A button that counts, and a line with the count.
 */
export default {
  render({ model, el }) {
    const button = Object.assign(document.createElement("button"), { textContent: "more" });
    const count = line("");
    const show = () => (count.textContent = `count ${model.get("count")}`);
    button.addEventListener("click", () => {
      model.set("count", model.get("count") + 1);
      model.save_changes();
    });
    model.on("change:count", show);
    show();
    el.append(button, count);
    globalThis.counters = [...(globalThis.counters ?? []), model];
    return () => model.off("change:count", show);
  },
};
""",
    "image": """import { line, total } from "./parts.js";

const toy = {
  render({ model, el }) {
    el.append(line(total(model.get("image"))));
    globalThis.image = model.get("image");
  },
};
export default toy;
""",
    "fails": """export default {
  async render({ el }) {
    el.append("half");
    throw new RangeError("no kernel of size 9");
  },
};
""",
}


class Toy(anywidget.AnyWidget):
    """What the explorers have in common."""

    def __init_subclass__(cls, **options):
        cls.__module__ = "utils.explorers.toys"  # by which our own explorers are known
        super().__init_subclass__(**options)

    _module = traitlets.Unicode().tag(sync=True)
    _version = traitlets.Int(1).tag(sync=True)
    _esm = traitlets.Unicode("not to be stored").tag(sync=True)
    _css = traitlets.Unicode("not to be stored").tag(sync=True)

    def __init__(self, **traits):
        if unknown := set(traits) - set(self.trait_names()):
            raise TypeError(f"it has no {min(unknown)!r}")
        super().__init__(**traits)


class Counter(Toy):
    _module = traitlets.Unicode("counter").tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)


class Image(Toy):
    _module = traitlets.Unicode("image").tag(sync=True)
    image = traitlets.Dict().tag(sync=True)


class Fails(Toy):
    _module = traitlets.Unicode("fails").tag(sync=True)


def some_image() -> Image:
    pixels = memoryview(np.arange(6, dtype="uint8"))
    return Image(image={"shape": [2, 3], "dtype": "uint8", "data": pixels})


@pytest.fixture(scope="module", autouse=True)
def toys(tmp_path_factory):
    """The toys take the place of the explorers' modules, and stand among their classes."""
    folder = tmp_path_factory.mktemp("js")
    for name, text in TOYS.items():
        (folder / f"{name}.js").write_text(text, "utf-8")
    (folder / "explorers.css").write_text(":root { --toys: here; }", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("address", "engine", "sizes"):  # which every site takes: tools/book/teach
            shutil.copy(modules.FOLDER / f"{name}.js", folder)
        patch.setattr(modules, "FOLDER", folder)
        patch.setattr(our_explorers, "Counter", Counter, raising=False)
        yield folder


# --- modules as scripts -----------------------------------------------------------------


def run_in_node(script: str, file: Path) -> str:
    file.write_text(script, "utf-8")
    return subprocess.run(["node", file], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def module(toys):
    """A function that writes a module, which goes away again."""
    written = []

    def write(name: str, text: str) -> None:
        written.append(toys / f"{name}.js")
        written[-1].write_text(text, "utf-8")

    yield write
    for file in written:
        file.unlink()


@pytest.mark.skipif(not shutil.which("node"), reason="runs JavaScript in Node, which is not there")
def test_every_form_of_import_and_export_arrives_in_one_script(module, tmp_path):
    module(
        "forms",
        '/** Adds. @param {import("./a.js").T} a */\n'
        "export function add(a, b) {\n  return a + b; // import it\n}\n"
        "export async function later() {\n  return 5;\n}\n"
        "export class Box {\n  size = 2;\n}\n"
        "  // export { nothing };\n"
        "export const $one = 1;\n",
    )
    module("between", 'import { add } from "./forms.js";\nexport const two = add(1, 1);\n')
    module(
        "top",
        'import {\n  add,\n  later,\n  Box,\n  $one,\n} from "./forms.js";\n'
        'import { two } from "./between.js";\n'
        "const all = async () => [add(1, 2), await later(), new Box().size, $one, two];\n"
        "export default all;\n",
    )
    assert modules.with_dependencies("top") == ["forms", "between", "top"]
    script = modules.esm("top").replace("export default", "const top =")
    script += "top().then((found) => console.log(JSON.stringify(found)));"
    assert json.loads(run_in_node(script, tmp_path / "top.mjs")) == [3, 5, 2, 1, 2]
    scripts = modules.classic("top", "forms", "between")
    scripts += "const use = (name) => cnnCourseModules[name](use);"
    scripts += 'use("top").default().then((found) => console.log(JSON.stringify(found)));'
    assert json.loads(run_in_node(scripts, tmp_path / "top.cjs")) == [3, 5, 2, 1, 2]


@pytest.mark.parametrize(
    "line",
    [
        'import "./parts.js";',
        'import * as parts from "./parts.js";',
        'import { line as text } from "./parts.js";',
        'import { line } from "https://example.org/parts.js";',
        "export { a };",
        "export let a = 1;",
        'export * from "./parts.js";',
        'const parts = await import("./parts.js");',
        "const here = import.meta.url;",
    ],
)
def test_another_form_of_import_or_export_is_refused_with_file_and_line(module, line):
    module("odd", f"/**\n * A comment.\n */\nconst a = 1;\n{line}\n")
    with pytest.raises(ValueError, match=r"odd\.js, line 5: "):
        modules.esm("odd")


def test_modules_in_a_circle_and_missing_ones_are_refused(module):
    module("a", 'import { b } from "./b.js";\nexport const a = 1;\n')
    module("b", 'import { a } from "./a.js";\nexport const b = 1;\n')
    module("c", 'import { a } from "./none.js";\n')
    with pytest.raises(ValueError, match="a imports b imports a: a circle"):
        modules.esm("a")
    with pytest.raises(ValueError, match=r"There is no module none\.js"):
        modules.esm("c")
    with pytest.raises(ValueError, match=r"There is no module \.\./"):  # as a notebook may name it
        modules.esm(f"../{modules.FOLDER.name}/counter")


def test_an_import_of_what_a_module_does_not_export_is_refused(module):
    module("some", "function hidden() {}\nexport const shown = 1;\n")
    module("user", 'import { hidden, shown } from "./some.js";\nexport default shown;\n')
    with pytest.raises(ValueError, match=r"imports hidden, but some\.js has no such"):
        modules.esm("user")


def test_functions_that_no_module_of_a_page_uses_are_tree_shaken(module):
    module(
        "some",
        "export function used() {\n  return helper();\n}\n"
        "function helper() {\n  return 1;\n}\n"
        "export function unused() {\n  return onlyThere(unused);\n}\n"
        "function onlyThere() {\n  return 2;\n}\n"
        "export function line() { return 4; }\n"
        "export const kept = 3;\n",
    )
    module("user", 'import { used } from "./some.js";\nexport default used;\n')
    script = modules.classic("some", "user")
    assert "return { used, line, kept };" in script and "helper" in script
    assert "unused" not in script and "onlyThere" not in script
    assert "unused" in modules.esm("user")


def test_a_function_is_left_out_though_its_name_is_a_word_of_another_module(module):
    module(
        "some",
        "export function dense() {\n  return 1;\n}\nexport function used() {\n  return 2;\n}\n"
        "export class Large {\n  grow() {\n    return helper();\n  }\n}\n"
        "function helper() {\n  return 3;\n}\n",
    )
    module(
        "user",
        'import { dense, used } from "./some.js";\n'
        "function local() {\n  return dense();\n}\n"
        "export default { share: { others: used() } };\n",
    )
    module("other", "export default { dense: 3 };\n")
    script = modules.classic("some", "user", "other")
    assert "function used" in script
    assert "function local" not in script and "function dense" not in script
    assert "class Large" not in script and "function helper" not in script


def test_comments_of_whole_lines_are_left_out_and_others_stay(module):
    module(
        "words",
        "/** @type {number} */ const a = 1;\n// gone\n  /** gone */\n"
        'const b = "// stays"; // stays\nconst c = 2; /** stays */\n',
    )
    code = modules.function("words", modules.source("words"))
    assert "gone" not in code and code.count("stays") == 3 and "const a = 1;" in code


# --- the mount, on pages of its own -----------------------------------------------------


NO_ICON = "<link rel='icon' href='data:,'>"


class Pages:
    """Writes pages with the scripts that the site has, and opens them from their folder."""

    def __init__(self, folder: Path, visitor):
        self.folder, self.visitor = folder, visitor
        (folder / "mount.js").write_text((MOUNT / "anywidget-static.js").read_text())
        (folder / "toys.js").write_text(modules.classic(*TOYS))

    def open(self, *shown, change=lambda models: None, colab=None, size=None, between=""):
        """Open a page with these widgets, their stored models changed by `change`."""
        models = dependency_state(list(shown), drop_defaults=False)
        ids = [widget.model_id for widget in shown]
        state = page_state(ids, models)
        change({model_id: state[model_id] for model_id in ids if model_id in state})
        places = between.join(markup.widget(i, models, colab) for i in ids)
        return self.open_html(places + as_script(state, colab), size)

    def open_html(self, body: str, size=None):
        scripts = "".join(f'<script src="{n}.js" defer></script>' for n in ("mount", "toys"))
        file = self.folder / "page.html"
        file.write_text(
            f"<!doctype html><meta charset='utf-8'>{NO_ICON}{scripts}<main>{body}</main>"
        )
        visit = self.visitor(**(size or {}))
        visit.page.goto(file.as_uri(), wait_until="load")
        return visit


@pytest.fixture
def pages(tmp_path, visitor):
    return Pages(tmp_path, visitor)


def texts(page, selector: str = ".live-widget") -> list[str]:
    page.wait_for_function("() => !document.querySelector('[data-state=starting]')")
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def shown_texts(page) -> list[str]:
    page.wait_for_function(
        "() => [...document.querySelectorAll('.live-widget')]"
        ".every((place) => /shown|failed/.test(place.dataset.state))"
    )
    return texts(page)


def test_a_widget_shows_its_state_and_answers_without_a_kernel(pages):
    visit = pages.open(Counter(count=4), some_image())
    assert shown_texts(visit.page) == ["more\n\ncount 4", "2 × 3, sum 15"]
    visit.page.get_by_role("button", name="more").click()
    assert texts(visit.page)[0] == "more\n\ncount 5"
    assert visit.problems == [] and visit.foreign == []


def test_nested_buffers_are_put_at_their_places(pages):
    value = memoryview(np.array([1.5, -2], "float32"))
    deep = {"list": [{"shape": [2], "dtype": "float32", "data": value}, 3], "name": "x"}
    visit = pages.open(Image(image={"shape": [1], "data": memoryview(b"a"), "deep": deep}))
    assert shown_texts(visit.page) == ["1, sum 97"]
    numbers = """() => { const [{ shape, dtype, data }, other] = image.deep.list;
                         return [shape, dtype, data.getFloat32(0, true), data.getFloat32(4, true),
                                 other, image.deep.name]; }"""
    assert visit.page.evaluate(numbers) == [[2], "float32", 1.5, -2, 3, "x"]
    assert visit.problems == []


def test_set_tells_what_changed_at_once_and_nothing_else(pages):
    page = pages.open(Counter()).page
    shown_texts(page)
    told = page.evaluate(
        """() => {
          const [model] = counters, told = [];
          const tell = (name) => () => told.push([name, model.get(name)]);
          for (const name of ["count", "list"]) model.on(`change:${name}`, tell(name));
          model.on("change:bytes", () => told.push("bytes"));
          model.set("count", 0);
          model.set("count", 1);
          model.set("list", [1, { a: 2 }]);
          model.set("list", [1, { a: 2 }]);
          model.set("list", [1, { a: 3 }]);
          model.set("bytes", { data: new DataView(new ArrayBuffer(1)) });
          model.set("bytes", { data: new DataView(new ArrayBuffer(1)) });
          model.set("bytes", model.get("bytes"));
          model.save_changes();
          return told;
        }"""
    )
    lists = [["list", [1, {"a": 2}]], ["list", [1, {"a": 3}]]]
    assert told == [["count", 1], *lists, "bytes", "bytes"]


def test_a_handler_is_forgotten_and_the_others_stay(pages):
    page = pages.open(Counter()).page
    shown_texts(page)
    told = page.evaluate(
        """() => {
          const [model] = counters, told = [];
          const a = () => told.push("a"), b = () => told.push("b");
          for (const each of [a, b]) model.on("change:count", each);
          model.set("count", 1);
          model.off("change:other", b);
          model.off("change:count", a);
          model.set("count", 2);
          return told;
        }"""
    )
    assert told == ["a", "b", "b"]


def test_a_module_that_unmounts_stops_listening(pages):
    page = pages.open(Counter()).page
    shown_texts(page)
    left = page.evaluate(
        """() => { const place = document.querySelector(".live-widget");
                   const line = place.querySelector("p");
                   place.unmount(); counters[0].set("count", 9);
                   return [line.textContent, place.childElementCount]; }"""
    )
    assert left == ["count 0", 0]


def test_jslink_goes_both_ways(pages):
    a, b = Counter(count=1), Counter(count=5)
    link = ipywidgets.jslink((a, "count"), (b, "count"))
    visit = pages.open(a, b)
    assert shown_texts(visit.page) == ["more\n\ncount 1"] * 2, "the source's value counts first"
    for click, after in ((0, 2), (1, 3)):
        visit.page.get_by_role("button").nth(click).click()
        assert texts(visit.page) == [f"more\n\ncount {after}"] * 2
    assert visit.problems == [] and link


def test_two_ends_that_each_correct_the_value_come_to_rest(pages):
    a, b = Counter(count=1), Counter(count=5)
    link = ipywidgets.jslink((a, "count"), (b, "count"))
    visit = pages.open(a, b)
    shown_texts(visit.page)
    counts = visit.page.evaluate(
        """() => {
          const [a, b] = counters;
          a.on("change:count", () => a.set("count", Math.max(5, a.get("count"))));
          b.on("change:count", () => b.set("count", Math.min(3, b.get("count"))));
          a.set("count", 10);
          return counters.map((model) => model.get("count"));
        }"""
    )
    assert counts == [10, 3] and link


def test_explorers_in_a_box_stand_one_below_the_other(pages):
    visit = pages.open(ipywidgets.VBox([Counter(), some_image()]))
    assert shown_texts(visit.page) == ["more\n\ncount 0", "2 × 3, sum 15"]
    assert visit.page.locator(".widget-column > .live-widget").count() == 2


SENTENCE = "This part of the page needs JavaScript. If it does not appear, reload the page."


@pytest.mark.parametrize("script", [None, "const broken = {;", "throw new Error('blocked')"])
def test_a_sentence_stands_where_no_script_draws_an_explorer(pages, script):
    for name in ("mount", "toys"):
        file = pages.folder / f"{name}.js"
        if script is None:
            file.unlink()
        else:
            file.write_text(script)
    assert texts(pages.open(Counter(), some_image()).page) == [SENTENCE] * 2


def of_state(**values):
    def change(models):
        next(iter(models.values()))["state"].update(values)

    return change


def of_buffer(data):
    def change(models):
        next(iter(models.values()))["buffers"][0]["data"] = data

    return change


def of_path(*path):
    def change(models):
        next(iter(models.values()))["buffers"][0]["path"] = list(path)

    return change


BROKEN = {
    "too few bytes": (some_image, of_buffer("AAEC"), "incomplete (image.data: 3 of 6 bytes)"),
    "no base64": (some_image, of_buffer("%%%"), "damaged (image.data)"),
    "a path to nothing": (some_image, of_path("none", "data"), "damaged (none.data)"),
    "a path to every object": (some_image, of_path("__proto__", "x"), "damaged (__proto__.x)"),
    "a state of the future": (Counter, of_state(_version=2), "has version 2"),
    "no version": (Counter, of_state(_version=None), "has version null"),
    "an unknown module": (Counter, of_state(_module="none"), "Its script none.js is missing"),
    "an inherited name": (Counter, of_state(_module="toString"), "toString.js is missing"),
    "no state": (
        Counter,
        lambda models: next(iter(models.values())).clear(),
        "Its stored state is missing.",
    ),
    "an error in render": (Fails, lambda models: None, "an error: no kernel of size 9."),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_cannot_run_says_so_in_its_place_and_the_rest_runs(pages, broken):
    make, change, words = BROKEN[broken]
    colab = "https://colab.research.google.com/github/a/b/blob/main/c.ipynb"
    visit = pages.open(make(), Counter(count=3), change=change, colab=colab)
    first, second = shown_texts(visit.page)
    assert words in first and "Reload the page" in first and "half" not in first
    assert visit.page.get_by_role("alert").first.get_by_role("link").get_attribute("href") == colab
    assert second == "more\n\ncount 3"
    assert visit.problems == [] and visit.foreign == []


@pytest.mark.parametrize("state", ["{", "", "{}", '{"state": null}', None])
def test_a_state_that_cannot_be_read_is_told_in_each_place(pages, state):
    script = "" if state is None else f'<script type="{widgets.STATE}">{state}</script>'
    visit = pages.open_html(markup.LIVE.format(id="1", place="") * 2 + script)
    assert (
        shown_texts(visit.page)
        == [
            "This part of the page could not be shown. The stored state of the page's widgets "
            "cannot be read. Reload the page."
        ]
        * 2
    )
    assert visit.problems == []


def test_a_place_without_its_model_says_so(pages):
    script = as_script({}, None)
    visit = pages.open_html(markup.LIVE.format(id="1", place="") + script)
    assert "Its stored state is missing. Reload the page." in shown_texts(visit.page)[0]
    assert visit.problems == []


def states(page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('.live-widget')].map(w => w.dataset.state)")


FAR = "<div style='height: 5000px'></div>"


def test_a_widget_far_below_starts_when_it_comes_near(pages):
    page = pages.open(Counter(), Counter(), between=FAR).page
    page.wait_for_selector("[data-state=shown]")
    assert states(page) == ["shown", "waiting"]
    page.locator(".live-widget").last.scroll_into_view_if_needed()
    assert shown_texts(page)[1] == "more\n\ncount 0"


def test_a_widget_far_below_starts_with_the_one_it_is_linked_to(pages):
    a, b = Counter(), Counter()
    link = ipywidgets.jslink((a, "count"), (b, "count"))
    page = pages.open(a, Counter(), b, between=FAR).page
    page.wait_for_selector("[data-state=shown]")
    assert states(page) == ["shown", "waiting", "shown"] and link


def test_every_widget_is_on_the_printed_page(pages):
    page = pages.open(Counter(), Counter(), between=FAR).page
    page.wait_for_selector("[data-state=shown]")
    page.pdf()
    assert shown_texts(page) == ["more\n\ncount 0"] * 2


def test_the_script_that_mounts_widgets_is_small():
    script = (MOUNT / "anywidget-static.js").read_bytes()
    assert len(gzip.compress(script, 9)) <= 5000


# --- what needs Python ------------------------------------------------------------------


def interaction(alt: str = "A feature map.", **data) -> ipywidgets.VBox:
    """What `interact` leaves behind."""
    shown = {
        "output_type": "display_data",
        "data": data or {"image/png": picture(40, 30), "text/plain": "<Figure>"},
        "metadata": {"image/png": {"alt": alt, "width": 20}},
    }
    printed = {"output_type": "stream", "name": "stdout", "text": "a < b\n"}
    return ipywidgets.VBox(
        [
            ipywidgets.IntSlider(3, description="kernel_size:"),
            ipywidgets.Dropdown(options=[("largest", 1), ("mean", 2)], index=1, description="pool"),
            ipywidgets.Output(outputs=(shown, printed)),
        ],
        _dom_classes=("widget-interact",),
    )


def as_soup(widget, colab=None) -> BeautifulSoup:
    models = dependency_state([widget], drop_defaults=False)
    return BeautifulSoup(markup.widget(widget.model_id, models, colab), "html.parser")


def test_of_interact_the_page_shows_the_stored_picture_and_one_line(toys):
    soup = as_soup(interaction(), "https://colab.research.google.com/a?b=1&c")
    assert soup.img["alt"] == "A feature map." and soup.img["width"] == "20"
    assert soup.pre.text == "a < b\n" and "<Figure>" not in soup.text
    assert soup.find("li") is None and "kernel_size" not in soup.text  # nothing that cannot move
    (line,) = soup.select("p")
    assert line.text.startswith("The picture is a stored one. Its sliders move where Python runs")
    assert line.a["href"] == "https://colab.research.google.com/a?b=1&c"
    assert as_soup(interaction()).p.text.endswith("open this notebook in Jupyter or Colab.")


def test_a_picture_without_description_and_a_widget_without_state_are_problems():
    with pytest.raises(markup.Problem, match="no text description"):
        as_soup(interaction(alt=""))
    with pytest.raises(markup.Problem, match="not stored"):
        markup.widget("none", {}, None)


def test_a_page_carries_no_more_state_than_its_live_widgets_need():
    slider, spare, counter = ipywidgets.IntSlider(), ipywidgets.IntSlider(), Counter()
    link = ipywidgets.jslink((slider, "value"), (counter, "count"))
    box = ipywidgets.VBox([slider, spare, counter, interaction()])
    models = dependency_state([box], drop_defaults=False)
    kept = page_state([box.model_id], models)
    assert set(kept) == {counter.model_id, slider.model_id, link.model_id}
    assert kept[counter.model_id]["state"] == {
        "_anywidget_id": "utils.explorers.toys.Counter",
        "_module": "counter",
        "_version": 1,
        "count": 0,
    }
    lone = interaction()
    assert not page_state([lone.model_id], dependency_state([lone]))


# --- a book -----------------------------------------------------------------------------

DIRECTIVES = """# Playing

```{explorer} Counter
:count: 4
```

and

```{explorer} Counter
{"count": 12}
```
"""


def notebook_with(*shown) -> nbformat.NotebookNode:
    """Return a notebook that shows these widgets, one to a cell, in its canonical form."""
    new = nbformat.v4
    cells = [new.new_markdown_cell("# Widgets")]
    for number, widget in enumerate(shown, start=1):
        data = {widgets.VIEW: {"model_id": widget.model_id}, "text/plain": "a widget"}
        outputs = [new.new_output("execute_result", data=data, execution_count=number)]
        cells.append(new.new_code_cell("w", execution_count=number, outputs=outputs))
    state = dependency_state(list(shown), drop_defaults=False) if shown else {}
    notebook = new.new_notebook(cells=cells)
    notebook.metadata["widgets"] = {
        widgets.STATE: {"state": state, "version_major": 2, "version_minor": 0}
    }
    return nbformat.from_dict(json.loads(canonical.serialize(nbformat.from_dict(notebook))))


def write_book(folder: Path, playing: str = DIRECTIVES, shown=(), address: str = "") -> Path:
    """Write the sample book, with a page of directives and a notebook with widgets."""
    book = write_sample(folder)
    (book / "playing.md").write_text(playing)
    nbformat.write(notebook_with(*shown), book / "chapters" / "widgets.ipynb")
    nbformat.write(notebook_with(interaction()), book / "chapters" / "stored.ipynb")
    with (book / "_toc.yml").open("a") as toc:
        toc.write("- file: chapters/widgets\n- file: chapters/stored\n- file: playing\n")
    config = book / "_config.yml"
    config.write_text(NO_ADDRESS.sub(f'  url: "{address}"', config.read_text("utf-8")), "utf-8")
    return book


@pytest.fixture(scope="module")
def built(toys, tmp_path_factory) -> Path:
    """The site of the sample book with widgets."""
    folder = tmp_path_factory.mktemp("widgets")
    book = write_book(folder / "book", shown=[Counter(count=2), interaction(), some_image()])
    assert build(book, folder)
    return folder / "html"


def loaded(page: Path) -> list[str]:
    """Return the scripts and style sheets for widgets that a page loads."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    addresses = [tag.get("src") or tag.get("href") for tag in soup.select("script, link")]
    files = [a.split("explorers/")[1] for a in addresses if a and "explorers/" in a]
    assert all("?v=" in file for file in files), "a browser notices when they change"
    return sorted(file.split("?")[0] for file in files)


def test_a_page_loads_the_scripts_its_widgets_need_and_no_other(built):
    styles = ["anywidget-static.css", "explorers.css"]
    assert loaded(built / "playing.html") == [*styles, "widgets-counter.js"]
    both = "widgets-counter-image.js"
    assert loaded(built / "chapters" / "widgets.html") == [*styles, both]
    assert loaded(built / "chapters" / "stored.html") == ["anywidget-static.css"]
    for page in ("intro.html", "chapters/sample.html", "search.html"):
        assert loaded(built / page) == []
        assert "live-widget" not in (built / page).read_text("utf-8")


@pytest.mark.parametrize("way", WAYS)
def test_widgets_of_notebooks_and_directives_run_on_the_site(visitor, address, built, way):
    start = address(built) if way == "http" else f"{built.as_uri()}/"
    visit = visitor()
    visit.page.goto(start + "playing.html", wait_until="networkidle")
    assert shown_texts(visit.page) == ["more\n\ncount 4", "more\n\ncount 12"]
    visit.page.get_by_role("button", name="more").first.click()
    assert texts(visit.page) == ["more\n\ncount 5", "more\n\ncount 12"]
    visit.page.goto(start + "chapters/widgets.html", wait_until="networkidle")
    assert shown_texts(visit.page) == ["more\n\ncount 2", "2 × 3, sum 15"]
    visit.page.goto(start + "chapters/stored.html", wait_until="networkidle")
    assert visit.page.get_by_role("img", name="A feature map.").is_visible()
    assert visit.problems == [] and visit.foreign == []


def test_without_scripts_a_page_says_what_is_missing_and_shows_what_is_stored(visitor, built):
    page = visitor(java_script_enabled=False).page
    page.goto((built / "chapters" / "widgets.html").as_uri())
    assert [place.inner_text() for place in page.locator(".live-widget").all()] == [SENTENCE] * 2
    assert page.get_by_role("img", name="A feature map.").is_visible()


def test_scripts_of_explorers_are_not_in_the_pages(built):
    for page in ("playing.html", "chapters/widgets.html", "_sources/chapters/widgets.ipynb"):
        assert "not to be stored" not in (built / page).read_text("utf-8")


def test_the_line_leads_to_colab_when_there_is_an_address(tmp_path):
    assert build(write_book(tmp_path / "book", address="https://github.com/a/cnns"), tmp_path)
    page = (tmp_path / "html" / "chapters" / "stored.html").read_text("utf-8")
    link = BeautifulSoup(page, "html.parser").select_one(".stored-widget-note a")
    assert link["href"].endswith("/github/a/cnns/blob/main/chapters/stored.ipynb")


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        ("Nothing\n", "utils.explorers has no Nothing; it has"),
        ("Counter\n:size: 3\n", "Counter: it has no 'size'"),
        ("Counter\n:count: many\n", "'count' trait"),
        ("Counter\n{\n", "Expecting property name"),
    ],
)
def test_a_wrong_explorer_in_a_page_stops_the_build_and_names_the_page(
    tmp_path, capfd, directive, words
):
    book = write_book(tmp_path / "book", f"# Playing\n\n```{{explorer}} {directive}```\n")
    assert not build(book, tmp_path)
    told = capfd.readouterr().err
    assert words in told and "playing.md:3" in told


def test_a_missing_module_stops_the_build(tmp_path, capfd, toys):
    book = write_book(tmp_path / "book", shown=[Counter(), Fails(_module="lost")])
    assert not build(book, tmp_path)
    told = capfd.readouterr().err
    assert "There is no module lost.js" in told and "chapters/widgets" in told


def test_a_widget_without_state_stops_the_build_with_the_command_that_stores_it(tmp_path, toys):
    book = write_book(tmp_path / "book", shown=[Counter()])
    path = book / "chapters" / "stored.ipynb"
    notebook = nbformat.read(path, 4)
    del notebook.metadata["widgets"]
    nbformat.write(notebook, path)
    with pytest.raises(Refused, match="widget whose state is not stored: make execute stores it"):
        build(book, tmp_path)


def test_what_a_page_computes_is_not_stored():
    state = {
        "_anywidget_id": "utils.explorers.filter.FilterExplorer",
        "_module": "filter",
        "_results": ["feature_map"],
        "feature_map": {"shape": [1, 1]},
        "stride": 2,
    }
    buffers = [{"path": [name, "data"], "data": "AA=="} for name in ("feature_map", "kernel")]
    kept = widgets.without_derived_state(
        {"model_name": "AnyModel", "state": state, "buffers": buffers}
    )
    assert kept["state"].keys() == state.keys() - {"feature_map"}
    assert [buffer["path"][0] for buffer in kept["buffers"]] == ["kernel"]


def test_an_output_widget_keeps_no_log_lines_of_tensorflow():
    streams = [
        {"output_type": "stream", "name": "stderr", "text": text}
        for text in ("E0000 00:00:1795439629.0 16156 cuda_platform.cc:52] no GPU\n", "Careful!\n")
    ]
    model = {"model_name": "OutputModel", "state": {"outputs": streams}}
    assert [
        output["text"] for output in widgets.without_derived_state(model)["state"]["outputs"]
    ] == ["Careful!\n"]


def test_a_script_is_written_without_its_comments(built):
    scripts = sorted((built / "_static" / "explorers").glob("*.js"))
    assert scripts
    for script in scripts:
        assert "/**" not in script.read_text("utf-8")
