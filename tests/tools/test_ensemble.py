"""Ensembles: probabilities are averaged, and the mean of the members stands beside them."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from tools import ensemble, recipes

LABELS = np.array([0, 1, 2])
IMAGES = np.zeros((3, 28, 28, 1), "float32")
# Two networks, each wrong about one image of which the other is sure.
ANSWERS = {
    "one": np.array([[0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.5, 0.1, 0.4]]),
    "other": np.array([[0.4, 0.6, 0.0], [0.1, 0.9, 0.0], [0.1, 0.0, 0.9]]),
}


@pytest.fixture
def two_networks(monkeypatch, tmp_path):
    asked = []

    def answers(name, run, images):
        asked.append((name, run, len(images)))
        return ANSWERS[name]

    monkeypatch.setattr(ensemble, "answers", answers)
    monkeypatch.setattr(ensemble, "TRAINED", tmp_path)
    monkeypatch.setattr(ensemble, "circumstances", lambda: {"machine": "a machine"})
    made = {name: SimpleNamespace(measure=None) for name in ANSWERS}
    monkeypatch.setattr(ensemble, "RECIPES", made)
    monkeypatch.setattr(ensemble, "split", lambda recipe: [None, *[(IMAGES, LABELS)] * 2])
    monkeypatch.setattr(ensemble, "ENSEMBLES", {"pair": {"both": [("one", 1), ("other", 1)]}})
    return asked


def test_answers_are_averaged_and_compared_with_the_members(two_networks, monkeypatch, tmp_path):
    monkeypatch.setattr(ensemble, "trained_weights", lambda name, run: [])
    ensemble.measure("pair", "float32")
    found = json.loads((tmp_path / "pair.json").read_text())["runs"]["both"]
    assert found["members"] == ["one, float32-seed1", "other, float32-seed1"]
    assert found["test_accuracy"] == 1
    assert found["test_accuracy_alone"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["machine"] == "a machine"
    assert two_networks[0] == ("one", "float32-seed1", 3)


def test_an_ensemble_without_its_networks_stays_as_it_is_on_record(
    two_networks, monkeypatch, tmp_path, capsys
):
    def missing(name, run):
        raise SystemExit(f"no weights of {run}")

    monkeypatch.setattr(ensemble, "trained_weights", missing)
    before = {"runs": {"both": {"test_accuracy": 0.9}}}
    (tmp_path / "pair.json").write_text(json.dumps(before))
    ensemble.measure("pair", "float32")
    assert json.loads((tmp_path / "pair.json").read_text()) == before
    assert "left as it is on record, no weights of float32-seed1" in capsys.readouterr().out


def test_networks_that_know_mirrored_images_are_asked_about_these_as_well(
    two_networks, monkeypatch
):
    """Each is sure of its wrong answer; where they look at the mirror image, both are right."""
    sure = np.eye(3)[[1, 1, 2]]

    def answers(name, run, images):
        return 9 * np.eye(3) if images[0, 0, 0] else sure

    images = np.zeros((3, 28, 28, 1), "float32")
    images[:, :, -1] = 1  # the last column: the first one of the mirror image
    both = [(images, LABELS)] * 2
    monkeypatch.setattr(ensemble, "answers", answers)
    members = [("one", "float32-seed1"), ("other", "float32-seed1")]
    assert "test_accuracy_asked_twice" not in ensemble.together(members, *both)
    for recipe in ensemble.RECIPES.values():
        recipe.measure = recipes.asked_twice
    found = ensemble.together(members, *both)
    assert found["test_accuracy"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["test_accuracy_asked_twice"] == found["valid_accuracy_asked_twice"] == 1


def test_one_hot_labels_count_as_classes():
    assert ensemble.accuracy(ANSWERS["one"], np.eye(3)) == ensemble.accuracy(ANSWERS["one"], LABELS)
