"""The notebooks as files: canonical form, validation, full runs and nbval, with real kernels."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tools.book import __main__ as book
from tools.notebooks import __main__ as notebooks_command
from tools.notebooks import canonical, files, outputs, runs, setup_cell, validation, widgets
from tools.notebooks.nbval_kernel import Kernel
from utils.plots import look

CHAPTER_5 = files.ROOT / "chapters" / "05_fashion_mnist.ipynb"
PIXEL = "iVBORw0KGgo="  # no more than the beginning of a PNG


# --- made-up courses and notebooks ------------------------------------------------------


def new_course(folder: Path) -> Path:
    """Make a course that has this one's code and no notebooks yet."""
    (folder / "chapters").mkdir(parents=True)
    for name in ("tools", "utils", "conftest.py", "pyproject.toml"):
        (folder / name).symlink_to(files.ROOT / name)
    return folder


@pytest.fixture
def course(tmp_path) -> Path:
    return new_course(tmp_path / "course")


def executed_cell(source: str, *cell_outputs, **metadata):
    return new_code_cell(source, execution_count=1, outputs=list(cell_outputs), metadata=metadata)


def printed(text: str, stream: str = "stdout"):
    return new_output("stream", name=stream, text=text)


def shown(metadata: dict | None = None, **data):
    return new_output("display_data", data=data, metadata=metadata or {})


def with_set_up(root: Path, *cells):
    """Return a notebook of a chapter of the course at `root`: title, set-up cell, `cells`."""
    set_up = executed_cell(setup_cell.source(root / "chapters" / "a.ipynb", root=root))
    return new_notebook(cells=[new_markdown_cell("# A chapter"), set_up, *cells])


def store(root: Path, name: str, *cells) -> Path:
    """Write a notebook of `cells`, tidied, as a chapter of the course at `root`."""
    path = root / "chapters" / name
    path.write_text(canonical.serialize(with_set_up(root, *cells)), encoding="utf-8")
    return path


def command(*words, cwd: Path) -> subprocess.CompletedProcess:
    """Run `python -m …` in the folder `cwd`; one that hangs is an error and not a wait."""
    words = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300)


def failed_cells(run: subprocess.CompletedProcess) -> list[str]:
    """Return the cells that a run of pytest names as failed."""
    return re.findall(r"^FAILED chapters/(\S+::Cell \d+)", run.stdout, re.MULTILINE)


def nbval(root: Path, *names: str) -> subprocess.CompletedProcess:
    """Compare the named chapters with their stored outputs."""
    chapters = [f"chapters/{name}" for name in names]
    return command("pytest", "--nbval", "-n", "0", "--color=no", *chapters, cwd=root)


# --- the course's own notebooks ---------------------------------------------------------


@pytest.mark.parametrize("path", files.find(), ids=files.name)
def test_a_notebook_of_the_course_has_no_problems(path):
    assert validation.problems(path) == []


@pytest.mark.parametrize("path", files.find([files.ROOT / "chapters"]), ids=files.name)
def test_a_stored_figure_of_a_chapter_has_two_pixels_a_css_pixel(path):
    """With fewer it is blurred on a projector."""
    for number, cell in enumerate(files.read(path).cells):
        for output in cell.get("outputs", []):
            if png := output.get("data", {}).get("image/png"):
                width = Image.open(io.BytesIO(base64.b64decode(png))).width
                assert width >= look.WIDTH * look.DPI, f"cell {number}"


# --- canonical form ---------------------------------------------------------------------


def test_notebooks_that_differ_only_in_form_have_one_canonical_form(course):
    clean = with_set_up(course, executed_cell("print(1)", printed("a\nb\n")))
    messy = with_set_up(course, executed_cell("print(1)", printed("a\n"), printed("b\n")))
    messy.metadata.update(kernelspec={"name": "venv", "display_name": "mine"}, signature="x")
    messy.cells[2].update(id="f3a9", execution_count=17)
    messy.cells[2].metadata.update(execution={"iopub.status.busy": "now"}, scrolled=True, tags=[])
    assert canonical.serialize(messy) == canonical.serialize(clean)


def test_tidy_changes_a_file_once_and_then_never_again(course):
    path = store(course, "a.ipynb", executed_cell("1", printed("\x1b[1m1\x1b[0m é ü\n")))
    tidy_text = path.read_text(encoding="utf-8")
    path.write_text(json.dumps(json.loads(tidy_text)), encoding="utf-8")
    assert "tidied" in command("tools.notebooks", "tidy", path, cwd=course).stdout
    assert path.read_text(encoding="utf-8") == tidy_text
    assert command("tools.notebooks", "tidy", path, cwd=course).stdout == ""


def test_a_progress_bar_is_stored_as_it_looks_at_the_end():
    bar = "Epoch 1/2\n1/9 ━ 3s" + "\b" * 8 + "\r5/9 ━━ 1s, longer" + "\b" * 17 + "\r9/9 ━━━ 4s   \n"
    assert outputs.render_terminal(bar) == "Epoch 1/2\n9/9 ━━━ 4s\n"
    assert outputs.render_terminal("abx\bc\nkept  \n") == "abc\nkept  \n"


def test_lines_logged_by_tensorflow_are_dropped_and_words_of_python_are_kept():
    log = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795426941.339218    7818 port.cc:153] oneDNN custom operations are on.\n"
        "2025-03-01 09:00:00.123456: I tensorflow/core/util/port.cc:153] oneDNN is on.\n"
        "E0000 00:00:1795426949.964850    7818 cuda_platform.cc:52] failed call to cuInit\n"
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild it.\n"
    )
    warning = "file.py:1: UserWarning: careful\n"
    assert outputs.normalize([printed(log, "stderr")]) == []
    pieces = [printed("a", "stdout"), printed(log + warning, "stderr"), printed("b", "stdout")]
    assert [output.text for output in outputs.normalize(pieces)] == ["a", warning, "b"]


def test_a_figures_description_goes_where_the_site_looks_for_it_and_leaves_with_the_figure():
    cell = executed_cell(
        "f", shown({"image/png": {"alt": "A line.", "width": 640}}, **{"image/png": PIXEL})
    )
    canonical.copy_alt_text(cell)
    assert cell.metadata == {"mystnb": {"image": {"alt": "A line."}}}
    cell.outputs = []
    canonical.copy_alt_text(cell)
    assert cell.metadata == {}


def test_widget_models_are_named_by_order_of_use_wherever_they_are_referred_to():
    def notebook(box: str, slider: str, link: str):
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": box}}
        state = {
            link: {
                "model_name": "LinkModel",
                "state": {
                    "source": [f"IPY_MODEL_{slider}", "value"],
                    "target": [f"IPY_MODEL_{box}", "value"],
                },
            },
            slider: {"state": {"description": "k"}},
            box: {"state": {"children": [f"IPY_MODEL_{slider}"]}},
        }
        stored = {"application/vnd.jupyter.widget-state+json": {"state": state}}
        cell = executed_cell("box", shown(**view))
        return new_notebook(cells=[cell], metadata={"widgets": stored})

    text = canonical.serialize(notebook("b" * 32, "a" * 32, "c" * 32))
    assert text == canonical.serialize(notebook("1" * 32, "2" * 32, "0" * 31 + "1"))
    assert text == canonical.serialize(files.parse(text))
    assert f'"IPY_MODEL_{2:032x}"' in text and "aaaa" not in text


def test_models_that_nothing_shows_and_the_scripts_of_our_explorers_are_not_stored():
    ours = {"_anywidget_id": "utils.explorers.filter.FilterExplorer", "_module": "filter"}
    scripts = {"_esm": "export default {}", "_css": "a {}", "stride": 2}
    link = {"source": ["IPY_MODEL_ours", "stride"], "target": ["IPY_MODEL_shown", "value"]}
    state = {
        "stale": {"state": {"layout": "IPY_MODEL_stalelayout"}},
        "stalelayout": {"state": {}},
        "stalelink": {
            "model_name": "LinkModel",
            "state": {k: ["IPY_MODEL_stale", "a"] for k in link},
        },
        "link": {"model_name": "DirectionalLinkModel", "state": link},
        "ours": {"state": ours | scripts, "buffers": [{"path": ["image", "data"], "data": "AA=="}]},
        "theirs": {"state": scripts | {"_anywidget_id": "drawdata.Draw"}},
        "inside": {"state": {}},
        "shown": {"state": {"children": ["IPY_MODEL_theirs"], "outputs": [{"model_id": "inside"}]}},
    }
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "shown"}}
    stored = {"application/vnd.jupyter.widget-state+json": {"state": state, "version_major": 2}}
    cell = executed_cell("box", shown(**view))
    notebook = canonical.normalize(new_notebook(cells=[cell], metadata={"widgets": stored}))
    bundle = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    box, theirs, inside, tie, kept = (f"{number:032x}" for number in range(1, 6))
    assert list(bundle.state) == [box, theirs, inside, tie, kept] and bundle.version_major == 2
    assert bundle.state[kept].state == ours | {"stride": 2} and bundle.state[kept].buffers
    assert bundle.state[theirs].state["_esm"] == "export default {}"
    assert bundle.state[tie].state["source"] == [f"IPY_MODEL_{kept}", "stride"]


# --- validation -------------------------------------------------------------------------

CODE = {
    "an unexecuted cell": (new_code_cell("1 + 1"), "has not been executed"),
    "an empty cell": (executed_cell(""), "is empty"),
    "a stored error": (
        executed_cell(
            "1/0", new_output("error", ename="ZeroDivisionError", evalue="division by zero")
        ),
        "stores an error: ZeroDivisionError",
    ),
    "stored stderr": (
        executed_cell("f()", printed("Warning!\n", "stderr")),
        "stores stderr: Warning!",
    ),
    "an ignored output": (
        executed_cell("f()", tags=["nbval-ignore-output"]),
        "nbval-ignore-output",
    ),
    "a skipped cell": (executed_cell("f()", tags=["nbval-skip"]), "the tag nbval-skip"),
    "an expected error": (
        executed_cell("f()", tags=["raises-exception"]),
        "the tag raises-exception",
    ),
    "an exempting comment": (executed_cell("# NBVAL_SKIP\nf()"), "the comment NBVAL_SKIP"),
    "a figure without description": (
        executed_cell("f()", shown(**{"image/png": PIXEL})),
        "shows a figure without alternative text",
    ),
    "two figures": (
        executed_cell("f()", shown(**{"image/png": PIXEL}), shown(**{"image/png": PIXEL})),
        "shows 2 figures",
    ),
    "an <img> in an output": (
        executed_cell("f()", shown(**{"text/html": "<img src='a.png'>"})),
        "shows a picture without alternative text: a.png",
    ),
    "a widget without state": (
        executed_cell(
            "box", shown(**{"application/vnd.jupyter.widget-view+json": {"model_id": "1" * 32}})
        ),
        "shows a widget whose state is not stored",
    ),
    "input_shape": (
        executed_cell("layers.Dense(3, input_shape=(2,))"),
        "layers.Dense(input_shape=…)",
    ),
    "tf.keras": (executed_cell("tf.keras.Input((2,))"), "uses tf.keras"),
    "tensorflow.keras": (executed_cell("from tensorflow.keras import layers"), "tensorflow.keras"),
    "keras from tensorflow": (executed_cell("from tensorflow import keras"), "tensorflow.keras"),
    "keras.preprocessing": (executed_cell("keras.preprocessing.image"), "keras.preprocessing"),
    "TensorFlow's seed": (executed_cell("tf.random.set_seed(1)"), "keras.utils.set_random_seed"),
    "broken code": (executed_cell("def f(:"), "is not Python"),
    "a wide line": (executed_cell(f"a = '{'b' * 73}'"), "has a line of 79 characters; 78 fit"),
    "a home folder": (executed_cell("f()", printed("/home/ada/data.csv\n")), "/home/ada/data.csv"),
    "the course's folder": (
        executed_cell("f()", printed(f"{Path.home()}/x\n")),
        "a path of this machine",
    ),
    "an address in memory": (
        executed_cell("f()", printed("<f at 0x7f12ab34cd>")),
        "address in memory",
    ),
}
MARKDOWN = {
    "see {ref}`there`": "the role {ref}`…`",
    "```{note}\nHello\n```": "the directive {note}",
    "<details>\n\n```{note}\nHello\n```\n</details>": "the directive {note}",
    ":::{note}\nHello\n:::": "a ::: block",
    "(label)=\n## Part": "a (label)=",
    "a {{ value }}": "a {{ substitution }}",
    "text\n% hidden": "a % comment",
    "one\n\n+++\n\ntwo": "a +++ break",
    "$$x$$ (eq)": "a labeled formula",
    "said[^1]": "a footnote [^…]",
    "![A cat](cat.png){width=200}": "attributes in {…}",
    "![](cat.png)": "a picture without alternative text: cat.png",
    'text <img src="cat.png" alt=""> text': "a picture without alternative text: cat.png",
}
HARMLESS = [
    "`{ref}` and {a} `b`, `{{ x }}`, `:::`",
    "```python\n{note}\n% x\n(label)=\n```",
    "$\\mathbf{{x}}$ is 50 % of $$\n% y\n\\frac{{1}}{2}\n$$",
    "(1 + 1)= 2, f(x)= 3",
    '![A cat](cat.png) <img src="cat.png" alt="A cat">',
    "<details><summary>More</summary>\n\nAn **answer**.\n\n</details>",
]


def problems_of(course: Path, *cells) -> list[str]:
    return validation.problems(store(course, "a.ipynb", *cells), root=course)


def test_a_good_notebook_has_no_problems(course):
    figure = shown({"image/png": {"alt": "A line.", "width": 640}}, **{"image/png": PIXEL})
    code = "keras.applications.Xception(input_shape=(71, 71, 3))\n!ls\nfigure"
    prose = [new_markdown_cell(text) for text in HARMLESS]
    assert problems_of(course, executed_cell(code, figure), *prose) == []


@pytest.mark.parametrize(("cell", "words"), CODE.values(), ids=CODE)
def test_a_problem_in_a_code_cell_is_found(course, cell, words):
    assert words in "\n".join(problems_of(course, cell))


@pytest.mark.parametrize(("source", "words"), MARKDOWN.items())
def test_markdown_that_colab_would_not_understand_is_found(course, source, words):
    assert words in "\n".join(problems_of(course, new_markdown_cell(source)))


def test_the_training_cell_of_chapter_5_alone_may_be_ignored(course):
    def problems(source: str, name: str) -> str:
        cell = executed_cell(source, tags=["nbval-ignore-output"])
        return "\n".join(validation.problems(store(course, name, cell), root=course))

    assert problems("model.fit(x)", CHAPTER_5.name) == ""
    assert "not in the list" in problems("model.predict(x)", CHAPTER_5.name)
    assert "not in the list" in problems("model.fit(x)", "04_other.ipynb")


def test_a_quiz_that_shows_its_answers_is_found(course):
    source = "# @title Predict\nQuiz(questions)"
    hidden = executed_cell(source, tags=["remove-input"], cellView="form")
    assert problems_of(course, hidden) == []
    on_the_site = "\n".join(problems_of(course, executed_cell(source, cellView="form")))
    assert "the tag remove-input" in on_the_site and "in Colab" not in on_the_site
    in_colab = "\n".join(problems_of(course, executed_cell(source, tags=["remove-input"])))
    assert "in Colab" in in_colab and "the tag remove-input" not in in_colab


def test_a_file_that_is_not_as_it_should_be_is_reported(course):
    path = store(course, "a.ipynb")
    good = path.read_text(encoding="utf-8")

    def problems(text: str) -> str:
        path.write_text(text, encoding="utf-8")
        return "\n".join(validation.problems(path, root=course))

    assert problems(good) == ""
    assert "not in the canonical form" in problems(good + "\n")
    assert "cell 2 has no id" in problems(good.replace('   "id": "cell-02",\n', ""))
    assert "set-up cell of another form" in problems(good.replace("import sys", "import  sys"))
    assert "does not begin with the set-up cell" in problems(good.replace("# Finds", "# Gets"))
    assert "is 1.1 MB large" in problems(good.replace("A chapter", "A" * 1_100_000))
    assert "is no JSON from line" in problems(good[:100])


def colab_widgets(text: str) -> str:
    """Return the text of a notebook as Colab saves one with a widget."""
    notebook = json.loads(text)
    model = {"model_name": "IntSliderModel", "model_module": "a", "state": {"value": 2}}
    state = "application/vnd.jupyter.widget-state+json"
    notebook["metadata"]["widgets"] = {state: {"1" * 32: model}}
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1" * 32}}
    notebook["cells"][2]["outputs"] = [shown(**view)]
    return json.dumps(notebook, indent=1) + "\n"


def without_key(text: str, key: str) -> str:
    notebook = json.loads(text)
    del notebook["cells"][2][key]
    return json.dumps(notebook, indent=1) + "\n"


def conflict(text: str) -> str:
    return text.replace(
        ' "nbformat"', '<<<<<<< HEAD\n "nbformat"\n=======\n>>>>>>> other\n "nbformat"'
    )


def without_states(text: str) -> str:
    notebook = json.loads(colab_widgets(text))
    del notebook["metadata"]["widgets"]
    return json.dumps(notebook, indent=1) + "\n"


def in_format_3(text: str) -> str:
    return nbformat.writes(nbformat.convert(nbformat.reads(text, 4), 3), 3)


OF_EDITORS = {  # what is done to a file, the words that name it, whether `tidy` mends it
    "a byte order mark": (lambda text: f"\ufeff{text}", "byte order mark (BOM): python -m", True),
    "CRLF": (lambda text: text.replace("\n", "\r\n"), "(CRLF): python -m tools.notebooks ti", True),
    "Colab's widgets": (colab_widgets, "without the key “state”: python -m tools", True),
    "an old format": (in_format_3, "is in format 3 or older: python -m", True),
    "no outputs": (lambda text: without_key(text, "outputs"), "no key “outputs”: python -m", True),
    "no states": (without_states, "whose state is not stored: make execute stores it", False),
    "a conflict": (conflict, "conflict markers of Git, first in line", False),
    "half a file": (lambda text: text[: len(text) // 2], "no JSON from line", False),
    "nothing": (lambda text: "", "is empty: git checkout HEAD -- ", False),
    "a list": (lambda text: "[]", "is JSON, but no notebook: git checkout", False),
    "no cell type": (lambda text: without_key(text, "cell_type"), "git checkout HEAD -- ", False),
}


@pytest.mark.parametrize(("change", "words", "mended"), OF_EDITORS.values(), ids=OF_EDITORS)
def test_what_an_editor_left_in_a_file_is_named_with_the_command_that_mends_it(
    course, change, words, mended, monkeypatch
):
    path = store(course, "a.ipynb", executed_cell("print(1)", printed("1\n")))
    changed = change(path.read_text(encoding="utf-8"))
    path.write_text(changed, encoding="utf-8", newline="")
    found = "\n".join(validation.problems(path, root=course))
    assert words in found
    obstacles = "\n".join(validation.obstacles(course))
    assert "chapters/a.ipynb" in obstacles and words.partition("python")[0] in obstacles
    for name in ("tidy", "check"):
        monkeypatch.setattr(sys, "argv", ["python -m tools.notebooks", name, str(path)])
        with pytest.raises(SystemExit):
            notebooks_command.main()
    assert (validation.obstacles(course) == []) == mended
    if not mended:
        with pytest.raises(book.Refused, match="chapters/a.ipynb"):
            book.build(course, course / "_build")


def test_bytes_that_are_no_text_are_named(course):
    path = course / "chapters" / "a.ipynb"
    path.write_bytes("{é}".encode("latin-1"))
    assert "is not in UTF-8: save it again" in validation.obstacles(course)[0]
    with pytest.raises(files.Damaged, match="is not in UTF-8"):
        notebooks_command.tidy([path])


def test_a_page_in_markdown_with_a_conflict_is_named(course):
    (course / "intro.md").write_text("# A\n<<<<<<< HEAD\none\n=======\ntwo\n>>>>>>> other\n")
    assert validation.obstacles(course) == [
        "intro.md has conflict markers of Git: choose one side."
    ]


# --- the set-up cell --------------------------------------------------------------------


def in_colab(folder: Path, address: str) -> subprocess.CompletedProcess:
    """Run the set-up cell in an empty folder as in Colab, and then import the helper package."""
    colab = 'import sys, types\nsys.modules["google.colab"] = types.ModuleType("google.colab")\n'
    source = setup_cell.source(files.ROOT / "chapters" / "a.ipynb", address)
    folder.mkdir()
    script = folder / "page.ipy"
    script.write_text(f"{colab}{source}\nimport utils\nprint(utils.__file__)\n", encoding="utf-8")
    return command("IPython", "--colors=NoColor", "--no-banner", script, cwd=folder)


def test_in_colab_the_set_up_cell_fetches_the_course(tmp_path):
    """What the notebooks import, and no more: neither what builds the course nor the solutions."""
    repository = tmp_path / "repository"
    for package in ("utils", "utils/explorers", "tools", "solutions"):
        (repository / package).mkdir(parents=True)
        (repository / package / "__init__.py").touch()
    git = ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@b"]
    allow = ["config", "uploadpack.allowFilter", "true"]  # as GitHub does
    for words in (["init", "-q"], allow, ["add", "."], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *words], check=True)
    run = in_colab(tmp_path / "content", repository.as_uri())
    assert run.stdout.strip().endswith(os.path.join("course", "utils", "__init__.py"))
    fetched = {path.name for path in (tmp_path / "content" / "course").iterdir()}
    assert fetched == {".git", "utils"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "No address yet"),
        ("file:///there/is/nothing", "file:///there/is/nothing was not fetched"),
    ],
)
def test_in_colab_the_set_up_cell_says_why_it_cannot_fetch_the_course(tmp_path, address, words):
    run = in_colab(tmp_path / "content", address)
    assert words in run.stdout + run.stderr


def set_up_in(folder: Path, course: Path) -> subprocess.CompletedProcess:
    """Run the set-up cell of a notebook of the exercise in `folder`, outside Colab."""
    source = setup_cell.source(course / "exercises" / "14_9" / "a.ipynb", "https://a.test", course)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.ipy").write_text(f"{source}\nimport utils.explorers\n", encoding="utf-8")
    words = ["IPython", "--colors=NoColor", "--no-banner", folder / "page.ipy"]
    return command(*words, cwd=folder)


def test_the_set_up_cell_finds_the_course_from_a_deeper_folder(tmp_path):
    (tmp_path / "utils" / "explorers").mkdir(parents=True)
    run = set_up_in(tmp_path / "exercises" / "14_9", tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_alone_in_a_folder_the_set_up_cell_says_what_a_notebook_needs(tmp_path):
    """Even beside another package of this name."""
    (tmp_path / "downloads" / "utils").mkdir(parents=True)
    run = set_up_in(tmp_path / "downloads", tmp_path)
    assert "in Colab, or in a copy of the whole course. https://a.test" in run.stdout + run.stderr


# --- full runs and nbval ----------------------------------------------------------------

SMALL = [
    new_code_cell("import numpy as np\n\nprint(np.arange(5).sum(), 'and', 2.5)"),
    new_code_cell("from utils import plots\n\nplots.DescribedFigure(1, 'Nothing.')"),
]
WIDGETS = [
    new_code_cell(
        "import ipywidgets\n\nbox = ipywidgets.IntSlider(description='k')\n"
        "ipywidgets.jslink((box, 'value'), (box, 'max'))\nbox"
    ),
    new_code_cell("ipywidgets.interact(lambda n: print('n is', n), n=(0, 4));"),
    new_code_cell("print('after')"),
    new_code_cell("from utils.explorers import FilterExplorer\n\nFilterExplorer()"),
]


@pytest.fixture(scope="module")
def run_course(tmp_path_factory):
    """A course whose chapters `make execute` has run, with what it said and the files before."""
    course = new_course(tmp_path_factory.mktemp("run") / "course")
    store(course, "1_fails.ipynb", new_code_cell("print(1)"), new_code_cell("1 / 0"))
    warn = "import warnings\n\nwarnings.warn('be careful')"
    store(course, "2_warns.ipynb", new_code_cell(warn))
    store(course, "3_small.ipynb", *SMALL)
    store(course, "4_widgets.ipynb", *WIDGETS)
    before = {path.name: path.read_bytes() for path in files.find(root=course)}
    return course, command("tools.notebooks", "execute", "chapters", cwd=course), before


def test_a_full_run_stores_outputs_and_a_file_without_problems(run_course):
    course, run, _ = run_course
    for name in ("3_small.ipynb", "4_widgets.ipynb"):
        assert validation.problems(course / "chapters" / name, root=course) == []
    small = files.read(course / "chapters" / "3_small.ipynb")
    assert small.cells[2].outputs[0].text == "10 and 2.5\n"
    assert small.cells[3].metadata["mystnb"] == {"image": {"alt": "Nothing."}}
    assert "cell  2 of 3  import numpy as np" in run.stdout


def test_a_notebook_that_fails_or_warns_stays_as_it_was_and_the_others_run(run_course):
    course, run, before = run_course
    assert run.returncode == 1
    for name, words in (("1_fails.ipynb", "ZeroDivisionError"), ("2_warns.ipynb", "be careful")):
        assert (course / "chapters" / name).read_bytes() == before[name]
        assert words in run.stdout
    assert (course / "chapters" / "3_small.ipynb").read_bytes() != before["3_small.ipynb"]
    assert "2 of 4 notebooks failed" in run.stdout


def test_running_again_gives_the_same_bytes(run_course):
    path = run_course[0] / "chapters" / "4_widgets.ipynb"
    before = path.read_bytes()
    assert command("tools.notebooks", "execute", path, cwd=run_course[0]).returncode == 0
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_cell_ends_though_its_reply_comes_while_a_widget_sends(course):
    code = "import time, ipywidgets\n\nipywidgets.interact(lambda n: print(n), n=(0, 4))\n"
    path = store(course, "a.ipynb", new_code_cell(code + "time.sleep(0.5)"))
    program = (
        "import runpy, time; from nbclient.output_widget import OutputWidget as Widget;"
        "send = Widget.send; Widget.send = lambda *words: time.sleep(2) or send(*words);"
        "runpy.run_module('tools.notebooks', run_name='__main__')"
    )
    words = [sys.executable, "-c", program, "execute", path]
    run = subprocess.run(words, cwd=course, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_notebook_as_it_was(course):
    path = store(course, "a.ipynb", new_code_cell("import time\n\ntime.sleep(60)"))
    before = path.read_bytes()
    # A shell's background job ignores Ctrl-C, and so would what this test starts.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import runpy; runpy.run_module('tools.notebooks', run_name='__main__')"
    )
    words = [sys.executable, "-c", program, "execute", path]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, cwd=course, start_new_session=True, **pipes) as run:
        while "cell  1" not in run.stdout.readline():
            assert run.poll() is None
        time.sleep(1)  # now it sleeps in the second cell
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the kernel, too
        _, said = run.communicate(timeout=30)
        assert run.returncode != 0
    assert "Interrupted; unfinished notebooks are as they were." in said
    assert "Traceback" not in said
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_full_run_refuses_to_store_what_came_from_the_stand_in(course):
    path = store(course, "a.ipynb", new_code_cell("data.load_mnist()"))
    environment = os.environ | {"CNN_COURSE_DATA": "/there/is/nothing"}
    words = [sys.executable, "-m", "tools.notebooks", "execute", path]
    run = subprocess.run(words, cwd=course, env=environment, capture_output=True, text=True)
    assert run.returncode == 1
    assert "CNN_COURSE_DATA" in run.stdout and "cell" not in run.stdout


def change_one_number(path: Path, copy: Path) -> str:
    """Copy a notebook with the last digit of its first stored number changed; name the cell."""
    notebook = files.read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        for output in cell.outputs:
            digit = re.search(r"\d(?=\D*$)", output.get("text", ""))
            if digit and "nbval-ignore-output" not in cell.metadata.get("tags", []):
                other = str((int(digit[0]) + 1) % 10)
                output.text = output.text[: digit.start()] + other + output.text[digit.end() :]
                copy.write_text(canonical.serialize(notebook), encoding="utf-8")
                return f"{copy.name}::Cell {number}"
    raise AssertionError(f"{path.name} prints no number")


def test_nbval_fails_for_one_changed_number_and_for_nothing_else(run_course):
    course, _, _ = run_course
    small = course / "chapters" / "3_small.ipynb"
    changed = change_one_number(small, small.with_name("5_changed.ipynb"))
    run = nbval(course, small.name, "4_widgets.ipynb", "5_changed.ipynb")
    assert failed_cells(run) == [changed]
    assert "1 failed, 10 passed" in run.stdout


def change_states(path: Path, copy: Path) -> None:
    """Copy a notebook with other states: of a slider, of what it made, and of an explorer."""
    notebook = files.read(path)
    for model in widgets.stored(notebook).values():
        state = model["state"]
        if model["model_name"] == "IntSliderModel" and state["description"] == "k":
            state["value"] += 1
        elif model["model_name"] == "OutputModel":
            state["outputs"][0]["text"] = "n is 3\n"
        elif state.get("_module") == "filter":
            state["stride"] = 2
            model["buffers"][0]["data"] = "AAAA"
    copy.write_text(canonical.serialize(notebook), encoding="utf-8")


def test_nbval_fails_for_a_changed_state_of_a_widget(run_course):
    """As it does when a default in the code of an explorer changes, which no output shows."""
    course, _, _ = run_course
    changed = course / "chapters" / "6_states.ipynb"
    change_states(course / "chapters" / "4_widgets.ipynb", changed)
    run = nbval(course, changed.name)
    assert failed_cells(run) == [f"{changed.name}::Cell {number}" for number in (1, 2, 4)]
    assert "value: 1 is now 0" in run.stdout and "stride: 2 is now 1" in run.stdout
    assert "outputs[0]: 'n is 3\\n' is now 'n is 2\\n'" in run.stdout
    assert "images.0.image.data: other data" in run.stdout


@pytest.mark.slow
def test_nbval_fails_for_one_changed_number_in_a_chapter(course):
    notebook = files.read(files.ROOT / "chapters" / "01_introduction.ipynb")
    # As far as it does not take long.
    keras = next(i for i, cell in enumerate(notebook.cells) if "import keras" in cell.source)
    notebook.cells = notebook.cells[:keras]
    path = course / "chapters" / "1.ipynb"
    nbformat.write(notebook, path)
    changed = change_one_number(path, path)
    assert failed_cells(nbval(course, path.name)) == [changed]


def test_a_comparison_with_the_last_commit_says_what_a_full_run_changed(
    run_course, tmp_path, capsys
):
    """Cell, before and after; what only a clock changes is left out."""
    course = new_course(tmp_path / "course")
    path = course / "chapters" / "a.ipynb"
    times = executed_cell("fit()", printed("3 s\n"), tags=["nbval-ignore-output"])
    cells = executed_cell("f()", printed("0.919\nsame\n")), times, executed_cell("g()")
    path.write_text(canonical.serialize(with_set_up(course, *cells)), encoding="utf-8")
    change_states(run_course[0] / "chapters" / "4_widgets.ipynb", course / "chapters" / "b.ipynb")
    git = ["git", "-C", course, "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "chapters"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *words], check=True)
    paths = files.find(root=course)
    assert notebooks_command.compare(paths)

    notebook = files.read(path)
    notebook.cells[2].outputs[0].text = "0.917\nsame\n"
    notebook.cells[3].outputs[0].text = "4 s\n"
    notebook.cells[4].source = "h()"
    path.write_text(canonical.serialize(notebook), encoding="utf-8")
    widgets_again = (run_course[0] / "chapters" / "4_widgets.ipynb").read_bytes()
    (course / "chapters" / "b.ipynb").write_bytes(widgets_again)
    capsys.readouterr()
    assert not notebooks_command.compare(paths)
    said = capsys.readouterr().out
    assert "  cell 3 ('f()')\n    before: 0.919\n    after:  0.917\n" in said
    assert "before: stride\n    after:  2 is now 1" in said
    assert "3 s" not in said and "h()" not in said
    assert "5 changes" in said

    with pytest.raises(files.Damaged, match="There is no revision v9 of Git to compare with."):
        notebooks_command.compare(paths, "v9")


@pytest.mark.slow
def test_a_full_run_shows_no_error_of_cuda():
    code = "from tools.notebooks import runs; print(runs.machine())"
    words = [sys.executable, "-c", code]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "0"}
    run = subprocess.run(words, cwd=files.ROOT, env=environment, capture_output=True, text=True)
    assert run.stdout.startswith(("CPU: ", "GPU: ")) and run.stderr == ""


FIT = """\
import keras
import numpy as np

x, y = np.zeros((5000, 4)), np.zeros(5000)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(loss="mse")


class Count(keras.callbacks.Callback):
    seen = 0

    def on_test_batch_end(self, batch, logs=None):
        self.seen += 1

    on_predict_batch_end = on_test_batch_end


def steps(*data, **options):
    count = Count()
    history = model.fit(*data, epochs=50, verbose=0, callbacks=[count], **options)
    return len(history.epoch), history.params["steps"], count.seen"""
FITS = """\
import tensorflow as tf

dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(10)
print(steps(x, y, batch_size=32, validation_data=(x, y), validation_batch_size=32))
print(steps(x, y, batch_size=32, validation_split=0.25))
print(steps(dataset, validation_data=dataset, shuffle=False))
print(steps(dataset.take(3), shuffle=False))
print(steps(dataset.repeat(), steps_per_epoch=500, shuffle=False))
pieces = ((x[:10], y[:10]) for _ in range(5000))
print(steps(pieces, steps_per_epoch=100, shuffle=False))
for options in ({}, {"batch_size": 500}):
    count = Count()
    answers = model.predict(x, verbose=0, callbacks=[count], **options)
    print(len(answers), count.seen)
print(len(model.predict(dataset, verbose=0)))"""
STEPS = "(2, 8, 16)\n(2, 6, 4)\n(2, 8, 16)\n(2, 3, 0)\n(2, 8, 0)\n(2, 8, 0)\n"
ANSWERS = "5000 40\n5000 10\n5000\n"


@pytest.mark.slow
def test_in_tests_training_is_short_and_pages_without_keras_do_not_pay_for_it(course):
    store(course, "fit.ipynb", executed_cell(FIT), executed_cell(FITS, printed(STEPS + ANSWERS)))
    unpaid = "import sys\n\nprint('keras' in sys.modules, [n for n in dir() if 'short' in n])"
    store(course, "no_fit.ipynb", executed_cell(unpaid, printed("False []\n")))
    run = nbval(course, "fit.ipynb", "no_fit.ipynb")
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_a_kernel_that_does_not_start_gets_a_second_chance(tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "moody" / "kernel.json"
    spec.parent.mkdir(parents=True)
    start = 'if [ -e started ]; then exec "$@"; else touch started; exit 1; fi'
    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv = ["sh", "-c", start, "sh", *kernel]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Moody", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    kernel = Kernel("moody", cwd=str(tmp_path))
    assert kernel.is_alive()
    kernel.stop()


# --- quizzes that stand alone -----------------------------------------------------------

QUIZ = """# @title Predict
from utils.explorers import Quiz, line

Quiz(line("What comes out?", why="{why}"), mode="predict")"""


@pytest.mark.slow
def test_a_quiz_that_stands_alone_is_run_and_stored_without_the_rest_of_its_notebook(course):
    slow = executed_cell("import time\n\nprint(time.time())", printed("12 seconds\n"))
    quiz = new_code_cell(QUIZ.format(why="So."))
    path = store(course, "a.ipynb", slow, quiz, new_code_cell("1 / 0", execution_count=1))
    before = runs.checksum(files.read(path))
    for why in ("So.", "Thus."):
        notebook = files.read(path)
        notebook.cells[3].source = QUIZ.format(why=why)
        path.write_text(canonical.serialize(notebook), encoding="utf-8")
        run = command("tools.notebooks", "quizzes", path, cwd=course)
        assert run.returncode == 0, run.stdout + run.stderr
        notebook = files.read(path)
        states = [model["state"] for model in widgets.stored(notebook).values()]
        (asked,) = [state["questions"] for state in states if "questions" in state]
        assert asked[0]["why"] == why
        assert notebook.cells[3].outputs and not notebook.cells[4].outputs
        assert notebook.cells[2].outputs[0].text == "12 seconds\n"
    assert runs.checksum(notebook) == before, "its change asks for no full run"
