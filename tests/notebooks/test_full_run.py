"""What only a full run can show, read from the records and from the notebooks' stored outputs.

`make execute` ends with these tests, so a notebook stored after a shortened or
failed training is found at once.
"""

import re
from pathlib import Path

import nbformat
import numpy as np

from utils import records

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
RUNS = records.load("fashion_mnist_lecture")["runs"].values()


def training_output() -> str:
    """Return the text that the training cell of chapter 5 has stored."""
    cells = nbformat.read(CHAPTERS / "05_fashion_mnist.ipynb", as_version=4).cells
    cell = next(cell for cell in cells if "model.fit(" in cell.source)
    return "".join(output.text for output in cell.outputs)


def test_chapter_5_is_stored_after_ten_full_epochs():
    text = training_output()
    assert "Epoch 10/10" in text
    assert text.count("430/430") == 10


def test_the_stored_training_of_chapter_5_came_out_well():
    accuracies = [
        float(value) for value in re.findall(r"val_accuracy: ([\d.]+)", training_output())
    ]
    assert accuracies[-1] > 0.89


def test_the_curves_on_record_are_as_chapter_5_reads_them():
    history = records.reference_run("fashion_mnist_lecture")["history"]
    loss, validation = np.array(history["loss"]), np.array(history["val_loss"])
    falls, validation_falls = -np.diff(loss), -np.diff(validation)
    assert falls.argmax() == validation_falls.argmax() == 0  # quickest at first
    assert (falls > validation_falls).all()  # faster all the way
    assert (loss > validation).tolist() == [True] * 5 + [False] * 5  # crossed after the fifth
    assert validation.argmin() == 9  # lowest after the tenth
    assert validation_falls[4] < 0  # the sixth is up


def test_the_lecture_network_reaches_a_test_accuracy_of_0_905():
    reference = records.reference_run("fashion_mnist_lecture")
    assert reference["test_accuracy"] >= 0.905


def test_bfloat16_costs_no_accuracy_beyond_the_noise_between_seeds():
    def accuracies(policy):
        return [run["test_accuracy"] for run in RUNS if run["dtype_policy"] == policy]

    half, full = accuracies("mixed_bfloat16"), accuracies("float32")
    # One standard error of a share near 0.91 of 10,000 images is 0.003.
    assert np.mean(half) >= np.mean(full) - 2 * 0.003
