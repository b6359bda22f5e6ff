"""Every number in the prose of a notebook is printed by one of its cells, or stands in its code."""

import re

import nbformat
import pytest

from tools.notebooks import files

# Not the exercises: their text is that of the solutions, where the numbers are printed.
NOTEBOOKS = [path for path in files.find() if not files.is_exercise(path)]
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
SMALL = {str(n) for n in range(11)}  # counted by the reader: three sets, ten classes, 3 × 3

# Numbers that no cell can print, each with its reason.
NOT_COMPUTED = {
    "2017": "the year of the Fashion-MNIST paper",
    "1708.07747": "the paper's number in an address",
    "0.9117": "printed by the notebook of the book, which is linked",
    "90": "an imagined data set",
    "95": "of 100 cases: two standard errors of a normal distribution",
    "100": "of 100 cases",
    "0.921": "an imagined result in a question",
    "0.919": "an imagined result in a question",
    "0.002": "the difference of these two",
    "3.5": "a wrong answer that a question explains",
    "576": "3 · 3 · 64, written out beside it",
    "16": "bits of the format bfloat16, as in its name",
    "32": "bits of the format float32, as in its name",
    "99.9": "shown in the figure of the surest mistakes",
    "49": "7 · 7, the weights of the first layer's filters",
    "98": "a bound: the four classes above it are printed with their shares",
    "1958": "the year of Hubel and Wiesel's first recordings",
    "2010": "the first year of the ImageNet competition",
    "1000": "the classes of the ImageNet competition",
    "1.2": "million training images of the ImageNet competition",
    "2016": "the year of a paper, which is linked",
    "0.03": "a share of a turn, as an argument in a hint",
    "20": "layers of a plain network in the ResNet paper, which is linked",
    "56": "layers of a plain network in the ResNet paper, which is linked",
}


def numbers(text: str) -> set[str]:
    """Return the numbers in `text`, without the commas that group their digits."""
    return {found.rstrip(",").replace(",", "") for found in NUMBER.findall(text)}


def millions(found: set[str]) -> set[str]:
    """Return the numbers above a million in millions, with one decimal, as prose gives them."""
    return {f"{float(n) / 1e6:.1f}" for n in found if float(n) >= 1e6}


def prose(notebook) -> str:
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    without_headings = re.sub(
        r"^#+ .*$|sections? \d\.\d(?: and \d\.\d)?", "", "\n".join(cells), flags=re.I | re.M
    )
    # The year at the end of a link's text is held against references.bib: test_references.py.
    return re.sub(r"(?:(?<=, )(?:19|20)\d\d)?\]\([^)]*\)", "", without_headings)


def computed(notebook) -> set[str]:
    found = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        found |= numbers(cell.source.replace("_", ""))
        for output in cell.outputs:
            text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
            found |= numbers(text)
    return found | millions(found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_in_prose_is_computed_on_the_page(path):
    notebook = nbformat.read(path, as_version=4)
    unchecked = numbers(prose(notebook)) - computed(notebook) - SMALL - NOT_COMPUTED.keys()
    assert not unchecked, f"numbers in prose that no cell prints: {sorted(unchecked)}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_arithmetic_that_is_written_out_in_a_table_is_right(path):
    rows = re.findall(r"\| ([\d(][\d ,·+()]*) \| ([\d,]+) \|", prose(nbformat.read(path, 4)))
    for arithmetic, result in rows:
        factors = arithmetic.replace(",", "").replace("·", "*")
        assert eval(factors, {}) == int(result.replace(",", "")), f"{arithmetic} = {result}"


def test_a_number_that_no_cell_prints_is_found():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("It has 1,234 weights, and is 56 % faster."),
            nbformat.v4.new_code_cell("count = 1_234"),
        ]
    )
    assert numbers(prose(notebook)) - computed(notebook) == {"56"}
