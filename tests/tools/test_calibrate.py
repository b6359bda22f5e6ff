"""The calibration: its rules on made-up networks, and what it says of those that were trained."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tools import calibrate, train
from tools.judge import DOUBTS, DOUBTS_FILE
from utils import records
from utils.checks.part3.bands import BANDS, FILE, points

LABELS = np.arange(1000) % 10
MOVES = 5


def reading(*wrong, moves=MOVES) -> np.ndarray:
    """Return which of 1,000 digits a network reads, (moves, 1000): all but those named."""
    return np.tile(~np.isin(np.arange(1000), wrong), (moves, 1))


# --- the rules ----------------------------------------------------------------------------


def test_three_moves_are_taken_together():
    assert calibrate.in_threes([1, 2, 3, 6]) == pytest.approx([2, 3, 10 / 3, 11 / 3])
    assert calibrate.in_threes([5]) == [5]


def runs(*rights: np.ndarray) -> dict[str, np.ndarray]:
    return {f"mnist_reference seed{seed}": each for seed, each in enumerate(rights, start=1)}


def test_hard_digits_are_those_that_most_strong_networks_misread():
    rights = runs(reading(*range(20)), reading(*range(20), 50), reading(*range(21)))
    rights["mnist_dense seed1"] = reading(*range(300))
    about = calibrate.about_hard_digits(rights, LABELS)
    assert about["numbers"] == list(range(20))
    assert about["labels"] == [number % 10 for number in range(20)]
    assert about["most_read"] == 0 and about["doubted_from"] >= 1
    assert about["left_out"]["mnist_dense seed1"] == [0, 20]


def test_each_network_is_held_against_the_digits_that_are_hard_for_the_others():
    lucky = reading(*range(4, 20))  # reads 4 digits that the others misread
    rights = runs(reading(*range(20)), reading(*range(20)), lucky)
    about = calibrate.about_hard_digits(rights, LABELS)
    assert list(about["left_out"].values()) == [[0, 16], [0, 16], [4, 20]]
    assert about["numbers"] == list(range(20))  # two of three misread them all
    assert about["most_read"] == 4


def test_a_network_is_doubted_only_where_luck_hardly_gets():
    chance = np.random.default_rng(0).binomial(13, 0.25, size=1_000_000)
    first = calibrate.doubted_from(0.25, 13, one_in=1000)
    assert np.mean(chance >= first) < 1 / 1000 < np.mean(chance >= first - 1)
    assert calibrate.doubted_from(0.25, 13, one_in=100_000) > first
    assert calibrate.doubted_from(0.0, 13) == 1
    assert calibrate.doubted_from(1.0, 13) == 14  # nobody can be told from an honest one


def test_telltales_are_digits_on_which_strong_networks_differ():
    answers = {f"mnist_reference seed{seed}": LABELS.copy() for seed in (1, 2)}
    answers |= {"mnist_augmented seed1": LABELS.copy(), "mnist_dense seed1": LABELS.copy()}
    answers["mnist_reference seed1"][:30] = (LABELS[:30] + 1) % 10
    answers["mnist_augmented seed1"][100:500] = (LABELS[100:500] + 1) % 10
    answers["mnist_dense seed1"][600:900] = (LABELS[600:900] + 1) % 10
    about = calibrate.about_telltales(answers, LABELS)
    assert set(range(30)) < set(about["numbers"]) <= {*range(30), *range(100, 500)}
    assert "mnist_dense seed1" not in about["answers"] and len(about["answers"]) == 3
    assert len(about["answers"]["mnist_reference seed1"]) == calibrate.TELLTALES == 60
    assert about["most_same"] == 60  # the dense network answers here as the second one does


def test_memory_knows_its_images_by_heart_and_finds_them_again_when_shifted():
    rng = np.random.default_rng(0)
    images = np.zeros((50, 28, 28, 1), np.float32)
    images[:, 8:20, 8:20] = rng.random((50, 12, 12, 1))
    labels = rng.integers(0, 10, 50)
    shifted = np.roll(images, (1, -2), axis=(1, 2))
    assert np.array_equal(calibrate.nearest(images, labels)(images), labels)
    assert np.array_equal(calibrate.nearest(images, labels, reach=2)(shifted), labels)
    assert np.mean(calibrate.nearest(images, labels)(shifted) == labels) < 0.5


def test_what_was_asked_before_is_not_asked_again(tmp_path):
    asked = []

    def make():
        def ask(images):
            asked.append(images)
            return np.zeros(3, np.uint8)

        return ask

    for _ in range(2):
        answers = calibrate.asked("key", make, {"one": lambda: 1, "two": lambda: 2}, tmp_path)
    assert asked == [1, 2] and sorted(answers) == ["one", "two"]


def test_only_runs_count_that_were_finished_here_or_whose_weights_are_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "WORK", tmp_path)
    folder = tmp_path / "mnist_dense"
    folder.mkdir()
    for run, record in {"done": {"test_accuracy": 0.9}, "begun": {"history": {}}}.items():
        (folder / f"{run}.npz").write_bytes(b"")
        (folder / f"{run}.json").write_text(json.dumps(record))
    stored = [("mnist_reference", run) for run in sorted(records.stored_runs("mnist_reference"))]
    own = [("mnist_own", run) for run in records.stored_runs("mnist_own")]
    assert calibrate.finished_runs() == [("mnist_dense", "done"), *own, *stored]


def test_weights_that_were_not_trained_here_are_the_stored_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "WORK", tmp_path)
    run = records.stored_runs("mnist_own")[0]
    model = calibrate.network("mnist_own", run)
    for one, other in zip(model.get_weights(), records.weights("mnist_own"), strict=True):
        np.testing.assert_array_equal(one, other)
    assert calibrate.fingerprint("mnist_own", run) == calibrate.fingerprint("mnist_own", run)


def test_the_file_is_written_as_it_is_read():
    assert json.loads(calibrate.as_text(BANDS)) == BANDS
    assert FILE.read_text(encoding="utf-8") == calibrate.as_text(BANDS)
    assert DOUBTS_FILE.read_text(encoding="utf-8") == calibrate.as_text(DOUBTS)
    assert not DOUBTS.keys() & BANDS.keys(), "what is secret is in no file for students"


# --- the networks that were trained -------------------------------------------------------

ANCHORS = BANDS["anchors"]
RISING = ["mnist_dense", "mnist_plain", "mnist_augmented", "mnist_reference"]


def test_every_kind_of_network_was_trained_with_several_seeds_and_moved_in_several_ways():
    for name in RISING:
        assert len(ANCHORS[name]["runs"]) >= 3, name
    for anchor in ANCHORS.values():
        assert all(
            len(run["moved"]) == len(calibrate.SEEDS) >= 3 for run in anchor["runs"].values()
        )


def test_the_committed_points_are_those_of_the_table():
    for anchor in ANCHORS.values():
        runs = anchor["runs"].values()
        for run in runs:
            assert run["points"] == list(map(points, calibrate.in_threes(run["moved"])))
        earned = [each for run in runs for each in run["points"]]
        assert anchor["points_from_to"] == [min(earned), max(earned)]
        assert anchor["points"] == pytest.approx(np.mean(earned), abs=0.01)
        assert anchor["moved"] == pytest.approx(np.mean([run["moved"] for run in runs]), abs=1e-5)
    for cheat in BANDS["cheats"].values():
        assert cheat["points"] == list(map(points, calibrate.in_threes(cheat["moved"])))


def test_better_networks_get_clearly_more_points_whatever_their_luck():
    for worse, better in zip(RISING, RISING[1:], strict=False):
        (_, highest), (lowest, _) = (ANCHORS[name]["points_from_to"] for name in (worse, better))
        assert lowest - highest >= 1, f"{worse} and {better}"


def test_a_good_single_network_gets_all_points_and_luck_moves_no_network_far():
    assert ANCHORS["mnist_reference"]["points_from_to"][0] >= 29
    for name, anchor in ANCHORS.items():
        low, high = anchor["points_from_to"]
        assert high - low <= 5, name
        for run in anchor["runs"].values():
            assert max(run["points"]) - min(run["points"]) <= 3, name


def test_no_honest_network_is_doubted():
    about = DOUBTS["hard_digits"]
    for read, asked in about["left_out"].values():
        assert read / asked < (about["doubted_from"] - 1) / len(about["numbers"])
    assert about["false_alarm"] <= 1e-4


def test_models_that_know_the_test_set_are_doubted_or_get_little():
    cheats = BANDS["cheats"]
    assert max(cheats["one answer to everything"]["points"]) == 0
    assert max(cheats["memory: the nearest test digit"]["points"]) <= 3
    for name in (
        "memory that shifts by up to 2 pixels",
        "reference, then 10 epochs on the test digits",
    ):
        assert cheats[name]["is_doubted"] and all(cheats[name]["is_doubted"]), name


def test_what_is_not_noticed_gains_next_to_nothing():
    """Test digits seen a few times among all others: more than luck, and less than a band."""
    mixed = BANDS["cheats"]["reference, then 3 epochs on training and test digits"]
    assert np.mean(mixed["moved"]) - ANCHORS["mnist_reference"]["moved"] < 0.001


def test_no_network_looks_like_a_copy_of_another_one():
    about = DOUBTS["telltales"]
    runs = list(about["answers"].values())
    alike = [
        sum(map(str.__eq__, one, other)) for i, one in enumerate(runs) for other in runs[i + 1 :]
    ]
    assert max(alike) <= about["most_same"] < about["doubted_from"] - 5
    assert about["doubted_from"] <= len(about["numbers"]) - 3  # a copy may differ by rounding


def test_the_estimate_holds_about_as_often_as_it_says():
    assert BANDS["validation"]["held"] >= 0.9
    for name in calibrate.STRONG:
        accuracy = ANCHORS[name]["moved"]
        by_chance = np.sqrt(accuracy * (1 - accuracy) * (1 / 5_000 + 1 / 10_000))
        assert abs(BANDS["validation"]["test_minus_validation"][name]) < 2 * by_chance, name


def test_networks_below_all_points_earn_half_a_point_to_two_and_a_half_less_than_estimated():
    """As part 3 says where it offers the estimate."""
    all_runs = [run for kind in BANDS["anchors"].values() for run in kind["runs"].values()]
    less = [
        run["estimated"] - np.mean(run["points"])
        for run in all_runs
        if np.mean(run["points"]) < max(line["points"] for line in BANDS["table"])
    ]
    assert len(less) >= 10
    assert min(less) >= 0.5 and max(less) <= 2.5
