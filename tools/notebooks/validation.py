"""Validate notebooks: each function checks one rule and yields a line for each violation."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbval.plugin import comment_markers, metadata_tags

from . import canonical, files, markdown, outputs, setup_cell, widgets

TIDY = "python -m tools.notebooks tidy"
LARGEST = 1_000_000  # bytes
WIDEST = 78  # characters of code: what the site shows without scrolling

# The cells that nbval may run without comparing or may not run, each with the
# reason: the notebook, a piece of the cell's code, the tag.
EXEMPT = [
    # `fit` prints times, which differ from run to run.
    ("chapters/05_fashion_mnist.ipynb", "model.fit(", "nbval-ignore-output"),
    ("solutions/14_9/2_own_cnn.ipynb", "= train(model", "nbval-ignore-output"),
    ("solutions/14_9/3_highest_accuracy.ipynb", "= train(model", "nbval-ignore-output"),
    # It prints the time that the model takes.
    ("solutions/14_9/3_highest_accuracy.ipynb", "checks.hand_in(", "nbval-ignore-output"),
]
EXEMPTING = (set(metadata_tags) | {"skip-execution"}) - {"nbval-check-output"}
EXEMPTING_COMMENTS = set(comment_markers) - {"NBVAL_CHECK_OUTPUT"}

NOT_KERAS_3 = {
    "tf.keras": r"\btf\.keras\b",
    "tensorflow.keras": r"\btensorflow\.keras\b|from tensorflow import .*\bkeras\b",
    "keras.preprocessing": r"\bkeras\.preprocessing\b",
    "keras.backend": r"\bkeras\.backend\b",
    "tf.random.set_seed (use keras.utils.set_random_seed)": r"\btf\.random\.set_seed\b",
    "ImageDataGenerator": r"\bImageDataGenerator\b",
    "fit_generator": r"\bfit_generator\b",
    "predict_classes": r"\bpredict_classes\b",
    "optimizers.legacy": r"\boptimizers\.legacy\b",
    "layers.experimental": r"\blayers\.experimental\b",
}
SHAPE_ARGUMENTS = {"input_shape", "input_dim", "batch_input_shape"}
ADDRESS_IN_MEMORY = re.compile(r" at 0x[0-9a-f]{6,}")


def where(number: int, cell: NotebookNode) -> str:
    """Name a cell by its position and its first words."""
    lines = cell.source.strip().splitlines() or [""]
    return f"cell {number} ({lines[0][:40]!r})"


def code_cells(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code":
            yield where(number, cell), cell


def size(text: str) -> Iterator[str]:
    if (length := len(text.encode())) > LARGEST:
        yield f"is {length / 1e6:.1f} MB large; {LARGEST / 1e6:.0f} MB is the limit"


def left_by_editors(text: str) -> Iterator[str]:
    """The file has nothing that editors and Colab do otherwise, and that a page cannot show."""
    if text.startswith(files.BYTE_ORDER_MARK):
        yield f"begins with a byte order mark (BOM): {TIDY} removes it"
    if "\r\n" in text:
        yield f"has line ends of Windows (CRLF): {TIDY} changes them"
    content = json.loads(text.removeprefix(files.BYTE_ORDER_MARK))
    if "cells" not in content:
        yield f"is in format 3 or older: {TIDY} brings it to format 4"
    for number, cell in enumerate(content.get("cells", []), start=1):
        if cell.get("cell_type") == "code" and "outputs" not in cell:
            yield f"cell {number} has no key “outputs”: {TIDY} adds it, make execute fills it"
    states = content.get("metadata", {}).get("widgets", {}).get(widgets.STATE)
    if states is not None and "state" not in states:
        yield f"stores widgets as Colab does, without the key “state”: {TIDY} adds it"


def form(text: str, notebook: NotebookNode) -> Iterator[str]:
    """The file has the canonical form."""
    content = json.loads(text.removeprefix(files.BYTE_ORDER_MARK))
    for number, cell in enumerate(content.get("cells", []), start=1):
        if "id" not in cell:
            yield f"cell {number} has no id"
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"is not a valid notebook: {error.message}"
    if text != canonical.serialize(notebook):
        yield f"is not in the canonical form: {TIDY} repairs it"


def execution(notebook: NotebookNode) -> Iterator[str]:
    """Every code cell has run, without error and without a word on stderr."""
    for place, cell in code_cells(notebook):
        if not cell.source.strip():
            yield f"{place} is empty"
        elif cell.execution_count is None:
            yield f"{place} has not been executed"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{place} stores an error: {output.ename}: {output.evalue}"
            if output.get("name") == "stderr":
                yield f"{place} stores stderr: {output.text.strip()[:80]}"
    for model in widgets.stored(notebook).values():
        for output in model["state"].get("outputs", []):
            if output.get("name") == "stderr" or output.get("output_type") == "error":
                yield f"a widget stores an error or stderr: {str(output)[:120]}"


def width(notebook: NotebookNode) -> Iterator[str]:
    """No line of code is wider than the site's column."""
    for place, cell in code_cells(notebook):
        widest = max(map(len, cell.source.splitlines()), default=0)
        if widest > WIDEST:
            yield f"{place} has a line of {widest} characters; {WIDEST} fit the page"


def exemptions(notebook: NotebookNode, name: str) -> Iterator[str]:
    """No cell is kept from nbval, but for the few in the list above."""
    for place, cell in code_cells(notebook):
        comments = {line.strip().lstrip("#").strip() for line in cell.source.splitlines()}
        for tag in cell.metadata.get("tags", []):
            listed = any((name, tag) == (n, t) and piece in cell.source for n, piece, t in EXEMPT)
            if tag in EXEMPTING and not listed:
                yield f"{place} carries the tag {tag} and is not in the list of exempt cells"
        for comment in sorted(comments & EXEMPTING_COMMENTS):
            yield f"{place} has the comment {comment}; only tags from the list are allowed"


def prose(notebook: NotebookNode) -> Iterator[str]:
    """Markdown reads as well in Colab and Jupyter as on the site."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            for found in markdown.myst_only(cell.source):
                yield f"{where(number, cell)} uses {found}, which only MyST understands"


def pictures(notebook: NotebookNode) -> Iterator[str]:
    """Every picture has an alternative text, and a cell shows one figure at most."""
    for number, cell in enumerate(notebook.cells, start=1):
        place = where(number, cell)
        if cell.cell_type == "markdown":
            for source in markdown.pictures_without_alt(cell.source):
                yield f"{place} has a picture without alternative text: {source}"
            continue
        shown = outputs.images(cell)
        if len(shown) > 1:
            yield f"{place} shows {len(shown)} figures; one is the most"
        if shown and not cell.metadata.get("mystnb", {}).get("image", {}).get("alt"):
            yield f"{place} shows a figure without alternative text"
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            for source in markdown.html_pictures_without_alt(html):
                yield f"{place} shows a picture without alternative text: {source}"


def shown_widgets(notebook: NotebookNode) -> Iterator[str]:
    """The state of every shown widget is stored, so that the site can show it too."""
    for place, cell in code_cells(notebook):
        if set(widgets.views(cell)) - widgets.stored(notebook).keys():
            yield f"{place} shows a widget whose state is not stored: make execute stores it"


def shape_arguments(source: str) -> Iterator[str]:
    """Yield the calls that give a layer its input's shape, as Keras 2 did."""
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(source))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        is_layer = called.split(".")[-1][:1].isupper() and ".applications." not in called
        for keyword in node.keywords:
            if is_layer and keyword.arg in SHAPE_ARGUMENTS:
                yield f"{called}({keyword.arg}=…)"


def keras_3(notebook: NotebookNode) -> Iterator[str]:
    """The code is for Keras 3."""
    for place, cell in code_cells(notebook):
        for name, pattern in NOT_KERAS_3.items():
            if re.search(pattern, cell.source):
                yield f"{place} uses {name}, which is not Keras 3"
        try:
            for call in shape_arguments(cell.source):
                yield f"{place} uses {call}: begin the model with keras.Input instead"
        except SyntaxError as error:
            yield f"{place} is not Python: {error.msg}"


def hidden_answers(notebook: NotebookNode) -> Iterator[str]:
    """The code of a quiz, which holds the answers, is shown neither by the site nor by Colab."""
    for place, cell in code_cells(notebook):
        if not re.search(r"^Quiz\(", cell.source, re.MULTILINE):
            continue
        is_hidden = "remove-input" in cell.metadata.get("tags", [])
        is_form = cell.metadata.get("cellView") == "form" and cell.source.startswith("# @title ")
        if not is_hidden:
            yield f"{place} shows a quiz's answers on the site: it needs the tag remove-input"
        if not is_form:
            yield (
                f"{place} shows a quiz's answers in Colab: it needs the metadata cellView: form, "
                "and a first line such as '# @title Check yourself'"
            )


def set_up(notebook: NotebookNode, path: Path, root: Path) -> Iterator[str]:
    """The first code cell is the standard one."""
    cell = setup_cell.find(notebook)
    if cell is None:
        yield "does not begin with the set-up cell; tools/notebooks/setup_cell.py has it"
    elif cell.source != setup_cell.source(path, setup_cell.address(cell), root):
        yield "has a set-up cell of another form: python -m tools.address repairs it"


def of_this_machine(notebook: NotebookNode, root: Path) -> Iterator[str]:
    """No output holds what is different on the next machine."""
    folders = {str(root.resolve()), str(Path.home())} - {"/"}
    named = "|".join([*map(re.escape, folders), r"/home/\w", r"/Users/\w", r"[A-Z]:\\+Users"])
    path = re.compile(rf"(?:{named})[^\s\"'<>]*|/\S*ipykernel_\d+")
    for place, cell in code_cells(notebook):
        text = "\n".join(
            output.get("text", "")
            + "".join(str(v) for k, v in output.get("data", {}).items() if k.startswith("text/"))
            for output in cell.outputs
        )
        if found := path.search(text):
            yield f"{place} prints a path of this machine: {found[0]}"
        if ADDRESS_IN_MEMORY.search(text):
            yield f"{place} prints an address in memory"


def problems(path: Path, root: Path = files.ROOT) -> list[str]:
    """Return what is wrong with the notebook at `path` of the course at `root`; mostly, nothing."""
    name = files.name(path, root)
    try:
        text = files.read_text(path)
        notebook = files.parse(text, name)
    except files.Damaged as damage:
        return [str(damage).removeprefix(f"{name} ").removesuffix(".")]
    return [
        *size(text),
        *left_by_editors(text),
        *form(text, notebook),
        *set_up(notebook, path, root),
        *execution(notebook),
        *width(notebook),
        *exemptions(notebook, name),
        *prose(notebook),
        *pictures(notebook),
        *hidden_answers(notebook),
        *shown_widgets(notebook),
        *keras_3(notebook),
        *of_this_machine(notebook, root),
    ]


def obstacles(root: Path = files.ROOT) -> list[str]:
    """Say which pages of the book at `root` cannot be built, and the command that mends each."""
    found = []
    for path in files.find(root=root):
        name = files.name(path, root)
        try:
            text = files.read_text(path)
            problems = [*shown_widgets(files.parse(text, name)), *left_by_editors(text)]
        except files.Damaged as damage:
            found.append(str(damage))
            continue
        found += [f"{name} {problem.replace(TIDY, f'{TIDY} {name}')}." for problem in problems]
    for path in [*root.glob("*.md"), *(root / "chapters").glob("*.md")]:
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r"^<{7} .*^>{7} ", text, re.DOTALL | re.MULTILINE):
            found.append(f"{files.name(path, root)} has conflict markers of Git: choose one side.")
    return found
