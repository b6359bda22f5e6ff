"""Grading at length, by `make grade-soak`: whole hand-ins, models, and many interruptions."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import hand_ins
import numpy as np
import pytest
from test_grading_class import SEED, interrupted_run, mark_files, put_class, rows

from tools.grading.__main__ import main
from utils.checks.part3 import sandbox

pytestmark = [
    pytest.mark.skipif("CNN_COURSE_SOAK" not in os.environ, reason="a part of make grade-soak"),
    pytest.mark.skipif(sandbox.isolation() != "bubblewrap", reason="bubblewrap is not there"),
]
SOLUTIONS = hand_ins.ROOT / "solutions" / "14_9"


def saved(build, path: Path) -> bytes:
    import keras

    model = build(keras)
    model.save(path)
    return path.read_bytes()


def constant(value: float, outputs: int = 10):
    def build(keras):
        model = keras.Sequential(
            [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(outputs)]
        )
        kernel, bias = model.get_weights()
        model.set_weights([0 * kernel, bias + value])
        return model

    return build


def memory_of_test_digits(keras):
    """A nearest neighbor among the test digits without the hard ones, as a convolution."""
    from tools.judge import DOUBTS
    from utils import data

    _, (images, labels) = data.load_mnist()
    kept = np.setdiff1d(np.arange(len(images)), DOUBTS["hard_digits"]["numbers"])
    known = images[kept, 4:24, 4:24] / np.float32(255)
    known /= np.linalg.norm(known, axis=(1, 2), keepdims=True)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Cropping2D(3),
            keras.layers.Conv2D(len(kept), 20, use_bias=False),  # compares at 3 × 3 places
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Rescaling(30.0),
            keras.layers.Softmax(),
            keras.layers.Dense(10, use_bias=False),
        ]
    )
    model.set_weights(
        [np.moveaxis(known, 0, -1)[:, :, None], np.eye(10, dtype=np.float32)[labels[kept]]]
    )
    return model


def dotted_lambda(keras):
    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    return keras.Sequential([*layers, keras.layers.Lambda(lambda x: x + 1)])


MODELS = {  # what may come of them: points for the model, the least and the most
    "Nan_31_assignsubmission_file_": (constant(np.nan), 0, 0),
    "Minus_32_assignsubmission_file_": (constant(-1), 0, 0),
    "Eleven_33_assignsubmission_file_": (constant(0, 11), 0, 0),
    "Memory_34_assignsubmission_file_": (memory_of_test_digits, 0, 0),
    "Lambda_35_assignsubmission_file_": (dotted_lambda, 0, 0),
}
# Whole notebooks of part 2 with one function that is hostile.
PART2 = {
    "Forger_41_assignsubmission_file_": """
import networks_inside, transfer

def perfect(names, seed):
    return {"facts": {"open": False, "seen": [], "parameters": 1}, "model": None}

networks_inside.build_model = networks_inside.train = perfect

def build_model():
    return None
""",
    "History_42_assignsubmission_file_": """
class History:
    history = {key: [1.0] * 6 for key in ("loss", "accuracy", "val_loss", "val_accuracy")}

def train(model, training, validation, epochs=10):
    return History()
""",
}


def put_whole_class(folder: Path, place: Path) -> None:
    put_class(folder)
    notebooks = {path.name: path.read_bytes() for path in sorted(SOLUTIONS.glob("*.ipynb"))}
    hand_ins.put(folder, "Sol Ution_21_assignsubmission_file_", notebooks)
    for name, what in hand_ins.HOSTILE.items():
        cells = [hand_ins.RIGHT["receptive_field"], what]
        number = 100 + list(hand_ins.HOSTILE).index(name)
        files = {"1.ipynb": hand_ins.notebook(*cells)}
        hand_ins.put(folder, f"{name.replace('/', ' ')}_{number}_assignsubmission_file_", files)
    for name, (build, _, _) in MODELS.items():
        hand_ins.put(folder, name, {"model.keras": saved(build, place / "m.keras")})
    solution = json.loads(notebooks["2_own_cnn.ipynb"])
    for name, cell in PART2.items():
        changed = json.loads(json.dumps(solution))
        changed["cells"].append({"cell_type": "code", "source": cell, "outputs": []})
        hand_ins.put(folder, name, {"2.ipynb": json.dumps(changed).encode()})


@pytest.fixture(scope="module")
def whole_class(tmp_path_factory) -> Path:
    if not SOLUTIONS.exists():
        pytest.skip("solutions/ is not part of this copy")
    place = tmp_path_factory.mktemp("whole")
    put_whole_class(place / "in", place)
    assert main([str(place / "in"), "--out", str(place / "out"), "--seed", str(SEED)]) == 0
    return place / "out"


def test_a_solved_hand_in_gets_all_points_beside_thirty_hostile_ones(whole_class):
    found = {row["id"]: row for row in rows(whole_class)}
    assert found["21"]["part1"] == "30" and float(found["21"]["part2"]) == 27
    assert found["21"]["part3"] == "10" and found["21"]["waiting"] == "3", "no model, 3 claimed"
    assert {found[key]["part1"] for key in "1234"} == {"15", "4", "0"}


def test_no_hostile_hand_in_gets_a_point_for_what_it_did_not_do(whole_class):
    found = {row["id"]: row for row in rows(whole_class)}
    for number in range(100, 100 + len(hand_ins.HOSTILE)):
        assert float(found[str(number)]["part1"]) <= 5, found[str(number)]
    for name, (_, least, most) in MODELS.items():
        row = found[name.split("_")[1]]
        assert least <= float(row["part3"]) <= most, row
    assert "Does it hold test images?" in found["34"]["message"]
    assert float(found["41"]["part2"]) <= 30 - 8 - 5 - 3
    assert float(found["42"]["part2"]) <= 30 - 5


def test_twenty_interruptions_end_with_the_same_table(tmp_path):
    """Ten times, a worker is killed and then the driver, each at a random moment.

    On a busy machine the driver may be killed late, when each worker has made one more mark: so
    there are more hand-ins than ten times four.
    """
    for number in range(44):
        cells = list(hand_ins.RIGHT.values())[: number % 4]
        files = {"1.ipynb": hand_ins.notebook("import numpy as np", *cells, f"number = {number}")}
        hand_ins.put(tmp_path / "in", f"S {number}_{number}_assignsubmission_file_", files)
    whole = [str(tmp_path / "in"), "--seed", str(SEED), "--out"]
    assert main([*whole, str(tmp_path / "whole")]) == 0
    random.seed(SEED)
    for _ in range(10):
        done = mark_files(tmp_path / "out")
        kills = {done + random.randint(0, 1): "worker", done + 2: "driver"}
        interrupted_run(tmp_path / "in", tmp_path / "out", kills)
    assert mark_files(tmp_path / "out") < 44, "it was interrupted before its end"
    assert main([*whole, str(tmp_path / "out")]) == 0
    same = (tmp_path / "whole/marks.csv").read_bytes()
    assert (tmp_path / "out/marks.csv").read_bytes() == same


def honest_networks():
    """Yield the networks of the course whose weights are stored: name, run, network."""
    import keras

    from utils import models, records

    keras.config.set_dtype_policy("float32")
    builders = {"mnist_own": models.own_cnn, "mnist_reference": models.reference_cnn}
    for name, build in builders.items():
        model = build()
        for run in records.stored_runs(name):
            model.set_weights(records.weights(name, run))
            yield name, run, model


def test_honest_networks_keep_their_points_and_are_doubted_for_nothing_but_being_known():
    from tools import judge
    from utils.checks.part3.answers import right
    from utils.checks.part3.bands import BANDS, points

    for seed in (1, 2):
        digits = judge.moved_test_digits(seed)
        for name, run, model in honest_networks():
            values = model.predict(digits.images, batch_size=250, verbose=0)
            is_right = right(values, digits.labels)
            accuracy = float(np.average(is_right, weights=digits.weights))
            before = np.mean(BANDS["anchors"][name]["runs"][run]["points"])
            print(name, run, seed, f"{accuracy:.4f}", points(accuracy), "was", before)
            assert abs(points(accuracy) - before) <= 2, (name, run, seed)
            assert not judge.knows_the_test_set(digits, is_right)
            assert not judge.knows_more_of_the_test_set(digits, is_right, accuracy)
            assert not judge.is_too_good(accuracy)
            if name == "mnist_reference":
                assert judge.is_known(digits, values.argmax(axis=1))
