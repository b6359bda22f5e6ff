"""Full training runs: recorded epoch by epoch, resumed after an interruption, published whole."""

import json

import numpy as np
import pytest

from utils import data, train


@pytest.fixture
def small_runs(monkeypatch, tmp_path):
    """Let `utils.train` work in a temporary folder, on 80 images, for three epochs."""
    rng = np.random.default_rng(0)

    def split(count):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        return images, rng.integers(0, 10, count, dtype=np.uint8)

    sets = split(80), split(20)
    monkeypatch.setattr(data, "load_fashion_mnist", lambda: sets)
    monkeypatch.setattr(train, "WORK", tmp_path / "training")
    monkeypatch.setattr(train, "TRAINED", tmp_path)
    monkeypatch.setattr(train, "EPOCHS", 3)
    monkeypatch.setattr(train, "BATCH_SIZE", 32)
    monkeypatch.setattr(train, "VALIDATION_SIZE", 16)
    yield tmp_path
    import keras

    keras.config.set_dtype_policy("float32")


def test_an_interrupted_run_goes_on_where_it_was_and_can_be_published(small_runs, monkeypatch):
    import keras

    class Interrupt(keras.callbacks.BackupAndRestore):
        """Press Ctrl-C in the third epoch, once."""

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2 and not (small_runs / "interrupted").exists():
                (small_runs / "interrupted").touch()
                raise KeyboardInterrupt
            super().on_epoch_begin(epoch, logs)

    monkeypatch.setattr(keras.callbacks, "BackupAndRestore", Interrupt)
    with pytest.raises(KeyboardInterrupt):
        train.train(seed=1, policy="float32")
    record_file = train.WORK / "float32-seed1.json"
    assert len(json.loads(record_file.read_text())["wall_seconds"]) == 2

    with pytest.raises(SystemExit, match="no finished run"):
        train.publish("float32-seed1")

    assert train.train(seed=1, policy="float32") == record_file
    record = json.loads(record_file.read_text())
    assert [len(values) for values in record["history"].values()] == [3, 3, 3, 3]
    assert 0 <= record["test_accuracy"] <= 1

    earlier = {"reference": "float32-seed0", "runs": {"float32-seed0": {"seed": 0}}}
    (small_runs / "fashion_mnist_lecture.json").write_text(json.dumps(earlier))
    train.publish("float32-seed1")
    published = json.loads((small_runs / "fashion_mnist_lecture.json").read_text())
    assert published["reference"] == "float32-seed1"
    assert published["runs"] == {"float32-seed0": {"seed": 0}, "float32-seed1": record}
    assert (small_runs / "fashion_mnist_lecture.npz").exists()
